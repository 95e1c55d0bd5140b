import type { Api, ViewProps } from "../api.ts";
import { css as ganttCss, texts as ganttTexts, makeGantt, type Shape } from "../charts/gantt.tsx";
import type { Query, Timeline, TimelineEvent, TimelineQuery } from "../protocol.ts";
import css from "./timeline.css";

const SPANS = [7, 14, 30, 90, 0] as const;
const WAYS = ["source", "project"] as const;
/** So many events are told below the drawing; the drawing's table has all. */
const TOLD = 25;
/** What is no session stands in this lane, if it has a length. */
const RUNS = "\u0000runs";

const SIGNS = { milestone: "star", memory: "diamond", skill: "square", failed: "triangle" } as const satisfies Record<
  string,
  Shape
>;
type Sign = keyof typeof SIGNS;

/** What was going on: conversations and runs of jobs as bars, all else as marks. */
export default function define(api: Api) {
  const { h, Fragment, hooks, ui, t, word, format } = api;
  const { Ago, Empty, Icon, Section, Skeleton, Text } = ui;
  const Gantt = makeGantt(api);

  return Object.assign(TimelineView, { css: css + ganttCss });

  function TimelineView({ data, query, setQuery, isPending, open }: ViewProps<Timeline>) {
    hooks.useTick(60_000);
    if (data.recorded === 0) {
      if (data.progress) return <Skeleton />;
      return (
        <Empty icon="timeline" title={t("empty")}>
          {t("empty.help")}
        </Empty>
      );
    }
    const now = Date.now();
    const from = Date.parse(data.from_at);
    const targets = new Map([
      ...data.lanes.flatMap(({ sessions }) =>
        sessions.map(({ session_id: id }) => [barId(id), sessionTarget(id)] as const),
      ),
      ...data.events.flatMap((event) => {
        const target = targetOf(event);
        return target ? [[event.id, target] as const] : [];
      }),
    ]);
    const show = (id: string) => {
      const target = targets.get(id);
      if (target) open(target.panel, target.query);
    };
    const sources = [...new Set(data.lanes.flatMap(({ sessions }) => sessions.map(({ source }) => source)))].sort();
    const notable = data.events.filter((event) => event.kind !== "run" || event.what !== "completed");
    const shown = data.lanes.reduce((sum, { sessions }) => sum + sessions.length, 0);
    const ask = (next: Partial<TimelineQuery>) => {
      const { since: _since, until: _until, ...rest } = query as TimelineQuery;
      setQuery({ ...rest, ...next } satisfies TimelineQuery);
    };
    return (
      <div class="timeline-panel" aria-busy={isPending}>
        <div class="timeline-head">
          <Segments
            name={t("spans")}
            values={SPANS}
            chosen={data.days}
            choose={(days) => ask({ days })}
            words={(days) => t(`span.${days}`)}
          />
          <Segments
            name={t("by")}
            values={WAYS}
            chosen={data.by}
            choose={(by) => setQuery({ ...query, by } satisfies TimelineQuery)}
            words={(by) => t(`by.${by}`)}
          />
        </div>
        <Gantt
          // What was zoomed into belongs to the days that were chosen.
          key={data.days}
          label={t("drawing")}
          from={from}
          to={now + (now - from) * 0.01}
          now={now}
          lanes={lanesOf(data)}
          kinds={[...sources.map((source) => ({ kind: source, label: source })), { kind: RUNS, label: t("runs") }]}
          marks={data.events.flatMap((event) => {
            const sign = signOf(event);
            return sign ? [{ id: event.id, at: event.at, title: words(event), kind: sign }] : [];
          })}
          markKinds={(Object.keys(SIGNS) as Sign[]).map((kind) => ({
            kind,
            label: t(`sign.${kind}`),
            shape: SIGNS[kind],
          }))}
          markLabel={t("marks")}
          open={show}
          isOpenable={(id) => targets.has(id)}
          onSpan={(span) =>
            ask(span ? { since: new Date(span.from).toISOString(), until: new Date(span.to).toISOString() } : {})
          }
        />
        <p class="timeline-count">
          {shown < data.total
            ? t("count.longest", { shown: format.number(shown), count: data.total })
            : t("count", { count: data.total })}
          {data.progress && <Fragment> · {t("reading")}</Fragment>}
        </p>
        <Section
          name="events"
          title={t("events")}
          aside={t("completed", { count: data.events.length - notable.length })}
        >
          {notable.length === 0 && <p class="none">{!data.progress && t("events.none")}</p>}
          <ul class="event-list">
            {notable
              .slice(-TOLD)
              .reverse()
              .map((event) => (
                <li key={event.id} data-event={event.kind} class={isFailed(event) ? "failed" : ""}>
                  <Icon name={iconOf(event)} />
                  {targets.has(event.id) ? (
                    <button type="button" class="link" onClick={() => show(event.id)}>
                      <Text text={words(event)} title />
                    </button>
                  ) : (
                    <Text text={words(event)} title />
                  )}
                  <small>
                    <Ago at={event.at} />
                  </small>
                </li>
              ))}
          </ul>
          {notable.length > TOLD && <p class="none">{t("more", { count: notable.length - TOLD })}</p>}
          {data.events.length < data.events_total && (
            <p class="none">{t("newest", { shown: format.number(data.events.length), count: data.events_total })}</p>
          )}
        </Section>
        <p class="rule">{t("rule", { timezone: data.timezone })}</p>
      </div>
    );
  }

  function Segments<Value extends string | number>(props: {
    name: string;
    values: readonly Value[];
    chosen: Value;
    choose: (value: Value) => void;
    words: (value: Value) => string;
  }) {
    return (
      <fieldset class="segments">
        <legend class="hidden">{props.name}</legend>
        {props.values.map((value) => (
          <button
            key={value}
            type="button"
            data-value={value}
            aria-pressed={value === props.chosen}
            onClick={() => props.choose(value)}
          >
            {props.words(value)}
          </button>
        ))}
      </fieldset>
    );
  }

  function lanesOf({ lanes, events }: Timeline) {
    const runs = events.filter(({ kind }) => kind === "run");
    return [
      ...lanes.map(({ key, name, sessions }) => ({
        key,
        label: name ?? t("no-project"),
        bars: sessions.map(({ session_id: id, title, source, started_at: start, ended_at: end }) => ({
          id: barId(id),
          from: start,
          to: end,
          title,
          kind: source,
        })),
      })),
      ...(runs.length > 0
        ? [
            {
              key: RUNS,
              label: t("runs"),
              bars: runs.map((run) => ({ id: run.id, from: run.at, to: run.end, title: words(run), kind: RUNS })),
            },
          ]
        : []),
    ];
  }

  function words({ kind, what, title, number }: TimelineEvent): string {
    if (kind === "run") return t("run", { title, status: word("status", what) });
    return t(`${kind}.${what}`, { title, count: number ?? 0 });
  }
}

