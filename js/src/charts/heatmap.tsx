import type { Api } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "./figure.tsx";
import heatMapCss from "./heatmap.css";

interface HeatMapProps {
  /** What is shown, in words. */
  label: string;
  /** What stands left of the rows, and below the columns. */
  rows: readonly string[];
  columns: readonly string[];
  /** By row, then by column; null: there is nothing to be told, which is not 0. */
  values: readonly (readonly (number | null)[])[];
  /** How a value reads. */
  say: (value: number) => string;
  /** A cell's whole name; row and column without it. */
  name?: (row: number, column: number) => string;
  /** One label below so many columns; what fits without it. */
  every?: number;
}

interface CalendarProps {
  /** What is shown, in words. */
  label: string;
  /** Ascending; days between them that are left out are 0. */
  days: readonly { day: string; value: number }[];
  /** The first and the last day that are drawn (2026-06-01); those of `days` without them. */
  from?: string;
  to?: string;
  /** How a value reads. */
  say: (value: number) => string;
}

interface Label {
  /** Its column. */
  at: number;
  text: string;
}

interface GridProps {
  label: string;
  values: readonly (readonly (number | null)[])[];
  columns: number;
  rowLabels: readonly string[];
  columnLabels: readonly Label[];
  say: (value: number) => string;
  name: (row: number, column: number) => string;
  /** Cells of a fixed size, which may be wider than the place that is there, the end first; else they fill it. */
  isFixed?: boolean;
}

interface Cell {
  row: number;
  column: number;
}

const DAY = 86_400_000;
/** So many days before the last one are drawn: one odd date must not make a drawing of decades. */
const MOST_DAYS = 370;
/** The width of a cell of fixed size and its gap, in px. */
const CELL = 14;
const LEVELS = [0, 0.25, 0.5, 0.75, 1] as const;

/** Values by rows and columns, such as weekday and hour, the more the darker. */
export function makeHeatMap(api: Api) {
  const { h } = api;
  const Grid = makeGrid(api);

  return function HeatMap({ label, rows, columns, values, say, every = 1, ...more }: HeatMapProps) {
    const name = more.name ?? ((row: number, column: number) => `${rows[row]}, ${columns[column]}`);
    return (
      <Grid
        label={label}
        values={values}
        columns={columns.length}
        rowLabels={rows}
        columnLabels={columns.flatMap((text, at) => (at % every === 0 ? [{ at, text }] : []))}
        say={say}
        name={name}
      />
    );
  };
}

/** Days in weeks, like GitHub's: a column each week, from Monday on. */
export function makeCalendar(api: Api) {
  const { h, t, format } = api;
  const Grid = makeGrid(api);

  return function Calendar({ label, days, from, to, say }: CalendarProps) {
    const last = Date.parse(to ?? days.at(-1)?.day ?? "");
    const first = Math.max(Date.parse(from ?? days[0]?.day ?? ""), last - MOST_DAYS * DAY);
    if (Number.isNaN(first) || Number.isNaN(last) || last < first) return null;
    const known = new Map(days.map(({ day, value }) => [day, value]));
    const monday = first - weekdayOf(first) * DAY;
    const weeks = Math.floor((last - monday) / (7 * DAY)) + 1;
    const at = (row: number, column: number) => monday + (7 * column + row) * DAY;
    const values = Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: weeks }, (_, column) => {
        const day = at(row, column);
        return day < first || day > last ? null : (known.get(isoDay(day)) ?? 0);
      }),
    );
    const months = Array.from({ length: weeks }, (_, column) => column).flatMap((column) => {
      const sunday = new Date(at(6, column));
      const begin = at(6, column) - (sunday.getUTCDate() - 1) * DAY;
      // The week with the month's first day.
      const isFirst = sunday.getUTCDate() <= 7 && begin <= last;
      return isFirst ? [{ at: column, text: t(`month.${sunday.getUTCMonth() + 1}`) }] : [];
    });
    if ((months[0]?.at ?? weeks) > 2) months.unshift({ at: 0, text: t(`month.${new Date(first).getUTCMonth() + 1}`) });
    return (
      <Grid
        label={label}
        values={values}
        columns={weeks}
        rowLabels={weekdays(t).map((name, row) => (row % 2 === 0 ? name : ""))}
        columnLabels={months}
        say={say}
        name={(row, column) => format.longDay(isoDay(at(row, column)))}
        isFixed
      />
    );
  };
}

