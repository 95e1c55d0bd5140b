// @vitest-environment happy-dom

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi } from "../src/api.ts";
import * as figure from "../src/charts/figure.tsx";
import * as gantt from "../src/charts/gantt.tsx";
import * as heatmap from "../src/charts/heatmap.tsx";
import * as strip from "../src/charts/strip.tsx";
import { labelStyle, ticksOf } from "../src/charts/ticks.ts";
import { makeFormat } from "../src/format.ts";
import { container, draw, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const charts = [figure, heatmap, gantt, strip];

useStage(NOW);

const said = texts().above({
  en: Object.assign({}, ...charts.map(({ texts }) => texts.en)),
  zh: Object.assign({}, ...charts.map(({ texts }) => texts.zh)),
});
const api = makeApi(said, makeFormat("en", said.t));
const HeatMap = heatmap.makeHeatMap(api);
const Calendar = heatmap.makeCalendar(api);
const Gantt = gantt.makeGantt(api);
const Strip = strip.makeStrip(api);

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) => all(selector).map(({ textContent }) => textContent?.replace(/\s+/g, " ").trim());
const click = (selector: string) => act(() => all(selector)[0]?.click());
const press = (selector: string, key: string) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  act(() => void all(selector)[0]?.dispatchEvent(event));
  return event;
};
const point = (selector: string, type: string, init: PointerEventInit = {}) =>
  act(() => void all(selector)[0]?.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, ...init })));
const rows = () => all(".figure-table tbody tr").map((row) => [...row.children].map((cell) => cell.textContent));

/** Whatever is drawn can be read as a table, with headers for its columns and rows. */
function asTable() {
  click(".figure-switch");
  expect(all(".figure-table thead th").every((cell) => cell.getAttribute("scope") === "col")).toBe(true);
  expect(all(".figure-table tbody tr > :first-child").every((cell) => cell.getAttribute("scope") === "row")).toBe(true);
  expect(all("[role=img]")).toEqual([]);
  return { head: words(".figure-table thead th"), rows: rows() };
}

/** Each drawing has a name, and one that scrolls or takes keys can be reached. */
function namesOfDrawings() {
  return all("[role=img]").map((image) => image.getAttribute("aria-label"));
}

describe("a heat map", () => {
  const heat = (values: (number | null)[][]) =>
    draw(
      <HeatMap
        label="Work"
        rows={["Mon", "Tue"]}
        columns={["00", "01", "02"]}
        values={values}
        say={(count) => `${count} calls`}
      />,
    );
  const shares = () => all("rect").map(({ style }) => Number(style.getPropertyValue("--heat-share")));

  test("is the darker the more there is, and says where most is", () => {
    heat([
      [0, 1, null],
      [4, 16, 0],
    ]);
    expect(shares()).toEqual([0, 0.34, 0.56, 1, 0]);
    expect(words(".heat-told")).toEqual(["Most: Tue, 01: 16 calls"]);
    expect(namesOfDrawings()).toEqual(["Work. Most: Tue, 01: 16 calls"]);
  });

  test("tells the cell that the arrow keys choose, and stays within what is there", () => {
    heat([
      [0, 1, null],
      [4, 16, 0],
    ]);
    act(() => all(".heat-scroll")[0]?.focus());
    expect(press(".heat-scroll", "ArrowUp").defaultPrevented).toBe(true);
    expect(words(".heat-told")).toEqual(["Mon, 01: 1 calls"]);
    press(".heat-scroll", "ArrowRight");
    expect(words(".heat-told")).toEqual(["Mon, 01: 1 calls"]);
    expect(all("rect.chosen")).toHaveLength(1);
    expect(press(".heat-scroll", "a").defaultPrevented).toBe(false);
  });

  test("tells the cell that the pointer is at", () => {
    heat([[3, 1, 2]]);
    act(() => void all("rect")[2]?.dispatchEvent(new PointerEvent("pointerenter")));
    expect(words(".heat-told")).toEqual(["Mon, 02: 2 calls"]);
  });

  test("of nothing says so", () => {
    heat([[0, 0, 0]]);
    expect(words(".heat-told")).toEqual(["Nothing yet"]);
    expect(all(".heat-legend")).toEqual([]);
  });

  test("can be read as a table", () => {
    heat([[1, null, 2]]);
    expect(asTable()).toEqual({
      head: ["When", "Work"],
      rows: [
        ["Mon, 00", "1 calls"],
        ["Mon, 02", "2 calls"],
      ],
    });
  });
});

