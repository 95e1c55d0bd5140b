import type { ComponentChildren } from "preact";
import type { Api } from "../api.ts";
import figureCss from "./figure.css";

/** What a chart shows, as words and figures: what stands first in a row is what the row is about. */
export interface TableData {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

interface Props {
  /** What is shown, in words. */
  label: string;
  /** Asked for only while it is shown. */
  table: () => TableData;
  /** What stands below the chart: its legend, the figures of what is chosen. */
  caption?: ComponentChildren;
  /** The chart; it has a name, and says nothing in colour alone. */
  children: ComponentChildren;
}

/** As much of the api as the frame needs. */
interface Needed extends Pick<Api, "h" | "t"> {
  hooks: Pick<Api["hooks"], "useState">;
  ui: Pick<Api["ui"], "Text">;
}

/** The frame of every chart: a caption, and a button that shows the same as a table. */
export function makeFigure({ h, hooks, t, ui }: Needed) {
  return function Figure({ label, table, caption, children }: Props) {
    const [isTable, setTable] = hooks.useState(false);
    return (
      <figure class="chart figure">
        {isTable ? <Table label={label} data={table()} /> : children}
        <figcaption class="figure-caption">
          {!isTable && caption}
          <button type="button" class="figure-switch" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            {t("figure.table")}
            <span class="hidden">: {label}</span>
          </button>
        </figcaption>
      </figure>
    );
  };

  function Table({ label, data }: { label: string; data: TableData }) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable.
      <div class="figure-table" role="region" aria-label={label} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {data.columns.map((name, index) => (
                <th key={index} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map(([first = "", ...rest], index) => (
              <tr key={index}>
                <th scope="row">
                  <ui.Text text={first} title />
                </th>
                {rest.map((text, place) => (
                  <td key={place} class="numeric">
                    <ui.Text text={text} title />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }
}

export const css = figureCss;

export const texts = {
  en: { "figure.table": "As a table" },
  zh: { "figure.table": "表格形式" },
};