/** The names of the days of the week, in short, from Monday on. */
export function weekdays(t: Api["t"]): string[] {
  return [0, 1, 2, 3, 4, 5, 6].map((day) => t(`weekday.${day}`));
}

function makeGrid(api: Api) {
  const { h, hooks, t } = api;
  const Figure = makeFigure(api);

  return function Grid({ label, values, columns, rowLabels, columnLabels, say, name, isFixed = false }: GridProps) {
    const [chosen, choose] = hooks.useState<Cell | null>(null);
    const [isFocused, setFocused] = hooks.useState(false);
    const scroller = hooks.useRef<HTMLDivElement>(null);
    const most = Math.max(0, ...values.flat().map((value) => value ?? 0));
    const peak = peakOf(values);
    const shown = chosen && valueAt(values, chosen) !== null ? chosen : peak;
    hooks.useLayoutEffect(() => {
      // The newest first.
      if (scroller.current) scroller.current.scrollLeft = scroller.current.scrollWidth;
    }, [columns]);
    const go = (event: KeyboardEvent) => {
      const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!by || !shown) return;
      event.preventDefault();
      const next = { row: shown.row + (by[0] ?? 0), column: shown.column + (by[1] ?? 0) };
      if (valueAt(values, next) === null) return;
      choose(next);
      const { current } = scroller;
      if (current) current.scrollLeft = (next.column / columns) * current.scrollWidth - current.clientWidth / 2;
    };
    const told = shown && peak ? tell(shown, shown === peak) : t("heatmap.none");
    return (
      <Figure
        label={label}
        table={() => ({
          columns: [t("heatmap.when"), label],
          rows: cellsOf(values, isFixed).map(({ row, column }) => [
            name(row, column),
            say(valueAt(values, { row, column }) ?? 0),
          ]),
        })}
        caption={[
          <span key="told" class="heat-told" aria-live={isFocused ? "polite" : "off"}>
            {told}
          </span>,
          most > 0 && (
            <span key="legend" class="heat-legend numeric" aria-hidden="true">
              {say(0)}
              {LEVELS.map((level) => (
                <i key={level} class="heat-cell" style={{ "--heat-share": level }} />
              ))}
              {say(most)}
            </span>
          ),
        ]}
      >
        <div class={isFixed ? "heat fixed" : "heat"} style={{ "--heat-rows": values.length }}>
          <div class="heat-rows" aria-hidden="true">
            {rowLabels.map((text, row) => (
              <small key={row}>{text}</small>
            ))}
          </div>
          <div
            class="heat-scroll"
            ref={scroller}
            role="group"
            aria-label={label}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a cell.
            tabIndex={0}
            onKeyDown={go}
            onFocus={() => setFocused(true)}
            onBlur={() => {
              setFocused(false);
              choose(null);
            }}
            onPointerLeave={({ pointerType }) => pointerType === "mouse" && choose(null)}
          >
            <div class="heat-plot" style={isFixed ? { width: `${columns * CELL}px` } : undefined}>
              <svg
                viewBox={`0 0 ${columns} ${values.length}`}
                preserveAspectRatio="none"
                role="img"
                aria-label={`${label}. ${peak ? tell(peak, true) : t("heatmap.none")}`}
              >
                <title>{label}</title>
                {cellsOf(values).map(({ row, column }) => {
                  const value = valueAt(values, { row, column }) ?? 0;
                  const isChosen = chosen !== null || isFocused ? shown?.row === row && shown.column === column : false;
                  return (
                    <rect
                      key={`${row} ${column}`}
                      class={isChosen ? "heat-cell chosen" : "heat-cell"}
                      style={{ "--heat-share": shareOf(value, most) }}
                      x={column + 0.06}
                      y={row + 0.06}
                      width={0.88}
                      height={0.88}
                      onPointerEnter={() => choose({ row, column })}
                    />
                  );
                })}
              </svg>
              <div class="heat-columns" aria-hidden="true">
                {columnLabels.map(({ at, text }) => (
                  <small key={at} style={{ left: `${(at / columns) * 100}%` }}>
                    {text}
                  </small>
                ))}
              </div>
            </div>
          </div>
        </div>
      </Figure>
    );

    function tell(cell: Cell, isPeak: boolean): string {
      const said = say(valueAt(values, cell) ?? 0);
      const where = name(cell.row, cell.column);
      return isPeak ? t("heatmap.peak", { where, said }) : `${where}: ${said}`;
    }
  };
}

