// @vitest-environment happy-dom

import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Cost, CostFigures, CostKind, Costs, Tokens } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/costs/index.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const nothing: Tokens = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
const none: Cost = { usd: null, status: null, unknown_sessions: 0 };
const estimated = (usd: number): Cost => ({ usd, status: "estimated", unknown_sessions: 0 });
const unknown: Cost = { usd: null, status: "unknown", unknown_sessions: 1 };
const included: Cost = { usd: 0, status: "included", unknown_sessions: 0 };

const kind = (status: CostKind["status"], usd: number | null, tokens = 1000): CostKind => ({
  status,
  usd,
  tokens,
  api_calls: 1,
  sessions: 1,
});

const figures = (cost: Cost, input = 1000, kinds: CostKind[] = []): CostFigures => ({
  sessions: 1,
  cost,
  kinds,
  tokens: { ...nothing, input },
  api_calls: 3,
});

const spans = (...costs: Cost[]) =>
  [1, 7, 30, 0].map((days, index) => ({
    days,
    since: null,
    spending: { sessions: 1, tokens: { ...nothing, input: 1000 }, cost: costs[index] ?? estimated(2) },
  }));

const costs = (values: Partial<Costs> = {}): Costs => ({
  timezone: "Europe/Vienna",
  rule: "session-start",
  days: 30,
  since: null,
  spans: spans(),
  total: figures({ usd: 2, status: "mixed", unknown_sessions: 1 }, 3000, [
    kind("estimated", 2),
    kind("included", null),
    kind("unknown", null),
  ]),
  coverage: { tokens: 3000, priced_tokens: 2000, sessions: 3, priced_sessions: 2 },
  cache_hit_rate: 0.6,
  auxiliary: { tokens: 0.1, usd: 0.25 },
  models: [
    { model: "opus", provider: "anthropic", figures: figures(estimated(2)) },
    { model: "terra", provider: "openai-codex", figures: figures(included, 1500) },
    { model: "local", provider: null, figures: figures(unknown, 500) },
  ],
  tasks: [{ task: "main", figures: figures(estimated(2)) }],
  sources: [{ source: "cli", figures: figures(estimated(2)) }],
  projects: [
    { project: "/home/me/work/velocast", figures: figures(estimated(1.5)) },
    { project: null, figures: figures(estimated(0.5)) },
  ],
  left_out: { models: 0, tasks: 0, sources: 0, projects: 0 },
  unit: "day",
  periods: [
    {
      starts_on: "2026-05-31",
      sessions: 1,
      kinds: [kind("estimated", 2)],
      models: [{ model: 0, usd: 2, tokens: 1000, has_unknown: false }],
    },
    {
      starts_on: "2026-06-01",
      sessions: 2,
      kinds: [kind("included", null, 1500), kind("unknown", null, 500)],
      models: [
        { model: 1, usd: 0, tokens: 1500, has_unknown: false },
        { model: null, usd: null, tokens: 500, has_unknown: true },
      ],
    },
  ],
  dearest: [],
  month: { starts_on: "2026-06-01", days: 30, elapsed_days: 0.5, cost: estimated(2), today: estimated(1) },
  ...values,
});

useStage(Date.parse("2026-06-01T12:00:00Z"));

function draw(data: Costs, more: Partial<ViewProps<Costs>> = {}) {
  const view = texts().above(catalogues);
  const View = define(makeApi(view, makeFormat("en", view.t)));
  const props = { data, version: 1, status: "ok", error: null, query: {}, home: null, ...more } as unknown;
  drawIn(h(View, props as ViewProps<Costs>));
}

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) =>
  all(selector).map((found) => found.textContent?.replaceAll("\u202f", " ").replace(/\s+/g, " ").trim() ?? "");
const click = (selector: string) => act(() => all(selector)[0]?.click());

