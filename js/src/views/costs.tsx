import type { Api, ViewProps } from "../api.ts";
import { type Budget, daily, monthly, readBudget, writeBudget } from "../budget.ts";
import { allTokens } from "../format.ts";
import type { ConversationCost, Cost, CostFigures, CostKind, CostPeriod, Costs, CostsQuery } from "../protocol.ts";
import type { Kind } from "../ui/columns.tsx";
import css from "./costs.css";

type Measure = "usd" | "tokens";
type By = "kind" | "model";
type Status = CostKind["status"];

/** One model, task or source among the others. */
interface Row {
  label: string;
  title: string;
  figures: CostFigures;
}

/** What the agent spent: by day, model, task and source, each kind of figure for itself. */
export default function define({ h, Fragment, ui, t, word, format, hooks }: Api) {
  const { Ago, Bars, Columns, Empty, Section, Skeleton, Stat, Text } = ui;

  return Object.assign(CostsView, { css });

  function CostsView({ data, query, setQuery, open, isPending, progress }: ViewProps<Costs>) {
    const [wanted, want] = hooks.useState<Measure>("usd");
    const hasDollars = data.total.kinds.some(({ usd }) => usd !== null);
    const measure = hasDollars ? wanted : "tokens";
    const [by, setBy] = hooks.useState<By>("kind");
    const element = hooks.useRef<HTMLDivElement>(null);
    const [budget, setBudget] = hooks.useState<Budget | null>(null);
    hooks.useEffect(() => setBudget(readBudget(element.current)), []);
    const keep = (wanted: Budget | null) => {
      setBudget(wanted);
      writeBudget(element.current, wanted);
    };
    const measures = (
      <span class="choices">
        {data.models.length > 1 && hasPeriods(data) && (
          <Choice family="by" all={["kind", "model"]} chosen={by} choose={setBy} />
        )}
        {hasDollars && <Choice family="measure" all={["usd", "tokens"]} chosen={measure} choose={want} />}
      </span>
    );
    const kinds = kindsOf(data);
    const models = data.models.map(({ model, provider, figures }) => ({
      label: data.models.filter((other) => other.model === model).length > 1 ? `${model} · ${provider ?? "?"}` : model,
      title: [model, provider, about(figures)].filter(Boolean).join(" · "),
      figures,
    }));
    const tasks = data.tasks.map(({ task, figures }) => ({
      label: taskName(task),
      title: `${task} · ${about(figures)}`,
      figures,
    }));
    const sources = data.sources.map(({ source, figures }) => ({
      label: source,
      title: `${source} · ${about(figures)}`,
      figures,
    }));
    const projects = data.projects.map(({ project, figures }) => ({
      label: project === null ? t("project.none") : nameOf(project, data),
      title: [project ?? t("project.none.help"), about(figures)].join(" · "),
      figures,
    }));
    const { left_out: rest } = data;
    if (data.spans.every(({ spending }) => spending.cost.status === null)) {
      if (progress) return <Skeleton />;
      return (
        <Empty icon="costs" title={t("empty")}>
          {t("empty.help")}
        </Empty>
      );
    }
    return (
      <div class="costs" data-days={data.days} aria-busy={isPending} ref={element}>
        <Spans data={data} choose={(days) => setQuery({ ...query, days } satisfies CostsQuery)} />
        {data.total.kinds.length === 0 ? (
          <p class="none nothing">{!progress && t("nothing")}</p>
        ) : (
          <Fragment>
            <div class="main">
              {hasPeriods(data) && (
                <Section name="periods" title={t(`chart.${measure}.${data.unit}`)} aside={measures}>
                  <Columns
                    columns={data.periods.map((period) =>
                      by === "model" ? byModel(period, data.unit, measure) : column(period, data.unit, measure),
                    )}
                    kinds={
                      by === "model"
                        ? modelKinds(data)
                        : kinds.filter(({ kind }) => measure === "tokens" || kind === "actual" || kind === "estimated")
                    }
                    format={measure === "usd" ? format.usd : format.compact}
                    label={t(`chart.${measure}.${data.unit}`)}
                    line={
                      budget !== null && measure === "usd" && data.unit === "day"
                        ? {
                            value: daily(budget, data.month),
                            label: t("budget.line", { usd: format.usd(daily(budget, data.month)) }),
                          }
                        : undefined
                    }
                  />
                </Section>
              )}
              <Section name="budget" title={t("budget")}>
                <BudgetView budget={budget} keep={keep} data={data} />
              </Section>
              <Section name="models" title={t("models")} aside={hasPeriods(data) ? undefined : measures}>
                <Split rows={models} measure={measure} />
                <Rest count={rest.models} />
              </Section>
              <Section name="projects" title={t("projects")}>
                <Split rows={projects} measure={measure} />
                <Rest count={rest.projects} />
              </Section>
              {data.dearest.length > 0 && (
                <Section name="dearest" title={t("dearest")}>
                  <Dearest conversations={data.dearest} open={open} />
                </Section>
              )}
            </div>
            <div class="side">
              <Section name="coverage" title={t("coverage")}>
                <Shares kinds={kinds} amounts={data.total.kinds} />
                <p>{coverage(data)}</p>
              </Section>
              <Section name="tasks" title={t("tasks")}>
                <Split rows={tasks} measure={measure} />
                <Rest count={rest.tasks} />
                <p>{auxiliary(data)}</p>
              </Section>
              <Section name="sources" title={t("sources")}>
                <Split rows={sources} measure={measure} />
                <Rest count={rest.sources} />
              </Section>
              <Section name="tokens" title={t("calls")}>
                <Tokens data={data} />
              </Section>
            </div>
          </Fragment>
        )}
        <p class="rule">{t("rule", { timezone: data.timezone })}</p>
      </div>
    );
  }

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

  function Choice<One extends string>(props: {
    family: string;
    all: readonly One[];
    chosen: One;
    choose: (one: One) => void;
  }) {
    return (
      <span class="measures" data-choice={props.family}>
        {props.all.map((each) => (
          <button key={each} type="button" aria-pressed={props.chosen === each} onClick={() => props.choose(each)}>
            {t(`${props.family}.${each}`)}
          </button>
        ))}
      </span>
    );
  }

  /** A budget of the viewer's own, what is left of it, and where the month is heading. */
  function BudgetView(props: { budget: Budget | null; keep: (budget: Budget | null) => void; data: Costs }) {
    const { budget, keep, data } = props;
    const id = hooks.useId();
    // Chosen before the amount, it is not kept yet.
    const [chosen, choosePer] = hooks.useState<Budget["per"]>("month");
    const per = budget?.per ?? chosen;
    const set = (usd: number, each: Budget["per"]) => keep(usd > 0 && Number.isFinite(usd) ? { usd, per: each } : null);
    return (
      <div class="budget-view">
        <div class="budget-form">
          <label for={id}>{t("budget.amount")}</label>
          <span class="budget-amount">
            <span aria-hidden="true">$</span>
            <input
              id={id}
              type="number"
              min="0"
              step="any"
              inputMode="decimal"
              value={budget?.usd ?? ""}
              placeholder="0"
              onChange={(event) => set(Number(event.currentTarget.value), per)}
            />
          </span>
          <select
            aria-label={t("budget.per")}
            value={per}
            onChange={(event) => {
              const each = event.currentTarget.value as Budget["per"];
              choosePer(each);
              set(budget?.usd ?? 0, each);
            }}
          >
            <option value="month">{t("budget.month")}</option>
            <option value="day">{t("budget.day")}</option>
          </select>
          {budget !== null && (
            <button type="button" class="quiet" onClick={() => keep(null)}>
              {t("budget.remove")}
            </button>
          )}
        </div>
        {budget === null ? (
          <p class="none">{t("budget.none")}</p>
        ) : (
          <Fragment>
            <Spent name={t("span.1")} cost={data.month.today} limit={daily(budget, data.month)} />
            <Spent name={t("budget.this-month")} cost={data.month.cost} limit={monthly(budget, data.month)} />
            <p>{projection(data, monthly(budget, data.month))}</p>
          </Fragment>
        )}
      </div>
    );
  }

  function Spent({ name, cost, limit }: { name: string; cost: Cost; limit: number }) {
    const usd = cost.usd ?? 0;
    const share = limit > 0 ? usd / limit : 0;
    const level = share > 1 ? "critical" : share > 0.8 ? "warn" : "calm";
    const left = limit - usd;
    const said = t(left >= 0 ? "budget.left" : "budget.over", { usd: format.usd(Math.abs(left)) });
    return (
      <div class={`meter ${level}`}>
        <div class="meter-text">
          <span>{name}</span>
          <span class="numeric">
            <b>{format.usd(cost.usd)}</b> {t("budget.of", { usd: format.usd(limit) })} · {said}
            {cost.unknown_sessions > 0 && <small> {t("more-unknown")}</small>}
          </span>
        </div>
        <div
          class="meter-bar"
          role="meter"
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={Math.max(limit, usd)}
          aria-valuenow={usd}
          aria-valuetext={`${format.usd(cost.usd)} ${t("budget.of", { usd: format.usd(limit) })}, ${said}`}
        >
          <i style={{ width: `${Math.min(100, Math.max(share * 100, usd > 0 ? 1 : 0))}%` }} />
        </div>
      </div>
    );
  }

  /** Where the month is heading; on its first day nobody can tell. */
  function projection({ month }: Costs, limit: number): string {
    if (month.cost.usd === null || month.elapsed_days < 1) return t("budget.early");
    const usd = (month.cost.usd / month.elapsed_days) * month.days;
    return t(usd > limit ? "budget.projection.over" : "budget.projection.left", {
      usd: format.usd(usd),
      by: format.usd(Math.abs(usd - limit)),
    });
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

  // -- words

  /** Dollars as far as they are known; what a subscription includes is not $0.00, and neither is the unknown. */
  function price({ usd, status }: Cost): string {
    return status === "included" ? t("cost.included") : format.usd(usd);
  }

  function tokensOf({ tokens }: CostFigures): string {
    return `${format.compact(allTokens(tokens))} ${t("tokens")}`;
  }

  function about(figures: CostFigures): string {
    return [
      t("sessions", { count: figures.sessions }),
      t("calls.count", { count: figures.api_calls }),
      tokensOf(figures),
    ].join(" · ");
  }

  function taskName(task: string): string {
    return word("task", task).replaceAll("_", " ");
  }

  function coverage({ coverage: { tokens, priced_tokens, sessions, priced_sessions } }: Costs): string {
    if (priced_tokens === tokens && priced_sessions === sessions) return t("coverage.all");
    if (priced_tokens === 0) return t("coverage.nothing");
    return t("coverage.some", { tokens: part(priced_tokens / tokens), priced: priced_sessions, count: sessions });
  }

  function auxiliary({ auxiliary: { usd, tokens } }: Costs): string {
    if (!tokens) return t("auxiliary.none");
    if (usd === null) return t("auxiliary.tokens", { tokens: part(tokens) });
    return t("auxiliary", { usd: part(usd), tokens: part(tokens) });
  }

  /** A share that says neither "all" nor "none" of what is only nearly so. */
  function part(share: number): string {
    return share > 0 && share < 0.01 ? t("under", { share: format.percent(0.01) }) : format.percent(share);
  }

  function kindsOf({ total }: Costs): Kind[] {
    const isCharged = total.kinds.some(({ status }) => status === "actual");
    const patterns = {
      actual: "solid",
      estimated: isCharged ? "stripes" : "solid",
      included: "dots",
      unknown: "outline",
    } as const;
    return total.kinds.map(({ status }) => ({
      kind: status,
      label: t(`cost.${status}`),
      pattern: patterns[status],
    }));
  }

  function modelKinds({ models, periods }: Costs): Kind[] {
    const used = new Set(periods.flatMap((period) => period.models.map(({ model }) => model)));
    return [
      ...models
        .slice(0, 4)
        .flatMap(({ model }, place) => (used.has(place) ? [{ kind: String(place), label: model }] : [])),
      ...(used.has(null) ? [{ kind: "rest", label: t("models.rest") }] : []),
    ];
  }

  function byModel(period: CostPeriod, unit: Costs["unit"], measure: Measure) {
    return {
      ...column(period, unit, measure),
      parts: period.models.map(({ model, usd, tokens }) => ({
        kind: model === null ? "rest" : String(model),
        value: measure === "usd" ? usd : tokens,
      })),
    };
  }

  function column(period: CostPeriod, unit: Costs["unit"], measure: Measure) {
    const { starts_on: day, kinds, sessions } = period;
    const others = kinds.filter(({ usd, tokens }) => usd === null && tokens > 0);
    const note = [
      t("sessions", { count: sessions }),
      ...(measure === "usd"
        ? others.map(({ status, tokens }) => t(`chart.${status}`, { tokens: format.compact(tokens) }))
        : []),
    ];
    return {
      key: day,
      label: { day: format.day(day), week: format.day(day), month: day.slice(0, 7), year: day.slice(0, 4) }[unit],
      title: {
        day: format.longDay(day),
        week: t("week", { day: format.longDay(day) }),
        month: day.slice(0, 7),
        year: day.slice(0, 4),
      }[unit],
      parts:
        measure === "tokens" ? kinds.map(({ status, tokens }) => ({ kind: status, value: tokens })) : dollars(kinds),
      note: note.join(" · "),
    };
  }
}

function hasPeriods({ periods }: Costs): boolean {
  return periods.length > 1;
}

/** A project's last folder, or its whole path where another one ends alike. */
function nameOf(project: string, { projects }: Costs): string {
  const last = (path: string) => path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
  const name = last(project);
  return projects.filter((other) => other.project !== null && last(other.project) === name).length > 1 ? project : name;
}

/** The dollars of a column; where something unknown takes the place of a kind, that is not known either. */
function dollars(kinds: readonly CostKind[]) {
  const isPartlyUnknown = find(kinds, "unknown") !== undefined;
  const parts = (["actual", "estimated"] as const).map((kind) => ({
    kind: kind as Status,
    value: find(kinds, kind)?.usd ?? (isPartlyUnknown ? null : 0),
  }));
  return isPartlyUnknown ? [...parts, { kind: "unknown" as const, value: null }] : parts;
}

function find(amounts: readonly CostKind[], status: string): CostKind | undefined {
  return amounts.find((amount) => amount.status === (status as Status));
}

function swatch({ pattern }: Kind): string {
  return `chart-swatch ${pattern}`;
}

/** The colour that a chart gives the kind at this place. */
function series(place: number): string {
  return `var(--series-${place + 1})`;
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Hermes has not spent anything yet",
    "empty.help": "With every answer of a model, Hermes notes its tokens and their price; they appear here at once.",
    spans: "Span",
    "span.1": "Today",
    "span.7": "7 days",
    "span.30": "30 days",
    "span.0": "All time",
    nothing: "No model was used by a session that started in this span.",
    "measure.usd": "Cost",
    "measure.tokens": "Tokens",
    "chart.usd.day": "Cost per day",
    "chart.usd.week": "Cost per week",
    "chart.usd.month": "Cost per month",
    "chart.usd.year": "Cost per year",
    "chart.tokens.day": "Tokens per day",
    "chart.tokens.week": "Tokens per week",
    "chart.tokens.month": "Tokens per month",
    "chart.tokens.year": "Tokens per year",
    "chart.included": "{tokens} tokens included",
    "chart.unknown": "{tokens} tokens of unknown price",
    week: "Week of {day}",
    sessions: "{count} session|{count} sessions",
    "sessions.label": "Sessions",
    "calls.count": "{count} call|{count} calls",
    "by.kind": "by kind",
    "by.model": "by model",
    "models.rest": "others",
    budget: "Budget",
    "budget.amount": "At most",
    "budget.per": "Per day or month",
    "budget.month": "a month",
    "budget.day": "a day",
    "budget.remove": "Remove",
    "budget.none": "Set an amount to see what is left of it. It is kept in this browser, for this notebook.",
    "budget.this-month": "This month",
    "budget.of": "of {usd}",
    "budget.left": "{usd} left",
    "budget.over": "{usd} over",
    "budget.line": "budget {usd} a day",
    "budget.early": "Too early in the month to say where it is heading.",
    "budget.projection.left":
      "If the month goes on as it began, it ends at {usd}: {by} under the budget. That is a projection, not a bill.",
    "budget.projection.over":
      "If the month goes on as it began, it ends at {usd}: {by} over the budget. That is a projection, not a bill.",
    projects: "Projects",
    "project.none": "no project",
    "project.none.help": "Hermes noted no directory for these sessions",
    models: "Models",
    more: "and {count} more",
    "more-unknown": "+ unknown",
    dearest: "Most expensive conversations",
    coverage: "How much is known",
    "coverage.all": "The price is known for every token.",
    "coverage.some":
      "The price is known for {tokens} of the tokens, and for all of them in {priced} of {count} session.|The price is known for {tokens} of the tokens, and for all of them in {priced} of {count} sessions.",
    "coverage.nothing": "The price is known for none of them.",
    tasks: "Tasks",
    "task.main": "main loop",
    "task.title_generation": "titles",
    "task.compression": "context compression",
    "task.background_review": "background review",
    "task.vision": "vision",
    "task.web_extract": "web extraction",
    auxiliary: "Auxiliary tasks take {usd} of the known cost and {tokens} of the tokens.",
    "auxiliary.tokens": "Auxiliary tasks take {tokens} of the tokens.",
    "auxiliary.none": "No auxiliary task was noted.",
    sources: "Sources",
    calls: "Calls and cache",
    "api-calls": "API calls",
    "cache-hits": "From cache",
    "cache-hits.help": "The share of the prompts' tokens that were read from the provider's cache.",
    reasoning: "{count} of them reasoning",
    under: "under {share}",
    rule: "A session counts on the day on which it started, in {timezone}, as in the overview and in hermes insights. Costs are those that Hermes stored; nothing is priced again.",
  },
  zh: {
    empty: "Hermes 还没有产生任何费用",
    "empty.help": "模型每次回答后，Hermes 都会记下词元数及其价格，并立即显示在这里。",
    spans: "时间范围",
    "span.1": "今天",
    "span.7": "7 天",
    "span.30": "30 天",
    "span.0": "全部",
    nothing: "在此时间范围内开始的会话没有使用任何模型。",
    "measure.usd": "费用",
    "measure.tokens": "词元",
    "chart.usd.day": "每日费用",
    "chart.usd.week": "每周费用",
    "chart.usd.month": "每月费用",
    "chart.usd.year": "每年费用",
    "chart.tokens.day": "每日词元",
    "chart.tokens.week": "每周词元",
    "chart.tokens.month": "每月词元",
    "chart.tokens.year": "每年词元",
    "chart.included": "{tokens} 词元已包含",
    "chart.unknown": "{tokens} 词元价格未知",
    week: "{day}起的一周",
    sessions: "{count} 个会话",
    "sessions.label": "会话",
    "calls.count": "{count} 次调用",
    "by.kind": "按种类",
    "by.model": "按模型",
    "models.rest": "其他",
    budget: "预算",
    "budget.amount": "上限",
    "budget.per": "每天或每月",
    "budget.month": "每月",
    "budget.day": "每天",
    "budget.remove": "移除",
    "budget.none": "设定金额后即可看到剩余额度。它保存在此浏览器中，仅用于此笔记本。",
    "budget.this-month": "本月",
    "budget.of": "／{usd}",
    "budget.left": "剩余 {usd}",
    "budget.over": "超出 {usd}",
    "budget.line": "预算每天 {usd}",
    "budget.early": "本月刚开始，尚无法推算。",
    "budget.projection.left": "若照此下去，本月将为 {usd}，比预算少 {by}。这只是推算，并非账单。",
    "budget.projection.over": "若照此下去，本月将为 {usd}，超出预算 {by}。这只是推算，并非账单。",
    projects: "项目",
    "project.none": "无项目",
    "project.none.help": "Hermes 没有为这些会话记下目录",
    models: "模型",
    more: "另有 {count} 项",
    "more-unknown": "＋未知",
    dearest: "花费最多的对话",
    coverage: "已知程度",
    "coverage.all": "所有词元的价格均已知。",
    "coverage.some": "{tokens} 的词元价格已知；{count} 个会话中有 {priced} 个价格全部已知。",
    "coverage.nothing": "所有价格均未知。",
    tasks: "任务",
    "task.main": "主循环",
    "task.title_generation": "标题生成",
    "task.compression": "上下文压缩",
    "task.background_review": "后台复盘",
    "task.vision": "图像识别",
    "task.web_extract": "网页提取",
    auxiliary: "辅助任务占已知费用的 {usd}、词元的 {tokens}。",
    "auxiliary.tokens": "辅助任务占词元的 {tokens}。",
    "auxiliary.none": "没有辅助任务的记录。",
    sources: "来源",
    calls: "调用与缓存",
    "api-calls": "API 调用",
    "cache-hits": "缓存命中",
    "cache-hits.help": "提示词元中从提供商缓存读取的比例。",
    reasoning: "其中推理 {count}",
    under: "不到 {share}",
    rule: "会话计入其开始当天（{timezone} 时区），与概览和 hermes insights 一致。费用均为 Hermes 存储的数值，不重新计价。",
  },
};
