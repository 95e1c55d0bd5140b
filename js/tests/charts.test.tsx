// @vitest-environment happy-dom

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { Texts } from "../src/i18n.ts";
import { scaleOf } from "../src/ui/columns.tsx";
import { ui } from "../src/ui/index.ts";
import { ticksOf } from "../src/ui/timeline.tsx";
import { container, draw, useStage } from "./draw.ts";

const { Bars, Columns, Sparkline, TimeLine, Until } = ui;
const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;

useStage(NOW);

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const text = (selector: string) => all(selector).map(({ textContent }) => textContent);
const table = () =>
  [...container.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
const press = (selector: string, key: string) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  act(() => void all(selector)[0]?.dispatchEvent(event));
  return event;
};

/** Lets time pass, in ms. */
const pass = (duration: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(duration);
  });

describe("bars", () => {
  const widths = () => all(".bars-bar > i").map(({ style }) => style.width);

  test("are as long as their values, and every value is said", () => {
    draw(
      <Bars
        rows={[
          { label: "opus", value: 8, text: "$8.00", note: "estimated" },
          { label: "haiku", value: 2 },
          { label: "tiny", value: 0.001 },
          { label: "none", value: 0 },
        ]}
      />,
    );
    expect(widths()).toEqual(["100%", "25%", "1%", "0%"]);
    expect(text("li")).toEqual(["opus$8.00 estimated", "haiku2", "tiny0.001", "none0"]);
  });

  test("are measured against `max`, and never longer", () => {
    draw(
      <Bars
        max={4}
        rows={[
          { label: "a", value: 1 },
          { label: "b", value: 9 },
        ]}
      />,
    );
    expect(widths()).toEqual(["25%", "100%"]);
  });

  test("of nothing are no bars", () => {
    draw(<Bars rows={[{ label: "a", value: 0 }]} />);
    expect(widths()).toEqual(["0%"]);
  });

  test("have labels that reorder nothing", () => {
    draw(<Bars rows={[{ label: "a\u202eb", value: 1, title: "a\u202eb · 1" }]} />);
    expect(text(".bars-label")).toEqual(["a[U+202E]b"]);
    expect(all("li")[0]?.title).toBe("a[U+202E]b · 1");
  });
});

