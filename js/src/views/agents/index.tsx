import type { Api, ViewProps } from "../../api.ts";
import { sizeIn } from "../../bytes.ts";
import type {
  AgentFamily,
  AgentProcess,
  Agents,
  CompressionNow,
  Delegation,
  DelegationTask,
  SpawnTree,
} from "../../protocol.ts";
import { cleanLine } from "../../text.ts";
import type { IconName } from "../../ui/icon.tsx";
import css from "./agents.css";
import { defineTranscript } from "./transcript.tsx";

export { texts } from "./texts.ts";

/** Who works besides the conversation: delegations, subagents, compressions and processes. */
export default function define(api: Api) {
  const { h, ui, t, sentence, word, format, hooks } = api;
  const { Activity, Ago, Badge, Elapsed, Icon, Prose, Section, Text, TokenCount } = ui;
  const { useOpened, useRef } = hooks;
  const Transcript = defineTranscript(api);

  return Object.assign(AgentsView, { css });

  function AgentsView({ data, useSnapshots, open: show }: ViewProps<Agents>) {
    const view = useRef<HTMLDivElement>(null);
    const { opened, open, onKeyDown } = useOpened(view, "data-work", ".live-transcript");
    const [, delegation, index] = opened?.match(/^(.*)\/(\d+)$/) ?? [];
    const task = data.delegations.find(({ id }) => id === delegation)?.tasks.find((one) => String(one.index) === index);
    const { delegations, families, compressions, processes, spawn_trees: trees } = data;
    const isQuiet = delegations.length + families.length + compressions.length === 0;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what a button in here opened.
      <div ref={view} class={opened === null ? "agents" : "agents split"} onKeyDown={onKeyDown}>
        <div class="overview-of-agents">
          {isQuiet && <p class="none">{t("quiet")}</p>}
          {compressions.length > 0 && (
            <Section name="compressions" title={t("compressions")}>
              <ul class="rows">
                {compressions.map((one) => (
                  <Compression key={one.session_id} compression={one} show={show} />
                ))}
              </ul>
            </Section>
          )}
          {delegations.length > 0 && (
            <Section
              name="delegations"
              title={t("delegations")}
              aside={data.running > 0 ? t("running", { count: data.running }) : undefined}
            >
              <ul class="delegation-list">
                {delegations.map((one) => (
                  <DelegationRow key={one.id} delegation={one} opened={opened} open={open} show={show} />
                ))}
              </ul>
              {data.total_delegations > delegations.length && (
                <p class="dim">{t("delegations.more", { count: data.total_delegations - delegations.length })}</p>
              )}
            </Section>
          )}
          {families.length > 0 && (
            <Section name="subagents" title={t("subagents")} aside={t("subagents.count", { count: data.subagents })}>
              {families.map((family) => (
                <Family key={family.parent_id ?? ""} family={family} show={show} />
              ))}
            </Section>
          )}
          <Section
            name="processes"
            title={t("processes")}
            aside={
              data.total_processes > processes.length
                ? t("of", { shown: processes.length, count: data.total_processes })
                : undefined
            }
          >
            {!data.are_writers_known && <p class="none">{t("writers.unknown")}</p>}
            {processes.length === 0 && data.are_writers_known && <p class="none">{t("processes.none")}</p>}
            <ul class="rows">
              {processes.map((one, place) => (
                <Process key={`${one.kind} ${one.id ?? one.pid} ${place}`} process={one} show={show} />
              ))}
            </ul>
            <p class="notice">
              <Icon name="info" />
              <span>{t("processes.help")}</span>
            </p>
          </Section>
          {(trees.length > 0 || data.moa_sessions > 0) && (
            <Section name="history" title={t("history")} aside={ofTrees(data)}>
              <ul class="rows">
                {trees.map((tree, place) => (
                  <Tree key={`${tree.session_id} ${tree.finished_at} ${place}`} tree={tree} show={show} />
                ))}
              </ul>
              {data.moa_sessions > 0 && (
                <p class="dim">
                  {sentence("moa", {
                    count: data.moa_sessions,
                    size: sizeIn(data.moa_bytes, format),
                    it: <Ago at={data.moa_at} />,
                  })}
                </p>
              )}
            </Section>
          )}
        </div>
        {delegation !== undefined && index !== undefined && (
          <Transcript
            key={opened}
            delegation={delegation}
            task={Number(index)}
            goal={task?.goal ?? ""}
            close={() => open(null)}
            useSnapshots={useSnapshots}
          />
        )}
      </div>
    );
  }

  function ofTrees(data: Agents): string | undefined {
    const { spawn_trees, total_spawn_trees: count, is_spawn_trees_cut } = data;
    const shown = spawn_trees.length;
    if (is_spawn_trees_cut) return t("of.more", { shown, count });
    return count > shown ? t("of", { shown, count }) : undefined;
  }

  function DelegationRow(props: {
    delegation: Delegation;
    opened: string | null;
    open: (work: string) => void;
    show: ViewProps["open"];
  }) {
    const one = props.delegation;
    const state = one.is_lost ? "lost" : one.state;
    const isRunning = !one.is_lost && (one.state === "running" || one.state === "finalizing");
    const tasks = one.tasks;
    return (
      <li class="delegation" data-delegation={one.id} data-state={state}>
        <div class="head">
          <Sign state={state} />
          {one.is_background && <Badge>{t("background")}</Badge>}
          <span class="time">
            {isRunning && one.started_at !== null ? <Elapsed since={one.started_at} /> : <Ago at={one.started_at} />}
            {one.duration_s !== null && <span class="dim numeric"> · {format.duration(one.duration_s)}</span>}
          </span>
        </div>
        {tasks.length === 0 && <Prose text={one.goal || "—"} lines={3} />}
        <ol class="tasks">
          {tasks.map((task) => (
            <Task
              key={task.index}
              id={one.id}
              task={task}
              isLost={one.is_lost}
              opened={props.opened}
              open={props.open}
            />
          ))}
        </ol>
        {one.total_tasks > tasks.length && (
          <p class="dim">{t("tasks.more", { count: one.total_tasks - tasks.length })}</p>
        )}
        {one.error !== null && <Prose text={one.error} lines={3} isCode />}
        {one.is_lost && <p class="lost-help">{t("lost.help")}</p>}
        <p class="fine">
          {one.parent_id !== null && <SessionLink id={one.parent_id} title={one.parent_title} show={props.show} />}
          {one.model !== null && (
            <span>
              <Text text={one.model} title />
            </span>
          )}
          {one.api_calls !== null && <span class="numeric">{t("calls", { count: one.api_calls })}</span>}
          {isRunning && one.owner_pid !== null && <span>{t("process", { pid: String(one.owner_pid) })}</span>}
          {one.delivery !== null && !isRunning && (
            <span>
              {word("delivery", one.delivery)}
              {one.delivery !== "delivered" &&
                one.delivery_attempts > 0 &&
                ` (${t("attempts", { count: one.delivery_attempts })})`}
            </span>
          )}
        </p>
      </li>
    );
  }

  function Task(props: {
    id: string;
    task: DelegationTask;
    isLost: boolean;
    opened: string | null;
    open: (work: string) => void;
  }) {
    const { task } = props;
    const key = `${props.id}/${task.index}`;
    const status = statusOf(task);
    const state = props.isLost && status === "running" ? "lost" : status;
    return (
      <li data-work={key} class={props.opened === key ? "task opened" : "task"}>
        <div class="task-head">
          <Sign state={state} isBrief />
          <span class="goal">
            <bdi>{cleanLine(task.goal) || t("task", { number: task.index + 1 })}</bdi>
          </span>
        </div>
        {task.summary !== null && (
          <div class="summary">
            <Prose text={task.summary} lines={3} />
          </div>
        )}
        {task.error !== null && <Prose text={task.error} lines={3} isCode />}
        {task.transcript_bytes !== null && (
          <p class="fine">
            <button type="button" class="quiet" onClick={() => props.open(key)}>
              {t(status === "running" && !props.isLost ? "transcript.watch" : "transcript.read")}
            </button>
            <span class="numeric">{sizeIn(task.transcript_bytes, format)}</span>
            {task.wrote_at !== null && <span>{sentence("wrote", { it: <Ago at={task.wrote_at} /> })}</span>}
            {task.exit_reason !== null && task.exit_reason !== status && <span>{word("exit", task.exit_reason)}</span>}
          </p>
        )}
      </li>
    );
  }

  function Family({ family, show }: { family: AgentFamily; show: ViewProps["open"] }) {
    const { parent, parent_id: id } = family;
    return (
      <div class="family">
        <p class="fine parent">
          {parent !== null && <Activity activity={parent.activity} />}
          {id === null ? (
            <span>{t("parent.none")}</span>
          ) : parent === null ? (
            <span>{t("parent.gone", { id })}</span>
          ) : (
            <SessionLink id={parent.id} title={parent.title || parent.preview} show={show} />
          )}
        </p>
        <ul class="children">
          {family.children.map(({ session, depth }) => (
            <li key={session.root_id} style={{ "--depth": depth - 1 }}>
              <Activity activity={session.activity} />
              <span class="what">
                <SessionLink id={session.id} title={session.title || session.preview} show={show} />
              </span>
              <span class="fine">
                {session.running.map((call) => (
                  <code key={call.call_id} class="tool">
                    <Text text={call.tool} title /> <Elapsed since={call.since} />
                  </code>
                ))}
                {session.model !== null && (
                  <span>
                    <Text text={session.model} title />
                  </span>
                )}
                <span class="numeric">{t("calls", { count: session.api_call_count })}</span>
                <span>
                  <TokenCount tokens={session.tokens} /> {t("tokens")}
                </span>
                <span>
                  <Ago at={session.last_active} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      </div>
    );
  }

  function Compression({ compression, show }: { compression: CompressionNow; show: ViewProps["open"] }) {
    return (
      <li class="row">
        <span class={`sign ${compression.is_process_gone ? "bad" : "live"}`}>
          <Icon name={compression.is_process_gone ? "crashed" : "running"} size={14} />
          {t(compression.is_process_gone ? "state.lost" : "compressing")}
        </span>
        <span class="what">
          <SessionLink id={compression.session_id} title={compression.session_title} show={show} />
        </span>
        <span class="fine">
          {compression.since !== null && <Elapsed since={compression.since} />}
          {compression.pid !== null && <span>{t("process", { pid: String(compression.pid) })}</span>}
        </span>
      </li>
    );
  }

  function Process({ process, show }: { process: AgentProcess; show: ViewProps["open"] }) {
    const state = process.is_sandboxed
      ? "sandboxed"
      : process.is_alive === null
        ? "unseen"
        : process.is_alive
          ? "alive"
          : "gone";
    const { icon, kind } = lives.get(state) ?? { icon: "info", kind: "" };
    return (
      <li class="row" data-process={process.pid ?? process.id ?? ""}>
        <span class={`sign ${kind}`} title={t(`life.${state}.help`)}>
          <Icon name={icon} size={14} /> {t(`life.${state}`)}
        </span>
        <span class="what">
          <b>{word("kind", process.kind)}</b>
          {process.surface !== null && (
            <Badge>
              <Text text={process.surface} />
            </Badge>
          )}
          {process.id !== null && process.kind === "background" && (
            <code>
              <Text text={process.id} title />
            </code>
          )}
          {process.session_id !== null && (
            <SessionLink id={process.session_id} title={process.session_title} show={show} />
          )}
        </span>
        <span class="fine">
          {process.pid !== null && <span class="numeric">{t("pid", { pid: String(process.pid) })}</span>}
          {process.started_at !== null && (
            <span>
              {process.is_alive
                ? sentence("up", { it: <Elapsed since={process.started_at} /> })
                : sentence("began", { it: <Ago at={process.started_at} /> })}
            </span>
          )}
          {process.memory_bytes !== null && <span class="numeric">{sizeIn(process.memory_bytes, format)}</span>}
          {process.cwd !== null && (
            <span>
              <Text text={process.cwd} title />
            </span>
          )}
          {process.notifies && <span>{t("notifies")}</span>}
          {process.watches > 0 && <span>{t("watches", { count: process.watches })}</span>}
        </span>
      </li>
    );
  }

  function Tree({ tree, show }: { tree: SpawnTree; show: ViewProps["open"] }) {
    return (
      <li class="row">
        <span class="sign">
          <Icon name="subagents" size={14} /> {format.number(tree.subagents)}
        </span>
        <span class="what">
          {tree.label !== null && <Text text={tree.label} title />}
          {tree.session_title !== null && <SessionLink id={tree.session_id} title={tree.session_title} show={show} />}
        </span>
        <span class="fine">
          <Ago at={tree.finished_at} />
        </span>
      </li>
    );
  }

  function SessionLink({ id, title, show }: { id: string; title: string | null; show: ViewProps["open"] }) {
    return (
      <button type="button" class="quiet link" onClick={() => show("sessions", { session: id })}>
        <Text text={title || id} title />
      </button>
    );
  }

  /** A sign and a word: never colour alone. */
  function Sign({ state, isBrief = false }: { state: string; isBrief?: boolean }) {
    const { icon, kind } = states.get(state) ?? { icon: "info", kind: "" };
    const said = word("state", state);
    return (
      <span class={`sign ${kind}`} title={isBrief ? said : undefined}>
        <Icon name={icon} size={14} />
        <span class={isBrief ? "hidden" : ""}>{said}</span>
      </span>
    );
  }
}

function statusOf(task: DelegationTask): string {
  return task.status ?? (task.summary === null ? "running" : "completed");
}

const states = new Map<string, { icon: IconName; kind: string }>([
  ["running", { icon: "running", kind: "live" }],
  ["finalizing", { icon: "running", kind: "live" }],
  ["completed", { icon: "check", kind: "good" }],
  ["success", { icon: "check", kind: "good" }],
  ["error", { icon: "crashed", kind: "bad" }],
  ["failed", { icon: "crashed", kind: "bad" }],
  ["timeout", { icon: "crashed", kind: "bad" }],
  ["interrupted", { icon: "close", kind: "warn" }],
  ["unknown", { icon: "asking", kind: "bad" }],
  ["lost", { icon: "crashed", kind: "bad" }],
]);

const lives = new Map<string, { icon: IconName; kind: string }>([
  ["alive", { icon: "running", kind: "live" }],
  ["gone", { icon: "crashed", kind: "bad" }],
  ["unseen", { icon: "asking", kind: "" }],
  ["sandboxed", { icon: "shield", kind: "" }],
]);
