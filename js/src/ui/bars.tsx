import { type ComponentChildren, h } from "preact";
import { useClient } from "../context.ts";
import { cleanLine } from "../text.ts";
import { Text } from "./text.tsx";

/** One labelled bar. */
export interface Bar {
  /** Distinct among the rows; may be anybody's words. */
  label: string;
  /** ≥ 0 */
  value: number;
  /** How the value reads; the plain number without it. */
  text?: ComponentChildren;
  /** More about it, on hover; may be anybody's words. */
  title?: string;
  /** A few words beside the value. */
  note?: ComponentChildren;
}

/** Labelled horizontal bars that compare values; every value is also said in figures. */
export function Bars({
  rows,
  max,
}: {
  rows: readonly Bar[] /** What fills the width: the largest value without it. */;
  max?: number;
}) {
  const { format } = useClient();
  const full = max ?? Math.max(0, ...rows.map(({ value }) => value));
  return (
    <div class="chart">
      <ul class="bars">
        {rows.map(({ label, value, text, title, note }) => (
          <li key={label} title={title === undefined ? undefined : cleanLine(title)}>
            <span class="bars-label">
              <Text text={label} title={title === undefined} />
            </span>
            <i class="bars-bar" aria-hidden="true">
              <i style={{ width: `${percent(value, full)}%` }} />
            </i>
            <span class="bars-value numeric">
              {text ?? format.number(value)}
              {note !== undefined && <small> {note}</small>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Of 100; what is there at all can be seen. */
function percent(value: number, full: number): number {
  return value > 0 && full > 0 ? Math.max(1, Math.min(100, (value / full) * 100)) : 0;
}
