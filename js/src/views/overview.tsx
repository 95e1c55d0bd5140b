import type { Api, ViewProps } from "../api.ts";
import type { Change, Overview, Session } from "../protocol.ts";
import css from "./overview.css";

/** What the agent does now, what it has done, and what it cost. */
export default function define({ h, Fragment, ui, t, format, hooks }: Api) {
  const { Activity, Ago, Badge, Elapsed, Empty, Icon, Meter, Money, Section, Stat, Text, TokenCount } = ui;

  return Object.assign(OverviewView, { css });

  function OverviewView({ data }: ViewProps<Overview>) {
    // "Today" and "live" are the server's; only the words around them depend on the viewer's clock.
    hooks.useTick(60_000);
    const { identity, live, today, totals } = data;
    const { tokens, cost } = today.spending;
    const isOther = identity.active_profile !== identity.profile;
    return (
      <div class="overview">
        {isOther && (
          <p class="notice">
            <Icon name="info" />
            <span>
              {t("overview.other-profile", {
                shown: profile(identity.profile),
                active: profile(identity.active_profile),
              })}
            </span>
          </p>
        )}
        <Section name="now" title={t("overview.now")} aside={identity.model && <Text text={identity.model} title />}>
          {live.length === 0 ? (
            <Empty icon="idle" title={t("overview.quiet")}>
              {t("overview.quiet.help")}
            </Empty>
          ) : (
            <ul class="cards">
              {live.map((session) => (
                <Card key={session.id} session={session} />
              ))}
            </ul>
          )}
          {data.more_live > 0 && <p class="more">{t("overview.more", { count: data.more_live })}</p>}
        </Section>
        <div class="figures">
          <Section name="totals" title={t("overview.totals")}>
            <dl class="stats">
              <Stat label={t("overview.conversations")} value={format.number(totals.sessions)} />
              <Stat label={t("overview.messages")} value={format.number(totals.messages)} />
              <Stat label={t("overview.tool-calls")} value={format.number(totals.tool_calls)} />
            </dl>
          </Section>
          <Section
            name="today"
            title={t("overview.today")}
            aside={<span title={t("overview.today.help", { timezone: today.timezone })}>{today.timezone}</span>}
          >
            <dl class="stats">
              <Stat label={t("overview.tokens")} value={<TokenCount tokens={tokens} />} />
              <Stat label={t("overview.cost")} value={<Money cost={cost} isBrief />} note={costNote()} />
              <Stat label={t("overview.sessions")} value={format.number(today.spending.sessions)} />
            </dl>
            <p class="breakdown numeric">
              {t("tokens.in")} {format.compact(tokens.input)} · {t("tokens.out")} {format.compact(tokens.output)} ·{" "}
              {t("tokens.cache")} {format.compact(tokens.cache_read + tokens.cache_write)}
            </p>
          </Section>
          <Section name="capacity" title={t("overview.memory")}>
            {data.memory.map(({ store, entries, used_chars, limit_chars }) => (
              <Meter
                key={store}
                label={t(`memory.${store}`)}
                used={used_chars}
                limit={limit_chars}
                note={<small>{t("overview.entries", { count: entries })}</small>}
              />
            ))}
          </Section>
        </div>
        <Section name="changes" title={t("overview.changes")}>
          {data.changes.length === 0 && <p class="none">{t("overview.changes.none")}</p>}
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
    return name === null ? t("overview.the-root") : t("overview.the-profile", { name });
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
        {others.length > 0 && <small class="dim">{t("overview.more-tools", { count: others.length })}</small>}
        {first.tool === "terminal" && <small class="dim">({t("overview.approval")})</small>}
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
