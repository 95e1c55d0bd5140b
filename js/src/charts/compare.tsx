import type { Api } from "../api.ts";
import compareCss from "./compare.css";
import { css as figureCss, texts as figureTexts, makeFigure } from "./figure.tsx";

interface Row {
  /** Distinct among the rows. */
  label: string;
  /** Null: not known. */
  before: number | null;
  after: number | null;
  /** How a value reads; the plain number without it. */
  say?: (value: number) => string;
  /** What is good news; without it a change is neither good nor bad. */
  good?: "more" | "less";
}

interface Props {
  /** What is shown, in words. */
  label: string;
  /** The heading of the rows' names in the table. */
  heading: string;
  /** What the two sides are: two days, two profiles; may be anybody's words. */
  sides: readonly [string, string];
  rows: readonly Row[];
}

/** Two values side by side for each row, as a pair of bars with what lies between them. */
export function makeCompare(api: Api) {
  const { h, t, format, ui } = api;
  const Figure = makeFigure(api);

  return function Compare({ label, heading, sides, rows }: Props) {
    const [before, after] = sides;
    return (
      <Figure
        label={label}
        table={() => ({
          columns: [heading, before, after, t("compare.delta")],
          rows: rows.map((row) => [row.label, said(row, row.before), said(row, row.after), delta(row).text]),
        })}
      >
        <div class="compare">
          <div class="compare-head" aria-hidden="true">
            <span>
              <i class="compare-key before" /> <ui.Text text={before} title />
            </span>
            <span>
              <i class="compare-key after" /> <ui.Text text={after} title />
            </span>
          </div>
          <ul aria-label={label}>
            {rows.map((row) => {
              const { text, mood } = delta(row);
              const words = t("compare.words", {
                label: row.label,
                before: said(row, row.before),
                after: said(row, row.after),
                delta: text,
              });
              return (
                <li key={row.label}>
                  <span class="compare-label">{row.label}</span>
                  <svg class="compare-bars" role="img" aria-label={words}>
                    <title>{words}</title>
                    <rect class="before" x="0" y="2" height="7" width={`${width(row, row.before)}%`} />
                    <rect class="after" x="0" y="11" height="7" width={`${width(row, row.after)}%`} />
                  </svg>
                  <span class="compare-values numeric" aria-hidden="true">
                    {said(row, row.before)} → <b>{said(row, row.after)}</b>
                  </span>
                  <span class={`compare-delta numeric ${mood}`} aria-hidden="true">
                    {text}
                  </span>
                </li>
              );
            })}
          </ul>
        </div>
      </Figure>
    );
  };

  function said({ say = format.number }: Row, value: number | null): string {
    return value === null ? "—" : say(value);
  }

  /** What lies between the two, with its sign. */
  function delta(row: Row): { text: string; mood: string } {
    const { before, after, good } = row;
    if (before === null || after === null) return { text: "—", mood: "" };
    const by = after - before;
    if (by === 0) return { text: t("compare.same"), mood: "" };
    const share = before > 0 && by !== after ? ` (${sign(by)}${format.percent(Math.abs(by) / before)})` : "";
    return {
      text: `${sign(by)}${said(row, Math.abs(by))}${share}`,
      mood: good === undefined ? "" : by > 0 === (good === "more") ? "good" : "bad",
    };
  }
}

function sign(by: number): string {
  return by > 0 ? "+" : "−";
}

/** Of the larger one, in percent; what is there at all can be seen. */
function width({ before, after }: Row, value: number | null): number {
  const most = Math.max(before ?? 0, after ?? 0);
  return value !== null && value > 0 && most > 0 ? Math.max(1, Number(((100 * value) / most).toFixed(2))) : 0;
}

export const css = figureCss + compareCss;

export const texts = {
  en: {
    ...figureTexts.en,
    "compare.delta": "Difference",
    "compare.same": "same",
    "compare.words": "{label}: {before}, then {after} ({delta})",
  },
  zh: {
    ...figureTexts.zh,
    "compare.delta": "差值",
    "compare.same": "相同",
    "compare.words": "{label}：先 {before}，后 {after}（{delta}）",
  },
};
