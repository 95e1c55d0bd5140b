import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../../api.ts";
import { sizeIn } from "../../bytes.ts";
import type { Kanban, KanbanBoard, KanbanColumn, KanbanDetail, KanbanRun, KanbanTask } from "../../protocol.ts";
import { makeRefused } from "../../refused.tsx";
import { cleanLine } from "../../text.ts";
import type { IconName } from "../../ui/icon.tsx";
import css from "./kanban.css";

export { texts } from "./texts.ts";

/** The boards: what stands in which column, who works on it, and one task in full. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, sentence, word, format, hooks } = api;
  const { Ago, Badge, Elapsed, Empty, Icon, Prose, Skeleton, Text, Until } = ui;
  const { useEffect, useOpened, useRef } = hooks;
  const Refused = makeRefused(api);

  return Object.assign(KanbanView, { css });

  function KanbanView({ data, query, setQuery, useSnapshots, open: show }: ViewProps<Kanban>) {
    const view = useRef<HTMLDivElement>(null);
    const { opened, open, onKeyDown } = useOpened(view, "data-task", ".task-detail");
    const [detail] = useSnapshots(opened === null ? [] : [{ ...query, task: opened }]);
    useEffect(() => {
      // Another panel leads to a task: it is opened beside the board.
      if (typeof query.task !== "string") return;
      open(query.task);
      const { task, ...rest } = query;
      setQuery(rest);
    }, [query.task]);
    const isArchiveShown = query.archived === true;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what a button in here opened.
      <div ref={view} class={opened === null ? "kanban" : "kanban split"} onKeyDown={onKeyDown}>
        <div class="board">
          <div class="controls">
            {data.boards.length > 1 && <Boards boards={data.boards} shown={data.board} choose={choose} />}
            {data.total_boards > data.boards.length && (
              <span class="dim">{t("boards.of", { shown: data.boards.length, count: data.total_boards })}</span>
            )}
            {data.stuck > 0 && (
              <span class="sign warn">
                <Icon name="warning" size={14} />
                {t("stuck", { count: data.stuck })}
              </span>
            )}
            {data.archived > 0 && (
              <button
                type="button"
                class="toggle"
                aria-pressed={isArchiveShown}
                onClick={() => setQuery({ ...query, archived: !isArchiveShown })}
              >
                <Icon name="archive" size={14} /> {t("archived", { count: data.archived })}
              </button>
            )}
          </div>
          {data.boards.map(
            ({ slug, problem }) =>
              problem !== null && (
                <p key={slug} class="banner">
                  <Icon name="warning" />
                  <span lang="en">
                    <Text text={problem} />
                  </span>
                </p>
              ),
          )}
          <div class="columns">
            {data.columns.map((column) => (
              <Column key={column.status} column={column} opened={opened} open={open} />
            ))}
          </div>
        </div>
        {opened !== null && (
          <section class="task-detail" aria-label={t("detail")} tabIndex={-1} data-detail={opened}>
            {detail?.data?.detail ? (
              <Detail detail={detail.data.detail} open={open} show={show} />
            ) : detail?.data?.is_missing ? (
              <Empty icon="warning" title={t("missing")}>
                {t("missing.help")}
              </Empty>
            ) : detail?.error != null ? (
              <div class="detail-body">
                <h3>
                  <bdi>{titleOf(data, opened)}</bdi>
                </h3>
                <Refused error={detail.error} />
              </div>
            ) : (
              <Skeleton />
            )}
            <button type="button" class="close" aria-label={t("close")} onClick={() => open(null)}>
              <Icon name="close" />
            </button>
          </section>
        )}
      </div>
    );

    function choose(board: string) {
      open(null);
      setQuery({ ...query, board });
    }
  }

  function Boards(props: { boards: readonly KanbanBoard[]; shown: string; choose: (slug: string) => void }) {
    return (
      <fieldset class="boards">
        <legend class="hidden">{t("boards")}</legend>
        {props.boards.map((board) => (
          <button
            key={board.slug}
            type="button"
            class="toggle"
            aria-pressed={board.slug === props.shown}
            title={cleanLine(board.description || board.slug)}
            onClick={() => props.choose(board.slug)}
          >
            <Text text={board.name} />
            <span class="numeric dim">{format.number(board.unfinished)}</span>
            {board.is_current && props.boards.length > 1 && <span class="current">{t("current")}</span>}
            {board.is_archived && <span class="dim">{t("board.archived")}</span>}
          </button>
        ))}
      </fieldset>
    );
  }

  function Column(props: { column: KanbanColumn; opened: string | null; open: (task: string) => void }) {
    const { status, total, tasks } = props.column;
    return (
      <section class={`column ${total === 0 ? "bare" : ""}`} data-status={status}>
        <h3>
          <Icon name={icons.get(status) ?? "info"} size={14} />
          <span>{word("status", status)}</span>
          <small class="numeric">{format.number(total)}</small>
        </h3>
        {tasks.length > 0 && (
          <ul>
            {tasks.map((task) => (
              <li key={task.id} data-task={task.id} class={task.id === props.opened ? "card opened" : "card"}>
                <Card task={task} open={props.open} />
              </li>
            ))}
          </ul>
        )}
        {total > tasks.length && <p class="dim more">{t("more", { count: total - tasks.length })}</p>}
      </section>
    );
  }

  function Card({ task, open }: { task: KanbanTask; open: (task: string) => void }) {
    return (
      <>
        <button type="button" class="title" onClick={() => open(task.id)}>
          <bdi>{cleanLine(task.title)}</bdi>
        </button>
        <p class="facts">
          {task.assignee !== null && (
            <span class="who">
              <Icon name="user" size={12} />
              <Text text={task.assignee} title />
            </span>
          )}
          {task.priority !== 0 && <span title={t("priority")}>P{task.priority}</span>}
          {task.work === null && (
            <span class="dim">
              <Ago at={task.completed_at ?? task.created_at} />
            </span>
          )}
          {task.comments > 0 && (
            <span class="dim numeric" title={t("comments", { count: task.comments })}>
              <Icon name="sessions" size={12} /> <span>{task.comments}</span>
            </span>
          )}
          {task.attachments > 0 && (
            <span class="dim numeric" title={t("attachments", { count: task.attachments })}>
              <Icon name="folder" size={12} /> <span>{task.attachments}</span>
            </span>
          )}
        </p>
        {task.work !== null && <Work task={task} />}
        <Marks task={task} />
      </>
    );
  }

  function Work({ task }: { task: KanbanTask }) {
    const work = task.work;
    if (work === null) return null;
    return (
      <p class="facts work">
        {work.since !== null && (
          <span class="sign live">
            <Icon name="running" size={12} />
            <Elapsed since={work.since} />
          </span>
        )}
        <span class="dim">
          {work.heartbeat_at === null
            ? t("heartbeat.none")
            : sentence("heartbeat", { it: <Ago at={work.heartbeat_at} /> })}
        </span>
      </p>
    );
  }

  function Marks({ task }: { task: KanbanTask }) {
    const stuck = task.work?.stuck ?? [];
    const isWaiting = task.open_parents > 0 && task.status !== "done";
    if (stuck.length === 0 && !isWaiting && task.block_kind === null && task.failures === 0 && !task.is_goal)
      return null;
    return (
      <p class="marks">
        {stuck.map((one) => (
          <span key={one} class="sign bad" title={t(`stuck.${one}.help`)}>
            <Icon name="warning" size={12} /> {t(`stuck.${one}`)}
          </span>
        ))}
        {task.block_kind !== null && (
          <span class="sign warn">
            <Icon name="asking" size={12} /> {word("block", task.block_kind)}
          </span>
        )}
        {task.failures > 0 && (
          <span class="sign warn" title={task.last_error === null ? undefined : cleanLine(task.last_error)}>
            <Icon name="crashed" size={12} /> {t("failures", { count: task.failures })}
          </span>
        )}
        {isWaiting && (
          <span class="sign">
            <Icon name="branch" size={12} /> {t("waits", { count: task.open_parents })}
          </span>
        )}
        {task.is_goal && <Badge>{t("goal")}</Badge>}
      </p>
    );
  }

  function Detail(props: { detail: KanbanDetail; open: (task: string) => void; show: ViewProps["open"] }) {
    const { task, ...detail } = props.detail;
    const facts: [string, ComponentChildren][] = [];
    const add = (name: string, value: ComponentChildren) => {
      if (value !== null && value !== "") facts.push([name, value]);
    };
    const words = (value: string | null) => (value === null ? null : <Text text={value} title />);
    add("assignee", words(task.assignee));
    add("priority", task.priority === 0 ? null : format.number(task.priority));
    add("created", task.created_at && <Ago at={task.created_at} />);
    add("created_by", words(task.created_by));
    add("started", task.started_at && <Ago at={task.started_at} />);
    add("completed", task.completed_at && <Ago at={task.completed_at} />);
    add("model", words(detail.model));
    add("skills", detail.skills.length === 0 ? null : <Skills detail={props.detail} />);
    add("workspace", words(detail.workspace_path ?? detail.workspace_kind));
    add("branch", words(task.branch_name));
    add("project", words(task.project_id));
    add("tenant", words(task.tenant));
    add("id", <code>{task.id}</code>);
    const session = task.session_id;
    return (
      <div class="detail-body">
        <h3>
          <bdi>{cleanLine(task.title)}</bdi>
        </h3>
        <p class="facts">
          <Badge kind={task.status === "running" ? "live" : ""}>{word("status", task.status)}</Badge>
          {session !== null && (
            <button type="button" class="quiet" onClick={() => props.show("sessions", { session })}>
              {t("session")}
            </button>
          )}
        </p>
        <Marks task={task} />
        {task.work !== null && <WorkInFull task={task} />}
        {detail.body !== "" && <Prose text={detail.is_body_cut ? `${detail.body} …` : detail.body} lines={10} />}
        {task.last_error !== null && (
          <div class="trouble">
            <b>
              <Icon name="warning" size={14} /> {t("error")}
            </b>
            <Prose text={task.last_error} lines={5} />
          </div>
        )}
        {detail.result !== null && (
          <Part name={t("result")}>
            <Prose text={detail.result} lines={8} />
          </Part>
        )}
        <dl class="task-facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`fact.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Related title={t("parents")} tasks={detail.parents} total={task.total_parents} open={props.open} />
        <Related title={t("children")} tasks={detail.children} total={task.total_children} open={props.open} />
        {detail.runs.length > 0 && (
          <Part name={t("runs")} aside={ofAll(detail.runs.length, task.runs, t("runs.count", { count: task.runs }))}>
            <ul class="entries">
              {detail.runs.map((run) => (
                <Run key={run.id} run={run} />
              ))}
            </ul>
          </Part>
        )}
        {detail.comments.length > 0 && (
          <Part
            name={t("comments.title")}
            aside={ofAll(detail.comments.length, task.comments, t("comments", { count: task.comments }))}
          >
            <ul class="entries">
              {detail.comments.map((comment) => (
                <li key={comment.id}>
                  <p class="facts">
                    <b>
                      <Text text={comment.author} title />
                    </b>
                    <span class="dim">
                      <Ago at={comment.at} />
                    </span>
                  </p>
                  <Prose text={comment.text} lines={6} />
                </li>
              ))}
            </ul>
          </Part>
        )}
        {detail.attachments.length > 0 && (
          <Part name={t("files")} aside={ofAll(detail.attachments.length, task.attachments)}>
            <ul class="entries">
              {detail.attachments.map((file, index) => (
                <li key={`${file.name} ${index}`} class="facts">
                  <Text text={file.name} title />
                  <span class="dim numeric">{sizeIn(file.size_bytes, format)}</span>
                </li>
              ))}
            </ul>
          </Part>
        )}
        {detail.events.length > 0 && (
          <details>
            <summary>
              {detail.total_events > detail.events.length
                ? t("events.of", { shown: detail.events.length, count: detail.total_events })
                : t("events", { count: detail.events.length })}
            </summary>
            <ol class="entries">
              {detail.events.map((event) => (
                <li key={event.id}>
                  <p class="facts">
                    <span>{word("event", event.kind)}</span>
                    <span class="dim">
                      <Ago at={event.at} />
                    </span>
                  </p>
                  {event.details !== null && <Prose text={event.details} lines={2} isCode />}
                </li>
              ))}
            </ol>
          </details>
        )}
      </div>
    );
  }

  function Skills({ detail: { skills, total_skills: count } }: { detail: KanbanDetail }) {
    const shown = skills.length;
    const all = skills.join(", ");
    return <Text text={count > shown ? `${all} (${t("of", { shown, count })})` : all} title />;
  }

  /** How many are shown of how many, where these are not all; else what is said of all. */
  function ofAll(shown: number, count: number, all?: string): string | undefined {
    return count > shown ? t("of", { shown, count }) : all;
  }

  function WorkInFull({ task }: { task: KanbanTask }) {
    const work = task.work;
    if (work === null) return null;
    const process =
      work.worker_pid === null
        ? null
        : t(work.is_worker_gone ? "worker.gone" : work.is_worker_gone === null ? "worker.elsewhere" : "worker", {
            pid: String(work.worker_pid),
          });
    return (
      <div class="work-box">
        <Work task={task} />
        <p class="facts dim">
          {work.claim_expires_at !== null && (
            <span>
              {Date.parse(work.claim_expires_at) > Date.now()
                ? sentence("claim", { it: <Until at={work.claim_expires_at} /> })
                : sentence("claim.over", { it: <Ago at={work.claim_expires_at} /> })}
            </span>
          )}
          {work.max_runtime_s !== null && <span>{t("limit", { it: format.duration(work.max_runtime_s) })}</span>}
          {process !== null && <span>{process}</span>}
        </p>
        {work.stuck.map((one) => (
          <p key={one} class="stuck-help">
            {t(`stuck.${one}.help`)}
          </p>
        ))}
      </div>
    );
  }

  function Run({ run }: { run: KanbanRun }) {
    const name = run.outcome ?? run.status;
    const { icon, kind } = outcomes.get(name) ?? { icon: "info", kind: "" };
    return (
      <li>
        <p class="facts">
          <span class={`sign ${kind}`}>
            <Icon name={icon} size={14} /> {word("outcome", name)}
          </span>
          <span class="dim">
            <Ago at={run.started_at} />
          </span>
          {run.duration_s !== null && <span class="numeric">{format.duration(run.duration_s)}</span>}
          {run.profile !== null && (
            <span class="dim">
              <Text text={run.profile} title />
            </span>
          )}
        </p>
        {run.summary !== null && <Prose text={run.summary} lines={4} />}
        {run.error !== null && <Prose text={run.error} lines={4} isCode />}
      </li>
    );
  }

  function Related(props: {
    title: string;
    tasks: KanbanDetail["parents"];
    total: number;
    open: (task: string) => void;
  }) {
    if (props.tasks.length === 0) return null;
    return (
      <Part name={props.title} aside={ofAll(props.tasks.length, props.total)}>
        <ul class="entries">
          {props.tasks.map((task) => (
            <li key={task.id} class="facts">
              {task.title === null ? (
                <code class="dim">{task.id}</code>
              ) : (
                <button type="button" class="title" onClick={() => props.open(task.id)}>
                  <bdi>{cleanLine(task.title)}</bdi>
                </button>
              )}
              <span class="dim">{task.status === null ? t("gone") : word("status", task.status)}</span>
            </li>
          ))}
        </ul>
      </Part>
    );
  }

  function Part(props: { name: string; aside?: string | undefined; children?: ComponentChildren }) {
    const { name, aside, children } = props;
    return (
      <div class="part">
        <h4>
          {name}
          {aside !== undefined && <small class="dim">{aside}</small>}
        </h4>
        {children}
      </div>
    );
  }
}

