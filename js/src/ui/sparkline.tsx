import { Fragment, h } from "preact";

const WIDTH = 100;
const HEIGHT = 24;
/** Room for half a stroke. */
const EDGE = 2;

interface Props {
  /** In the order of time, at equal distances; null where nothing is known, which is drawn as a gap. */
  values: readonly (number | null)[];
  /** What it is a line of. */
  label: string;
  /** What it says, in words and figures: the line itself says nothing to those who cannot see it. */
  title: string;
}

/** How a figure went, as a small line without axes; its end is marked. */
export function Sparkline({ values, label, title }: Props) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const place = (value: number, index: number) => {
    const x = values.length > 1 ? (index / (values.length - 1)) * (WIDTH - 2 * EDGE) : WIDTH - 2 * EDGE;
    const y = span > 0 ? ((value - low) / span) * (HEIGHT - 2 * EDGE) : (HEIGHT - 2 * EDGE) / 2;
    return `${(EDGE + x).toFixed(1)} ${(HEIGHT - EDGE - y).toFixed(1)}`;
  };
  const isKnown = (index: number) => (values[index] ?? null) !== null;
  const line = values.map((value, index) => {
    if (value === null) return "";
    if (isKnown(index - 1)) return `L${place(value, index)}`;
    // A point alone has no length: its round ends are all that is seen of it.
    return `M${place(value, index)}${isKnown(index + 1) ? "" : "h0"}`;
  });
  const last = values.findLastIndex((value) => value !== null);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${title}`}
    >
      <title>{title}</title>
      {last >= 0 && (
        <>
          <path d={line.join("")} />
          <path class="end" d={`M${place(values[last] ?? low, last)}h0`} />
        </>
      )}
    </svg>
  );
}
