import type { Api } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "./figure.tsx";

interface Props {
  /** What is shown, in words. */
  label: string;
  /** What the columns are made of, from the bottom up. */
  series: readonly { key: string; label: string }[];
  /** In the order of time. `values` by the series' key: what is left out is 0, null is not known. */
  columns: readonly {
    key: string;
    /** A few characters below the axis. */
    label: string;
    /** Its full name, such as the whole date. */
    title: string;
    values: Readonly<Record<string, number | null>>;
  }[];
  /** How a value reads. */
  say: (value: number) => string;
}

/** More series than this cannot be told apart. */
const MOST_SERIES = 5;
const REST = "\u0000rest";

/** Stacked columns over time, by series; of many series the largest ones, and one for all others. */
export function makeStacked(api: Api) {
  const { h, t, ui } = api;
  const { Columns } = ui;
  const Figure = makeFigure(api);

  return function Stacked({ label, series, columns, say }: Props) {
    const { kept, rest } = split(series, columns);
    const kinds = [
      ...kept.map(({ key, label }) => ({ kind: key, label })),
      ...(rest.length > 0 ? [{ kind: REST, label: t("stacked.rest", { count: rest.length }) }] : []),
    ];
    return (
      <Figure
        label={label}
        table={() => ({
          columns: [t("stacked.when"), ...series.map(({ label }) => label)],
          rows: columns.map(({ title, values }) => [
            title,
            ...series.map(({ key }) => {
              const value = values[key] === undefined ? 0 : values[key];
              return value === null ? "—" : say(value);
            }),
          ]),
        })}
      >
        <Columns
          label={label}
          kinds={kinds}
          format={say}
          columns={columns.map(({ values, ...column }) => ({
            ...column,
            parts: [
              ...kept.map(({ key }) => ({ kind: key, value: values[key] === undefined ? 0 : values[key] })),
              ...rest.map(({ key }) => ({ kind: REST, value: values[key] === undefined ? 0 : values[key] })),
            ],
          }))}
        />
      </Figure>
    );
  };
}

/** The largest series in the order given, and the others. */
function split(series: Props["series"], columns: Props["columns"]) {
  if (series.length <= MOST_SERIES) return { kept: series, rest: [] };
  const sums = new Map(
    series.map(({ key }) => [key, columns.reduce((sum, { values }) => sum + (values[key] ?? 0), 0)]),
  );
  const largest = new Set(
    [...series]
      .sort((a, b) => (sums.get(b.key) ?? 0) - (sums.get(a.key) ?? 0))
      .slice(0, MOST_SERIES - 1)
      .map(({ key }) => key),
  );
  return {
    kept: series.filter(({ key }) => largest.has(key)),
    rest: series.filter(({ key }) => !largest.has(key)),
  };
}

export const css = figureCss;

export const texts = {
  en: { ...figureTexts.en, "stacked.when": "When", "stacked.rest": "{count} other|{count} others" },
  zh: { ...figureTexts.zh, "stacked.when": "时间", "stacked.rest": "其他 {count} 项" },
};