/** Of a task that has a card its title, else its id. */
function titleOf({ columns }: Kanban, id: string): string {
  const task = columns.flatMap(({ tasks }) => tasks).find((one) => one.id === id);
  return cleanLine(task?.title ?? id);
}

const icons = new Map<string, IconName>([
  ["triage", "info"],
  ["todo", "open"],
  ["scheduled", "cron"],
  ["ready", "next"],
  ["running", "running"],
  ["blocked", "asking"],
  ["review", "search"],
  ["done", "check"],
  ["archived", "archive"],
]);

const outcomes = new Map<string, { icon: IconName; kind: string }>([
  ["running", { icon: "running", kind: "live" }],
  ["completed", { icon: "check", kind: "good" }],
  ["done", { icon: "check", kind: "good" }],
  ["blocked", { icon: "asking", kind: "warn" }],
  ["crashed", { icon: "crashed", kind: "bad" }],
  ["failed", { icon: "crashed", kind: "bad" }],
  ["spawn_failed", { icon: "crashed", kind: "bad" }],
  ["timed_out", { icon: "cron", kind: "bad" }],
  ["stale", { icon: "cron", kind: "bad" }],
  ["reclaimed", { icon: "back", kind: "warn" }],
  ["released", { icon: "back", kind: "" }],
  ["rate_limited", { icon: "cron", kind: "warn" }],
]);
