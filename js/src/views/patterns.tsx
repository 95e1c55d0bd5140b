import type { Api, ViewProps } from "../api.ts";
import { css as heatMapCss, texts as heatMapTexts, makeCalendar, makeHeatMap, weekdays } from "../charts/heatmap.tsx";
import { makeStrip, css as stripCss, texts as stripTexts } from "../charts/strip.tsx";
import type {
  PatternCandidate,
  PatternCluster,
  PatternExample,
  PatternPrompt,
  Patterns,
  PatternsQuery,
  PatternTools,
  PatternWorkflow,
} from "../protocol.ts";
import css from "./patterns.css";

type Measure = "sessions" | "messages" | "calls";
type Open = (session: string) => void;

const SPANS = [7, 30, 90, 0] as const;
/** So many tools have a strip; all of them stand in the table. */
const STRIPS = 12;

/** What comes back: kinds of work, prompts, hours, tools and their sequences. */
export default function define(api: Api) {
  const { h, Fragment, hooks, ui, t, word, format } = api;
  const { Ago, Badge, Bars, Empty, Section, Skeleton, Text } = ui;
  const HeatMap = makeHeatMap(api);
  const Calendar = makeCalendar(api);
  const Strip = makeStrip(api);

  return Object.assign(PatternsView, { css: css + heatMapCss + stripCss });

  function PatternsView({ data, query, setQuery, isPending, open }: ViewProps<Patterns>) {
    const [wanted, measure] = hooks.useState<Measure>("sessions");
    const show: Open = (session) => open?.("sessions", { session });
    if (data.recorded === 0) {
      if (data.progress) return <Skeleton />;
      return (
        <Empty icon="chart" title={t("empty")}>
          {t("empty.help")}
        </Empty>
      );
    }
    return (
      <div class="patterns" aria-busy={isPending}>
        <div class="patterns-head">
          <Spans days={data.days} choose={(days) => setQuery({ ...query, days } satisfies PatternsQuery)} />
          {data.progress && (
            <p class="patterns-reading" role="status">
              {t("reading", { share: format.percent(data.progress.done / Math.max(1, data.progress.total)) })}
            </p>
          )}
        </div>
        <div class="main">
          <When data={data} measure={wanted} choose={measure} />
          <Tools tools={data.tools} />
          {data.tools && data.tools.workflows.length > 0 && (
            <Section name="workflows" title={t("workflows")}>
              <ol class="workflow-list">
                {data.tools.workflows.map((workflow) => (
                  <Workflow key={workflow.tools.join(" ")} workflow={workflow} />
                ))}
              </ol>
            </Section>
          )}
        </div>
        <div class="side">
          <Section name="clusters" title={t("tasks")} aside={t("conversations", { count: data.conversations })}>
            <Clusters clusters={data.clusters} show={show} isRead={data.progress === null} />
          </Section>
          <Section
            name="candidates"
            title={t("candidates")}
            aside={data.candidates.length > 0 ? format.number(data.candidates.length) : undefined}
          >
            {data.candidates.length === 0 && <p class="none">{data.progress === null && t("candidates.none")}</p>}
            <ul class="candidate-list">
              {data.candidates.map((candidate, index) => (
                <Candidate key={index} candidate={candidate} show={show} />
              ))}
            </ul>
          </Section>
          <Section name="prompts" title={t("prompts")}>
            {data.prompts.length === 0 && <p class="none">{data.progress === null && t("prompts.none")}</p>}
            <ul class="prompt-list">
              {data.prompts.map((prompt, index) => (
                <Prompt key={index} prompt={prompt} show={show} />
              ))}
            </ul>
            {data.repeated > data.prompts.length && (
              <p class="none">{t("more", { count: data.repeated - data.prompts.length })}</p>
            )}
          </Section>
        </div>
        <p class="rule">{t("rule", { timezone: data.timezone })}</p>
      </div>
    );
  }

  function Spans({ days, choose }: { days: number; choose: (days: number) => void }) {
    return (
      <fieldset class="segments">
        <legend class="hidden">{t("spans")}</legend>
        {SPANS.map((span) => (
          <button key={span} type="button" data-span={span} aria-pressed={span === days} onClick={() => choose(span)}>
            {t(`span.${span}`)}
          </button>
        ))}
      </fieldset>
    );
  }

  // -- when

  function When({ data, measure, choose }: { data: Patterns; measure: Measure; choose: (measure: Measure) => void }) {
    const slots = { sessions: data.sessions, messages: data.messages, calls: data.tools?.hours }[measure];
    const days = weekdays(t);
    const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
    const label = t(`when.${measure}`);
    // No calls are kept by day.
    const daily = measure === "messages" ? "messages" : "sessions";
    return (
      <Section
        name="when"
        title={t("when")}
        aside={
          <span class="segments">
            {(["sessions", "messages", "calls"] as const).map((each) => (
              <button key={each} type="button" aria-pressed={measure === each} onClick={() => choose(each)}>
                {t(`measure.${each}`)}
              </button>
            ))}
          </span>
        }
      >
        {slots ? (
          <HeatMap
            label={label}
            rows={days}
            columns={hours}
            every={3}
            values={days.map((_, day) => hours.map((_, hour) => slots[day * 24 + hour] ?? 0))}
            name={(day, hour) => `${days[day]} ${hours[hour]}:00`}
            say={(count) => t(`count.${measure}`, { count })}
          />
        ) : (
          <Skeleton />
        )}
        {data.calendar.length > 0 && (
          <Fragment>
            <h4>
              {t(`calendar.${daily}`)}
              <small>
                {t("streak.active", { count: data.streak.active })} · {t("streak", { count: data.streak.longest })}
              </small>
            </h4>
            <Calendar
              label={t(`calendar.${daily}`)}
              days={data.calendar.map((day) => ({ day: day.on, value: day[daily] }))}
              to={lastDay(data.calendar)}
              say={(count) => t(`count.${daily}`, { count })}
            />
          </Fragment>
        )}
      </Section>
    );
  }

  // -- tools

  function Tools({ tools }: { tools: PatternTools | null }) {
    if (!tools) {
      return (
        <Section name="tool-use" title={t("tools")}>
          <Skeleton />
        </Section>
      );
    }
    const timed = tools.tools.filter(({ latency }) => latency !== null).slice(0, STRIPS);
    return (
      <Section name="tool-use" title={t("tools")} aside={t("count.calls", { count: tools.calls })}>
        {tools.tools.length === 0 ? (
          <p class="none">{t("tools.none")}</p>
        ) : (
          <Fragment>
            {timed.length > 0 && (
              <Strip
                label={t("latency")}
                heading={t("tool")}
                rows={timed.map(({ tool, calls, unanswered, latency }) => ({
                  label: tool,
                  count: calls - unanswered,
                  spread: latency && {
                    min: latency.min_s,
                    p50: latency.p50_s,
                    p95: latency.p95_s,
                    max: latency.max_s,
                  },
                }))}
                say={seconds}
              />
            )}
            <ToolTable tools={tools} />
          </Fragment>
        )}
      </Section>
    );
  }

  function ToolTable({ tools: { tools, left_out: rest } }: { tools: PatternTools }) {
    return (
      <Fragment>
        <table class="tools-table">
          <thead>
            <tr>
              <th scope="col">{t("tool")}</th>
              <th scope="col">{t("tool.calls")}</th>
              <th scope="col">{t("tool.failed")}</th>
              <th scope="col" class="wide">
                {t("tool.unanswered")}
              </th>
              <th scope="col" class="wide">
                {t("tool.last")}
              </th>
            </tr>
          </thead>
          <tbody>
            {tools.map(({ tool, calls, failed, failure_rate: rate, unanswered, last_at: last }) => (
              <tr key={tool} data-tool={tool}>
                <th scope="row">
                  <Text text={tool} title />
                </th>
                <td class="numeric">{format.number(calls)}</td>
                <td class={failed > 0 ? "numeric failed" : "numeric"}>
                  {rate === null ? "—" : failed === 0 ? "0" : `${format.number(failed)} · ${format.percent(rate)}`}
                </td>
                <td class="numeric wide">{unanswered > 0 ? format.number(unanswered) : ""}</td>
                <td class="wide">
                  <Ago at={last} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {rest > 0 && <p class="none">{t("more", { count: rest })}</p>}
      </Fragment>
    );
  }

  function Workflow({ workflow: { tools, times, conversations } }: { workflow: PatternWorkflow }) {
    return (
      <li>
        <Steps tools={tools} />
        <small class="numeric">{t("workflow.times", { times: format.number(times), count: conversations })}</small>
      </li>
    );
  }

  function Steps({ tools }: { tools: readonly string[] }) {
    return (
      <span class="steps">
        {tools.map((tool, index) => (
          <Fragment key={index}>
            {index > 0 && <i aria-hidden="true">→</i>}
            <code>
              <Text text={tool} title />
            </code>
          </Fragment>
        ))}
      </span>
    );
  }

  // -- what is asked for

  function Clusters(props: { clusters: readonly PatternCluster[]; show: Open; isRead: boolean }) {
    const sorted = [...props.clusters].sort((a, b) => b.conversations - a.conversations);
    if (sorted.length === 0) return <p class="none">{props.isRead && t("tasks.none")}</p>;
    return (
      <Fragment>
        <Bars
          rows={sorted.map(({ name, conversations }) => ({
            label: word("cluster", name),
            value: conversations,
          }))}
        />
        <ul class="cluster-list">
          {sorted.map(({ name, conversations, messages, tool_calls: calls, examples }) => (
            <li key={name} data-cluster={name}>
              <b>{word("cluster", name)}</b>
              <small>
                {t("cluster.average", {
                  messages: average(messages, conversations),
                  calls: average(calls, conversations),
                })}
              </small>
              <ul>
                {examples.map((example) => (
                  <li key={example.session_id}>
                    <Example example={example} show={props.show} />
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </Fragment>
    );
  }

  function Example({ example: { session_id, title, last_at }, show }: { example: PatternExample; show: Open }) {
    return (
      <span class="example">
        <button type="button" class="link" onClick={() => show(session_id)}>
          <Text text={title} title />
        </button>
        <small>
          <Ago at={last_at} />
        </small>
      </span>
    );
  }

  function Prompt({ prompt: { text, times, first_at, example }, show }: { prompt: PatternPrompt; show: Open }) {
    return (
      <li>
        <Times count={times} />
        <button type="button" class="link" onClick={() => show(example.session_id)}>
          <Text text={text} title />
        </button>
        <small>
          {t("prompts.first")} <Ago at={first_at} /> · {t("prompts.last")} <Ago at={example.last_at} />
        </small>
      </li>
    );
  }

  function Candidate({
    candidate: { times, text, tools, example },
    show,
  }: {
    candidate: PatternCandidate;
    show: Open;
  }) {
    return (
      <li>
        <Times count={times} />
        {example ? (
          <button type="button" class="link" onClick={() => show(example.session_id)}>
            <Text text={text ?? example.title} title />
          </button>
        ) : (
          <Steps tools={tools} />
        )}
      </li>
    );
  }

  function Times({ count }: { count: number }) {
    return <Badge title={t("conversations", { count })}>{t("times", { count })}</Badge>;
  }

  // -- figures

  function average(sum: number, count: number): string {
    return format.number(Math.round((10 * sum) / Math.max(1, count)) / 10);
  }

  /** Of a call: milliseconds below a second. */
  function seconds(value: number): string {
    if (value >= 1) return format.duration(value < 10 ? Number(value.toPrecision(2)) : value);
    return t("milliseconds", { count: Math.max(1, Number((1000 * value).toPrecision(2))) });
  }
}

/** The newest day that has begun somewhere: a wrong clock may have dated sessions years ahead. */
function lastDay(days: Patterns["calendar"]): string {
  const latest = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
  return days.findLast(({ on }) => on <= latest)?.on ?? latest;
}

/** What this view says. */
export const texts = {
  en: {
    ...heatMapTexts.en,
    ...stripTexts.en,
    empty: "No session yet",
    "empty.help": "Once Hermes was asked for things a few times, what recurs is told here.",
    reading: "Reading: {share} of the messages so far",
    spans: "Span",
    "span.7": "7 days",
    "span.30": "30 days",
    "span.90": "90 days",
    "span.0": "All time",
    when: "When",
    "when.sessions": "Sessions by weekday and hour of their start",
    "when.messages": "Messages by weekday and hour",
    "when.calls": "Tool calls by weekday and hour",
    "measure.sessions": "Sessions",
    "measure.messages": "Messages",
    "measure.calls": "Tool calls",
    "count.sessions": "{count} session|{count} sessions",
    "count.messages": "{count} message|{count} messages",
    "count.calls": "{count} call|{count} calls",
    "calendar.sessions": "Sessions per day",
    "calendar.messages": "Messages per day",
    "streak.active": "{count} active day|{count} active days",
    streak: "longest streak {count} day|longest streak {count} days",
    tools: "Tools",
    "tools.none": "No tool was called.",
    latency: "From call to result",
    tool: "Tool",
    "tool.calls": "Calls",
    "tool.failed": "Failed",
    "tool.unanswered": "No result",
    "tool.last": "Last",
    milliseconds: "{count} ms|{count} ms",
    workflows: "Tool workflows",
    "workflow.times": "{times} × in {count} conversation|{times} × in {count} conversations",
    tasks: "Tasks",
    "tasks.none": "No conversation began in this span.",
    conversations: "{count} conversation|{count} conversations",
    "cluster.git": "git",
    "cluster.debugging": "debugging",
    "cluster.code": "writing code",
    "cluster.refactor": "refactoring",
    "cluster.research": "research",
    "cluster.config": "setup and operations",
    "cluster.docs": "documents",
    "cluster.other": "other",
    "cluster.average": "{messages} messages and {calls} tool calls on average",
    candidates: "Could be a skill",
    "candidates.none": "Nothing came back three times.",
    prompts: "Repeated prompts",
    "prompts.none": "No two conversations began with the same words.",
    "prompts.first": "first",
    "prompts.last": "last",
    times: "{count} ×|{count} ×",
    more: "and {count} more",
    rule: "Sessions that started in the span, in {timezone}, as in hermes insights. A task's kind is told by whole words of the first message and the title; what schedules ask for is no repeated prompt. A workflow is three calls in a row.",
  },
  zh: {
    ...heatMapTexts.zh,
    ...stripTexts.zh,
    empty: "还没有会话",
    "empty.help": "多次使用 Hermes 之后，这里会显示反复出现的内容。",
    reading: "正在读取：已读 {share} 的消息",
    spans: "时间范围",
    "span.7": "7 天",
    "span.30": "30 天",
    "span.90": "90 天",
    "span.0": "全部",
    when: "活跃时段",
    "when.sessions": "按开始的星期与小时统计会话",
    "when.messages": "按星期与小时统计消息",
    "when.calls": "按星期与小时统计工具调用",
    "measure.sessions": "会话",
    "measure.messages": "消息",
    "measure.calls": "工具调用",
    "count.sessions": "{count} 个会话",
    "count.messages": "{count} 条消息",
    "count.calls": "{count} 次调用",
    "calendar.sessions": "每日会话",
    "calendar.messages": "每日消息",
    "streak.active": "活跃 {count} 天",
    streak: "最长连续 {count} 天",
    tools: "工具",
    "tools.none": "没有调用过工具。",
    latency: "从调用到结果",
    tool: "工具",
    "tool.calls": "调用",
    "tool.failed": "失败",
    "tool.unanswered": "无结果",
    "tool.last": "最近",
    milliseconds: "{count} 毫秒",
    workflows: "工具流程",
    "workflow.times": "{times} 次，见于 {count} 个对话",
    tasks: "任务",
    "tasks.none": "在此时间范围内没有开始对话。",
    conversations: "{count} 个对话",
    "cluster.git": "Git 操作",
    "cluster.debugging": "调试",
    "cluster.code": "编写代码",
    "cluster.refactor": "重构",
    "cluster.research": "研究",
    "cluster.config": "配置与运维",
    "cluster.docs": "文档",
    "cluster.other": "其他",
    "cluster.average": "平均 {messages} 条消息、{calls} 次工具调用",
    candidates: "可做成技能",
    "candidates.none": "没有出现过三次的内容。",
    prompts: "重复的提示",
    "prompts.none": "没有两个对话以相同的话开头。",
    "prompts.first": "首次",
    "prompts.last": "最近",
    times: "{count} 次",
    more: "另有 {count} 项",
    rule: "统计在此时间范围内（{timezone} 时区）开始的会话，与 hermes insights 一致。任务类别由首条消息与标题中的完整词语判定；定时任务的内容不算重复提示。流程指连续三次调用。",
  },
};
