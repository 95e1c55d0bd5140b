import type { Api, ViewProps } from "../api.ts";
import type { Change, Overview, Session } from "../protocol.ts";
import css from "./overview.css";

/** What the agent does now, what it has done, and what it cost. */
export default function define({ h, Fragment, ui, t, format, hooks }: Api) {
  const { Activity, Ago, Badge, Elapsed, Empty, Icon, Meter, Money, Section, Skeleton, Stat, Text, TokenCount } = ui;

  return Object.assign(OverviewView, { css });

  function OverviewView({ data, progress }: ViewProps<Overview>) {
    // "Today" and "live" are the server's; only the words around them depend on the viewer's clock.
    hooks.useTick(60_000);
    const { identity, live, today, totals } = data;
    const { tokens, cost } = today.spending;
    const inAll = (count: number) => (progress && count === 0 ? "…" : format.number(count));
    const isOther = identity.active_profile !== identity.profile;
    return (
      <div class="overview">
        {isOther && (
          <p class="notice">
            <Icon name="info" />
            <span>
              {t("other-profile", {
                shown: profile(identity.profile),
                active: profile(identity.active_profile),
              })}
            </span>
          </p>
        )}
        <Section name="now" title={t("now")} aside={identity.model && <Text text={identity.model} title />}>
          {live.length === 0 && progress ? (
            <Skeleton />
          ) : live.length === 0 ? (
            <Empty icon="idle" title={t("quiet")}>
              {t("quiet.help")}
            </Empty>
          ) : (
            <ul class="cards">
              {live.map((session) => (
                <Card key={session.id} session={session} />
              ))}
            </ul>
          )}
          {data.more_live > 0 && <p class="more">{t("more", { count: data.more_live })}</p>}
        </Section>
        <div class="figures">
          <Section name="totals" title={t("totals")}>
            <dl class="stats">
              <Stat label={t("conversations")} value={inAll(totals.sessions)} />
              <Stat label={t("messages")} value={inAll(totals.messages)} />
              <Stat label={t("tool-calls")} value={inAll(totals.tool_calls)} />
            </dl>
          </Section>
          <Section
            name="today"
            title={t("today")}
            aside={<span title={t("today.help", { timezone: today.timezone })}>{today.timezone}</span>}
          >
            <dl class="stats">
              <Stat label={t("today.tokens")} value={<TokenCount tokens={tokens} />} />
              <Stat label={t("today.cost")} value={<Money cost={cost} isBrief />} note={costNote()} />
              <Stat label={t("today.sessions")} value={format.number(today.spending.sessions)} />
            </dl>
            <p class="breakdown numeric">
              {t("tokens.in")} {format.compact(tokens.input)} · {t("tokens.out")} {format.compact(tokens.output)} ·{" "}
              {t("tokens.cache")} {format.compact(tokens.cache_read + tokens.cache_write)}
            </p>
          </Section>
          <Section name="capacity" title={t("memory")}>
            {data.memory.map(({ store, entries, used_chars, limit_chars }) => (
              <Meter
                key={store}
                label={t(`store.${store}`)}
                used={used_chars}
                limit={limit_chars}
                note={<small>{t("entries", { count: entries })}</small>}
              />
            ))}
          </Section>
        </div>
        <Section name="changes" title={t("changes")}>
          {data.changes.length === 0 && !progress && <p class="none">{t("changes.none")}</p>}
          <ol class="feed">
            {data.changes.map((change, index) => (
              <Feed key={`${change.at} ${change.kind} ${index}`} change={change} />
            ))}
          </ol>
        </Section>
      </div>
    );

    function costNote() {
      const { status } = format.cost(cost);
      const unpriced = cost.unknown_sessions > 0 ? t("cost.unpriced", { count: cost.unknown_sessions }) : "";
      return [cost.usd === null && cost.status === null ? "" : status, unpriced].filter(Boolean).join(" · ");
    }
  }

  function profile(name: string | null): string {
    return name === null ? t("the-root") : t("the-profile", { name });
  }

  function Card({ session }: { session: Session }) {
    const { activity, activity_since: since } = session;
    return (
      <li class={`card ${activity}`} data-session={session.id}>
        <div class="card-head">
          <b class="card-title">
            <Text text={session.title || session.preview || session.id} title />
          </b>
          <span class="card-figures">
            <TokenCount tokens={session.tokens} /> <small>{t("tokens")}</small>
            <i aria-hidden="true">·</i>
            <Money cost={session.cost} isBrief />
          </span>
        </div>
        <div class="card-state">
          <Doing session={session} />
          {since && (
            <span class="since">{activity === "crashed" ? <Ago at={since} /> : <Elapsed since={since} />}</span>
          )}
        </div>
        <div class="card-foot">
          <Badge>
            <Text text={session.source} />
          </Badge>
          {session.model && (
            <span class="dim">
              <Text text={session.model} title />
            </span>
          )}
          {session.git_branch && (
            <span class="dim git">
              <Icon name="branch" size={12} />
              <Text text={session.git_branch} title />
            </span>
          )}
        </div>
      </li>
    );
  }

  /** A tool that needs approval looks the same in the database while it waits and while it runs. */
  function Doing({ session }: { session: Session }) {
    const [first, ...others] = session.running;
    if (session.activity !== "running" || !first) return <Activity activity={session.activity} />;
    return (
      <>
        <Activity activity="running" />
        <code class="tool">
          <Text text={first.tool} />
        </code>
        {others.length > 0 && <small class="dim">{t("more-tools", { count: others.length })}</small>}
        {first.tool === "terminal" && <small class="dim">({t("approval")})</small>}
      </>
    );
  }

  function Feed({ change }: { change: Change }) {
    const icon = (
      {
        user: "user",
        assistant: "assistant",
        "tool-call": "tool",
        "tool-result": "idle",
        memory: "memory",
        other: "info",
      } as const
    )[change.kind];
    return (
      <li class={change.kind}>
        <Icon name={icon} size={14} />
        <span class="what">
          {change.kind === "memory" ? t(`change.memory.${change.store ?? "memory"}`) : t(`change.${change.kind}`)}
          {change.tools.map((tool, index) => (
            <code key={index} class="tool">
              <Text text={tool} />
            </code>
          ))}
          {change.session_title && (
            <span class="dim">
              <Text text={change.session_title} title />
            </span>
          )}
        </span>
        <Ago at={change.at} />
      </li>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Hermes has not done anything here yet",
    "empty.help": "Start it with “hermes”; what it does appears here at once.",
    now: "Now",
    quiet: "No session is live",
    "quiet.help": "Hermes is quiet: nothing happened in the last 5 minutes.",
    more: "and {count} more",
    approval: "running or waiting for approval",
    "more-tools": "and {count} more",
    totals: "In all",
    conversations: "Conversations",
    "today.sessions": "Sessions",
    messages: "Messages",
    "tool-calls": "Tool calls",
    today: "Today",
    "today.help": "Sessions that started since midnight, {timezone}.",
    "today.tokens": "Tokens",
    "today.cost": "Cost",
    memory: "Memory",
    entries: "{count} entry|{count} entries",
    changes: "Last changes",
    "changes.none": "Nothing has changed yet.",
    "other-profile": "This shows {shown}; plain “hermes” works in {active} now.",
    "the-root": "the root home",
    "the-profile": "profile {name}",
    "change.user": "User wrote",
    "change.assistant": "Hermes answered",
    "change.tool-call": "Called",
    "change.tool-result": "Result of",
    "change.other": "Message",
    "change.memory.memory": "Memory was written",
    "change.memory.user": "User profile was written",
    "store.memory": "Memory",
    "store.user": "User profile",
  },
  zh: {
    empty: "Hermes 在这里还没有任何活动",
    "empty.help": "用“hermes”启动它，它的活动会立即显示在这里。",
    now: "现在",
    quiet: "没有活动的会话",
    "quiet.help": "Hermes 很安静：最近 5 分钟没有任何动静。",
    more: "还有 {count} 个",
    approval: "运行中或等待批准",
    "more-tools": "另有 {count} 个",
    totals: "总计",
    conversations: "对话",
    "today.sessions": "会话",
    messages: "消息",
    "tool-calls": "工具调用",
    today: "今天",
    "today.help": "自午夜（{timezone}）起开始的会话。",
    "today.tokens": "词元",
    "today.cost": "费用",
    memory: "记忆",
    entries: "{count} 条",
    changes: "最近变化",
    "changes.none": "还没有任何变化。",
    "other-profile": "此处显示{shown}；直接运行“hermes”时使用的是{active}。",
    "the-root": "根目录",
    "the-profile": "配置 {name}",
    "change.user": "用户写道",
    "change.assistant": "Hermes 已回答",
    "change.tool-call": "调用",
    "change.tool-result": "结果来自",
    "change.other": "消息",
    "change.memory.memory": "记忆已写入",
    "change.memory.user": "用户档案已写入",
    "store.memory": "记忆",
    "store.user": "用户档案",
  },
};
