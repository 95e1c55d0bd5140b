import { Fragment, h } from "preact";

const WIDTH = 100;
const HEIGHT = 24;
/** Room for half a stroke. */
const EDGE = 2;

interface Props {
  /** In the order of time, at equal distances. */
  values: readonly number[];
  /** What it is a line of. */
  label: string;
  /** What it says, in words and figures: the line itself says nothing to those who cannot see it. */
  title: string;
}

/** How a figure went, as a small line without axes; its end is marked. */
export function Sparkline({ values, label, title }: Props) {
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const points = values.map((value, index) => {
    const x = values.length > 1 ? (index / (values.length - 1)) * (WIDTH - 2 * EDGE) : WIDTH - 2 * EDGE;
    const y = span > 0 ? ((value - low) / span) * (HEIGHT - 2 * EDGE) : (HEIGHT - 2 * EDGE) / 2;
    return `${(EDGE + x).toFixed(1)} ${(HEIGHT - EDGE - y).toFixed(1)}`;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${title}`}
    >
      <title>{title}</title>
      {points.length > 0 && (
        <>
          <path d={`M${points.join("L")}`} />
          <path class="end" d={`M${points.at(-1)}h0`} />
        </>
      )}
    </svg>
  );
}