describe("columns", () => {
  const kinds = [
    { kind: "actual", label: "actual" },
    { kind: "estimated", label: "estimated" },
  ];
  const columns = ["29", "30", "31"].map((day, index) => ({
    key: day,
    label: `May ${day}`,
    title: `May ${day}, 2026`,
    parts: [
      { kind: "actual", value: index },
      { kind: "estimated", value: index === 1 ? null : 0.5 },
    ],
  }));
  const usd = (value: number) => `$${value.toFixed(2)}`;
  const show = (shown = columns) => draw(<Columns columns={shown} kinds={kinds} format={usd} label="Cost by day" />);
  const below = () => text(".columns-told")[0];

  test("are stacks by kind, and what is not known is neither 0 nor silent", () => {
    show();
    expect(all(".columns-stack").map((stack) => [...stack.children].map((part) => part.className))).toEqual([
      ["chart-swatch solid", "chart-swatch stripes"],
      ["chart-swatch solid", "chart-swatch stripes", "unknown"],
      ["chart-swatch solid", "chart-swatch stripes"],
    ]);
    const top = 3;
    expect(all(".columns-column:nth-of-type(3) .chart-swatch").map(({ style }) => style.height)).toEqual([
      `${(2 / top) * 100}%`,
      `${(0.5 / top) * 100}%`,
    ]);
  });

  test("can be read as a table, with a switch for it", () => {
    const pressed = (button: HTMLElement) => [button.textContent, button.getAttribute("aria-pressed")];
    show();
    const name = "As a table: Cost by day";
    expect(all("button").map(pressed)).toEqual([[name, "false"]]);
    act(() => all("button")[0]?.click());
    expect(all("button").map(pressed)).toEqual([[name, "true"]]);
    expect(all(".columns-plot, .columns-told")).toEqual([]);
    expect(table()).toEqual([
      ["When", "actual", "estimated", "in all"],
      ["May 29, 2026", "$0.00", "$0.50", "$0.50"],
      ["May 30, 2026", "$1.00", "—", "$1.00"],
      ["May 31, 2026", "$2.00", "$0.50", "$2.50"],
    ]);
    act(() => all("button")[0]?.click());
    expect(all(".columns-plot")).toHaveLength(1);
  });

  test("have their notes in the table, and no sum of one kind", () => {
    const noted = columns.map((column, index) => (index === 2 ? { ...column, note: "2 sessions" } : column));
    draw(<Columns columns={noted} kinds={kinds.slice(0, 1)} format={usd} label="Cost by day" />);
    act(() => all("button")[0]?.click());
    expect(table().map((row) => row.slice(1))).toEqual([
      ["actual", "Besides"],
      ["$0.00", ""],
      ["$1.00", ""],
      ["$2.00", "2 sessions"],
    ]);
  });

  test("are switched in the viewer's language", () => {
    vi.spyOn(Texts.prototype, "language", "get").mockReturnValue("zh");
    show();
    expect(text("button")).toEqual(["表格形式: Cost by day"]);
  });

  test("have a line across them that can be seen, at its height and with its name", () => {
    const line = { value: 1.5, label: "at most $1.50" };
    draw(<Columns columns={columns} kinds={kinds} format={usd} label="Cost by day" line={line} />);
    expect(all(".columns-plot > .columns-line").map(({ style }) => style.bottom)).toEqual(["50%"]);
    expect(text(".columns-limit")).toEqual([" at most $1.50"]);
    const css = readFileSync(join(import.meta.dirname, "../src/ui/charts-later.css"), "utf8");
    expect(css).toMatch(/\.columns-plot \.columns-line \{[^}]*position: absolute/);
    expect(css).toMatch(/\.columns-line \{[^}]*border-top: [\d.]+px dashed/);
  });

  test("tell the figures of the last one, or of the one that the arrow keys choose", () => {
    show();
    expect(below()).toBe("May 31, 2026actual $2.00estimated $0.50in all $2.50");
    const plot = ".columns-plot";
    act(() => all(plot)[0]?.focus());
    expect(press(plot, "ArrowLeft").defaultPrevented).toBe(true);
    expect(below()).toBe("May 30, 2026actual $1.00estimated —in all $1.00");
    press(plot, "Home");
    press(plot, "ArrowLeft");
    expect(below()).toContain("May 29");
    press(plot, "End");
    expect(below()).toContain("May 31");
    expect(press(plot, "x").defaultPrevented).toBe(false);
    press(plot, "ArrowLeft");
    act(() => all(plot)[0]?.blur());
    expect(below()).toContain("May 31");
  });

  test("tell the figures of the one under the pointer", () => {
    show();
    const pointer = (type: string, pointerType = "mouse") =>
      act(() => {
        const target = type === "pointerenter" ? all(".columns-column")[0] : all(".columns-plot")[0];
        target?.dispatchEvent(new PointerEvent(type, { pointerType }));
      });
    pointer("pointerenter");
    expect(below()).toContain("May 29");
    pointer("pointerleave", "touch");
    expect(below()).toContain("May 29");
    pointer("pointerleave");
    expect(below()).toContain("May 31");
  });

  test("that are chosen and then gone give way to the last", () => {
    show();
    press(".columns-plot", "Home");
    show(columns.slice(1));
    expect(below()).toContain("May 31");
  });

  test("label at most five, the last always", () => {
    const many = Array.from({ length: 30 }, (_, day) => ({ key: `${day}`, label: `day ${day}`, title: "", parts: [] }));
    show(many);
    expect(text(".columns-axis small")).toEqual(["day 5", "day 11", "day 17", "day 23", "day 29"]);
  });

  test("of no days are nothing, of days with nothing an empty frame", () => {
    show([]);
    expect(container.innerHTML).toBe("");
    show([{ key: "1", label: "1", title: "June 1", parts: [] }]);
    expect(below()).toBe("June 1actual $0.00estimated $0.00in all $0.00");
    expect(text(".columns-scale")).toEqual([""]);
  });

  test.each([
    [[1], [1]],
    [
      [2, 3],
      [1, 2, 3],
    ],
    [[7], [5, 10]],
    [[0.3], [0.1, 0.2, 0.3]],
    [[0.041], [0.02, 0.04, 0.06]],
    [[180_123], [100_000, 200_000]],
    [[0, 0], []],
    [[1.5], [0.5, 1, 1.5]],
  ])("of %j have the scale %j", (values, scale) => {
    expect(scaleOf(values.map((value) => ({ key: "", label: "", title: "", parts: [{ kind: "a", value }] })))).toEqual(
      scale,
    );
  });
});

describe("a sparkline", () => {
  test("rises from its lowest to its highest value, and says so in words", () => {
    draw(<Sparkline values={[1, 3, 2]} label="Runs" title="2 today" />);
    expect(container.querySelector("path")?.getAttribute("d")).toBe("M2.0 22.0L50.0 2.0L98.0 12.0");
    expect(container.querySelector("svg")?.getAttribute("aria-label")).toBe("Runs: 2 today");
  });

  test("has a gap where nothing is known, and a dot for what stands alone", () => {
    draw(<Sparkline values={[4, 4, null, 6, null, null, 2]} label="Runs" title="" />);
    const [line, end] = all("path").map((path) => path.getAttribute("d"));
    expect(line).toBe("M2.0 12.0L18.0 12.0M50.0 2.0h0M98.0 22.0h0");
    expect(end).toBe("M98.0 22.0h0");
    draw(<Sparkline values={[1, 2, null]} label="Runs" title="" />);
    expect(all("path").map((path) => path.getAttribute("d"))).toEqual(["M2.0 22.0L50.0 2.0", "M50.0 2.0h0"]);
  });

  test.each([[[]], [[null]], [[4]], [[4, 4]], [[null, 4, null]]])("of %j is drawn without NaN", (values) => {
    draw(<Sparkline values={values} label="Runs" title="" />);
    expect(container.innerHTML).not.toMatch(/NaN|Infinity/);
  });
});

