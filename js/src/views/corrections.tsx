import type { Api, ViewProps } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "../charts/figure.tsx";
import type { Correction, Corrections, CorrectionsQuery } from "../protocol.ts";
import rowsCss from "../rows.css";
import type { IconName } from "../ui/icon.tsx";
import css from "./corrections.css";

type Severity = Correction["severity"];

const severities = ["critical", "major", "minor"] as const;
const signs: Record<Severity, { icon: IconName; kind: string }> = {
  critical: { icon: "crashed", kind: "bad" },
  major: { icon: "warning", kind: "warn" },
  minor: { icon: "info", kind: "" },
};

/** Where the agent was set right: by the user, and by what it keeps of mistakes. */
export default function define(api: Api) {
  const { h, ui, t, word, format } = api;
  const { Ago, Icon, Prose, Section, Skeleton, Sparkline, Text } = ui;
  const Figure = makeFigure(api);

  return Object.assign(CorrectionsView, { css: rowsCss + figureCss + css });

  function CorrectionsView({ data, query, setQuery, open, isPending, progress }: ViewProps<Corrections>) {
    const chosen = (query as CorrectionsQuery).severity ?? null;
    const isBusy = !data.is_whole || progress !== null;
    return (
      <div class="told corrections" aria-busy={isPending}>
        <fieldset class="choice">
          <legend class="hidden">{t("severity")}</legend>
          {severities.map((severity) => (
            <button
              key={severity}
              type="button"
              data-severity={severity}
              title={t(`${severity}.help`)}
              aria-pressed={chosen === severity}
              onClick={() =>
                setQuery({ ...query, severity: chosen === severity ? null : severity } satisfies CorrectionsQuery)
              }
            >
              <Sign severity={severity} />
              <b class="numeric">{format.number(data.said_counts[severity] + data.kept_counts[severity])}</b>
            </button>
          ))}
        </fieldset>
        {data.problem !== null && (
          <p class="banner">
            <Icon name="warning" />
            <span>{t(`problem.${data.problem}`)}</span>
          </p>
        )}
        <Section name="said" title={t("said")} aside={t("said.count", { count: data.total_said })}>
          {isBusy && <p class="none">{t("looking")}</p>}
          {data.said.length === 0 && (isBusy ? <Skeleton /> : <p class="none">{t("said.none")}</p>)}
          <ul class="rows">
            {data.said.map((one) => (
              <Said key={one.message} one={one} open={open} />
            ))}
          </ul>
          {data.total_said > data.said.length && (
            <p class="none">{t("more", { count: data.total_said - data.said.length })}</p>
          )}
          {data.since !== null && (
            <p class="none">
              {t("since")} <Ago at={data.since} />
            </p>
          )}
        </Section>
        <div class="side">
          {data.total_said > 0 && (
            <Section name="weeks" title={t("weeks")}>
              <Weeks data={data} />
            </Section>
          )}
          <Section name="kept" title={t("kept")} aside={format.number(data.total_kept)}>
            {data.kept.length === 0 && <p class="none">{t("kept.none")}</p>}
            <ul class="rows">
              {data.kept.map((one, index) => (
                <li key={index}>
                  <div class="said-text" dir="auto">
                    <Prose text={one.text} lines={4} />
                  </div>
                  <div class="about">
                    <Sign severity={one.severity} />
                    <span>{word("kept", one.rule)}</span>
                    <button type="button" class="link" onClick={() => open("memory")}>
                      {t(`store.${one.store ?? "memory"}`)}
                    </button>
                  </div>
                </li>
              ))}
            </ul>
            {data.total_kept > data.kept.length && (
              <p class="none">{t("of", { shown: data.kept.length, count: data.total_kept })}</p>
            )}
          </Section>
        </div>
        <p class="rule">{t("rule")}</p>
      </div>
    );
  }

  function Said({ one, open }: { one: Correction; open: ViewProps["open"] }) {
    return (
      <li data-message={one.message}>
        <div class="said-text" dir="auto">
          <Prose text={one.text} lines={3} />
        </div>
        <div class="about">
          <Sign severity={one.severity} />
          <span>{word("said", one.rule)}</span>
          <Ago at={one.at} />
          {one.session_id !== null && (
            <button
              type="button"
              class="link"
              title={t("session.open")}
              onClick={() => open("sessions", { session: one.session_id, message: one.message })}
            >
              <Text text={one.session ?? one.session_id} />
            </button>
          )}
        </div>
      </li>
    );
  }

  /** How many there were each week. */
  function Weeks({ data }: { data: Corrections }) {
    const values = data.weeks.map(({ critical, major, minor }) => critical + major + minor);
    const title = t("weeks.title", { count: values.reduce((sum, value) => sum + value, 0), last: values.at(-1) ?? 0 });
    const first = data.weeks[0];
    return (
      <Figure
        label={t("weeks")}
        table={() => ({
          columns: [t("week"), ...severities.map((severity) => t(severity))],
          rows: data.weeks.map((week) => [
            format.longDay(week.starts_on),
            ...severities.map((severity) => format.number(week[severity])),
          ]),
        })}
        caption={title}
      >
        <Sparkline values={values} label={t("weeks")} title={title} />
        <div class="ends">
          <span>{first && format.day(first.starts_on)}</span>
          <span>{t("this-week")}</span>
        </div>
      </Figure>
    );
  }

  /** A sign and a word: never colour alone. */
  function Sign({ severity }: { severity: Severity }) {
    const { icon, kind } = signs[severity];
    return (
      <span class={`sign ${kind}`}>
        <Icon name={icon} size={14} />
        {t(severity)}
      </span>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    ...figureTexts.en,
    empty: "The agent has not been corrected yet",
    "empty.help": "Tell it when something is wrong: it appears here, with a link to the place in the session.",
    severity: "Severity",
    critical: "critical",
    major: "major",
    minor: "minor",
    "critical.help": "Harm was done, or it had to be said again.",
    "major.help": "What the agent did or said is wrong.",
    "minor.help": "It is to go on differently.",
    "problem.missing": "Hermes keeps no full-text index here: messages cannot be searched.",
    "problem.incomplete": "Hermes' full-text index does not have all messages yet: they cannot be searched.",
    "problem.unreadable": "Hermes' full-text index cannot be read: messages cannot be searched.",
    said: "Said in sessions",
    "said.count": "{count} message|{count} messages",
    "said.none": "Nothing.",
    looking: "Older messages are still being looked at …",
    more: "and {count} more",
    of: "{shown} of {count} are shown",
    since: "Looked at back to",
    "said.repeated": "had to be said again",
    "said.never": "never do this",
    "said.damage": "something was broken",
    "said.made-up": "made up",
    "said.without-asking": "without asking",
    "said.wrong": "wrong",
    "said.not-asked": "not what was asked",
    "said.does-not-work": "does not work",
    "said.overlooked": "overlooked",
    "said.undo": "taken back",
    "said.no": "no",
    "said.actually": "actually …",
    "said.instead": "something else instead",
    "said.meant": "meant something else",
    "said.do-not": "do not",
    weeks: "Said per week",
    "weeks.title": "{count} in half a year, {last} this week",
    week: "Week of",
    "this-week": "this week",
    kept: "Kept in memory",
    "kept.none": "No entry of the memory files tells of a mistake.",
    "kept.never": "never",
    "kept.verify": "verify first",
    "kept.caught": "was caught",
    "kept.gotcha": "gotcha",
    "kept.do-not": "do not",
    "kept.wrong": "wrong",
    "kept.does-not-work": "does not work",
    "kept.instead": "instead of",
    "store.memory": "MEMORY.md",
    "store.user": "USER.md",
    "session.open": "Open the session at this message",
    rule: "Found word by word, in sentences that are no questions, in what users typed after the agent's first answer. What is not said in such words is missed.",
  },
  zh: {
    ...figureTexts.zh,
    empty: "智能体还没有被纠正过",
    "empty.help": "有不对的地方就告诉它：这里会显示出来，并链接到会话中的位置。",
    severity: "严重程度",
    critical: "严重",
    major: "较重",
    minor: "轻微",
    "critical.help": "造成了损害，或不得不重复说明。",
    "major.help": "智能体做的或说的是错的。",
    "minor.help": "要求换一种做法。",
    "problem.missing": "Hermes 在此没有全文索引：无法搜索消息。",
    "problem.incomplete": "Hermes 的全文索引尚未包含所有消息：无法搜索。",
    "problem.unreadable": "无法读取 Hermes 的全文索引：无法搜索消息。",
    said: "会话中说过的",
    "said.count": "{count} 条消息",
    "said.none": "没有。",
    looking: "仍在查看更早的消息……",
    more: "另有 {count} 项",
    of: "共 {count} 条，显示前 {shown} 条",
    since: "已查看至",
    "said.repeated": "不得不重复",
    "said.never": "绝不要这样做",
    "said.damage": "造成了破坏",
    "said.made-up": "凭空编造",
    "said.without-asking": "未经询问",
    "said.wrong": "不对",
    "said.not-asked": "不是所要求的",
    "said.does-not-work": "不起作用",
    "said.overlooked": "有遗漏",
    "said.undo": "撤回",
    "said.no": "不",
    "said.actually": "其实……",
    "said.instead": "改用别的",
    "said.meant": "本意不同",
    "said.do-not": "不要",
    weeks: "每周次数",
    "weeks.title": "半年内 {count} 次，本周 {last} 次",
    week: "起始于",
    "this-week": "本周",
    kept: "记忆中保留的",
    "kept.none": "记忆文件中没有关于错误的条目。",
    "kept.never": "绝不",
    "kept.verify": "先核实",
    "kept.caught": "曾被发现",
    "kept.gotcha": "陷阱",
    "kept.do-not": "不要",
    "kept.wrong": "错误",
    "kept.does-not-work": "不起作用",
    "kept.instead": "而不是",
    "store.memory": "记忆文件 MEMORY.md",
    "store.user": "用户文件 USER.md",
    "session.open": "在此消息处打开会话",
    rule: "在智能体首次回答之后，从用户输入的非疑问句中按词查找。没有用这些词表达的会被漏掉。",
  },
};
