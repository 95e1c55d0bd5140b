// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Growth, GrowthDay, GrowthFigures } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/growth.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

useStage(Date.parse("2026-11-23T12:00:00Z"));

const unknown: GrowthFigures = {
  sessions: null,
  messages: null,
  tool_calls: null,
  tokens: null,
  cost_usd: null,
  memory_entries: null,
  memory_chars: null,
  user_entries: null,
  user_chars: null,
  skills: null,
  own_skills: null,
  cron_jobs: null,
};
const day = (day: string, figures: Partial<GrowthFigures>): GrowthDay => ({
  day,
  at: `${day}T11:00:00Z`,
  figures: { ...unknown, ...figures },
});
const before = day("2026-11-20", { sessions: 10, messages: 50, cost_usd: 1.5, skills: 4 });
const now = day("2026-11-23", { sessions: 12, messages: 40, cost_usd: 1.5, skills: null });

const growth = (values: Partial<Growth> = {}): Growth => ({
  timezone: "UTC",
  now,
  cost: { usd: 1.5, status: "estimated", unknown_sessions: 0 },
  earlier: before,
  later: now,
  drawn: [before, now],
  days: ["2026-11-19", "2026-11-20", "2026-11-23"],
  kept_in: "~/.local/state/hermes-hud-widget/homes/x/growth.jsonl",
  ...values,
});

function draw(data: Growth, more: Partial<ViewProps<Growth>> = {}) {
  const view = texts().above(catalogues);
  const View = define(makeApi(view, makeFormat("en", view.t)));
  const props = { data, version: 1, status: "ok", error: null, query: {}, home: null, ...more } as unknown;
  drawIn(h(View, props as ViewProps<Growth>));
}

const delta = (figure: string) => container.querySelector(`[data-figure="${figure}"] .delta`)?.textContent;

test("each figure says how it changed between the two days, and what is not known is no zero", () => {
  draw(growth());
  expect(delta("sessions")).toBe("+2");
  expect(delta("messages")).toBe("−10");
  expect(delta("cost_usd")).toBe("±0");
  expect(delta("skills")).toBe("—");
  expect(container.querySelector('[data-figure="skills"] b')?.textContent).toBe("—");
});

test("either day can be chosen, and the earlier one only from before the later", () => {
  const setQuery = vi.fn();
  draw(growth(), { setQuery });
  const [earlier, later] = container.querySelectorAll("select");
  expect([...(earlier?.options ?? [])].map(({ value }) => value)).toEqual(["2026-11-20", "2026-11-19"]);
  expect([...(later?.options ?? [])].map(({ textContent }) => textContent)[0]).toBe("today");
  const choose = (select: HTMLSelectElement | undefined, value: string) =>
    act(() => {
      if (!select) throw new Error("there is no such field");
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  choose(earlier, "2026-11-19");
  expect(setQuery).toHaveBeenLastCalledWith({ earlier: "2026-11-19" });
  choose(later, "2026-11-20");
  expect(setQuery).toHaveBeenLastCalledWith({ later: "2026-11-20", earlier: null });
  choose(later, "2026-11-23");
  expect(setQuery).toHaveBeenLastCalledWith({ later: null, earlier: null });
});

test("on the first day it says that there is nothing to compare with yet, or that nothing is kept", () => {
  draw(growth({ earlier: null, days: ["2026-11-23"], drawn: [now] }));
  expect(container.textContent).toContain(catalogues.en.first);
  expect(container.querySelector("select, button")).toBeNull();
  draw(growth({ earlier: null, days: ["2026-11-23"], drawn: [now], kept_in: null }));
  expect(container.textContent).toContain(catalogues.en.off);
});

test("a day that was not kept is a gap in the lines", () => {
  const drawn = [day("2026-11-17", { messages: 30 }), day("2026-11-18", { messages: 20 }), before, now];
  draw(growth({ drawn }));
  const line = container.querySelector('[data-figure="messages"] path')?.getAttribute("d");
  // Monday and Tuesday, Thursday alone, and the next Monday alone; of seven days.
  expect(line).toBe("M2.0 15.3L18.0 22.0M50.0 2.0h0M98.0 8.7h0");
});

test("an odd date makes no line of decades", () => {
  draw(growth({ drawn: [day("1970-01-01", { messages: 1 }), before, now] }));
  const line = container.querySelector('[data-figure="messages"] path')?.getAttribute("d");
  expect(line).toBe("M97.2 2.0h0M98.0 22.0h0");
});

test("the lines can be read as a table, with both of the days that are compared", () => {
  draw(growth({ earlier: day("2026-07-01", { sessions: 1, messages: 1_234 }) }));
  act(() => container.querySelector<HTMLButtonElement>(".work .figure-switch")?.click());
  const rows = [...container.querySelectorAll(".work tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows).toEqual([
    ["Day", "Conversations", "Messages", "Tool calls"],
    ["Wednesday, July 1, 2026", "1", "1,234", "—"],
    ["Friday, November 20, 2026", "10", "50", "—"],
    ["Monday, November 23, 2026", "12", "40", "—"],
  ]);
});

test("money says what kind of figure it is, and what is not in it", () => {
  const cost = () =>
    ["small", "b"].map((part) => container.querySelector(`[data-figure="cost_usd"] ${part}`)?.textContent);
  draw(growth());
  expect(cost()).toEqual(["estimated", "$1.50"]);
  draw(growth({ cost: { usd: 1.5, status: "mixed", unknown_sessions: 2 } }));
  expect(cost()).toEqual(["mixed · 2 sessions unpriced", "$1.50"]);
  draw(growth({ cost: { usd: 0, status: "included", unknown_sessions: 0 } }));
  expect(cost()).toEqual(["", "included"]);
  draw(growth({ cost: { usd: null, status: "unknown", unknown_sessions: 1 } }));
  expect(cost()).toEqual(["unknown · 1 session unpriced", "—"]);
  // Nobody kept what kind of figure it was on an earlier day.
  draw(growth({ later: before, earlier: null }));
  expect(cost()).toEqual([undefined, "$1.50"]);
});