describe("until", () => {
  test("counts down, and says when it has come", async () => {
    draw(<Until at="2026-06-01T12:01:01Z" />);
    expect(text("time")).toEqual(["in 1m"]);
    await pass(2_000);
    expect(text("time")).toEqual(["in 59s"]);
    await pass(60_000);
    expect(text("time")).toEqual(["due"]);
  });

  test("without an instant is a dash", () => {
    draw(<Until at={null} />);
    expect(container.textContent).toBe("—");
  });
});

describe("a time line", () => {
  const lanes = [
    {
      label: "Backup",
      marks: [
        { at: NOW + 6 * HOUR, title: "runs at 18:00", kind: "coming" as const },
        { at: "2026-06-01T06:00:00Z", title: "failed at 06:00", kind: "failed" as const },
        { at: NOW + 99 * HOUR, title: "too late", kind: "coming" as const },
      ],
    },
    { label: "Report", marks: [] },
  ];
  const show = (now?: number) =>
    draw(<TimeLine label="Runs" from={NOW - 12 * HOUR} to={NOW + 12 * HOUR} lanes={lanes} now={now} />);

  test("has its marks in their places, and is a list in words", () => {
    show();
    expect(all(".timeline-track svg").map(({ style, classList }) => [classList[1], style.left])).toEqual([
      ["mark-failed", "25%"],
      ["mark-coming", "75%"],
    ]);
    expect(all("li > .hidden").map((list) => [...list.children].map(({ textContent }) => textContent))).toEqual([
      ["failed at 06:00", "runs at 18:00"],
      ["none"],
    ]);
  });

  test("says what the shapes mean that are there", () => {
    show();
    expect(text(".timeline-legend li")).toEqual([" failed", " to come"]);
    expect(all(".timeline-legend path").map((path) => path.getAttribute("d"))).toEqual(
      all(".timeline-track path").map((path) => path.getAttribute("d")),
    );
  });

  test("can be read as a table", () => {
    show();
    act(() => all("button")[0]?.click());
    expect(all(".timeline")).toEqual([]);
    expect(table()).toEqual([
      ["What", "When"],
      ["Backup", "failed at 06:00"],
      ["Backup", "runs at 18:00"],
      ["Report", "none"],
    ]);
  });

  test("keeps every other label where there is little room, that of midnight among them", () => {
    show();
    const labels = all(".timeline-axis.numeric .axis-label").map(({ classList, textContent }) => [
      textContent,
      classList.contains("minor"),
    ]);
    const midnight = labels.findIndex(([label]) => !label?.toString().includes(":"));
    expect(midnight).not.toBe(-1);
    expect(labels.map(([, isMinor]) => isMinor)).toEqual(labels.map((_, index) => (index - midnight) % 2 !== 0));
  });

  test("has a line of now that moves with the clock, or stays where it is told", async () => {
    const line = () => all(".timeline")[0]?.style.getPropertyValue("--now");
    show();
    expect(line()).toBe("50%");
    await pass(6 * HOUR);
    expect(line()).toBe("75%");
    show(NOW);
    expect(line()).toBe("50%");
    show(NOW + 99 * HOUR);
    expect(all(".has-now, .now")).toEqual([]);
  });

  test.each([
    [2, 0.5],
    [24, 6],
    [48, 12],
    [7 * 24, 48],
    [60 * 24, 14 * 24],
  ])("over %d hours has a tick every %d hours of the viewer's day", (span, every) => {
    const start = new Date(2026, 5, 1, 7, 10).getTime();
    const ticks = ticksOf(start, start + span * HOUR);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(8);
    for (const [index, tick] of ticks.entries()) {
      expect((new Date(tick).getHours() + new Date(tick).getMinutes() / 60) % Math.min(every, 24)).toBe(0);
      if (index > 0) expect(Math.abs((tick - (ticks[index - 1] ?? 0)) / HOUR - every)).toBeLessThanOrEqual(1);
    }
  });

  test("has one tick where a clock skips the hour between two", () => {
    const zone = process.env.TZ;
    process.env.TZ = "Europe/Vienna";
    const night = Date.parse("2026-03-29T00:00:00+01:00");
    const ticks = ticksOf(night, night + 3 * HOUR);
    process.env.TZ = zone;
    expect(ticks.length).toBeGreaterThan(3);
    expect(new Set(ticks).size).toBe(ticks.length);
  });
});