test("the style sheet of signs hits its own verdicts only, as it applies to all panels of a grid", () => {
  draw(
    <div class="verdict">
      <p>
        <b>Judged</b>
      </p>
    </div>,
  );
  const rules = [
    ...readFileSync(join(import.meta.dirname, "../src/charts/signs.css"), "utf8").matchAll(/([^{}]+)\{/g),
  ].map(([, selector = ""]) => selector.trim());
  expect(rules.length).toBeGreaterThan(5);
  for (const rule of rules) expect(all(rule)).toEqual([]);
});

describe("a calendar", () => {
  const days = [
    { day: "2026-05-28", value: 2 },
    { day: "2026-06-01", value: 8 },
  ];

  test("has a column each week from Monday on, and days that were left out are 0", () => {
    draw(<Calendar label="Sessions" days={days} say={String} />);
    const cells = all("rect").map((cell) => [cell.getAttribute("x"), cell.getAttribute("y")].map(Number));
    expect(cells.map(([x = 0, y = 0]) => [Math.floor(x), Math.floor(y)])).toEqual([
      [1, 0],
      [0, 3],
      [0, 4],
      [0, 5],
      [0, 6],
    ]);
    expect(words(".heat-columns small")).toEqual(["Jun"]);
    expect(asTable().rows).toEqual([
      ["Thursday, May 28, 2026", "2"],
      ["Friday, May 29, 2026", "0"],
      ["Saturday, May 30, 2026", "0"],
      ["Sunday, May 31, 2026", "0"],
      ["Monday, June 1, 2026", "8"],
    ]);
  });

  test("may begin and end where there is nothing", () => {
    draw(<Calendar label="Sessions" days={days} from="2026-05-01" to="2026-06-30" say={String} />);
    expect(all("rect")).toHaveLength(61);
    expect(words(".heat-columns small")).toEqual(["May", "Jun"]);
    draw(<Calendar label="Sessions" days={days} from="2026-05-10" to="2026-06-30" say={String} />);
    expect(words(".heat-columns small")).toEqual(["May", "Jun"]);
  });

  test("is of a year at most, whatever odd dates there are", () => {
    draw(<Calendar label="Sessions" days={[{ day: "1970-01-01", value: 1 }, ...days]} say={String} />);
    expect(all("rect")).toHaveLength(371);
  });

  test("of no day at all is nothing", () => {
    draw(<Calendar label="Sessions" days={[]} say={String} />);
    expect(container.textContent).toBe("");
  });
});

describe("a strip", () => {
  const spread = { min: 0.01, p50: 0.1, p95: 10, max: 100 };

  test("lies on a logarithmic axis, and says all of its figures", () => {
    draw(
      <Strip
        label="Latency"
        heading="Tool"
        rows={[
          { label: "web", count: 9, spread },
          { label: "none", count: 0, spread: null },
        ]}
        say={(value) => `${value}s`}
      />,
    );
    const bar = all("rect")[0];
    expect([bar?.getAttribute("x"), bar?.getAttribute("width")]).toEqual(["25%", "50%"]);
    expect(namesOfDrawings()).toEqual(["9 values: median 0.1s, 95 % within 10s, from 0.01s to 100s"]);
    expect(words(".strip-axis small")).toEqual(["0.01s", "1s", "100s"]);
    expect(words(".strip-none")).toEqual(["no times"]);
    expect(asTable()).toEqual({
      head: ["Tool", "Count", "Least", "Median", "95 % within", "Most"],
      rows: [
        ["web", "9", "0.01s", "0.1s", "10s", "100s"],
        ["none", "0", "—", "—", "—", "—"],
      ],
    });
  });

  test("of values at 0 is drawn at the low end", () => {
    const nothing = { min: 0, p50: 0, p95: 0, max: 0 };
    draw(<Strip label="Latency" heading="Tool" rows={[{ label: "fast", count: 1, spread: nothing }]} say={String} />);
    expect(all("rect")[0]?.getAttribute("x")).toBe("0%");
  });
});

describe("a Gantt chart", () => {
  const bar = (id: string, from: number, to: number | null, kind = "cli") => ({
    id,
    from: NOW + from * HOUR,
    to: to === null ? null : NOW + to * HOUR,
    title: `Session ${id}`,
    kind,
  });
  const open = vi.fn();
  const onSpan = vi.fn();
  const show = (
    lanes = [{ key: "cli", label: "cli", bars: [bar("a", -20, -10), bar("b", -12, -2), bar("c", -1, null)] }],
  ) =>
    draw(
      <Gantt
        label="Work"
        from={NOW - DAY}
        to={NOW}
        now={NOW}
        lanes={lanes}
        kinds={[
          { kind: "cli", label: "cli" },
          { kind: "cron", label: "cron" },
        ]}
        marks={[{ id: "m", at: NOW - 6 * HOUR, title: "First session", kind: "milestone" }]}
        markKinds={[{ kind: "milestone", label: "milestone", shape: "star" }]}
        markLabel="events"
        open={open}
        onSpan={onSpan}
      />,
    );
  const places = () =>
    all(".gantt-bar").map(({ style }) =>
      [style.left, style.width].map((value) => Math.round(Number.parseFloat(value))),
    );

  test("has bars at their times; those that overlap stand below each other", () => {
    show();
    expect(places()).toEqual([
      [17, 42],
      [50, 42],
      [96, 4],
    ]);
    expect(all(".gantt-bar").map(({ style }) => style.getPropertyValue("--gantt-row"))).toEqual(["0", "1", "0"]);
    expect(all(".gantt-bar.open")).toHaveLength(1);
    expect(namesOfDrawings()).toEqual([expect.stringContaining("Work: 4 things")]);
  });

  test("has another colour or another pattern for each of many kinds", () => {
    const kinds = Array.from({ length: 12 }, (_, index) => ({ kind: `k${index}`, label: `k${index}` }));
    const lanes = kinds.map(({ kind }) => ({ key: kind, label: kind, bars: [bar(kind, -9, -8, kind)] }));
    draw(
      <Gantt
        label="Work"
        from={NOW - DAY}
        to={NOW}
        now={NOW}
        lanes={lanes}
        kinds={kinds}
        marks={[]}
        markKinds={[]}
        markLabel=""
      />,
    );
    const looks = all(".gantt-bar").map(({ className, style }) => `${className} ${style.getPropertyValue("--series")}`);
    expect(new Set(looks).size).toBe(12);
  });

  test("is zoomed into by buttons, and told about it", () => {
    show();
    click("[aria-label='Zoom in']");
    expect(onSpan).toHaveBeenLastCalledWith({ from: NOW - 18 * HOUR, to: NOW - 6 * HOUR });
    expect(places()).toEqual([
      [0, 67],
      [50, 50],
    ]);
    click("[aria-label='Later']");
    expect(onSpan).toHaveBeenLastCalledWith({ from: NOW - 12 * HOUR, to: NOW });
    click("[aria-label='Zoom out']");
    expect(onSpan).toHaveBeenLastCalledWith(null);
    expect(all("[aria-label='Zoom out']")[0]?.hasAttribute("disabled")).toBe(true);
  });

  test("is zoomed into by keys, around what they chose", () => {
    show();
    act(() => all(".gantt-area")[0]?.focus());
    press(".gantt-area", "Home");
    expect(words(".gantt-told b")).toEqual(["Session a"]);
    press(".gantt-area", "ArrowRight");
    expect(words(".gantt-told b")).toEqual(["Session b"]);
    press(".gantt-area", "+");
    expect(onSpan).toHaveBeenLastCalledWith({ from: NOW - 13 * HOUR, to: NOW - HOUR });
    press(".gantt-area", "0");
    expect(onSpan).toHaveBeenLastCalledWith(null);
    expect(press(".gantt-area", "x").defaultPrevented).toBe(false);
  });

  test("opens what a mouse clicks on; a finger's first click chooses, and one beside it all chooses nothing", () => {
    show();
    open.mockClear();
    const clickOn = (selector: string, pointerType: string) => {
      point(selector, "pointerenter", { pointerType });
      point(selector, "pointerdown", { pointerType });
      point(selector, "pointerup", { pointerType });
    };
    clickOn("[data-id=b]", "touch");
    expect(words(".gantt-told b")).toEqual(["Session b"]);
    expect(open).not.toHaveBeenCalled();
    clickOn("[data-id=b]", "touch");
    expect(open).toHaveBeenLastCalledWith("b");
    clickOn("[data-id=m]", "mouse");
    expect(open).toHaveBeenLastCalledWith("m");
    clickOn(".gantt-plot", "mouse");
    expect(words(".gantt-told b")).toEqual([]);
    expect(open).toHaveBeenCalledTimes(2);
  });

  test("opens nothing that leads nowhere", () => {
    open.mockClear();
    const lanes = [{ key: "cli", label: "cli", bars: [bar("a", -20, -10)] }];
    const kinds = [{ kind: "cli", label: "cli" }];
    const props = { label: "Work", from: NOW - DAY, to: NOW, now: NOW, lanes, kinds, open };
    draw(<Gantt {...props} isOpenable={() => false} />);
    point(".gantt-bar", "pointerdown");
    point(".gantt-bar", "pointerup");
    expect(words(".gantt-told b")).toEqual(["Session a"]);
    expect(all(".linked, .gantt-told button")).toEqual([]);
    press(".gantt-area", "Enter");
    expect(open).not.toHaveBeenCalled();
  });

  test("is zoomed into by dragging; a click does not zoom", () => {
    show();
    const plot = all(".gantt-plot")[0] as HTMLElement;
    vi.spyOn(plot, "getBoundingClientRect").mockReturnValue({ left: 0, width: 240 } as DOMRect);
    Object.defineProperty(plot, "clientWidth", { value: 240 });
    onSpan.mockClear();
    point(".gantt-plot", "pointerdown", { clientX: 100 });
    point(".gantt-plot", "pointermove", { clientX: 102 });
    point(".gantt-plot", "pointerup", { clientX: 102 });
    expect(onSpan).not.toHaveBeenCalled();
    point(".gantt-plot", "pointerdown", { clientX: 180 });
    point(".gantt-plot", "pointermove", { clientX: 120 });
    point(".gantt-plot", "pointerup", { clientX: 120 });
    expect(onSpan).toHaveBeenCalledWith({ from: NOW - 12 * HOUR, to: NOW - 6 * HOUR });
  });

  test("opens what is chosen, by Enter or by its button", () => {
    show();
    act(() => all(".gantt-area")[0]?.focus());
    press(".gantt-area", "End");
    press(".gantt-area", "Enter");
    expect(open).toHaveBeenLastCalledWith("c");
    act(() => void all("[data-id=m]")[0]?.dispatchEvent(new PointerEvent("pointerenter")));
    expect(words(".gantt-told b")).toEqual(["First session"]);
    click(".gantt-told button");
    expect(open).toHaveBeenLastCalledWith("m");
  });

  test("has harmless titles, and a table of what can be seen", () => {
    show([{ key: "cli", label: "cli", bars: [{ ...bar("a", -2, -1), title: "a\u202eb" }, bar("old", -99, -98)] }]);
    expect(all(".gantt-bar").map(({ title }) => title)).toEqual(["a[U+202E]b"]);
    const { head, rows } = asTable();
    expect(head).toEqual(["What", "Kind", "From", "To", "Length"]);
    expect(rows.map(([what, kind, , , length]) => [what, kind, length])).toEqual([
      ["First session", "milestone", ""],
      ["a[U+202E]b", "cli", "1h"],
    ]);
  });
});

describe("ticks", () => {
  test.each([
    [HOUR, 10 * 60_000, "minute"],
    [DAY, 3 * HOUR, "minute"],
    [12 * DAY, 2 * DAY, "day"],
    [60 * DAY, 14 * DAY, "day"],
  ])("of a span of %i ms are round", (span, step, unit) => {
    const ticks = ticksOf(NOW - span, NOW, 8);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThanOrEqual(9);
    for (const [index, { at }] of ticks.slice(1).entries()) {
      // An hour more or less where the clock is changed.
      expect(Math.abs(at - (ticks[index]?.at ?? 0) - step)).toBeLessThanOrEqual(step >= DAY ? HOUR : 0);
    }
    expect(ticks.some((tick) => tick.unit === unit)).toBe(true);
  });

  test("of years are months, and then years", () => {
    const months = ticksOf(Date.parse("2025-06-15T00:00:00"), Date.parse("2026-06-15T00:00:00"), 8);
    expect(months.map(({ at }) => new Date(at).getMonth())).toEqual([6, 8, 10, 0, 2, 4]);
    expect(months.map(({ unit }) => unit)).toEqual(["month", "month", "month", "year", "month", "month"]);
    const years = ticksOf(Date.parse("2006-06-15T00:00:00"), Date.parse("2026-06-15T00:00:00"), 8);
    expect(years.map(({ at }) => new Date(at).getFullYear())).toEqual([2011, 2016, 2021, 2026]);
  });

  test("where a clock skips an hour come once each", () => {
    const zone = process.env.TZ;
    process.env.TZ = "Europe/Vienna";
    const night = Date.parse("2026-03-29T00:00:00+01:00");
    const ticks = ticksOf(night, night + 6 * HOUR, 14).map(({ at }) => at);
    process.env.TZ = zone;
    expect(ticks.length).toBeGreaterThan(6);
    expect(new Set(ticks).size).toBe(ticks.length);
  });

  test("have labels that do not stick out at the ends", () => {
    expect([0, 50, 100].map((place) => labelStyle(place).transform)).toEqual([
      "translateX(-0%)",
      "translateX(-50%)",
      "translateX(-100%)",
    ]);
  });
});
