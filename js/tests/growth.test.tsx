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
  expect(container.querySelector("select")).toBeNull();
  draw(growth({ earlier: null, days: ["2026-11-23"], drawn: [now], kept_in: null }));
  expect(container.textContent).toContain(catalogues.en.off);
});
