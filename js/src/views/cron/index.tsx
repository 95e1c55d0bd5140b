import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../../api.ts";
import { defineMarkdown, markdownCss } from "../../markdown.tsx";
import type { Cron, CronOutput, CronQuery, CronSuggestion, Job, Run, Scheduler } from "../../protocol.ts";
import { makeRefused } from "../../refused.tsx";
import type { IconName } from "../../ui/icon.tsx";
import css from "./cron.css";
import { lanesOf, spanOf } from "./line.ts";

/** Width of a run's bar and the gap to the next, height of the tallest, in px. */
const BAR = { width: 7, gap: 3, height: 26, least: 5 };

/** The scheduled jobs: whether they fire, what runs now, what comes, and how each of them went. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, sentence, word, format, hooks } = api;
  const { Ago, Badge, Elapsed, Icon, Prose, Section, Skeleton, Text, TimeLine, Until } = ui;
  const Markdown = defineMarkdown(api);
  const Refused = makeRefused(api);

  return Object.assign(CronView, { css: css + markdownCss });

  function CronView({ data, useSnapshots }: ViewProps<Cron>) {
    hooks.useTick(60_000);
    return (
      <div class="cron">
        <Health scheduler={data.scheduler} />
        <Section
          name="now"
          title={t("now")}
          aside={data.running.length > 0 ? t("runs", { count: data.running.length }) : undefined}
        >
          {data.running.length === 0 && <p class="none">{t("now.none")}</p>}
          <ul class="run-list">
            {data.running.map((run) => (
              <Running key={run.id} run={run} />
            ))}
          </ul>
        </Section>
        <Line jobs={data.jobs} timezone={data.timezone} />
        <Section name="jobs" title={t("jobs")} aside={t("jobs.count", { count: data.jobs.length })}>
          {data.jobs.length === 0 && <p class="none">{t("jobs.none")}</p>}
          <ul class="job-list">
            {data.jobs.map((job, index) => (
              <JobRow key={`${job.id} ${index}`} job={job} useSnapshots={useSnapshots} />
            ))}
          </ul>
          {data.unreadable > 0 && (
            <p class="banner">
              <Icon name="warning" />
              <span>{t("unreadable", { count: data.unreadable })}</span>
            </p>
          )}
        </Section>
        {data.pending_suggestions > 0 && (
          <Section
            name="suggestions"
            title={t("suggested")}
            aside={t("jobs.count", { count: data.pending_suggestions })}
          >
            <ul class="job-list">
              {data.suggestions.map((one) => (
                <Suggestion key={one.id} one={one} />
              ))}
            </ul>
            <p class="notice">
              <Icon name="info" />
              <span>{t("suggestions", { count: data.pending_suggestions })}</span>
            </p>
          </Section>
        )}
        {data.former.length > 0 && (
          <Section name="former" title={t("former")}>
            <Runs runs={data.former} isNamed />
          </Section>
        )}
      </div>
    );
  }

  function Health({ scheduler }: { scheduler: Scheduler }) {
    const { state, heartbeat_at: tick, success_at: success } = scheduler;
    const isWell = state === "ticking" || state === "external";
    const help =
      state === "stalled" && scheduler.is_gateway_alive
        ? t("scheduler.stalled.restart")
        : state === "external"
          ? t("scheduler.external.help", { provider: scheduler.provider ?? "?" })
          : t(`scheduler.${state}.help`);
    return (
      <div class={`health ${isWell ? "well" : state === "unknown" ? "unknown" : "banner"}`} data-scheduler={state}>
        <Icon name={isWell ? "check" : state === "unknown" ? "info" : "warning"} />
        <p>
          <b>{t(`scheduler.${state}`)}</b>
          {state !== "ticking" && <span>{help}</span>}
          <small>
            {tick !== null && <span>{sentence("tick", { it: <Ago at={tick} /> })}</span>}
            {/* Written a moment after each other, they say the same. */}
            {success !== null && (tick === null || Math.abs(Date.parse(tick) - Date.parse(success)) > 5_000) && (
              <span> · {sentence("success", { it: <Ago at={success} /> })}</span>
            )}
            {scheduler.is_gateway_alive === false && state === "ticking" && ` · ${t("gateway.gone")}`}
          </small>
        </p>
      </div>
    );
  }

  function Running({ run }: { run: Run }) {
    const since = run.started_at ?? run.claimed_at;
    const state = run.is_lost ? "lost" : run.status === "claimed" ? "claimed" : "running";
    return (
      <li class={`run-now ${state}`} data-run={run.id}>
        <Sign name={run.is_lost ? "crashed" : "running"} text={t(`run.${state}`)} kind={run.is_lost ? "bad" : "live"} />
        <b class="run-job">
          <Text text={run.job_name ?? run.job_id} title />
        </b>
        <span class="run-since">{since !== null && <Elapsed since={since} />}</span>
        <small class="run-by">
          <Text text={[startedBy(run.source), process(run)].filter(Boolean).join(" · ")} />
          {run.is_lost && <span>{t("run.lost.help")}</span>}
        </small>
      </li>
    );
  }

  function process({ pid, is_alive }: Run): string {
    if (pid === null) return "";
    const number = String(pid);
    if (is_alive === null) return t("process.unknown", { pid: number });
    return is_alive ? t("process.alive", { pid: number }) : t("process.gone", { pid: number });
  }

  function Line({ jobs, timezone }: { jobs: readonly Job[]; timezone: string }) {
    const now = Date.now();
    const span = spanOf(jobs, now);
    const lanes = lanesOf(jobs, span, now, (kind, at) =>
      t(`mark.${kind}`, { when: format.date(new Date(at).toISOString()) }),
    );
    if (lanes.length === 0) return null;
    const title = span.isWeek ? t("line.week") : t("line.day");
    return (
      <Section name="line" title={title} aside={<span title={t("zone.help", { timezone })}>{timezone}</span>}>
        <TimeLine from={span.from} to={span.to} lanes={lanes} label={title} />
      </Section>
    );
  }

  function Suggestion({ one }: { one: CronSuggestion }) {
    return (
      <li class="job" data-suggestion={one.id}>
        <div class="job-head">
          <b>
            <Text text={one.title} title />
          </b>
          {one.schedule !== null && <Text text={one.schedule} title />}
        </div>
        {one.description !== null && (
          <p class="job-note">
            <Text text={one.description} />
          </p>
        )}
        {one.prompt !== null && (
          <details>
            <summary>{t("suggestion.prompt")}</summary>
            <Prose text={one.prompt} lines={5} />
          </details>
        )}
      </li>
    );
  }

  function JobRow({ job, useSnapshots }: { job: Job; useSnapshots: ViewProps<Cron>["useSnapshots"] }) {
    const state = stateOf(job);
    const rate = job.finished_runs > 0 ? job.completed_runs / job.finished_runs : null;
    return (
      <li class="job" data-job={job.id} data-state={state.name}>
        <div class="job-head">
          <b>
            <Text text={job.name} title />
          </b>
          <Sign name={state.icon} text={state.word} kind={state.kind} />
        </div>
        <div class="job-body">
          <dl class="job-facts">
            <Fact name={t("schedule")}>
              <Text text={job.schedule} title />
              {job.repeat_times !== null && (
                <small> {t("repeat", { done: job.repeat_completed, times: job.repeat_times })}</small>
              )}
            </Fact>
            <Fact name={t("next")}>{job.is_active ? <Next job={job} /> : <span>—</span>}</Fact>
            <Fact name={t("last")}>
              <Last job={job} />
            </Fact>
            <Fact name={t("rate")}>
              {rate === null ? (
                <span>—</span>
              ) : (
                <span class="numeric" title={t("rate.help", { count: job.finished_runs, done: job.completed_runs })}>
                  {format.percent(rate)}
                </span>
              )}
            </Fact>
            {/* Local is the default, and means nowhere else. */}
            {job.deliver.join() !== "local" && <Delivery job={job} />}
          </dl>
          {job.history.length > 0 && <Bars runs={job.history} />}
        </div>
        {job.paused_reason !== null && (
          <p class="job-note">{sentence("paused.reason", { it: <Text text={job.paused_reason} /> })}</p>
        )}
        {job.last_error !== null && <Trouble title={t("error.run")} text={job.last_error} />}
        {job.last_delivery_error !== null && <Trouble title={t("error.delivery")} text={job.last_delivery_error} />}
        <details>
          <summary>{t("details")}</summary>
          <Details job={job} />
          {job.outputs.length > 0 && (
            <div class="outputs">
              <b>{t("outputs")}</b>
              <ul>
                {job.outputs.map((output) => (
                  <Output key={output.path} output={output} useSnapshots={useSnapshots} />
                ))}
              </ul>
            </div>
          )}
        </details>
      </li>
    );
  }

  /** What one run left behind; its text is asked for when it is opened. */
  function Output({ output, useSnapshots }: { output: CronOutput; useSnapshots: ViewProps<Cron>["useSnapshots"] }) {
    const [isOpen, setOpen] = hooks.useState(false);
    const [snapshot] = useSnapshots(isOpen ? [{ output: output.path } satisfies CronQuery] : []);
    const found = snapshot?.data?.output;
    return (
      <li data-output={output.path}>
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Ago at={output.at} />
        </button>{" "}
        <small class="numeric">{t("bytes", { size: format.number(output.size_bytes) })}</small>
        {isOpen && (
          <div class="output">
            {found?.path !== output.path && snapshot?.status === "unavailable" ? (
              <Refused error={snapshot.error} />
            ) : found?.path !== output.path ? (
              <Skeleton />
            ) : found.text === null ? (
              <p class="none">{t("output.gone")}</p>
            ) : (
              <Fragment>
                <Markdown text={found.text} />
                {found.is_cut && <p class="none">{t("output.cut")}</p>}
              </Fragment>
            )}
          </div>
        )}
      </li>
    );
  }

  function Delivery({ job }: { job: Job }) {
    return (
      <Fact name={t("deliver")}>
        <Text text={job.deliver.join(", ")} title />
      </Fact>
    );
  }

  function Next({ job }: { job: Job }) {
    const isPast = job.next_run_at !== null && Date.parse(job.next_run_at) <= Date.now();
    if (job.is_running && isPast) return <span>—</span>;
    if (!job.is_overdue) return <Until at={job.next_run_at} />;
    return <span class="overdue">{sentence("overdue", { it: <Ago at={job.next_run_at} /> })}</span>;
  }

  function Last({ job }: { job: Job }) {
    if (job.last_run_at === null) return <span>{t("never")}</span>;
    const isWell = job.last_status === "ok";
    return (
      <Fragment>
        <Ago at={job.last_run_at} />
        {job.last_status !== null && (
          <Sign
            name={isWell ? "check" : "crashed"}
            text={word("status", job.last_status)}
            kind={isWell ? "good" : "bad"}
          />
        )}
      </Fragment>
    );
  }

  function Details({ job }: { job: Job }) {
    const model = [job.model, job.provider].filter(Boolean).join(" · ");
    return (
      <div class="job-details">
        {job.prompt !== "" && <Prose text={job.is_prompt_cut ? `${job.prompt} …` : job.prompt} lines={5} />}
        <dl class="job-facts">
          {job.script !== null && (
            <Fact name={t("script")}>
              <Text text={job.script} title />
              {job.is_script_only && <small> {t("script.only")}</small>}
            </Fact>
          )}
          {job.skills.length > 0 && (
            <Fact name={t("skills")}>
              {job.skills.map((skill) => (
                <Badge key={skill}>
                  <Text text={skill} title />
                </Badge>
              ))}
            </Fact>
          )}
          {model !== "" && (
            <Fact name={t("model")}>
              <Text text={model} title />
            </Fact>
          )}
          {job.deliver.join() === "local" && <Delivery job={job} />}
          {job.created_at !== null && (
            <Fact name={t("created")}>
              <Ago at={job.created_at} />
            </Fact>
          )}
          <Fact name={t("id")}>
            <code>
              <Text text={job.id} title />
            </code>
          </Fact>
        </dl>
        {job.history.length > 0 ? <Runs runs={job.history} /> : <p class="none">{t("runs.none")}</p>}
      </div>
    );
  }

  function Runs({ runs, isNamed = false }: { runs: readonly Run[]; isNamed?: boolean }) {
    return (
      <ul class="past">
        {runs.map((run) => {
          const outcome = outcomeOf(run);
          return (
            <li key={run.id}>
              <Sign name={outcome.icon} text={outcome.word} kind={outcome.kind} />
              <Ago at={run.started_at ?? run.claimed_at} />
              <span class="numeric">{run.duration_s === null ? "" : format.duration(run.duration_s)}</span>
              <small>
                <Text text={isNamed ? run.job_id : startedBy(run.source)} />
              </small>
              {run.error !== null && <Prose text={run.error} lines={6} isCode />}
            </li>
          );
        })}
      </ul>
    );
  }

  /** The last runs, the oldest first: as high as they took long, each outcome with a shape of its own. */
  function Bars({ runs }: { runs: readonly Run[] }) {
    const ordered = [...runs].reverse();
    const longest = Math.max(1e-9, ...ordered.map((run) => run.duration_s ?? 0));
    const width = ordered.length * (BAR.width + BAR.gap) - BAR.gap;
    const bad = ordered.filter((run) => outcomeOf(run).kind === "bad").length;
    return (
      <svg
        class="bars-of-runs"
        width={width}
        height={BAR.height + 8}
        viewBox={`0 -8 ${width} ${BAR.height + 8}`}
        role="img"
        aria-label={t("bars", { count: ordered.length, bad })}
      >
        {ordered.map((run, index) => {
          const { shape, word: outcome } = outcomeOf(run);
          // By the root, or one long run would flatten all others.
          const share = Math.sqrt((run.duration_s ?? longest) / longest);
          const height = BAR.least + share * (BAR.height - BAR.least);
          const x = index * (BAR.width + BAR.gap);
          const y = BAR.height - height;
          const middle = x + BAR.width / 2;
          const took = run.duration_s === null ? [] : [format.duration(run.duration_s)];
          const began = run.started_at ?? run.claimed_at;
          return (
            <g key={run.id} class={shape}>
              <title>{[outcome, began === null ? "" : format.date(began), ...took].filter(Boolean).join(" · ")}</title>
              <rect x={x + 0.75} y={y + 0.75} width={BAR.width - 1.5} height={height - 1.5} rx="1.5" />
              {shape === "failed" && <path d={`M${middle - 3} ${y - 7.5}l6 6m0-6l-6 6`} />}
            </g>
          );
        })}
      </svg>
    );
  }

  function Trouble({ title, text }: { title: string; text: string }) {
    return (
      <div class="trouble">
        <b>
          <Icon name="warning" size={14} /> {title}
        </b>
        <Prose text={text} lines={6} />
      </div>
    );
  }

  function Fact({ name, children }: { name: string; children?: ComponentChildren }) {
    return (
      <div>
        <dt>{name}</dt>
        <dd>{children}</dd>
      </div>
    );
  }

  /** A sign and a word: never colour alone. */
  function Sign({ name, text, kind }: { name: IconName; text: string; kind: Kind }) {
    return (
      <span class={`sign ${kind}`}>
        <Icon name={name} size={14} />
        <Text text={text} />
      </span>
    );
  }

  function stateOf(job: Job): { name: string; word: string; icon: IconName; kind: Kind } {
    const name = job.is_running
      ? "running"
      : job.is_overdue
        ? "overdue"
        : !job.enabled && job.state === "scheduled"
          ? "disabled"
          : job.state;
    const { icon, kind } = states.get(name) ?? { icon: "info", kind: "calm" };
    return { name, word: word("state", name), icon, kind };
  }

  function outcomeOf(run: Run): { word: string; icon: IconName; kind: Kind; shape: string } {
    const name = run.is_lost ? "lost" : run.status;
    return {
      word: word("run", name),
      ...(outcomes.get(name) ?? { icon: "info", kind: "calm", shape: "unknown" }),
    };
  }

  function startedBy(source: string | null): string {
    return source === null ? "" : word("by", source);
  }
}

