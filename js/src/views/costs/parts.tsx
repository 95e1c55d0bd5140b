import type { Api, ViewProps } from "../../api.ts";
import { allTokens } from "../../format.ts";
import type { ConversationCost, CostFigures, CostKind, Costs } from "../../protocol.ts";
import type { Kind } from "../../ui/columns.tsx";
import { find, type Measure, makeWords, series, swatch } from "./words.ts";

/** One model, task or source among the others. */
export interface Row {
  label: string;
  title: string;
  figures: CostFigures;
}

/** What stands below and beside the columns: who the money went to, and how much of it is known. */
export function makeParts(api: Api) {
  const { h, Fragment, ui, t, format } = api;
  const { Ago, Bars, Stat, Text } = ui;
  const { price, tokensOf } = makeWords(api);

  return { Spans, Split, Rest, Shares, Dearest, Tokens };

  /** The sums of the spans, which choose what is told below. */
  function Spans({ data, choose }: { data: Costs; choose: (days: number) => void }) {
    return (
      <fieldset class="spans">
        <legend class="hidden">{t("spans")}</legend>
        {data.spans.map(({ days, spending }) => (
          <button
            key={days}
            type="button"
            class={days === 1 ? "span today" : "span"}
            data-span={days}
            aria-pressed={days === data.days}
            onClick={() => choose(days)}
          >
            <span class="span-name">{t(`span.${days}`)}</span>
            <b class="numeric">{price(spending.cost)}</b>
            <small>
              {format.compact(allTokens(spending.tokens))} {t("tokens")}
              {spending.cost.unknown_sessions > 0 && (
                <em title={t("cost.unpriced.help", { count: spending.cost.unknown_sessions })}>
                  {t("cost.unpriced", { count: spending.cost.unknown_sessions })}
                </em>
              )}
            </small>
          </button>
        ))}
      </fieldset>
    );
  }

  /** Solid bars for what has dollars; hollow ones for what has none: a subscription includes it, or nobody knows. */
  function Split({ rows, measure }: { rows: readonly Row[]; measure: Measure }) {
    const most = Math.max(0, ...rows.map(({ figures }) => allTokens(figures.tokens)));
    // They come the dearest first.
    const sorted =
      measure === "usd" ? rows : [...rows].sort((a, b) => allTokens(b.figures.tokens) - allTokens(a.figures.tokens));
    const priced = measure === "tokens" ? sorted : sorted.filter(({ figures }) => (figures.cost.usd ?? 0) > 0);
    const others = sorted.filter((row) => !priced.includes(row));
    return (
      <Fragment>
        {priced.length > 0 && (
          <Bars
            rows={priced.map(measure === "usd" ? inDollars : inTokens)}
            max={measure === "usd" ? undefined : most}
          />
        )}
        {others.length > 0 && (
          <div class="hollow">
            <Bars rows={others.map(inTokens)} max={most} />
          </div>
        )}
      </Fragment>
    );
  }

  function inDollars({ label, title, figures }: Row) {
    return {
      label,
      title,
      value: figures.cost.usd ?? 0,
      text: format.usd(figures.cost.usd),
      note: figures.cost.unknown_sessions > 0 ? t("more-unknown") : undefined,
    };
  }

  function inTokens({ label, title, figures }: Row) {
    const { status } = figures.cost;
    const isDollars = status === null || status === "estimated" || status === "actual";
    return {
      label,
      title,
      value: allTokens(figures.tokens),
      text: tokensOf(figures),
      note: isDollars ? undefined : t(`cost.${status}`),
    };
  }

  function Rest({ count }: { count: number }) {
    return count > 0 ? <p class="none">{t("more", { count })}</p> : null;
  }

  /** The kinds of figures by their tokens, which all of them have. */
  function Shares({ kinds, amounts }: { kinds: readonly Kind[]; amounts: readonly CostKind[] }) {
    return (
      <Fragment>
        <div class="shares" aria-hidden="true">
          {kinds.map((kind, place) => (
            <i
              key={kind.kind}
              class={swatch(kind)}
              style={{ "--series": series(place), flexGrow: find(amounts, kind.kind)?.tokens ?? 0 }}
            />
          ))}
        </div>
        <ul class="legend">
          {kinds.map((kind, place) => {
            const amount = find(amounts, kind.kind);
            return (
              <li key={kind.kind} data-kind={kind.kind} title={t(`cost.${kind.kind}.help`)}>
                <i class={swatch(kind)} style={{ "--series": series(place) }} />
                <span>{kind.label}</span>
                <b class="numeric">{kind.kind === "included" ? "" : format.usd(amount?.usd ?? null)}</b>
                <small class="numeric">
                  {format.compact(amount?.tokens ?? 0)} {t("tokens")}
                </small>
              </li>
            );
          })}
        </ul>
      </Fragment>
    );
  }

  function Dearest({ conversations, open }: { conversations: readonly ConversationCost[]; open: ViewProps["open"] }) {
    const most = Math.max(...conversations.map(({ cost }) => cost.usd ?? 0));
    return (
      <ol class="conversations">
        {conversations.map(({ id, root_id, title, preview, cost, source, model, started_at }) => (
          <li key={root_id} data-session={root_id}>
            <b>
              <button type="button" class="conversation" onClick={() => open("sessions", { session: id })}>
                <Text text={title || preview || id} title />
              </button>
            </b>
            <span class="numeric">
              {price(cost)}
              {cost.unknown_sessions > 0 && <small> {t("more-unknown")}</small>}
            </span>
            <i class="bars-bar" aria-hidden="true">
              <i style={{ width: `${most > 0 ? Math.max(1, ((cost.usd ?? 0) / most) * 100) : 0}%` }} />
            </i>
            <small>
              {model && <Text text={model} />} · <Text text={source} /> · <Ago at={started_at} />
            </small>
          </li>
        ))}
      </ol>
    );
  }

  function Tokens({ data }: { data: Costs }) {
    const { tokens, api_calls, sessions } = data.total;
    const parts = (["input", "cache_read", "cache_write", "output"] as const).map((kind) => ({
      label: t(`tokens.${kind}`),
      value: tokens[kind],
      text: format.compact(tokens[kind]),
      title:
        kind === "output" && tokens.reasoning > 0
          ? t("reasoning", { count: format.number(tokens.reasoning) })
          : format.number(tokens[kind]),
    }));
    return (
      <Fragment>
        <dl class="stats">
          <Stat label={t("api-calls")} value={format.number(api_calls)} />
          <Stat label={t("sessions.label")} value={format.number(sessions)} />
          <Stat
            label={t("cache-hits")}
            value={data.cache_hit_rate === null ? "—" : format.percent(data.cache_hit_rate)}
            title={t("cache-hits.help")}
          />
        </dl>
        <Bars rows={parts} />
      </Fragment>
    );
  }
}
