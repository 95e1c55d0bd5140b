import type { Api } from "../api.ts";
import { cleanLine } from "../text.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "./figure.tsx";
import ganttCss from "./gantt.css";
import { labelStyle, type Tick, ticksOf } from "./ticks.ts";

/** ISO 8601, or ms since the epoch. */
type Instant = string | number;

/** What went on for a while. */
export interface GanttBar {
  /** Distinct among all bars. */
  id: string;
  from: Instant;
  /** Null: it has not ended, and goes on to the line of now. */
  to: Instant | null;
  /** What it is; may be anybody's words. */
  title: string;
  /** One of `kinds`. */
  kind: string;
}

export interface GanttLane {
  /** Distinct among the lanes. */
  key: string;
  /** May be anybody's words. */
  label: string;
  bars: readonly GanttBar[];
}

/** What happened at one moment, in a lane of its own above the others. */
export interface GanttMark {
  /** Distinct among all bars and marks. */
  id: string;
  at: Instant;
  title: string;
  /** One of `markKinds`. */
  kind: string;
}

/** What tells kinds of marks apart, besides colour. */
export type Shape = "star" | "dot" | "square" | "diamond" | "ring" | "triangle";

interface Props {
  /** What is shown, in words. */
  label: string;
  /** How far one can zoom out. */
  from: Instant;
  to: Instant;
  /** Where the line of now is, and where bars without an end end. */
  now: Instant;
  lanes: readonly GanttLane[];
  kinds: readonly { kind: string; label: string }[];
  marks?: readonly GanttMark[];
  markKinds?: readonly { kind: string; label: string; shape: Shape }[];
  /** What lane the marks have, in words. */
  markLabel?: string;
  /** Opens what is chosen: with a click (a finger's first one chooses), with Enter, or with the button below. */
  open?: (id: string) => void;
  /** For which of them `open` is meant; all without it. */
  isOpenable?: (id: string) => boolean;
  /** Is told what can be seen now, when that changes by zooming; null: all. */
  onSpan?: (span: { from: number; to: number } | null) => void;
}

interface Span {
  start: number;
  end: number;
}

/** A pointer that is held down. */
interface Drag {
  /** Parts of the plot's width. */
  from: number;
  to: number;
  /** What it was put on; null: nothing. */
  id: string | null;
}

interface Placed {
  id: string;
  start: number;
  end: number;
  isOpen: boolean;
  row: number;
  title: string;
  kind: string;
}

interface Lane {
  key: string;
  label: string;
  bars: Placed[];
  rows: number;
}

const patterns = ["solid", "stripes", "dots", "bands", "outline"] as const;
const shapes: Record<Shape, string> = {
  star: "M5 .8 6.3 3.7 9.4 4 7 6.1l.7 3.1L5 7.6 2.3 9.2 3 6.1.6 4l3.1-.3z",
  dot: "M5 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  square: "M2.3 2.3h5.4v5.4H2.3z",
  diamond: "M5 1.3 8.7 5 5 8.7 1.3 5z",
  ring: "M5 1.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM5 4a1 1 0 1 1 0 2 1 1 0 0 1 0-2z",
  triangle: "M5 1.5 9 8.5H1z",
};
const LEAST_SPAN = 60_000;
/** Bars that overlap stand below each other, at most in so many rows. */
const MOST_ROWS = 4;
/** About so many labels fit below the axis. */
const LABELS = 8;
/** A pointer that moved less than this, in px, has clicked. */
const CLICK = 6;