test("projects are called by their last folder, and whole where two end alike", () => {
  draw(costs());
  expect(words(".projects .bars-label")).toEqual(["velocast", "no project"]);
  const projects = ["/a/p", "/b/p"].map((project) => ({ project, figures: figures(estimated(1)) }));
  draw(costs({ projects }));
  expect(words(".projects .bars-label")).toEqual(["/a/p", "/b/p"]);
});

test("columns are stacked by kind or by model", () => {
  draw(costs());
  expect(words(".periods .columns-told li")).toEqual(["estimated —"]);
  click('[data-choice="by"] button:nth-child(2)');
  expect(words(".periods .columns-told li")).toEqual(["opus $0.00", "terra $0.00", "others —"]);
});

test("the columns can be read as a table, with what has no dollars beside them", () => {
  draw(costs());
  click(".periods .figure-switch");
  const rows = all(".periods tr").map((row) => [...row.children].map(({ textContent }) => textContent));
  expect(rows.map((row) => row.map((text) => text?.replaceAll("\u202f", " ")))).toEqual([
    ["When", "estimated", "Besides"],
    ["Sunday, May 31, 2026", "$2.00", "1 session"],
    ["Monday, June 1, 2026", "—", "2 sessions · 1.5 k tokens included · 500 tokens of unknown price"],
  ]);
});

