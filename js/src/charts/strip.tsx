import type { Api } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "./figure.tsx";
import stripCss from "./strip.css";
import { labelStyle } from "./ticks.ts";

interface Row {
  /** Distinct among the rows; may be anybody's words. */
  label: string;
  /** How many values it is a distribution of. */
  count: number;
  /** Where the values lie; null without any. All > 0, or drawn at the low end of the axis. */
  spread: { min: number; p50: number; p95: number; max: number } | null;
  /** A few words more. */
  note?: string;
}

interface Props {
  /** What is shown, in words. */
  label: string;
  /** The heading of the rows' names in the table. */
  heading: string;
  rows: readonly Row[];
  /** How a value reads. */
  say: (value: number) => string;
  /** What lies below this is drawn at the low end of the axis. */
  least?: number;
}

/**
 * Distributions side by side on one logarithmic axis: a line from the least to the greatest value, a bar from the
 * median up to the 95th percentile, a mark at the median.
 */
export function makeStrip(api: Api) {
  const { h, t, format, ui } = api;
  const Figure = makeFigure(api);

  return function Strip({ label, heading, rows, say, least = 0.01 }: Props) {
    const axis = axisOf(rows, least);
    const ticks = ticksOf(axis);
    const place = (value: number) => {
      const share = (Math.log10(Math.max(value, axis.low)) - Math.log10(axis.low)) / axis.decades;
      return Number((100 * Math.min(1, share)).toFixed(2));
    };
    return (
      <Figure
        label={label}
        table={() => ({
          columns: [heading, t("strip.count"), t("strip.min"), t("strip.p50"), t("strip.p95"), t("strip.max")],
          rows: rows.map(({ label, count, spread }) => [
            label,
            format.number(count),
            ...(["min", "p50", "p95", "max"] as const).map((name) => (spread ? say(spread[name]) : "—")),
          ]),
        })}
        caption={
          <small key="legend">
            <i class="strip-key" aria-hidden="true" /> {t("strip.legend")}
          </small>
        }
      >
        <div class="strip">
          <ul aria-label={label}>
            {rows.map(({ label, count, spread, note }) => (
              <li key={label}>
                <span class="strip-label">
                  <ui.Text text={label} title />
                </span>
                {spread === null ? (
                  <span class="strip-none none">{t("strip.none")}</span>
                ) : (
                  <Line spread={spread} place={place} ticks={ticks} title={wordsOf(spread, count, say)} />
                )}
                <span class="strip-figures numeric">
                  {spread && say(spread.p50)}
                  {spread && <small> {t("strip.upto", { p95: say(spread.p95) })}</small>}
                  {note && <small> · {note}</small>}
                </span>
              </li>
            ))}
          </ul>
          <div class="strip-axis numeric" aria-hidden="true">
            {ticks.map((tick) => (
              <small key={tick} style={labelStyle(place(tick))}>
                {say(tick)}
              </small>
            ))}
          </div>
        </div>
      </Figure>
    );
  };

  function Line({
    spread: { min, p50, p95, max },
    place,
    ticks,
    title,
  }: {
    spread: NonNullable<Row["spread"]>;
    place: (value: number) => number;
    ticks: readonly number[];
    title: string;
  }) {
    const [from, middle, high, to] = [place(min), place(p50), place(p95), place(max)];
    return (
      <svg class="strip-line" role="img" aria-label={title}>
        <title>{title}</title>
        {ticks.map((tick) => (
          <line key={tick} class="strip-rule" x1={`${place(tick)}%`} x2={`${place(tick)}%`} y1="0" y2="100%" />
        ))}
        <line class="strip-range" x1={`${from}%`} x2={`${to}%`} y1="50%" y2="50%" />
        <line class="strip-end" x1={`${from}%`} x2={`${from}%`} y1="30%" y2="70%" />
        <line class="strip-end" x1={`${to}%`} x2={`${to}%`} y1="30%" y2="70%" />
        <rect class="strip-bar" x={`${middle}%`} width={`${Math.max(0.6, high - middle)}%`} y="25%" height="50%" />
        <line class="strip-middle" x1={`${middle}%`} x2={`${middle}%`} y1="12%" y2="88%" />
      </svg>
    );
  }

  function wordsOf({ min, p50, p95, max }: NonNullable<Row["spread"]>, count: number, say: Props["say"]): string {
    const figures = { min: say(min), p50: say(p50), p95: say(p95), max: say(max) };
    return t("strip.words", { ...figures, count });
  }
}

/** From a power of ten to a power of ten, around all values. */
function axisOf(rows: Props["rows"], least: number) {
  const spreads = rows.flatMap(({ spread }) => (spread ? [spread] : []));
  const lowest = Math.min(...spreads.map(({ min }) => Math.max(min, least)), 1);
  const highest = Math.max(...spreads.map(({ max }) => max), 10 * lowest);
  const low = 10 ** Math.floor(Math.log10(lowest));
  return { low, decades: Math.max(1, Math.ceil(Math.log10(highest / low) - 1e-9)) };
}

function ticksOf({ low, decades }: { low: number; decades: number }): number[] {
  // At most four: labels such as "16m 40s" stand beside each other in a narrow column, too.
  const every = Math.ceil(decades / 3);
  return Array.from({ length: Math.floor(decades / every) + 1 }, (_, index) =>
    Number((low * 10 ** (index * every)).toPrecision(3)),
  );
}

export const css = figureCss + stripCss;

export const texts = {
  en: {
    ...figureTexts.en,
    "strip.count": "Count",
    "strip.min": "Least",
    "strip.p50": "Median",
    "strip.p95": "95 % within",
    "strip.max": "Most",
    "strip.none": "no times",
    "strip.upto": "to {p95}",
    "strip.legend": "from the median to what 95 % stay within; the line spans all",
    "strip.words":
      "{count} value: median {p50}, 95 % within {p95}, from {min} to {max}|{count} values: median {p50}, 95 % within {p95}, from {min} to {max}",
  },
  zh: {
    ...figureTexts.zh,
    "strip.count": "次数",
    "strip.min": "最小",
    "strip.p50": "中位数",
    "strip.p95": "95% 不超过",
    "strip.max": "最大",
    "strip.none": "没有时间记录",
    "strip.upto": "至 {p95}",
    "strip.legend": "从中位数到 95% 不超过的值；细线覆盖全部",
    "strip.words": "共 {count} 个值：中位数 {p50}，95% 不超过 {p95}，范围 {min} 至 {max}",
  },
};
