import { h } from "preact";
import { useState } from "preact/hooks";
import { useClient } from "../context.ts";
import { AxisLabel } from "./axis.tsx";
import { useFigure } from "./figure.tsx";

/** What a stack is made of. A pattern tells kinds apart where colours do not. */
export interface Kind {
  kind: string;
  label: string;
  /** Without it, the kinds take the patterns in this order. */
  pattern?: Pattern;
}

const patterns = ["solid", "stripes", "dots", "bands", "outline"] as const;
export type Pattern = (typeof patterns)[number];

/** One column, of a day or another span. */
export interface Column {
  key: string;
  /** A few characters below the axis; not every column's is shown. */
  label: string;
  /** Its full name, such as the whole date. */
  title: string;
  /** Kinds that are left out are 0; null is not known, which is not 0. */
  parts: readonly { kind: string; value: number | null }[];
  /** A few words beside its figures. */
  note?: string;
}

interface Props {
  /** In the order of time. */
  columns: readonly Column[];
  kinds: readonly Kind[];
  /** How a value reads. */
  format: (value: number) => string;
  /** What is shown, in words. */
  label: string;
  /** A line across, such as a limit; `label` says what it is. */
  line?: { value: number; label: string } | undefined;
}

/** About how many labels fit below the axis. */
const LABELS = 5;

/**
 * Stacked columns over time, with the figures of one of them below: the last, or the one that the pointer or the
 * arrow keys are at; or all of them as a table.
 */
export function Columns({ columns, kinds, format, label, line }: Props) {
  const { t } = useClient().texts;
  const Figure = useFigure();
  const [chosen, choose] = useState<string | null>(null);
  const [isFocused, setFocused] = useState(false);
  const found = columns.findIndex(({ key }) => key === chosen);
  const at = found < 0 ? columns.length - 1 : found;
  const shown = columns[at];
  const scale = scaleOf(columns, line?.value);
  const top = scale.at(-1) ?? 1;
  const every = Math.ceil(columns.length / LABELS);
  const go = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: columns.length - 1 }[event.key];
    const target = to === undefined ? undefined : columns[Math.min(columns.length - 1, Math.max(0, to))];
    if (!target) return;
    event.preventDefault();
    choose(target.key);
  };
  if (!shown) return null;
  const hasTotal = kinds.length > 1;
  const hasNotes = columns.some(({ note }) => note !== undefined);
  return (
    <Figure
      label={label}
      table={() => ({
        columns: [
          t("chart.when"),
          ...kinds.map(({ label }) => label),
          ...(hasTotal ? [t("chart.total")] : []),
          ...(hasNotes ? [t("chart.note")] : []),
        ],
        rows: columns.map(({ title, parts, note = "" }) => [
          title,
          ...kinds.map(({ kind }) => said(parts, kind)),
          ...(hasTotal ? [said(parts)] : []),
          ...(hasNotes ? [note] : []),
        ]),
      })}
      caption={
        <div class="columns-told" aria-live={isFocused ? "polite" : "off"}>
          <b>{shown.title}</b>
          <ul>
            {kinds.map((each, place) => (
              <li key={each.kind}>
                <Swatch kind={each} place={place} />
                {each.label} <span class="numeric">{said(shown.parts, each.kind)}</span>
              </li>
            ))}
          </ul>
          {line && (
            <span class="columns-limit">
              <i class="columns-line" aria-hidden="true" /> {line.label}
            </span>
          )}
          {hasTotal && (
            <span>
              {t("chart.total")} <b class="numeric">{said(shown.parts)}</b>
            </span>
          )}
          {shown.note !== undefined && <small>{shown.note}</small>}
        </div>
      }
    >
      <div class="columns-frame">
        <div class="columns-scale numeric" aria-hidden="true">
          {scale.map((tick) => (
            <span key={tick} style={{ bottom: `${(tick / top) * 100}%` }}>
              {format(tick)}
            </span>
          ))}
        </div>
        <div
          class="columns-plot"
          role="group"
          aria-label={label}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a column.
          tabIndex={0}
          onKeyDown={go}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false);
            choose(null);
          }}
          // A finger leaves as soon as it is lifted; what it touched stays chosen.
          onPointerLeave={({ pointerType }) => pointerType === "mouse" && choose(null)}
        >
          {scale.map((tick) => (
            <i key={tick} class="chart-rule" style={{ bottom: `${(tick / top) * 100}%` }} />
          ))}
          {line && (
            <i
              class="columns-line"
              title={line.label}
              style={{ bottom: `${Math.min(100, (line.value / top) * 100)}%` }}
            />
          )}
          {columns.map(({ key, parts }, index) => (
            <div
              key={key}
              class={index === at && (chosen !== null || isFocused) ? "columns-column chosen" : "columns-column"}
              onPointerEnter={() => choose(key)}
              aria-hidden="true"
            >
              <div class="columns-stack">
                {kinds.map((each, place) => (
                  <Swatch
                    key={each.kind}
                    kind={each}
                    place={place}
                    height={`${(sum(parts, each.kind) / top) * 100}%`}
                  />
                ))}
                {parts.some(({ value }) => value === null) && <i class="unknown" />}
              </div>
            </div>
          ))}
        </div>
        <div class="columns-axis" aria-hidden="true">
          {columns.map(({ key, label }, index) => {
            const order = (columns.length - 1 - index) / every;
            const place = ((index + 0.5) / columns.length) * 100;
            return Number.isInteger(order) && <AxisLabel key={key} at={place} text={label} rank={rankOf(order)} />;
          })}
        </div>
      </div>
    </Figure>
  );

  function said(parts: Column["parts"], kind?: string): string {
    const those = parts.filter((part) => kind === undefined || part.kind === kind);
    const isUnknown = those.length > 0 && those.every(({ value }) => value === null);
    return isUnknown ? "—" : format(sum(parts, kind));
  }
}

/** Which labels go first where there is less room, counted from the last one. */
function rankOf(order: number): string {
  return order % 2 === 1 ? "minor" : order % 4 === 2 ? "lesser" : "";
}

function Swatch({ kind, place, height }: { kind: Kind; place: number; height?: string }) {
  const pattern = kind.pattern ?? patterns[place % patterns.length];
  return <i class={`chart-swatch ${pattern}`} style={{ "--series": `var(--series-${(place % 5) + 1})`, height }} />;
}

/** What is known of a kind, or of all. */
function sum(parts: Column["parts"], kind?: string): number {
  return parts.reduce((total, part) => total + (kind === undefined || part.kind === kind ? (part.value ?? 0) : 0), 0);
}

/** Two or three round values above 0, the last at or above every column and `least`; of whole numbers only whole ones. */
export function scaleOf(columns: readonly Column[], least = 0): number[] {
  const sums = columns.map(({ parts }) => sum(parts));
  const highest = Math.max(0, least, ...sums);
  if (highest === 0) return [];
  const isWhole = sums.every(Number.isInteger);
  for (let power = Math.floor(Math.log10(highest)) - 1; ; power += 1) {
    for (const round of [1, 2, 5]) {
      // Not round * 10 ** power: that is 0.30000000000000004.
      const step = Number(`${round}e${power}`);
      const count = Math.ceil(highest / step);
      if (count > 3 || (isWhole && step < 1)) continue;
      return Array.from({ length: count }, (_, index) => Number(((index + 1) * step).toPrecision(3)));
    }
  }
}