describe("the budget", () => {
  afterEach(() => localStorage.clear());

  const set = (value: string) =>
    act(() => {
      const input = container.querySelector<HTMLInputElement>(".budget input");
      if (!input) throw new Error("no input");
      input.value = value;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  const month = { starts_on: "2026-06-01", days: 30, elapsed_days: 10, cost: estimated(20), today: estimated(3) };

  test("is nothing until somebody sets it, and is kept in the browser for this notebook", () => {
    draw(costs({ month }));
    expect(words(".budget .none")).toEqual([catalogues.en["budget.none"]]);
    set("30");
    expect(words(".budget .meter-text")).toEqual([
      "Today$3.00 of $1.00 · $2.00 over",
      "This month$20.00 of $30.00 · $10.00 left",
    ]);
    expect(Object.keys(localStorage)).toEqual([`hermes-hud:${location.pathname}:budget`]);
    act(() => render(null, container));
    draw(costs({ month }));
    expect(container.querySelector<HTMLInputElement>(".budget input")?.value).toBe("30");
    click(".budget-form .quiet");
    expect(localStorage.length).toBe(0);
    expect(words(".budget .none")).toEqual([catalogues.en["budget.none"]]);
  });

  test("may be one a day, chosen before the amount", () => {
    draw(costs({ month }));
    act(() => {
      const select = container.querySelector<HTMLSelectElement>(".budget select");
      if (!select) throw new Error("no select");
      select.value = "day";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    set("5");
    expect(words(".budget .meter-text")[0]).toBe("Today$3.00 of $5.00 · $2.00 left");
  });

  test("is a line across the days, and a projection that calls itself one", () => {
    draw(costs({ month }));
    set("30");
    expect(words(".periods .columns-limit")).toEqual(["budget $1.00 a day"]);
    expect(words(".budget-view > p")).toEqual([
      "If the month goes on as it began, it ends at $60.00: $30.00 over the budget. That is a projection, not a bill.",
    ]);
    draw(costs({ month, unit: "week" }));
    expect(words(".periods .columns-limit")).toEqual([]);
    draw(costs({ month: { ...month, elapsed_days: 0.5 } }));
    expect(words(".budget-view > p")).toEqual([catalogues.en["budget.early"]]);
  });

  test("survives what somebody else left in its place", () => {
    for (const kept of ["{", "7", '{"usd": "x"}', '{"usd": -1}']) {
      localStorage.setItem(`hermes-hud:${location.pathname}:budget`, kept);
      draw(costs({ month }));
      expect(words(".budget .none")).toEqual([catalogues.en["budget.none"]]);
    }
  });
});

test("every span has its sum, and choosing one asks for it", () => {
  const setQuery = vi.fn();
  draw(costs({ spans: spans(estimated(0.5), estimated(1.5), estimated(2), estimated(20)) }), { setQuery });
  expect(words(".span b")).toEqual(["$0.50", "$1.50", "$2.00", "$20.00"]);
  expect(all(".span[aria-pressed=true]").map(({ dataset }) => dataset.span)).toEqual(["30"]);
  click("[data-span='7']");
  expect(setQuery).toHaveBeenCalledWith({ days: 7 });
});

test("as long as the history is being read nothing is said to be none", () => {
  const progress = { done: 0, total: 15_000 };
  const nothing = costs({ spans: spans(none, none, none, none), total: figures(none, 0, []) });
  draw(nothing, { progress });
  expect(container.querySelector(".skeleton")).toBeTruthy();
  expect(words(".blank")).toEqual([]);
  draw(nothing);
  expect(words(".blank-title")).toEqual([catalogues.en.empty]);
  const early = costs({ spans: spans(none, none, none, estimated(20)), total: figures(none, 0, []) });
  draw(early, { progress });
  expect(words(".nothing")).toEqual([""]);
  draw(early);
  expect(words(".nothing")).toEqual([catalogues.en.nothing]);
});

test("what nobody knows is no $0, and neither is what a subscription includes", () => {
  const partly = { usd: 1, status: "mixed", unknown_sessions: 2 } as const;
  draw(costs({ spans: spans(unknown, included, partly, none) }));
  expect(words(".span b")).toEqual(["—", "included", "$1.00", "—"]);
  expect(words(".span em")).toEqual(["1 session unpriced", "2 sessions unpriced"]);
  expect(container.textContent).not.toContain("$0.00");
});

test("models without dollars are drawn hollow, by their tokens", () => {
  draw(costs());
  expect(words(".models > .chart .bars-label")).toEqual(["opus"]);
  expect(words(".models .hollow .bars-label")).toEqual(["terra", "local"]);
  expect(words(".models .bars-value")).toEqual(["$2.00", "1.5 k tokens included", "500 tokens unknown"]);
  const widths = all(".models .hollow .bars-bar i").map(({ style }) => Number.parseFloat(style.width));
  expect(widths).toEqual([100, expect.closeTo(100 / 3)]);
});

test("by tokens everything has its figure, the most first", () => {
  draw(costs());
  click("[data-choice=measure] button:last-child");
  expect(words(".periods h3 > span")).toEqual(["Tokens per day"]);
  expect(words(".models .bars-value")).toEqual(["1.5 k tokens included", "1 k tokens", "500 tokens unknown"]);
  const caption = words(".columns-told")[0];
  expect(caption).toContain("included 1.5 k");
  expect(caption).toContain("unknown 500");
});

test("a day of unknown price has a mark of its own, and its tokens are said", () => {
  draw(costs());
  const columns = all(".columns-column");
  expect(words(".columns-told li")).toEqual(["estimated —"]);
  expect(columns.map((column) => column.querySelectorAll(".unknown").length)).toEqual([0, 1]);
  expect(words(".columns-told small")).toEqual(["2 sessions · 1.5 k tokens included · 500 tokens of unknown price"]);
});

test("without any dollars only tokens are told", () => {
  const total = figures(unknown, 1000, [kind("unknown", null)]);
  draw(costs({ total, periods: costs().periods.slice(1).concat(costs().periods.slice(1)) }));
  expect(words(".periods h3 > span")).toEqual(["Tokens per day"]);
  expect(all("[data-choice=measure]")).toEqual([]);
});

test("a span of one day needs no columns, but can be told by tokens", () => {
  draw(costs({ days: 1, periods: costs().periods.slice(1) }));
  expect(all(".columns-frame")).toEqual([]);
  expect(all(".models [data-choice=measure] button").length).toBe(2);
});

test.each([
  [3000, 3, "The price is known for every token."],
  [0, 0, "The price is known for none of them."],
  [2999, 2, "The price is known for 99% of the tokens, and for all of them in 2 of 3 sessions."],
  [1, 1, "The price is known for under 1% of the tokens, and for all of them in 1 of 3 sessions."],
])("of %i of 3,000 tokens the price is known: that is said as it is", (priced_tokens, priced_sessions, sentence) => {
  draw(costs({ coverage: { tokens: 3000, priced_tokens, sessions: 3, priced_sessions } }));
  expect(words(".coverage > p")).toEqual([sentence]);
});

test.each([
  [{ tokens: 0.1, usd: 0.25 }, "Auxiliary tasks take 25% of the known cost and 10% of the tokens."],
  [{ tokens: 0.001, usd: null }, "Auxiliary tasks take under 1% of the tokens."],
  [{ tokens: 0, usd: 0 }, "No auxiliary task was noted."],
])("auxiliary tasks are said in words: %j", (auxiliary, sentence) => {
  draw(costs({ auxiliary }));
  expect(words(".tasks > p")).toEqual([sentence]);
});

test("each kind of figure has its own swatch, in the chart and in the legend", () => {
  const kinds = [kind("actual", 1), kind("estimated", 2), kind("included", null), kind("unknown", null)];
  draw(costs({ total: figures({ usd: 3, status: "mixed", unknown_sessions: 1 }, 4000, kinds) }));
  const swatches = all(".legend .chart-swatch").map(({ className }) => className.split(" ")[1]);
  expect(swatches).toEqual(["solid", "stripes", "dots", "outline"]);
  expect(words(".legend b")).toEqual(["$1.00", "$2.00", "", "—"]);
  expect(words(".columns-told li").map((item) => item.split(" ")[0])).toEqual(["actual", "estimated"]);
});

test("one model at two providers is two bars, and tasks read as words", () => {
  const figure = figures(estimated(1));
  draw(
    costs({
      models: [
        { model: "opus", provider: "anthropic", figures: figure },
        { model: "opus", provider: "bedrock", figures: figure },
      ],
      tasks: [
        { task: "title_generation", figures: figure },
        { task: "made_up_task", figures: figure },
        { task: "constructor", figures: figure },
      ],
      left_out: { models: 4, tasks: 0, sources: 0, projects: 0 },
    }),
  );
  expect(words(".models .bars-label")).toEqual(["opus · anthropic", "opus · bedrock"]);
  expect(words(".models > .none")).toEqual(["and 4 more"]);
  expect(words(".tasks .bars-label")).toEqual(["titles", "made up task", "constructor"]);
});

test("the most expensive conversations are told by title, else by how they begin", () => {
  const conversation = {
    id: "b",
    root_id: "a",
    title: null,
    preview: "What does it cost?",
    source: "cli",
    model: "opus",
    started_at: "2026-06-01T11:00:00Z",
    tokens: nothing,
    cost: { usd: 2, status: "mixed", unknown_sessions: 1 } as const,
  };
  draw(costs({ dearest: [conversation, { ...conversation, root_id: "c", title: "Cheap", cost: estimated(1) }] }));
  expect(words(".conversations b")).toEqual(["What does it cost?", "Cheap"]);
  expect(words(".conversations li > .numeric")).toEqual(["$2.00 + unknown", "$1.00"]);
  expect(words(".conversations li:first-child > small")).toEqual(["opus · cli · 1h ago"]);
});

test("a home that has spent nothing says so; a span without spending says only that", () => {
  draw(costs({ spans: spans(none, none, none, none), total: figures(none, 0) }));
  expect(words(".blank-title")).toEqual(["Hermes has not spent anything yet"]);
  draw(costs({ spans: spans(none, none, none, estimated(1)), total: figures(none, 0) }));
  expect(words(".nothing")).toEqual(["No model was used by a session that started in this span."]);
  expect(words(".span b")).toEqual(["—", "—", "—", "$1.00"]);
});

test("the zone and the rule are said", () => {
  draw(costs());
  expect(words(".rule")[0]).toContain("A session counts on the day on which it started, in Europe/Vienna");
});
