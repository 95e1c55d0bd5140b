import { h } from "preact";
import { useClient, useTick } from "../context.ts";
import { AxisLabel } from "./axis.tsx";
import { useFigure } from "./figure.tsx";
import { Text } from "./text.tsx";

/** ISO 8601, or ms since the epoch. */
export type Instant = string | number;

/** Shapes for every kind, on a 10 × 10 grid: colour is never all that tells them apart. */
const shapes = {
  /** It happened, and it was well. */
  done: "M5 1.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
  /** It happened, and it failed. */
  failed: "M2 2l6 6M8 2 2 8",
  /** It is to come. */
  coming: "M5 1 9 5 5 9 1 5z",
  /** It should have happened. */
  late: "M5 1.5 9 8.5H1z",
  /** It would happen if it were not switched off. */
  off: "M2 5h6",
} as const;
const kinds = Object.keys(shapes) as (keyof typeof shapes)[];

export interface Mark {
  at: Instant;
  /** What and when, in words: this is what a screen reader says. */
  title: string;
  kind: keyof typeof shapes;
}

export interface Lane {
  /** Distinct among the lanes; may be anybody's words. */
  label: string;
  marks: readonly Mark[];
}

interface Props {
  from: Instant;
  to: Instant;
  /** Where the line of now is; without it, it moves with the clock. */
  now?: Instant;
  lanes: readonly Lane[];
  /** What is shown, in words. */
  label: string;
}

/** Marks on an axis of time, a lane for each thing that they belong to; marks outside of it are left out. Or a table. */
export function TimeLine({ from, to, now, lanes, label }: Props) {
  const { format, texts } = useClient();
  const Figure = useFigure();
  const start = ms(from);
  const span = Math.max(1, ms(to) - start);
  const place = (at: Instant) => ((ms(at) - start) / span) * 100;
  const isInside = (at: Instant) => place(at) >= 0 && place(at) <= 100;
  useTick(now === undefined ? Math.max(1_000, span / 500) : null);
  const line = place(now ?? Date.now());
  const hasNow = line >= 0 && line <= 100;
  const ticks = ticksOf(start, start + span);
  const shown = lanes.map(({ label, marks }) => ({
    label,
    marks: marks.filter(({ at }) => isInside(at)).sort((a, b) => ms(a.at) - ms(b.at)),
  }));
  return (
    <Figure
      label={label}
      table={() => ({
        columns: [texts.t("chart.what"), texts.t("chart.when")],
        rows: shown.flatMap(({ label, marks }) =>
          marks.length > 0 ? marks.map(({ title }) => [label, title]) : [[label, texts.t("list.none")]],
        ),
      })}
      caption={
        <ul class="timeline-legend">
          {kinds
            .filter((kind) => shown.some(({ marks }) => marks.some((mark) => mark.kind === kind)))
            .map((kind) => (
              <li key={kind}>
                <Sign kind={kind} /> {texts.t(`chart.mark.${kind}`)}
              </li>
            ))}
        </ul>
      }
    >
      <div class={hasNow ? "timeline has-now" : "timeline"} style={{ "--now": `${line}%` }}>
        <div class="timeline-axis" aria-hidden="true">
          {hasNow && <AxisLabel at={line} text={texts.t("chart.now")} rank="now" />}
        </div>
        <ul aria-label={label}>
          {shown.map(({ label, marks }) => (
            <li key={label}>
              <span class="timeline-label">
                <Text text={label} title />
              </span>
              <div
                class={areClose(marks.map(({ at }) => place(at))) ? "timeline-track dense" : "timeline-track"}
                aria-hidden="true"
              >
                {ticks.map((tick) => (
                  <i key={tick} class="chart-rule" style={{ left: `${place(tick)}%` }} />
                ))}
                {marks.map(({ at, title, kind }, index) => (
                  <Sign key={index} kind={kind} title={title} left={`${place(at)}%`} />
                ))}
              </div>
              <ul class="hidden">
                {marks.length === 0 && <li>{texts.t("list.none")}</li>}
                {marks.map(({ title }, index) => (
                  <li key={index}>{title}</li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
        <div class="timeline-axis numeric" aria-hidden="true">
          {ticks.map((tick, index) => (
            <AxisLabel
              key={tick}
              at={place(tick)}
              text={isMidnight(tick) ? format.day(tick) : format.time(tick)}
              rank={isMinor(index, ticks) ? "minor" : ""}
            />
          ))}
        </div>
      </div>
    </Figure>
  );
}

function Sign({ kind, title, left }: { kind: Mark["kind"]; title?: string; left?: string }) {
  return (
    <svg class={`mark mark-${kind}`} viewBox="0 0 10 10" aria-hidden="true" style={{ left }}>
      {title !== undefined && <title>{title}</title>}
      <path d={shapes[kind] ?? shapes.done} />
    </svg>
  );
}

/** Marks of their usual size would lie on top of each other; the arguments are parts of the line, in percent. */
function areClose(places: readonly number[]): boolean {
  return places.filter((place, index) => place - (places[index - 1] ?? Number.NEGATIVE_INFINITY) < 2.5).length > 2;
}

function ms(at: Instant): number {
  return typeof at === "number" ? at : Date.parse(at);
}

/** About how many labels fit below the axis. */
const LABELS = 6;
const HOUR = 3_600_000;
const steps = [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24];

/** Round hours or days of the viewer's zone within a span, in ms since the epoch. */
export function ticksOf(start: number, end: number): number[] {
  const hours = steps.find((step) => (end - start) / (step * HOUR) <= LABELS) ?? (end - start) / HOUR / LABELS;
  const ticks: number[] = [];
  const day = new Date(start);
  day.setHours(0, 0, 0, 0);
  for (let count = 0; ; count += 1) {
    // By the calendar, not by adding hours: days of 23 and 25 hours have their midnights too.
    const tick = new Date(day);
    tick.setMinutes(count * hours * 60);
    if (tick.getTime() > end) return ticks;
    // In the hour that a clock skips, some of them would come again.
    if (tick.getTime() >= start && tick.getTime() > (ticks.at(-1) ?? Number.NEGATIVE_INFINITY))
      ticks.push(tick.getTime());
  }
}

function isMidnight(tick: number): boolean {
  const date = new Date(tick);
  return date.getHours() === 0 && date.getMinutes() === 0;
}

/** Where there is little room every other label is left out; among hours, no midnight. */
function isMinor(index: number, ticks: readonly number[]): boolean {
  return (index - Math.max(0, ticks.findIndex(isMidnight))) % 2 !== 0;
}