function barId(session: string): string {
  return `session ${session}`;
}

/** Where more is told of it. */
interface Target {
  panel: string;
  query?: Query;
}

function sessionTarget(session: string): Target {
  return { panel: "sessions", query: { session } };
}

function targetOf({ kind, title, session_id: session }: TimelineEvent): Target | null {
  if (session !== null) return sessionTarget(session);
  if (kind === "run") return { panel: "cron" };
  if (kind === "memory") return { panel: "memory" };
  return kind === "skill" ? { panel: "skills", query: { skill: title } } : null;
}

function isFailed({ kind, what }: TimelineEvent): boolean {
  return kind === "run" && what === "failed";
}

function signOf(event: TimelineEvent): Sign | null {
  if (event.kind === "run") return isFailed(event) ? "failed" : null;
  return event.kind;
}

function iconOf(event: TimelineEvent) {
  if (isFailed(event)) return "warning";
  return ({ run: "cron", memory: "memory", skill: "skills", milestone: "flag" } as const)[event.kind];
}

/** What this view says. */
export const texts = {
  en: {
    ...ganttTexts.en,
    empty: "Nothing has happened yet",
    "empty.help": "Sessions, runs of jobs, and what Hermes writes to memory and skills appear here.",
    spans: "Span",
    "span.7": "7 days",
    "span.14": "14 days",
    "span.30": "30 days",
    "span.90": "90 days",
    "span.0": "All",
    by: "Lanes",
    "by.source": "By source",
    "by.project": "By project",
    drawing: "What was going on",
    runs: "job runs",
    marks: "events",
    "no-project": "no project",
    "sign.milestone": "milestone",
    "sign.memory": "memory",
    "sign.skill": "skill",
    "sign.failed": "failed run",
    count: "{count} conversation in this span|{count} conversations in this span",
    "count.longest":
      "The {shown} longest of {count} conversation; zoom in for the others|The {shown} longest of {count} conversations; zoom in for the others",
    reading: "what was written to memory and skills is still being read",
    events: "Events",
    "events.none": "No event in this span.",
    completed: "{count} completed run left out|{count} completed runs left out",
    more: "and {count} earlier one|and {count} earlier ones",
    newest:
      "The drawing has the newest {shown} of {count} event; zoom in for the others|The drawing has the newest {shown} of {count} events; zoom in for the others",
    run: "{title}: {status}",
    "status.completed": "completed",
    "status.failed": "failed",
    "status.running": "running",
    "status.claimed": "about to start",
    "status.unknown": "unknown",
    "memory.file": "{title} was last written",
    "memory.call": "The agent wrote to its memory",
    "skill.created": "Skill {title} was made",
    "skill.changed": "Skill {title} was last written",
    "skill.call": "The agent wrote a skill",
    "milestone.first": "First conversation",
    "milestone.conversations": "Conversation number {count}",
    "milestone.messages": "Message number {count}",
    "milestone.busiest": "Busiest day: {count} message|Busiest day: {count} messages",
    rule: "A bar goes from a conversation's start to its end, or to its last message where nobody closed it. Message numbers and the busiest day go by the sessions' starts, in {timezone}. Of a file only its last change is known.",
  },
  zh: {
    ...ganttTexts.zh,
    empty: "还没有发生任何事",
    "empty.help": "会话、任务运行，以及 Hermes 写入记忆与技能的内容都会显示在这里。",
    spans: "时间范围",
    "span.7": "7 天",
    "span.14": "14 天",
    "span.30": "30 天",
    "span.90": "90 天",
    "span.0": "全部",
    by: "泳道",
    "by.source": "按来源",
    "by.project": "按项目",
    drawing: "活动时间线",
    runs: "任务运行",
    marks: "事件",
    "no-project": "无项目",
    "sign.milestone": "里程碑",
    "sign.memory": "记忆",
    "sign.skill": "技能",
    "sign.failed": "失败的运行",
    count: "此时间范围内有 {count} 个对话",
    "count.longest": "{count} 个对话中最长的 {shown} 个；放大可查看其余对话",
    reading: "写入记忆与技能的记录仍在读取",
    events: "事件",
    "events.none": "此时间范围内没有事件。",
    completed: "未列出 {count} 次已完成的运行",
    more: "另有更早的 {count} 项",
    newest: "图中为 {count} 个事件中最新的 {shown} 个；放大可查看其余事件",
    run: "{title}：{status}",
    "status.completed": "已完成",
    "status.failed": "失败",
    "status.running": "运行中",
    "status.claimed": "即将开始",
    "status.unknown": "不明",
    "memory.file": "{title} 最近一次写入",
    "memory.call": "智能体写入了记忆",
    "skill.created": "创建了技能 {title}",
    "skill.changed": "技能 {title} 最近一次写入",
    "skill.call": "智能体编写了技能",
    "milestone.first": "第一个对话",
    "milestone.conversations": "第 {count} 个对话",
    "milestone.messages": "第 {count} 条消息",
    "milestone.busiest": "最忙的一天：{count} 条消息",
    rule: "条形从对话开始画到结束；未关闭的画到最后一条消息。消息序号与最忙的一天按会话开始时间计算（{timezone} 时区）。文件只知道最近一次修改。",
  },
};