function valueAt(values: GridProps["values"], { row, column }: Cell): number | null {
  return values[row]?.[column] ?? null;
}

/** All cells that have something to tell: row by row, or in the order of time. */
function cellsOf(values: GridProps["values"], isByColumn = false): Cell[] {
  const cells = values.flatMap((line, row) =>
    line.flatMap((value, column) => (value === null ? [] : [{ row, column }])),
  );
  return isByColumn ? cells.sort((a, b) => a.column - b.column || a.row - b.row) : cells;
}

/** The cell with the highest value; null where all are 0. */
function peakOf(values: GridProps["values"]): Cell | null {
  let peak: Cell | null = null;
  for (const cell of cellsOf(values)) {
    if ((valueAt(values, cell) ?? 0) > (peak ? (valueAt(values, peak) ?? 0) : 0)) peak = cell;
  }
  return peak;
}

/** How dark: one busy cell must not make all others look like nothing. */
function shareOf(value: number, most: number): number {
  return value > 0 && most > 0 ? Number((0.12 + 0.88 * Math.sqrt(value / most)).toFixed(3)) : 0;
}

/** From Monday (0) on. */
function weekdayOf(day: number): number {
  return (new Date(day).getUTCDay() + 6) % 7;
}

function isoDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}

export const css = figureCss + heatMapCss;

export const texts = {
  en: {
    ...figureTexts.en,
    "heatmap.peak": "Most: {where}: {said}",
    "heatmap.none": "Nothing yet",
    "heatmap.when": "When",
    "weekday.0": "Mon",
    "weekday.1": "Tue",
    "weekday.2": "Wed",
    "weekday.3": "Thu",
    "weekday.4": "Fri",
    "weekday.5": "Sat",
    "weekday.6": "Sun",
    "month.1": "Jan",
    "month.2": "Feb",
    "month.3": "Mar",
    "month.4": "Apr",
    "month.5": "May",
    "month.6": "Jun",
    "month.7": "Jul",
    "month.8": "Aug",
    "month.9": "Sep",
    "month.10": "Oct",
    "month.11": "Nov",
    "month.12": "Dec",
  },
  zh: {
    ...figureTexts.zh,
    "heatmap.peak": "最多：{where}：{said}",
    "heatmap.none": "暂无",
    "heatmap.when": "时间",
    "weekday.0": "周一",
    "weekday.1": "周二",
    "weekday.2": "周三",
    "weekday.3": "周四",
    "weekday.4": "周五",
    "weekday.5": "周六",
    "weekday.6": "周日",
    "month.1": "1月",
    "month.2": "2月",
    "month.3": "3月",
    "month.4": "4月",
    "month.5": "5月",
    "month.6": "6月",
    "month.7": "7月",
    "month.8": "8月",
    "month.9": "9月",
    "month.10": "10月",
    "month.11": "11月",
    "month.12": "12月",
  },
};
