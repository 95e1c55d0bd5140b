// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { PatternExample, Patterns, PatternTool, PatternTools } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/patterns.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

useStage(Date.parse("2026-06-01T12:00:00Z"));

const hours = (at: Record<number, number>) => Array.from({ length: 168 }, (_, slot) => at[slot] ?? 0);
const example = (id: string, title = `Title ${id}`): PatternExample => ({
  session_id: id,
  title,
  last_at: "2026-06-01T11:00:00Z",
});
const tool = (values: Partial<PatternTool> = {}): PatternTool => ({
  tool: "terminal",
  calls: 10,
  failed: 0,
  unanswered: 0,
  failure_rate: 0,
  latency: { min_s: 0.05, p50_s: 0.5, p95_s: 12, max_s: 90 },
  last_at: "2026-06-01T11:59:00Z",
  ...values,
});
const tools = (values: Partial<PatternTools> = {}): PatternTools => ({
  tools: [tool()],
  left_out: 0,
  calls: 10,
  workflows: [],
  hours: hours({ 9: 10 }),
  ...values,
});
const patterns = (values: Partial<Patterns> = {}): Patterns => ({
  timezone: "Europe/Vienna",
  days: 30,
  since: null,
  recorded: 3,
  conversations: 3,
  sessions: hours({ 33: 2, 40: 1 }),
  messages: hours({ 33: 20 }),
  calendar: [{ on: "2026-05-31", sessions: 3, messages: 20 }],
  streak: { active: 1, longest: 1 },
  clusters: [],
  prompts: [],
  repeated: 0,
  tools: tools(),
  candidates: [],
  progress: null,
  ...values,
});

const setQuery = vi.fn();
const open = vi.fn();

function draw(data: Patterns) {
  const said = texts().above(catalogues);
  const View = define(makeApi(said, makeFormat("en", said.t)));
  const props = { data, version: 1, status: "ok", error: null, query: { days: 30 }, home: null, setQuery, open };
  drawIn(h(View, props as unknown as ViewProps<Patterns>));
}

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) =>
  all(selector).map(({ textContent }) => textContent?.replaceAll("\u202f", " ").replace(/\s+/g, " ").trim());
const click = (selector: string) => act(() => all(selector)[0]?.click());

test("a span is chosen with a button", () => {
  draw(patterns());
  expect(all("[data-span][aria-pressed=true]").map(({ dataset }) => dataset.span)).toEqual(["30"]);
  click("[data-span='0']");
  expect(setQuery).toHaveBeenCalledWith({ days: 0 });
});

test("days that have not come, which a wrong clock made, are not drawn", () => {
  draw(patterns({ calendar: [...patterns().calendar, { on: "2199-01-01", sessions: 1, messages: 0 }] }));
  expect(all(".when .heat.fixed rect")).toHaveLength(1);
});

test("hours are told of sessions, messages or tool calls", () => {
  draw(patterns());
  expect(words(".when .heat-told")[0]).toBe("Most: Tue 09:00: 2 sessions");
  click(".when h3 .segments button:nth-child(2)");
  expect(words(".when .heat-told")[0]).toBe("Most: Tue 09:00: 20 messages");
  click(".when h3 .segments button:nth-child(3)");
  expect(words(".when .heat-told")[0]).toBe("Most: Mon 09:00: 10 calls");
});

test("days are told of sessions or of messages, in the drawing and as a table", () => {
  const days = [
    { on: "2026-05-30", sessions: 4, messages: 9 },
    { on: "2026-05-31", sessions: 0, messages: 31 },
  ];
  draw(patterns({ calendar: days }));
  const told = () => [words(".when h4")[0]?.split(" per day")[0], words(".when .heat-told")[1]];
  expect(told()).toEqual(["Sessions", "Most: Saturday, May 30, 2026: 4 sessions"]);
  click(".when h3 .segments button:nth-child(2)");
  expect(told()).toEqual(["Messages", "Most: Sunday, May 31, 2026: 31 messages"]);
  act(() => all(".when .figure-switch")[1]?.click());
  expect(words(".when tbody tr")).toEqual(["Saturday, May 30, 20269 messages", "Sunday, May 31, 202631 messages"]);
  click(".when h3 .segments button:nth-child(3)");
  expect(told()[0]).toBe("Sessions");
});

