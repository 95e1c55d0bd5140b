import type { Api } from "../../api.ts";
import { type Budget, daily } from "../../budget.ts";
import type { CostKind, CostPeriod, Costs } from "../../protocol.ts";
import type { Kind } from "../../ui/columns.tsx";
import { find, type Measure } from "./words.ts";

export type By = "kind" | "model";

interface Props {
  data: Costs;
  by: By;
  measure: Measure;
  kinds: readonly Kind[];
  budget: Budget | null;
}

/** What was spent day by day (or week, month, year), stacked by kind of figure or by model. */
export function makePeriods({ h, ui, t, format }: Api) {
  const { Columns } = ui;

  return function Periods({ data, by, measure, kinds, budget }: Props) {
    const { unit, month, periods } = data;
    const hasLine = budget !== null && measure === "usd" && unit === "day";
    return (
      <Columns
        columns={periods.map((period) => (by === "model" ? byModel : column)(period, unit, measure))}
        kinds={
          by === "model"
            ? modelKinds(data)
            : kinds.filter(({ kind }) => measure === "tokens" || kind === "actual" || kind === "estimated")
        }
        format={measure === "usd" ? format.usd : format.compact}
        label={t(`chart.${measure}.${unit}`)}
        line={
          hasLine
            ? { value: daily(budget, month), label: t("budget.line", { usd: format.usd(daily(budget, month)) }) }
            : undefined
        }
      />
    );
  };

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

/** The dollars of a column; where something unknown takes the place of a kind, that is not known either. */
function dollars(kinds: readonly CostKind[]) {
  const isPartlyUnknown = find(kinds, "unknown") !== undefined;
  const parts = (["actual", "estimated"] as const).map((kind) => ({
    kind: kind as CostKind["status"],
    value: find(kinds, kind)?.usd ?? (isPartlyUnknown ? null : 0),
  }));
  return isPartlyUnknown ? [...parts, { kind: "unknown" as const, value: null }] : parts;
}
