import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../api.ts";
import { sizeIn } from "../bytes.ts";
import { allTokens } from "../format.ts";
import type { Change, CronGlance, GatewayGlance, Overview, Session, SinceOpened } from "../protocol.ts";
import type { IconName } from "../ui/icon.tsx";
import css from "./overview.css";

type Open = ViewProps["open"];

/** By home, since when the page shows it: the server's clock at the first look. */
const opened = new Map<string, string>();

/** What the agent does now, the home at a glance, what is new since the page was opened. */
export default function define({ h, Fragment, ui, t, sentence, word, format, hooks }: Api) {
  const { Activity, Ago, Badge, Elapsed, Empty, Icon, Meter, Money, Section, Skeleton, Stat, Text, TokenCount, Until } =
    ui;

  return Object.assign(OverviewView, { css });

  function OverviewView({ data, progress, home, open, useSnapshots }: ViewProps<Overview>) {
    // "Today" and "live" are the server's; only the words around them depend on the viewer's clock.
    hooks.useTick(60_000);
    const key = home?.id ?? "";
    const since = opened.get(key) ?? data.at;
    opened.set(key, since);
    const [asked] = useSnapshots([{ since }]);
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
                <Card key={session.id} session={session} data={data} open={open} />
              ))}
            </ul>
          )}
          {data.more_live > 0 && <p class="more">{t("more", { count: data.more_live })}</p>}
        </Section>
        <News since={since} news={asked?.data?.opened ?? null} open={open} />
        <div class="figures">
          <Glance data={data} open={open} />
          <Section
            name="totals"
            title={t("totals")}
            aside={
              identity.began_at !== null &&
              identity.day !== null && (
                <span title={t("day.help", { date: format.date(identity.began_at) })}>
                  {t("day", { day: format.number(identity.day) })}
                </span>
              )
            }
          >
            <dl class="stats">
              <Stat label={t("conversations")} value={inAll(totals.sessions)} />
              <Stat label={t("messages")} value={inAll(totals.messages)} />
              <Stat label={t("tool-calls")} value={inAll(totals.tool_calls)} />
            </dl>
            {identity.size_bytes !== null && (
              <p class="breakdown numeric">{t("database", { size: sizeIn(identity.size_bytes, format) })}</p>
            )}
            <p class="breakdown agent">
              <Text text={agent(identity)} />
            </p>
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
            {identity.corrections > 0 && (
              <p class="breakdown">
                <Link panel="corrections" open={open}>
                  {t("corrections", { count: identity.corrections })}
                </Link>
              </p>
            )}
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

  /** What `hermes` works with. */
  function agent({ provider, backend, toolsets }: Overview["identity"]): string {
    return t("agent", {
      provider: provider ?? "auto",
      backend: backend ?? ".env",
      toolsets: toolsets.join(", ") || "—",
    });
  }

  function profile(name: string | null): string {
    return name === null ? t("the-root") : t("the-profile", { name });
  }

  function Link({ panel, open, children }: { panel: string; open: Open; children?: ComponentChildren }) {
    return (
      <button type="button" class="link" onClick={() => open(panel)}>
        {children}
      </button>
    );
  }

  function Card({ session, data, open }: { session: Session; data: Overview; open: Open }) {
    const { activity, activity_since: since } = session;
    // Newer Hermes says itself that a turn goes on; the messages alone look as if it had answered.
    const shown = activity === "idle" && data.in_turn.includes(session.root_id) ? "thinking" : activity;
    return (
      <li class={`card ${shown}`} data-session={session.id}>
        <div class="card-head">
          <b class="card-title">
            <button type="button" class="link" onClick={() => open("sessions", { session: session.id })}>
              <Text text={session.title || session.preview || session.id} title />
            </button>
          </b>
          <span class="card-figures">
            <TokenCount tokens={session.tokens} /> <small>{t("tokens")}</small>
            <i aria-hidden="true">·</i>
            <Money cost={session.cost} isBrief />
          </span>
        </div>
        <div class="card-state">
          <Doing session={session} shown={shown} mayAsk={data.may_ask} />
          {since && (
            <span class="since">{activity === "crashed" ? <Ago at={since} /> : <Elapsed since={since} />}</span>
          )}
          {data.compressing.includes(session.root_id) && (
            <span class="compressing" title={t("compressing.help")}>
              <Icon name="pieces" size={13} /> {t("compressing")}
            </span>
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
  function Doing(props: { session: Session; shown: Session["activity"]; mayAsk: boolean }) {
    const { session, shown, mayAsk } = props;
    const [first, ...others] = session.running;
    if (shown !== "running" || !first) return <Activity activity={shown} />;
    return (
      <>
        <Activity activity="running" />
        <code class="tool">
          <Text text={first.tool} />
        </code>
        {others.length > 0 && <small class="dim">{t("more-tools", { count: others.length })}</small>}
        {mayAsk && asking.has(first.tool) && <small class="dim">({t("approval")})</small>}
      </>
    );
  }

  /** The rest of the home, a line each, and only what is there. */
  function Glance({ data, open }: { data: Overview; open: Open }) {
    const lines = [
      data.gateway && (
        <Line key="gateway" icon="gateway" panel="gateway" name={t("gateway")} open={open}>
          <GatewayLine gateway={data.gateway} />
        </Line>
      ),
      data.cron && (
        <Line key="cron" icon="cron" panel="cron" name={t("cron")} open={open}>
          <CronLine cron={data.cron} />
        </Line>
      ),
      data.delegations > 0 && (
        <Line key="agents" icon="agents" panel="agents" name={t("agents")} open={open}>
          {t("delegations", { count: data.delegations })}
        </Line>
      ),
      data.goals > 0 && (
        <Line key="goals" icon="target" panel="goals" name={t("goals")} open={open}>
          {t("pursued", { count: data.goals })}
        </Line>
      ),
      (data.kanban_running > 0 || data.kanban_blocked > 0) && (
        <Line key="kanban" icon="board" panel="kanban" name={t("kanban")} open={open}>
          {t("cards", { count: data.kanban_running })}
          {data.kanban_blocked > 0 && <Mark kind="warn">{t("blocked", { count: data.kanban_blocked })}</Mark>}
        </Line>
      ),
    ].filter(Boolean);
    if (lines.length === 0) return null;
    return (
      <Section name="glance" title={t("glance")}>
        <ul>{lines}</ul>
      </Section>
    );
  }

  function Line(props: { icon: IconName; panel: string; name: string; open: Open; children?: ComponentChildren }) {
    return (
      <li data-line={props.panel}>
        <Icon name={props.icon} size={14} />
        <Link panel={props.panel} open={props.open}>
          {props.name}
        </Link>
        <span class="glance-said">{props.children}</span>
      </li>
    );
  }

  /** In words and in colour. */
  function Mark({ kind, children }: { kind: "good" | "warn" | "bad" | "calm"; children?: ComponentChildren }) {
    return <span class={`mark ${kind}`}>{children}</span>;
  }

  function GatewayLine({ gateway }: { gateway: GatewayGlance }) {
    const { health } = gateway;
    const kind = health === "running" ? "good" : bad.has(health) ? "bad" : health === "degraded" ? "warn" : "calm";
    return (
      <>
        <Mark kind={kind}>{word("gateway", health)}</Mark>
        {gateway.platforms > 0 && (
          <span>{t("platforms", { count: gateway.platforms, connected: gateway.connected })}</span>
        )}
        {gateway.troubled.length > 0 && (
          <Mark kind="warn">
            <Text text={gateway.troubled.join(", ")} title />
          </Mark>
        )}
      </>
    );
  }

  function CronLine({ cron }: { cron: CronGlance }) {
    const isSilent = cron.active > 0 && !["ticking", "external", "unknown"].includes(cron.scheduler);
    return (
      <>
        {isSilent && <Mark kind="bad">{t("cron.silent")}</Mark>}
        {cron.running > 0 && <Mark kind="good">{t("cron.running", { count: cron.running })}</Mark>}
        {cron.overdue > 0 && <Mark kind="warn">{t("cron.overdue", { count: cron.overdue })}</Mark>}
        {cron.failed > 0 && <Mark kind="bad">{t("cron.failed", { count: cron.failed })}</Mark>}
        {cron.next_at !== null ? (
          <span class="next">
            <Text text={cron.next_name ?? ""} title /> <Until at={cron.next_at} />
          </span>
        ) : (
          <span>{t("cron.jobs", { count: cron.active })}</span>
        )}
      </>
    );
  }

  /** What is new since the page was opened. */
  function News({ since, news, open }: { since: string; news: SinceOpened | null; open: Open }) {
    const facts = news === null ? [] : factsOf(news);
    const spent = news?.spending && allTokens(news.spending.tokens) > 0 ? news.spending : null;
    return (
      <Section name="news" title={t("news")} aside={<Ago at={since} />}>
        {facts.length === 0 && spent === null ? (
          <p class="dim">{news === null ? "…" : t("news.none")}</p>
        ) : (
          <ul>
            {facts.map(({ panel, icon, text, kind }) => (
              <li key={text}>
                <button type="button" class={`fact ${kind ?? ""}`} onClick={() => open(panel)}>
                  <Icon name={icon} size={13} /> {text}
                </button>
              </li>
            ))}
            {news !== null && spent !== null && (
              <li>
                <button type="button" class="fact" onClick={() => open("costs")} title={spentTitle(news)}>
                  <Icon name="costs" size={13} />
                  <span>
                    {sentence("news.spent", {
                      tokens: <TokenCount tokens={spent.tokens} />,
                      cost: <Money cost={spent.cost} isBrief />,
                    })}
                  </span>
                </button>
              </li>
            )}
          </ul>
        )}
      </Section>
    );
  }

  function spentTitle({ spent_since: from, since }: SinceOpened): string | undefined {
    return from === null || from === since ? undefined : t("news.spent.since", { when: format.date(from) });
  }

  function factsOf(news: SinceOpened): { panel: string; icon: IconName; text: string; kind?: string }[] {
    const edits = (["added", "removed", "changed"] as const)
      .map((kind) => [kind, news[`memory_${kind}`] ?? 0] as const)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => t(`news.memory.${kind}`, { count }));
    const counted = (panel: string, icon: IconName, key: string, count: number, kind?: string) =>
      count > 0 ? [{ panel, icon, text: t(key, { count }), kind }] : [];
    return [
      ...counted("sessions", "sessions", "news.conversations", news.conversations),
      ...counted("sessions", "user", "news.messages", news.messages),
      ...counted("patterns", "tool", "news.calls", news.tool_calls),
      ...(edits.length > 0
        ? [{ panel: "memory", icon: "memory" as const, text: t("news.memory", { edits: edits.join(", ") }) }]
        : []),
      ...counted("skills", "skills", "news.skills", news.skills_changed),
      ...counted("cron", "cron", news.is_cron_cut ? "news.runs.cut" : "news.runs", news.cron_runs - news.cron_failed),
      ...counted("cron", "crashed", news.is_cron_cut ? "news.failed.cut" : "news.failed", news.cron_failed, "bad"),
    ];
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

/** Tools of which Hermes may ask before it runs them. */
const asking = new Set(["terminal", "execute_code"]);

/** What a gateway should not be. */
const bad = new Set(["silent", "failed", "dead"]);

/** What this view says. */
export const texts = {
  en: {
    empty: "Hermes has not done anything here yet",
    "empty.help": "Start it with “hermes”; what it does appears here at once.",
    now: "Now",
    quiet: "No session is live",
    "quiet.help": "Hermes is quiet: nothing happened in the last 5 minutes.",
    more: "and {count} more",
    compressing: "compressing",
    "compressing.help": "Its history is being summarised, to make room in the context window.",
    glance: "At a glance",
    gateway: "Gateway",
    "gateway.running": "running",
    "gateway.starting": "starting",
    "gateway.degraded": "degraded",
    "gateway.draining": "stopping",
    "gateway.silent": "no heartbeat",
    "gateway.stopped": "stopped",
    "gateway.failed": "could not start",
    "gateway.dead": "gone",
    "gateway.unknown": "not to be seen from here",
    platforms: "{connected} of {count} platform connected|{connected} of {count} platforms connected",
    cron: "Cron",
    "cron.silent": "no scheduler",
    "cron.running": "{count} running",
    "cron.overdue": "{count} overdue",
    "cron.failed": "{count} failed",
    "cron.jobs": "{count} active job|{count} active jobs",
    agents: "Agents",
    delegations: "{count} at work in the background",
    goals: "Goals",
    pursued: "{count} pursued",
    kanban: "Kanban",
    cards: "{count} card in work|{count} cards in work",
    blocked: "{count} blocked",
    news: "Since you opened this",
    "news.none": "Nothing new so far.",
    "news.conversations": "{count} new session|{count} new sessions",
    "news.messages": "{count} message|{count} messages",
    "news.calls": "{count} tool call|{count} tool calls",
    "news.memory": "memory: {edits}",
    "news.memory.added": "{count} added",
    "news.memory.removed": "{count} removed",
    "news.memory.changed": "{count} changed",
    "news.skills": "{count} skill changed|{count} skills changed",
    "news.runs": "{count} cron run|{count} cron runs",
    "news.failed": "{count} failed cron run|{count} failed cron runs",
    "news.runs.cut": "{count}+ cron runs",
    "news.failed.cut": "{count}+ failed cron runs",
    "news.spent": "{tokens} tokens · {cost}",
    "news.spent.since": "Known since {when}.",
    day: "day {day}",
    "day.help": "The first session began on {date}.",
    database: "Database {size}",
    agent: "Provider {provider} · terminal {backend} · toolsets {toolsets}",
    corrections: "{count} correction remembered|{count} corrections remembered",
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
    compressing: "正在压缩",
    "compressing.help": "正在总结历史记录，为上下文窗口腾出空间。",
    glance: "概况",
    gateway: "网关",
    "gateway.running": "运行中",
    "gateway.starting": "启动中",
    "gateway.degraded": "已降级",
    "gateway.draining": "正在停止",
    "gateway.silent": "没有心跳",
    "gateway.stopped": "已停止",
    "gateway.failed": "无法启动",
    "gateway.dead": "已消失",
    "gateway.unknown": "此处无法查看",
    platforms: "{count} 个平台中 {connected} 个已连接",
    cron: "定时任务",
    "cron.silent": "没有调度器",
    "cron.running": "{count} 个运行中",
    "cron.overdue": "{count} 个逾期",
    "cron.failed": "{count} 个失败",
    "cron.jobs": "{count} 个活动任务",
    agents: "智能体",
    delegations: "{count} 个在后台工作",
    goals: "目标",
    pursued: "{count} 个进行中",
    kanban: "看板",
    cards: "{count} 张卡片进行中",
    blocked: "{count} 张受阻",
    news: "自您打开以来",
    "news.none": "暂时没有新内容。",
    "news.conversations": "{count} 个新会话",
    "news.messages": "{count} 条消息",
    "news.calls": "{count} 次工具调用",
    "news.memory": "记忆：{edits}",
    "news.memory.added": "新增 {count} 条",
    "news.memory.removed": "删除 {count} 条",
    "news.memory.changed": "修改 {count} 条",
    "news.skills": "{count} 个技能有变化",
    "news.runs": "{count} 次定时任务",
    "news.failed": "{count} 次定时任务失败",
    "news.runs.cut": "{count}+ 次定时任务",
    "news.failed.cut": "{count}+ 次定时任务失败",
    "news.spent": "{tokens} 词元 · {cost}",
    "news.spent.since": "自 {when} 起可知。",
    day: "第 {day} 天",
    "day.help": "第一个会话开始于 {date}。",
    database: "数据库 {size}",
    agent: "提供商 {provider} · 终端 {backend} · 工具集 {toolsets}",
    corrections: "记住了 {count} 条纠正",
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
    "the-profile": "配置档 {name}",
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