/** Lanes of intervals on an axis of time, to be zoomed into: with the buttons, the keys + and −, or by dragging. */
export function makeGantt(api: Api) {
  const { h, hooks, t, format, ui } = api;
  const Figure = makeFigure(api);

  return function Gantt(props: Props) {
    const { label, lanes, kinds, marks = [], markKinds = [], markLabel = "", open, isOpenable = () => true } = props;
    const whole = { start: ms(props.from), end: Math.max(ms(props.to), ms(props.from) + LEAST_SPAN) };
    const now = ms(props.now);
    const [zoom, setZoom] = hooks.useState<Span | null>(null);
    const [chosenId, choose] = hooks.useState<string | null>(null);
    const [drag, setDrag] = hooks.useState<Drag | null>(null);
    const [isFocused, setFocused] = hooks.useState(false);
    const plot = hooks.useRef<HTMLDivElement>(null);
    const span = zoom ? clamped(zoom, whole) : whole;
    const isWhole = span.start === whole.start && span.end === whole.end;
    const place = (at: number) => ((at - span.start) / (span.end - span.start)) * 100;
    const drawn = lanes.map((lane) => packed(lane, span, now));
    const points = marks
      .map((mark) => ({ ...mark, at: ms(mark.at) }))
      .filter(({ at }) => at >= span.start && at <= span.end)
      .sort((a, b) => a.at - b.at);
    const all = [
      ...points.map(({ id, at, title, kind }) => ({ id, start: at, end: at, isOpen: false, row: 0, title, kind })),
      ...drawn.flatMap(({ bars }) => bars),
    ].sort((a, b) => a.start - b.start);
    const chosen = all.find(({ id }) => id === chosenId) ?? null;
    const shown = chosen ?? (isFocused ? all.at(-1) : undefined) ?? null;
    const ticks = ticksOf(span.start, span.end, LABELS);
    const names = new Map([...kinds, ...markKinds].map(({ kind, label }) => [kind, label]));

    const go = (next: Span | null) => {
      const target = next ? clamped(next, whole) : null;
      const isAll = target === null || (target.start === whole.start && target.end === whole.end);
      setZoom(isAll ? null : target);
      props.onSpan?.(isAll ? null : { from: target.start, to: target.end });
    };
    const scale = (factor: number) => {
      const centre = chosen ? (Math.max(chosen.start, span.start) + Math.min(chosen.end, span.end)) / 2 : undefined;
      const middle = centre ?? (span.start + span.end) / 2;
      const half = Math.max(LEAST_SPAN, (span.end - span.start) * factor) / 2;
      go({ start: middle - half, end: middle + half });
    };
    const pan = (share: number) => {
      const by = (span.end - span.start) * share;
      go({ start: span.start + by, end: span.end + by });
    };
    const step = (by: number) => {
      const at = shown ? all.findIndex(({ id }) => id === shown.id) : all.length;
      choose(all[Math.min(all.length - 1, Math.max(0, at + by))]?.id ?? null);
    };
    const keys: Record<string, () => void> = {
      "+": () => scale(0.5),
      "=": () => scale(0.5),
      "-": () => scale(2),
      "0": () => go(null),
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      PageUp: () => pan(-0.5),
      PageDown: () => pan(0.5),
      Home: () => choose(all[0]?.id ?? null),
      End: () => choose(all.at(-1)?.id ?? null),
      ...(open && shown && isOpenable(shown.id) ? { Enter: () => open(shown.id) } : {}),
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    const enter = ({ pointerType }: PointerEvent, id: string) => {
      if (drag === null && pointerType !== "touch") choose(id);
    };
    const shareAt = (event: PointerEvent) => {
      const box = plot.current?.getBoundingClientRect();
      return box && box.width > 0 ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
    };
    // A mouse has told what it is at before it clicks; a finger is told first, and opens with its second click.
    const onClick = (id: string | null, pointerType: string) => {
      const isTold = pointerType !== "touch" || id === chosenId;
      choose(id);
      if (id !== null && open && isTold && isOpenable(id)) open(id);
    };
    const onPointerUp = ({ pointerType }: PointerEvent) => {
      setDrag(null);
      if (!drag) return;
      if (Math.abs(drag.to - drag.from) * (plot.current?.clientWidth ?? 0) < CLICK) {
        onClick(drag.id, pointerType);
        return;
      }
      const length = span.end - span.start;
      go({
        start: span.start + Math.min(drag.from, drag.to) * length,
        end: span.start + Math.max(drag.from, drag.to) * length,
      });
    };

    return (
      <Figure
        label={label}
        table={() => ({
          columns: [t("gantt.what"), t("gantt.kind"), t("gantt.from"), t("gantt.to"), t("gantt.length")],
          rows: all.map(({ title, kind, start, end, isOpen }) => [
            title,
            names.get(kind) ?? kind,
            instantWords(start, span),
            isOpen ? t("gantt.open-end") : end > start ? instantWords(end, span) : "",
            end > start ? format.duration((end - start) / 1000) : "",
          ]),
        })}
        caption={
          <div class="gantt-caption" aria-live={isFocused ? "polite" : "off"}>
            {shown ? (
              <span class="gantt-told">
                <b>
                  <ui.Text text={shown.title} title />
                </b>
                <small>{about(shown)}</small>
                {open && isOpenable(shown.id) && (
                  <button type="button" class="quiet" onClick={() => open(shown.id)} onBlur={() => setFocused(false)}>
                    {t("gantt.open")}
                  </button>
                )}
              </span>
            ) : (
              <ul class="gantt-legend">
                {kinds.map(({ kind, label }, index) => (
                  <li key={kind}>
                    <i class={`chart-swatch ${patternOf(index)}`} style={{ "--series": seriesOf(index) }} /> {label}
                  </li>
                ))}
                {markKinds.map(({ kind, label, shape }) => (
                  <li key={kind}>
                    <Sign shape={shape} /> {label}
                  </li>
                ))}
              </ul>
            )}
          </div>
        }
      >
        <div
          class="gantt"
          style={{ "--gantt-now": `${place(now)}%` }}
          data-now={now >= span.start && now <= span.end ? "" : undefined}
        >
          <div class="gantt-tools">
            <small class="gantt-span numeric">{spanWords(span)}</small>
            <Tool name="back" title={t("gantt.earlier")} isOff={isWhole} act={() => pan(-0.5)} />
            <Tool name="next" title={t("gantt.later")} isOff={isWhole} act={() => pan(0.5)} />
            <Tool sign="−" title={t("gantt.out")} isOff={isWhole} act={() => scale(2)} />
            <Tool sign="+" title={t("gantt.in")} isOff={span.end - span.start <= LEAST_SPAN} act={() => scale(0.5)} />
            <button type="button" disabled={isWhole} onClick={() => go(null)}>
              {t("gantt.all")}
            </button>
          </div>
          <div
            class="gantt-area"
            role="group"
            aria-label={`${label}. ${t("gantt.keys")}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: keys choose and zoom.
            tabIndex={0}
            onKeyDown={onKeyDown}
            onFocus={() => setFocused(true)}
            // What is told stays while the focus is on its button.
            onBlur={({ relatedTarget }) =>
              setFocused(relatedTarget instanceof Element && relatedTarget.closest(".gantt-told") !== null)
            }
          >
            <div class="gantt-labels" aria-hidden="true">
              {marks.length > 0 && <span class="gantt-label marks">{markLabel}</span>}
              {drawn.map(({ key, label, rows }) => (
                <span key={key} class="gantt-label" style={{ "--gantt-rows": rows }}>
                  <ui.Text text={label} title />
                </span>
              ))}
            </div>
            <div
              class="gantt-plot"
              ref={plot}
              role="img"
              aria-label={t("gantt.summary", { label, count: all.length, span: spanWords(span) })}
              onPointerDown={(event) => {
                if (event.button !== 0) return;
                const share = shareAt(event);
                plot.current?.setPointerCapture?.(event.pointerId);
                const on = (event.target as Element).closest<HTMLElement>("[data-id]");
                setDrag({ from: share, to: share, id: on?.dataset.id ?? null });
              }}
              onPointerMove={(event) => drag && setDrag({ ...drag, to: shareAt(event) })}
              onPointerUp={onPointerUp}
              onPointerCancel={() => setDrag(null)}
            >
              {ticks.map(({ at }) => (
                <i key={at} class="chart-rule" style={{ left: `${place(at)}%` }} />
              ))}
              {marks.length > 0 && (
                <div class="gantt-track marks">
                  {points.map(({ id, at, title, kind }) => (
                    <span
                      key={id}
                      class={`gantt-mark${clickable(id)}${id === shown?.id ? " chosen" : ""}`}
                      style={{ left: `${place(at)}%` }}
                      title={cleanLine(title)}
                      data-id={id}
                      onPointerEnter={(event) => enter(event, id)}
                    >
                      <Sign shape={markKinds.find((each) => each.kind === kind)?.shape ?? "dot"} />
                    </span>
                  ))}
                </div>
              )}
              {drawn.map(({ key, bars, rows }) => (
                <div key={key} class="gantt-track" style={{ "--gantt-rows": rows }}>
                  {bars.map(({ id, start, end, isOpen, row, title, kind }) => {
                    const index = kinds.findIndex((each) => each.kind === kind);
                    const [from, to] = [Math.max(0, place(start)), Math.min(100, place(end))];
                    return (
                      <i
                        key={id}
                        class={`gantt-bar chart-swatch ${patternOf(index)}${isOpen ? " open" : ""}${clickable(id)}${id === shown?.id ? " chosen" : ""}`}
                        style={{
                          "--series": seriesOf(index),
                          "--gantt-row": row,
                          left: `${from}%`,
                          width: `${Math.max(0, to - from)}%`,
                        }}
                        title={cleanLine(title)}
                        data-id={id}
                        onPointerEnter={(event) => enter(event, id)}
                      />
                    );
                  })}
                </div>
              ))}
              {drag && (
                <i
                  class="gantt-drag"
                  style={{
                    left: `${100 * Math.min(drag.from, drag.to)}%`,
                    width: `${100 * Math.abs(drag.to - drag.from)}%`,
                  }}
                />
              )}
            </div>
            <div class="gantt-axis numeric" aria-hidden="true">
              {ticks.map((tick, index) => (
                <small
                  key={tick.at}
                  class={index % 2 ? "minor" : index % 4 ? "middle" : ""}
                  style={labelStyle(place(tick.at))}
                >
                  {tickWords(tick)}
                </small>
              ))}
            </div>
          </div>
        </div>
      </Figure>
    );

    function clickable(id: string): string {
      return open && isOpenable(id) ? " linked" : "";
    }

    function about({ kind, start, end, isOpen }: Placed): string {
      return [
        names.get(kind) ?? kind,
        format.date(new Date(start).toISOString()),
        ...(end > start ? [format.duration((end - start) / 1000)] : []),
        ...(isOpen ? [t("gantt.open-end")] : []),
      ].join(" · ");
    }
  };

  function Tool(props: { name?: "back" | "next"; sign?: string; title: string; isOff: boolean; act: () => void }) {
    return (
      <button
        type="button"
        class="gantt-tool"
        title={props.title}
        aria-label={props.title}
        disabled={props.isOff}
        onClick={props.act}
      >
        {props.name ? <ui.Icon name={props.name} size={14} /> : props.sign}
      </button>
    );
  }

  function Sign({ shape }: { shape: Shape }) {
    return (
      <svg class={`gantt-sign ${shape}`} viewBox="0 0 10 10" aria-hidden="true">
        <path d={shapes[shape]} />
      </svg>
    );
  }

  function spanWords(span: Span): string {
    const { start, end } = span;
    const [first, last] = [format.day(start), format.day(end)];
    if (first === last) return `${first}, ${format.time(start)} – ${format.time(end)}`;
    return `${dayWords(start, span)} – ${dayWords(end, span)}`;
  }

  /** With its year where the span is not within one. */
  function dayWords(at: number, { start, end }: Span): string {
    const isOneYear = new Date(start).getFullYear() === new Date(end).getFullYear();
    return isOneYear ? format.day(at) : `${format.day(at)} ${new Date(at).getFullYear()}`;
  }

  function instantWords(at: number, span: Span): string {
    return `${dayWords(at, span)}, ${format.time(at)}`;
  }

  function tickWords({ at, unit }: Tick): string {
    if (unit === "year") return String(new Date(at).getFullYear());
    return unit === "minute" ? format.time(at) : format.day(at);
  }
}

/** The bars that can be seen, those that overlap in rows below each other. */
function packed({ key, label, bars }: GanttLane, span: Span, now: number): Lane {
  const least = (span.end - span.start) / 300;
  const ends: number[] = [];
  const placed = bars
    .map((bar) => ({ ...bar, start: ms(bar.from), end: bar.to === null ? now : ms(bar.to) }))
    .filter(({ start, end }) => Math.max(start, end) >= span.start && start <= span.end)
    .sort((a, b) => a.start - b.start)
    .map(({ id, start, end: last, to, title, kind }) => {
      const end = Math.max(start, last);
      const free = ends.findIndex((taken) => taken <= start);
      const row = free >= 0 ? free : Math.min(ends.length, MOST_ROWS - 1);
      ends[row] = Math.max(ends[row] ?? 0, end, start + least);
      return { id, start, end, isOpen: to === null, row, title, kind };
    });
  return { key, label, bars: placed, rows: Math.max(1, ends.length) };
}

/** Within the whole, and not shorter than a minute. */
function clamped({ start, end }: Span, whole: Span): Span {
  const length = Math.min(Math.max(LEAST_SPAN, end - start), whole.end - whole.start);
  const from = Math.min(Math.max(start, whole.start), whole.end - length);
  return { start: from, end: from + length };
}

function ms(at: Instant): number {
  return typeof at === "number" ? at : Date.parse(at);
}

function patternOf(index: number): string {
  const at = Math.max(0, index);
  // Shifted with each round of colours, so that no two look the same.
  return patterns[(at + Math.floor(at / patterns.length)) % patterns.length] ?? "solid";
}

function seriesOf(index: number): string {
  return `var(--series-${(Math.max(0, index) % patterns.length) + 1})`;
}

export const css = figureCss + ganttCss;

export const texts = {
  en: {
    ...figureTexts.en,
    "gantt.what": "What",
    "gantt.kind": "Kind",
    "gantt.from": "From",
    "gantt.to": "To",
    "gantt.length": "Length",
    "gantt.open-end": "not ended",
    "gantt.open": "Open",
    "gantt.earlier": "Earlier",
    "gantt.later": "Later",
    "gantt.in": "Zoom in",
    "gantt.out": "Zoom out",
    "gantt.all": "All",
    "gantt.keys": "Arrows choose, Enter opens, + and − zoom, Page Up and Page Down go earlier and later, 0 shows all",
    "gantt.summary": "{label}: {count} thing, {span}|{label}: {count} things, {span}",
  },
  zh: {
    ...figureTexts.zh,
    "gantt.what": "内容",
    "gantt.kind": "类型",
    "gantt.from": "开始",
    "gantt.to": "结束",
    "gantt.length": "时长",
    "gantt.open-end": "未结束",
    "gantt.open": "打开",
    "gantt.earlier": "更早",
    "gantt.later": "更晚",
    "gantt.in": "放大",
    "gantt.out": "缩小",
    "gantt.all": "全部",
    "gantt.keys": "方向键选择，回车键打开，+ 和 − 缩放，Page Up 与 Page Down 前后移动，0 显示全部",
    "gantt.summary": "{label}：{count} 项，{span}",
  },
};
