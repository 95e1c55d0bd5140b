import type { Api, ViewProps } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "../charts/figure.tsx";
import type { Cost, Growth, GrowthDay, GrowthFigures, GrowthQuery } from "../protocol.ts";
import css from "./growth.css";

type Name = keyof GrowthFigures;

const DAY_MS = 86_400_000;
/** So many days before the last one are drawn: one odd date must not make a line of decades. */
const MOST_DAYS = 370;

/** In the order of display, by what they belong to. */
const groups: readonly (readonly [string, readonly Name[]])[] = [
  ["work", ["sessions", "messages", "tool_calls"]],
  ["spent", ["tokens", "cost_usd"]],
  ["memory", ["memory_entries", "memory_chars", "user_entries", "user_chars"]],
  ["skills", ["skills", "own_skills", "cron_jobs"]],
];

/** What the agent has today, beside what it had on any earlier day. */
export default function define(api: Api) {
  const { h, ui, t, sentence, format, hooks } = api;
  const { Ago, Icon, Section, Sparkline, Text } = ui;
  const Chart = makeFigure(api);

  return Object.assign(GrowthView, { css: figureCss + css });

  function GrowthView({ data, query, setQuery, isPending }: ViewProps<Growth>) {
    const { earlier, later, now } = data;
    const choose = (change: GrowthQuery) => setQuery({ ...query, ...change });
    return (
      <div class="growth" aria-busy={isPending}>
        {data.days.length > 1 && earlier ? (
          <div class="choice">
            <Day
              label={t("earlier")}
              days={data.days.filter((day) => day < later.day)}
              value={earlier.day}
              choose={(day) => choose({ earlier: day })}
            />
            <Icon name="next" />
            <Day
              label={t("later")}
              days={data.days}
              value={later.day}
              choose={(day) => choose({ later: day === now.day ? null : day, earlier: null })}
              today={now.day}
            />
          </div>
        ) : (
          <p class="notice">
            <Icon name="info" />
            <span>{data.kept_in ? t("first") : t("off")}</span>
          </p>
        )}
        <div class="groups">
          {groups.map(([group, names]) => (
            <Section key={group} name={group} title={t(`group.${group}`)}>
              {data.drawn.length > 1 ? (
                <Chart label={t(`group.${group}`)} table={() => tableOf(data, names)}>
                  <Figures data={data} names={names} />
                </Chart>
              ) : (
                <Figures data={data} names={names} />
              )}
            </Section>
          ))}
        </div>
        <footer>
          {sentence("counted", { when: <Ago at={later.at} /> })}
          {data.kept_in && (
            <span class="kept">
              {" · "}
              {sentence("kept", {
                where: (
                  <code>
                    <Text text={data.kept_in} title />
                  </code>
                ),
              })}
            </span>
          )}
        </footer>
      </div>
    );
  }

  function Day(props: {
    label: string;
    days: readonly string[];
    value: string;
    choose: (day: string) => void;
    today?: string;
  }) {
    const id = hooks.useId();
    const thisYear = props.days.at(-1)?.slice(0, 4);
    return (
      <span class="day">
        <label for={id}>{props.label}</label>
        <select
          id={id}
          value={props.value}
          onChange={(event) => props.choose((event.target as HTMLSelectElement).value)}
        >
          {[...props.days].reverse().map((day) => (
            <option key={day} value={day}>
              {day === props.today ? t("today") : day.slice(0, 4) === thisYear ? format.day(day) : format.longDay(day)}
            </option>
          ))}
        </select>
      </span>
    );
  }

  /** What the lines are drawn of, and the two days that are compared. */
  function tableOf({ drawn, earlier, later }: Growth, names: readonly Name[]) {
    const days = new Map([earlier, ...drawn, later].flatMap((day) => (day === null ? [] : [[day.day, day] as const])));
    return {
      columns: [t("day"), ...names.map((name) => t(name))],
      rows: [...days.values()]
        .sort((a, b) => (a.day < b.day ? -1 : 1))
        .map(({ day, figures }) => [format.longDay(day), ...names.map((name) => exact(name, figures[name]))]),
    };
  }

  function Figures({ data, names }: { data: Growth; names: readonly Name[] }) {
    const { earlier, later, drawn } = data;
    // Nobody keeps what kind of figure it was on an earlier day.
    const cost = later.at === data.now.at ? data.cost : null;
    return (
      <ul class="figures">
        {names.map((name) => (
          <Figure key={name} name={name} earlier={earlier} later={later} drawn={drawn} cost={cost} />
        ))}
      </ul>
    );
  }

  function Figure(props: {
    name: Name;
    earlier: GrowthDay | null;
    later: GrowthDay;
    drawn: readonly GrowthDay[];
    cost: Cost | null;
  }) {
    const { name, earlier, later } = props;
    const value = later.figures[name];
    const before = earlier?.figures[name] ?? null;
    const line = lineOf(props.drawn, name);
    const known = line.filter((value) => value !== null);
    const label = t(name);
    const money = name === "cost_usd" && props.cost !== null ? props.cost : null;
    return (
      <li data-figure={name}>
        <span class="name" title={t(`${name}.help`)}>
          {label}
          {money && <small>{kindOf(money)}</small>}
        </span>
        <span class="trend">
          {known.length > 1 && (
            <Sparkline
              values={line}
              label={label}
              title={t("from-to", { from: read(name, known[0] ?? null), to: read(name, known.at(-1) ?? null) })}
            />
          )}
        </span>
        <b
          class="numeric"
          title={money ? format.cost(money).title : value === null ? t("unknown") : exact(name, value)}
        >
          {money ? format.cost(money).text : read(name, value)}
        </b>
        <Delta name={name} before={before} after={value} />
      </li>
    );
  }

  /** More is neither good nor bad: only the sign and the figure tell it. */
  function Delta({ name, before, after }: { name: Name; before: number | null; after: number | null }) {
    if (before === null || after === null) return <span class="delta none">—</span>;
    const change = after - before;
    if (change === 0) return <span class="delta none numeric">±0</span>;
    const share = before > 0 ? ` (${change > 0 ? "+" : "−"}${format.percent(Math.abs(change) / before)})` : "";
    return (
      <span
        class={`delta numeric ${change > 0 ? "more" : "less"}`}
        title={`${read(name, before)} → ${read(name, after)}${share}`}
      >
        {change > 0 ? "+" : "−"}
        {read(name, Math.abs(change))}
      </span>
    );
  }

  function read(name: Name, value: number | null): string {
    if (value === null) return "—";
    return name === "cost_usd" ? format.usd(value) : format.compact(value);
  }

  function exact(name: Name, value: number | null): string {
    return value === null || name === "cost_usd" ? read(name, value) : format.number(value);
  }

  /** What kind of figure the dollars are, and what they are not of. */
  function kindOf(cost: Cost): string {
    if (cost.status === null) return "";
    const unpriced = cost.unknown_sessions > 0 ? t("cost.unpriced", { count: cost.unknown_sessions }) : "";
    return [format.cost(cost).status, unpriced].filter(Boolean).join(" · ");
  }
}