type Kind = "live" | "good" | "bad" | "warn" | "calm";

const states = new Map<string, { icon: IconName; kind: Kind }>([
  ["running", { icon: "running", kind: "live" }],
  ["overdue", { icon: "warning", kind: "warn" }],
  ["scheduled", { icon: "cron", kind: "calm" }],
  ["paused", { icon: "open", kind: "calm" }],
  ["disabled", { icon: "close", kind: "calm" }],
  ["completed", { icon: "check", kind: "good" }],
  ["error", { icon: "crashed", kind: "bad" }],
]);

const outcomes = new Map<string, { icon: IconName; kind: Kind; shape: string }>([
  ["completed", { icon: "check", kind: "good", shape: "completed" }],
  ["failed", { icon: "crashed", kind: "bad", shape: "failed" }],
  ["unknown", { icon: "asking", kind: "bad", shape: "unknown" }],
  ["lost", { icon: "crashed", kind: "bad", shape: "failed" }],
  ["claimed", { icon: "running", kind: "live", shape: "running" }],
  ["running", { icon: "running", kind: "live", shape: "running" }],
]);

/** What this view says. */
export const texts = {
  en: {
    empty: "No scheduled jobs yet",
    "empty.help":
      "Cron lets Hermes work by itself at set times: ask for a daily summary, or run “hermes cron create”. Jobs, their runs and the scheduler's health appear here.",
    "scheduler.ticking": "The scheduler is ticking",
    "scheduler.failing": "The scheduler's ticks fail: jobs may not fire",
    "scheduler.failing.help": "Look for “Cron tick error” in the gateway's log.",
    "scheduler.stalled": "No scheduler is ticking: jobs will not fire",
    "scheduler.stalled.help": "Start the gateway: “hermes gateway”.",
    "scheduler.stalled.restart": "The gateway runs, but its scheduler is silent: “hermes gateway restart”.",
    "scheduler.stopped": "No scheduler is ticking: jobs will not fire",
    "scheduler.stopped.help": "The gateway is gone. Start it: “hermes gateway”.",
    "scheduler.never": "No scheduler has ever ticked here: jobs will not fire",
    "scheduler.never.help": "The gateway fires them. Start it: “hermes gateway”, or “hermes gateway install” for good.",
    "scheduler.external": "Jobs are fired from outside",
    "scheduler.external.help": "The provider {provider} fires them; it leaves no heartbeat to be seen here.",
    "scheduler.unknown": "Whether a scheduler ticks cannot be seen here",
    "scheduler.unknown.help": "There is no readable heartbeat; Hermes writes one since 0.18.",
    tick: "last tick {it}",
    success: "last success {it}",
    "gateway.gone": "the gateway's process is gone",
    now: "Running now",
    "now.none": "No job is running.",
    runs: "{count} run|{count} runs",
    "run.running": "running",
    "run.claimed": "starting",
    "run.completed": "completed",
    "run.failed": "failed",
    "run.unknown": "unknown",
    "run.lost": "lost",
    "run.lost.help": "Its process ended before the run did. Whether it did its work is not known.",
    "by.builtin": "by the scheduler",
    "by.direct": "by hand",
    "process.alive": "process {pid}",
    "process.gone": "process {pid} is gone",
    "process.unknown": "process {pid}, not to be seen from here",
    "line.day": "Next 24 hours",
    "line.week": "Next 7 days",
    "zone.help": "Cron expressions are meant in {timezone}; the times here are your own.",
    "mark.done": "ran {when}",
    "mark.failed": "failed {when}",
    "mark.coming": "due {when}",
    "mark.late": "overdue since {when}",
    "mark.off": "switched off; would be due {when}",
    jobs: "Jobs",
    "jobs.count": "{count} job|{count} jobs",
    "jobs.none": "No job is scheduled.",
    "state.running": "running",
    "state.overdue": "overdue",
    "state.scheduled": "scheduled",
    "state.paused": "paused",
    "state.disabled": "disabled",
    "state.completed": "completed",
    "state.error": "cannot be scheduled",
    schedule: "Schedule",
    repeat: "{done} of {times}",
    next: "Next",
    overdue: "was due {it}",
    last: "Last",
    never: "never",
    "status.ok": "ok",
    "status.error": "failed",
    "status.delivery_failed": "not delivered",
    "status.blocked_config": "blocked by configuration",
    rate: "Success",
    "rate.help": "{done} of {count} finished run completed.|{done} of {count} finished runs completed.",
    deliver: "Delivered to",
    "paused.reason": "Paused: {it}",
    "error.run": "The last run failed",
    "error.delivery": "Its output was not delivered",
    suggested: "Suggested by Hermes",
    "suggestion.prompt": "What it would be told",
    outputs: "Outputs",
    bytes: "{size} bytes",
    "output.gone": "It is not there any more.",
    "output.cut": "The rest is in the file.",
    details: "Prompt, runs and outputs",
    script: "Script",
    "script.only": "without the agent",
    skills: "Skills",
    model: "Model",
    created: "Made",
    id: "Id",
    "runs.none": "No runs recorded; Hermes records them since 0.19.",
    bars: "The last {count} run, {bad} of them in trouble|The last {count} runs, {bad} of them in trouble",
    unreadable:
      "{count} entry of cron/jobs.json is no job and is left out.|{count} entries of cron/jobs.json are no jobs and are left out.",
    suggestions:
      "Accept or dismiss it with /suggestions in a chat.|Accept or dismiss them with /suggestions in a chat.",
    former: "Runs of jobs that are gone",
  },
  zh: {
    empty: "还没有定时任务",
    "empty.help":
      "定时任务让 Hermes 按设定的时间自行工作：可以让它每天写摘要，或运行“hermes cron create”。任务、运行记录和调度器状态会显示在这里。",
    "scheduler.ticking": "调度器运转正常",
    "scheduler.failing": "调度器轮询失败：任务可能不会触发",
    "scheduler.failing.help": "请在网关日志中查找“Cron tick error”。",
    "scheduler.stalled": "没有调度器在运转：任务不会触发",
    "scheduler.stalled.help": "请启动网关：“hermes gateway”。",
    "scheduler.stalled.restart": "网关在运行，但其调度器没有动静：“hermes gateway restart”。",
    "scheduler.stopped": "没有调度器在运转：任务不会触发",
    "scheduler.stopped.help": "网关已退出。请启动它：“hermes gateway”。",
    "scheduler.never": "这里从未有调度器运转：任务不会触发",
    "scheduler.never.help": "任务由网关触发。请启动它：“hermes gateway”；长期使用请运行“hermes gateway install”。",
    "scheduler.external": "任务由外部触发",
    "scheduler.external.help": "由 {provider} 触发；它不会在此留下心跳。",
    "scheduler.unknown": "此处无法得知调度器是否在运转",
    "scheduler.unknown.help": "没有可读的心跳；Hermes 从 0.18 起才会写入。",
    tick: "上次轮询：{it}",
    success: "上次成功：{it}",
    "gateway.gone": "网关进程已退出",
    now: "正在运行",
    "now.none": "没有任务在运行。",
    runs: "{count} 次运行",
    "run.running": "运行中",
    "run.claimed": "启动中",
    "run.completed": "已完成",
    "run.failed": "失败",
    "run.unknown": "结果不明",
    "run.lost": "已中断",
    "run.lost.help": "其进程在运行结束前已退出，无法得知工作是否完成。",
    "by.builtin": "由调度器触发",
    "by.direct": "手动运行",
    "process.alive": "进程 {pid}",
    "process.gone": "进程 {pid} 已退出",
    "process.unknown": "进程 {pid}，此处无法查看",
    "line.day": "未来 24 小时",
    "line.week": "未来 7 天",
    "zone.help": "cron 表达式以 {timezone} 时区为准；此处的时间为您本地的时间。",
    "mark.done": "{when} 已运行",
    "mark.failed": "{when} 失败",
    "mark.coming": "将于 {when} 运行",
    "mark.late": "自 {when} 起逾期",
    "mark.off": "已停用；原定 {when}",
    jobs: "任务",
    "jobs.count": "{count} 个任务",
    "jobs.none": "没有定时任务。",
    "state.running": "运行中",
    "state.overdue": "已逾期",
    "state.scheduled": "已排定",
    "state.paused": "已暂停",
    "state.disabled": "已停用",
    "state.completed": "已完成",
    "state.error": "无法排定",
    schedule: "计划",
    repeat: "第 {done} 次，共 {times} 次",
    next: "下次",
    overdue: "本应运行：{it}",
    last: "上次",
    never: "从未运行",
    "status.ok": "成功",
    "status.error": "失败",
    "status.delivery_failed": "未送达",
    "status.blocked_config": "被配置阻止",
    rate: "成功率",
    "rate.help": "{count} 次已结束的运行中有 {done} 次完成。",
    deliver: "发送到",
    "paused.reason": "暂停原因：{it}",
    "error.run": "上次运行失败",
    "error.delivery": "输出未能送达",
    suggested: "Hermes 的建议",
    "suggestion.prompt": "将交给它的内容",
    outputs: "输出",
    bytes: "{size} 字节",
    "output.gone": "它已不在了。",
    "output.cut": "其余内容见文件。",
    details: "提示词、运行记录与输出",
    script: "脚本",
    "script.only": "不使用智能体",
    skills: "技能",
    model: "模型",
    created: "创建于",
    id: "编号",
    "runs.none": "没有运行记录；Hermes 从 0.19 起才会记录。",
    bars: "最近 {count} 次运行，其中 {bad} 次有问题",
    unreadable: "cron/jobs.json 中有 {count} 个条目不是任务，已略去。",
    suggestions: "在聊天中用 /suggestions 接受或忽略。",
    former: "已移除任务的运行记录",
  },
};
