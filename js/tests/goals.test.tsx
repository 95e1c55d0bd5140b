// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Goal, Goals, GoalWaiting } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/goals.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const goal = (values: Partial<Goal> = {}): Goal => ({
  session_id: "s1",
  session_title: "Bikes",
  activity: "thinking",
  goal: "All tests pass",
  status: "active",
  turns_used: 4,
  max_turns: 20,
  created_at: at(-90),
  last_turn_at: at(-2),
  last_verdict: "continue",
  last_reason: "One test still fails.",
  paused_reason: null,
  failures: 0,
  subgoals: [],
  total_subgoals: 0,
  waiting: null,
  contract: null,
  ...values,
});

const waiting = (values: Partial<GoalWaiting>): GoalWaiting => ({
  what: "time",
  is_over: false,
  pid: null,
  process_id: null,
  until: null,
  reason: null,
  since: null,
  ...values,
});

const goals = (...listed: Goal[]): Goals => ({
  goals: listed,
  total: listed.length,
  active: listed.filter(({ status }) => status === "active").length,
  paused: listed.filter(({ status }) => status === "paused").length,
  done: listed.filter(({ status }) => status === "done").length,
  unreadable: 0,
  is_cut: false,
});

describe("the goals", () => {
  useStage(NOW);

  const open = vi.fn();

  function draw(data: Goals) {
    const view = texts("en").above(catalogues);
    const View = define(makeApi(view, makeFormat("en", view.t)));
    drawIn(h(View, { data, open, now: NOW } as unknown as ViewProps<Goals>));
  }

  const one = (selector: string) => container.querySelector<HTMLElement>(selector);
  const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ") ?? "";

  test("what is pursued stands above what is over", () => {
    draw(goals(goal(), goal({ session_id: "s2", status: "paused" }), goal({ session_id: "s3", status: "done" })));
    expect(container.querySelectorAll(".pursued .goal").length).toBe(2);
    expect(container.querySelectorAll(".former .goal").length).toBe(1);
    draw(goals(goal({ status: "cleared" })));
    expect(words(".pursued")).toContain("No goal is pursued.");
  });

  test("has its turns as a picture and in figures, and the judge's last words", () => {
    draw(goals(goal()));
    expect(one(".turns svg")?.getAttribute("aria-label")).toBe("4 of 20 turns used");
    expect(words(".turns")).toContain("4/20");
    expect(words(".verdict")).toBe("Not yet2m agoOne test still fails.");
    draw(goals(goal({ last_verdict: "perhaps", failures: 2 })));
    expect(words(".verdict")).toContain("perhaps");
    expect(words(".verdict")).toContain("judge failed 2 times in a row");
  });

  test.each([
    [{ what: "time", until: at(30) }, "Waits; goes on in 30m"],
    [{ what: "time", until: at(-1) }, "The time it waited for has come"],
    [{ what: "process", pid: 77 }, "Waits for process 77 to end"],
    [{ what: "process", pid: 77, is_over: true }, "Process 77 has ended"],
    [{ what: "session", process_id: "proc_1", is_over: null }, "Waits for background process proc_1"],
    [{ what: "session", process_id: "proc_1", is_over: true }, "Background process proc_1 has ended"],
  ] as const)("a goal with %o says so", (values, text) => {
    draw(goals(goal({ waiting: waiting({ ...values, reason: "CI runs" }) })));
    expect(words(".note")).toContain(text);
    expect(words(".note")).toContain("CI runs");
  });

  test("a paused one says why, and one agreed on what done means", () => {
    const contract = { outcome: "Green", verification: "", constraints: "", boundaries: "", stop_when: "Friday" };
    draw(
      goals(goal({ status: "paused", paused_reason: "turn budget exhausted", contract, subgoals: ["No warnings"] })),
    );
    expect(words(".note.warn")).toContain("Paused: turn budget exhausted");
    expect([...container.querySelectorAll("dt")].map((term) => term.textContent).slice(-2)).toEqual([
      "Outcome",
      "Stop when",
    ]);
    expect(words(".subgoals")).toContain("No warnings");
    draw(goals(goal({ subgoals: ["No warnings"], total_subgoals: 41 })));
    expect(words(".subgoals .dim")).toBe("1 of 41");
  });

  test("leads to its session, and says where there is none any more", () => {
    draw(goals(goal()));
    act(() => one(".goal-foot button")?.click());
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
    draw(goals(goal({ activity: null, session_title: null })));
    expect(one(".goal-foot button")).toBeNull();
    expect(words(".goal-foot")).toContain("session s1, not there any more");
  });

  test("what cannot be read is counted", () => {
    draw({ ...goals(goal()), unreadable: 2, total: 5 });
    expect(words(".banner")).toBe("2 goals cannot be read and are left out.");
    expect(words(".goals")).toContain("4 more goals");
  });
});