/** A figure of every day from the first to the last that is drawn; null where none was kept, or it was not counted. */
function lineOf(drawn: readonly GrowthDay[], name: Name): (number | null)[] {
  const kept = new Map(drawn.map(({ day, figures }) => [day, figures[name]]));
  const last = Date.parse(drawn.at(-1)?.day ?? "");
  const first = Math.max(Date.parse(drawn[0]?.day ?? ""), last - MOST_DAYS * DAY_MS);
  const days = Number.isNaN(first) ? 0 : Math.round((last - first) / DAY_MS) + 1;
  return Array.from({ length: days }, (_, index) => {
    const day = new Date(first + index * DAY_MS).toISOString().slice(0, 10);
    return kept.get(day) ?? null;
  });
}

/** What this view says. */
export const texts = {
  en: {
    ...figureTexts.en,
    empty: "Nothing has grown yet",
    "empty.help": "What Hermes learns and does is counted here, once a day.",
    day: "Day",
    earlier: "From",
    later: "to",
    today: "today",
    first: "Today is the first day that is kept. From tomorrow on, any two days can be compared.",
    off: "Nothing is kept of earlier days (HERMES_HUD_STATE is off, or this system has no place for it).",
    counted: "Counted {when}",
    kept: "one line a day in {where}",
    "from-to": "{from} to {to}",
    unknown: "not known",
    "group.work": "Work",
    "group.spent": "Spent",
    "group.memory": "Memory",
    "group.skills": "Skills and jobs",
    skills: "Skills",
    sessions: "Conversations",
    "sessions.help": "Conversations that Hermes lists; archived ones and subagents are not counted.",
    messages: "Messages",
    "messages.help": "As the sessions count them; a compaction makes it smaller.",
    tool_calls: "Tool calls",
    "tool_calls.help": "As the sessions count them.",
    tokens: "Tokens",
    "tokens.help": "Input, cache and output of all sessions, auxiliary tasks included.",
    cost_usd: "Known cost",
    "cost_usd.help": "What Hermes stored; what is of unknown price is not in it.",
    memory_entries: "Entries",
    "memory_entries.help": "Entries of MEMORY.md.",
    memory_chars: "Characters",
    "memory_chars.help": "Characters used of MEMORY.md.",
    user_entries: "User entries",
    "user_entries.help": "Entries of USER.md.",
    user_chars: "User characters",
    "user_chars.help": "Characters used of USER.md.",
    own_skills: "Own skills",
    "skills.help": "Skills that Hermes lists.",
    "own_skills.help": "Skills that came neither with Hermes nor from a hub.",
    cron_jobs: "Cron jobs",
    "cron_jobs.help": "Scheduled jobs, paused ones included.",
  },
  zh: {
    ...figureTexts.zh,
    empty: "还没有任何增长",
    "empty.help": "Hermes 学到和完成的内容会在这里每天计数一次。",
    day: "日期",
    earlier: "从",
    later: "到",
    today: "今天",
    first: "今天是保存的第一天。从明天起，可以比较任意两天。",
    off: "不保存更早的日子（HERMES_HUD_STATE 为 off，或此系统没有存放位置）。",
    counted: "统计于{when}",
    kept: "每天一行，保存在 {where}",
    "from-to": "从 {from} 到 {to}",
    unknown: "未知",
    "group.work": "工作",
    "group.spent": "消耗",
    "group.memory": "记忆",
    "group.skills": "技能与任务",
    skills: "技能",
    sessions: "对话",
    "sessions.help": "Hermes 列出的对话；不含已归档的对话和子智能体。",
    messages: "消息",
    "messages.help": "按会话自身的计数；压缩会使其变小。",
    tool_calls: "工具调用",
    "tool_calls.help": "按会话自身的计数。",
    tokens: "词元",
    "tokens.help": "所有会话的输入、缓存和输出，包括辅助任务。",
    cost_usd: "已知费用",
    "cost_usd.help": "Hermes 记录的费用；价格未知的部分不计入。",
    memory_entries: "条目",
    "memory_entries.help": "MEMORY.md 的条目数。",
    memory_chars: "字符",
    "memory_chars.help": "MEMORY.md 已用的字符数。",
    user_entries: "用户条目",
    "user_entries.help": "USER.md 的条目数。",
    user_chars: "用户字符",
    "user_chars.help": "USER.md 已用的字符数。",
    own_skills: "自有技能",
    "skills.help": "Hermes 列出的技能。",
    "own_skills.help": "既非随 Hermes 附带、也非来自技能中心的技能。",
    cron_jobs: "定时任务",
    "cron_jobs.help": "计划任务，包括已暂停的。",
  },
};
