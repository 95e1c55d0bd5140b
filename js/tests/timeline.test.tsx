// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Timeline, TimelineEvent } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/timeline.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const ago = (hours: number) => new Date(NOW - 3_600_000 * hours).toISOString();

useStage(NOW);

const event = (
  id: string,
  kind: TimelineEvent["kind"],
  what: string,
  hours: number,
  more: Partial<TimelineEvent> = {},
) => ({
  id,
  kind,
  what,
  at: ago(hours),
  end: null,
  title: id,
  number: null,
  session_id: null,
  ...more,
});
const session = (id: string, from: number, to: number | null, source = "cli") => ({
  session_id: id,
  title: `Session ${id}`,
  source,
  started_at: ago(from),
  ended_at: to === null ? null : ago(to),
  messages: 3,
});
const timeline = (values: Partial<Timeline> = {}): Timeline => ({
  timezone: "Europe/Vienna",
  days: 14,
  by: "source",
  from_at: ago(336),
  since: null,
  until: null,
  lanes: [{ key: "cli", name: "cli", sessions: [session("a", 100, 50), session("b", 2, null)] }],
  total: 2,
  events: [],
  events_total: 0,
  recorded: 2,
  progress: null,
  ...values,
});

const setQuery = vi.fn();
const open = vi.fn();
beforeEach(() => {
  setQuery.mockClear();
  open.mockClear();
});

function draw(data: Timeline, query = {}) {
  const said = texts().above(catalogues);
  const View = define(makeApi(said, makeFormat("en", said.t)));
  const props = { data, version: 1, status: "ok", error: null, query, home: null, setQuery, open };
  drawIn(h(View, props as unknown as ViewProps<Timeline>));
}

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) => all(selector).map(({ textContent }) => textContent?.replace(/\s+/g, " ").trim());
const click = (selector: string) => act(() => all(selector)[0]?.click());

test("conversations stand in lanes; those that go on have no end", () => {
  draw(timeline());
  expect(words(".gantt-label")).toEqual(["cli"]);
  expect(all(".gantt-bar").map(({ title, className }) => [title, className.includes("open")])).toEqual([
    ["Session a", false],
    ["Session b", true],
  ]);
  expect(words(".timeline-count")).toEqual(["2 conversations in this span"]);
});

test("sources keep their colours, whichever lane has them first", () => {
  const [lane] = timeline().lanes;
  const [session] = lane?.sessions ?? [];
  if (!lane || !session) throw new Error("no session");
  const of = (...sources: string[]) =>
    timeline({ lanes: sources.map((source) => ({ ...lane, key: source, sessions: [{ ...session, source }] })) });
  draw(of("telegram", "cli"));
  const legend = words(".gantt-legend li");
  draw(of("cli", "telegram"));
  expect(words(".gantt-legend li")).toEqual(legend);
});

test("what is zoomed into is asked for, and the whole again", () => {
  draw(timeline(), { days: 14 });
  click("[aria-label='Zoom in']");
  const [asked] = setQuery.mock.lastCall ?? [];
  expect(asked).toEqual({ days: 14, since: expect.stringMatching(/Z$/), until: expect.stringMatching(/Z$/) });
  expect(Date.parse(asked.until) - Date.parse(asked.since)).toBeCloseTo(168 * 1.01 * 3_600_000, -4);
  click(".gantt-tools button:last-child");
  expect(setQuery).toHaveBeenLastCalledWith({ days: 14 });
});

test("days and lanes are chosen with buttons; other days forget what was zoomed into, other lanes do not", () => {
  draw(timeline(), { days: 14, since: ago(9), until: ago(2) });
  click("[data-value='90']");
  expect(setQuery).toHaveBeenLastCalledWith({ days: 90 });
  click("[data-value='project']");
  expect(setQuery).toHaveBeenLastCalledWith({ days: 14, since: ago(9), until: ago(2), by: "project" });
});

test("runs are bars, failed ones marks too; memory, skills and milestones are marks", () => {
  const events = [
    event("first", "milestone", "first", 300, { title: "", number: 1, session_id: "a" }),
    event("ok", "run", "completed", 20, { end: ago(19), title: "Nightly" }),
    event("bad", "run", "failed", 10, { end: ago(9), title: "Sync" }),
    event("MEMORY.md", "memory", "file", 8),
    event("brew", "skill", "created", 7),
    event("now", "run", "claimed", 1, { title: "Feed" }),
  ];
  draw(timeline({ events, events_total: 6 }));
  expect(words(".gantt-label")).toEqual(["events", "cli", "job runs"]);
  expect(all(".gantt-mark").map(({ dataset }) => dataset.id)).toEqual(["first", "bad", "MEMORY.md", "brew"]);
  expect(words(".event-list li")).toEqual([
    "Feed: about to start1h ago",
    "Skill brew was made7h ago",
    "MEMORY.md was last written8h ago",
    "Sync: failed10h ago",
    "First conversation12d ago",
  ]);
  expect(words(".events h3 small")).toEqual(["1 completed run left out"]);
  const opened = all(".event-list .link").map((link) => {
    act(() => link.click());
    return open.mock.lastCall;
  });
  expect(opened).toEqual([
    ["cron", undefined],
    ["skills", { skill: "brew" }],
    ["memory", undefined],
    ["cron", undefined],
    ["sessions", { session: "a" }],
  ]);
});

test("a bar opens its session, a run its job's panel: with a click, with Enter, and with the button below", () => {
  draw(timeline({ events: [event("ok", "run", "completed", 20, { end: ago(19) })], events_total: 1 }));
  const put = (type: string, id: string, pointerType = "mouse") =>
    act(() => {
      const target = container.querySelector(`[data-id="${id}"]`);
      target?.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, pointerType }));
    });
  put("pointerdown", "session a");
  put("pointerup", "session a");
  expect(open.mock.calls).toEqual([["sessions", { session: "a" }]]);
  put("pointerdown", "ok");
  put("pointerup", "ok");
  expect(open).toHaveBeenLastCalledWith("cron", undefined);
  const area = all(".gantt-area")[0];
  for (const key of ["Home", "Enter"]) {
    act(() => void area?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
  }
  expect(open).toHaveBeenLastCalledWith("sessions", { session: "a" });
  put("pointerenter", "session b");
  click(".gantt-told button");
  expect(open).toHaveBeenLastCalledWith("sessions", { session: "b" });
  expect(open).toHaveBeenCalledTimes(4);
});

test("what was left out is said", () => {
  const events = Array.from({ length: 30 }, (_, number) => event(`m${number}`, "memory", "call", 40 - number));
  draw(timeline({ total: 900, events, events_total: 5_000, progress: { done: 1, total: 9 } }));
  expect(words(".timeline-count")).toEqual([
    "The 2 longest of 900 conversations; zoom in for the others · what was written to memory and skills is still being read",
  ]);
  expect(words(".events .none")).toEqual([
    "and 5 earlier ones",
    "The drawing has the newest 30 of 5,000 events; zoom in for the others",
  ]);
});

test("a home in which nothing happened says so, but not while it is being read", () => {
  const nothing = { recorded: 0, lanes: [], total: 0 };
  draw(timeline({ ...nothing, progress: { done: 0, total: 9 } }));
  expect(all(".skeleton")).toHaveLength(1);
  draw(timeline(nothing));
  expect(words(".blank-title")).toEqual([catalogues.en.empty]);
});