test("while the calls are being read, it says how far, and nothing is none", () => {
  draw(patterns({ tools: null, conversations: 0, progress: { done: 250, total: 1000 } }));
  expect(words(".patterns-reading")).toEqual(["Reading: 25% of the messages so far"]);
  expect(all(".tool-use .skeleton")).toHaveLength(1);
  expect(words(".none").filter(Boolean)).toEqual([]);
  draw(patterns({ tools: tools({ tools: [], calls: 0 }) }));
  expect(words(".tool-use .none")).toEqual([catalogues.en["tools.none"]]);
  expect(words(".candidates .none")).toEqual([catalogues.en["candidates.none"]]);
});

test("a home without sessions says so, but not while it is being read", () => {
  draw(patterns({ recorded: 0, progress: { done: 0, total: 9 } }));
  expect(all(".skeleton")).toHaveLength(1);
  draw(patterns({ recorded: 0 }));
  expect(words(".blank-title")).toEqual([catalogues.en.empty]);
});

test("each tool says how often it failed, and how long it took", () => {
  const never = tool({ tool: "clarify", calls: 1, unanswered: 1, failure_rate: null, latency: null, last_at: null });
  draw(patterns({ tools: tools({ tools: [tool({ failed: 3, failure_rate: 0.3 }), never], left_out: 4 }) }));
  const cells = all(".tools-table tbody tr").map((row) => [...row.children].map(({ textContent }) => textContent));
  expect(cells[0]?.slice(0, 4)).toEqual(["terminal", "10", "3 · 30%", ""]);
  expect(cells[1]?.slice(0, 4)).toEqual(["clarify", "1", "—", "1"]);
  expect(words(".strip-label")).toEqual(["terminal"]);
  expect(words(".strip-figures")).toEqual(["500 ms to 12s"]);
  expect(words(".tool-use .none")).toEqual(["and 4 more"]);
});

test("kinds of work stand with the most first, and their examples open the session", () => {
  const cluster = { messages: 9, tool_calls: 3, examples: [example("s1")] };
  draw(
    patterns({
      clusters: [
        { name: "git", conversations: 1, ...cluster },
        { name: "debugging", conversations: 2, ...cluster, examples: [example("s2", "Fix\u202e it")] },
      ],
    }),
  );
  expect(words(".cluster-list > li > b")).toEqual(["debugging", "git"]);
  expect(words(".cluster-list > li > small")[0]).toBe("4.5 messages and 1.5 tool calls on average");
  expect(words(".clusters .link")).toEqual(["Fix[U+202E] it", "Title s1"]);
  click(".clusters .link");
  expect(open).toHaveBeenCalledWith("sessions", { session: "s2" });
});

test("what could be a skill is a prompt or a workflow", () => {
  draw(
    patterns({
      candidates: [
        { kind: "prompt", times: 5, text: "Write the report", tools: [], example: example("s3") },
        { kind: "workflow", times: 3, text: null, tools: ["a", "b", "c"], example: null },
      ],
      prompts: [{ text: "Write the report", times: 5, first_at: "2026-05-01T00:00:00Z", example: example("s3") }],
      repeated: 3,
    }),
  );
  expect(words(".candidate-list li")).toEqual(["5 ×Write the report", "3 ×a→b→c"]);
  expect(words(".prompts .none")).toEqual(["and 2 more"]);
  click(".candidate-list .link");
  expect(open).toHaveBeenLastCalledWith("sessions", { session: "s3" });
});
