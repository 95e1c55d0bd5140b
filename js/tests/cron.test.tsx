// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Cron, Job, Run } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/cron/index.tsx";
import { comingOf, lanesOf, spanOf } from "../src/views/cron/line.ts";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

const job = (values: Partial<Job> = {}): Job => ({
  id: "a1",
  name: "Nightly check",
  schedule: "0 3 * * *",
  kind: "cron",
  every_s: null,
  state: "scheduled",
  enabled: true,
  is_active: true,
  is_running: false,
  is_overdue: false,
  next_run_at: at(5),
  last_run_at: at(-19),
  last_status: "ok",
  last_error: null,
  last_delivery_error: null,
  paused_at: null,
  paused_reason: null,
  created_at: at(-500),
  deliver: ["local"],
  repeat_completed: 3,
  repeat_times: null,
  skills: [],
  model: null,
  provider: null,
  prompt: "Look.",
  is_prompt_cut: false,
  script: null,
  is_script_only: false,
  finished_runs: 4,
  completed_runs: 3,
  history: [],
  outputs: [],
  ...values,
});

const run = (values: Partial<Run> = {}): Run => ({
  id: "r1",
  job_id: "a1",
  job_name: "Nightly check",
  source: "builtin",
  status: "completed",
  claimed_at: at(-1),
  started_at: at(-1),
  finished_at: at(-0.9),
  duration_s: 360,
  error: null,
  pid: 77,
  is_alive: null,
  is_lost: false,
  ...values,
});

const cron = (values: Partial<Cron> = {}): Cron => ({
  scheduler: {
    state: "ticking",
    provider: null,
    heartbeat_at: at(-0.005),
    success_at: at(-0.005),
    stale_after_s: 200,
    is_gateway_alive: null,
  },
  running: [],
  jobs: [job()],
  former: [],
  unreadable: 0,
  pending_suggestions: 0,
  suggestions: [],
  output: null,
  timezone: "Europe/Vienna",
  ...values,
});

describe("the line", () => {
  test("goes a day ahead, and a week when nothing is due sooner", () => {
    expect(spanOf([job(), job({ next_run_at: at(100) })], NOW).isWeek).toBe(false);
    expect(spanOf([job({ next_run_at: at(100) })], NOW)).toEqual({
      from: NOW - 42 * HOUR,
      to: NOW + 168 * HOUR,
      isWeek: true,
    });
    expect(spanOf([job({ is_active: false, next_run_at: at(1) }), job({ next_run_at: at(25) })], NOW).isWeek).toBe(
      true,
    );
    expect(spanOf([job({ is_overdue: true, next_run_at: at(-1) }), job({ next_run_at: at(25) })], NOW).isWeek).toBe(
      true,
    );
    expect(spanOf([], NOW).isWeek).toBe(false);
  });

  test("has every time of an interval, and only the next of anything else", () => {
    expect(comingOf(job({ every_s: 6 * 3_600, next_run_at: at(1) }), NOW + 24 * HOUR)).toEqual(
      [1, 7, 13, 19].map((hours) => NOW + hours * HOUR),
    );
    expect(comingOf(job({ next_run_at: at(1) }), NOW + 24 * HOUR)).toEqual([NOW + HOUR]);
    expect(comingOf(job({ next_run_at: at(30) }), NOW + 24 * HOUR)).toEqual([]);
    expect(comingOf(job({ next_run_at: null }), NOW + 24 * HOUR)).toEqual([]);
  });

  test("reaches its end also for a job that fires each second", () => {
    const times = comingOf(job({ every_s: 1, next_run_at: at(0) }), NOW + 24 * HOUR);
    expect(times.length).toBeLessThan(300);
    expect(times.at(-1)).toBeGreaterThan(NOW + 23.8 * HOUR);
  });

  const lanes = (jobs: Job[]) => {
    const span = spanOf(jobs, NOW);
    return lanesOf(jobs, span, NOW, (kind, when) => `${kind} ${(when - NOW) / HOUR}`);
  };

  test("shows what was, what is late, what comes and what is switched off, each with its own mark", () => {
    const history = [run({ status: "failed", started_at: at(-3) }), run({ id: "r2", started_at: at(-2) })];
    expect(
      lanes([
        job({ history }),
        job({ name: "Late", is_overdue: true, next_run_at: at(-100) }),
        job({ name: "Off", is_active: false, enabled: false, next_run_at: at(2) }),
        job({ name: "Nothing", next_run_at: null }),
      ]).map(({ label, marks }) => [label, marks.map(({ title }) => title)]),
    ).toEqual([
      ["Nightly check", ["failed -3", "done -2", "coming 5"]],
      ["Late", ["late -100"]],
      ["Off", ["off 2"]],
    ]);
  });

  test("keeps what is late in sight", () => {
    const [lane] = lanes([job({ is_overdue: true, next_run_at: at(-100) })]);
    expect(lane?.marks[0]?.at).toBeGreaterThan(NOW - 6 * HOUR);
    expect(lane?.marks[0]?.at).toBeLessThan(NOW - 5 * HOUR);
  });

  test("does not pile up marks, but never hides a failure", () => {
    const history = Array.from({ length: 20 }, (_, index) =>
      run({ id: `r${index}`, started_at: at(-index / 120), status: index === 7 ? "failed" : "completed" }),
    );
    const [lane] = lanes([job({ history })]);
    expect(lane?.marks.map(({ kind }) => kind)).toEqual(["done", "failed", "coming"]);
  });

  test("has a lane for each of two jobs with one name", () => {
    expect(lanes([job(), job({ id: "b2" })]).map(({ label }) => label)).toEqual([
      "Nightly check",
      "Nightly check (b2)",
    ]);
  });
});

describe("the view", () => {
  useStage(NOW);

  function draw(data: Cron, language: "en" | "zh" = "en", more: Partial<ViewProps<Cron>> = {}) {
    const view = texts(language).above(catalogues);
    const View = define(makeApi(view, makeFormat(language, view.t)));
    const props = { data, version: 1, status: "ok", error: null, query: {}, home: null, now: NOW, ...more };
    drawIn(h(View, props as unknown as ViewProps<Cron>), language);
  }

  const one = (selector: string) => container.querySelector<HTMLElement>(selector);
  const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ") ?? "";

  test.each([
    ["stalled", false, "No scheduler is ticking: jobs will not fire"],
    ["stalled", true, "hermes gateway restart"],
    ["stopped", false, "The gateway is gone"],
    ["never", null, "No scheduler has ever ticked here: jobs will not fire"],
    ["failing", null, "Cron tick error"],
    ["unknown", null, "since 0.18"],
  ] as const)("a scheduler that is %s says so and what to do", (state, is_gateway_alive, text) => {
    draw(cron({ scheduler: { ...cron().scheduler, state, is_gateway_alive } }));
    expect(words(".health")).toContain(text);
    expect(one(".health .icon")).not.toBeNull();
  });

  test("another provider is named, and no heartbeat is missed", () => {
    const scheduler = {
      ...cron().scheduler,
      state: "external",
      provider: "chronos",
      heartbeat_at: null,
      success_at: null,
    };
    draw(cron({ scheduler: scheduler as Cron["scheduler"] }));
    expect(words(".health")).toBe(
      "Jobs are fired from outsideThe provider chronos fires them; it leaves no heartbeat to be seen here.",
    );
  });

  test("the last success is said when it is not the last tick", () => {
    draw(cron());
    expect(words(".health small")).not.toContain("last success");
    draw(cron({ scheduler: { ...cron().scheduler, success_at: at(-1) } }));
    expect(words(".health small")).toContain("last success 1h ago");
  });

  test("a running job ticks, and names its process", async () => {
    draw(cron({ running: [run({ status: "running", started_at: at(-0.01), is_alive: true })] }));
    expect(words(".run-now")).toContain("running");
    expect(words(".run-since")).toBe("36s");
    expect(words(".run-by")).toBe("by the scheduler · process 77");
    await act(async () => {
      await vi.advanceTimersByTimeAsync(3_000);
    });
    expect(words(".run-since")).toBe("39s");
  });

  test("a run whose process is gone is lost, and what that means is said", () => {
    draw(cron({ running: [run({ status: "running", is_alive: false, is_lost: true })] }));
    expect(words(".run-now.lost")).toContain("lost");
    expect(words(".run-by")).toContain("process 77 is gone");
    expect(words(".run-by")).toContain("Its process ended before the run did");
  });

  test.each([
    [{ is_running: true }, "running"],
    [{ is_overdue: true }, "overdue"],
    [{}, "scheduled"],
    [{ enabled: false, is_active: false }, "disabled"],
    [{ enabled: false, is_active: false, state: "paused" }, "paused"],
    [{ state: "completed", is_active: false, enabled: false }, "completed"],
    [{ state: "error" }, "cannot be scheduled"],
    [{ state: "meditating" }, "meditating"],
    [{ state: "toString" }, "toString"],
  ])("a job %o is %s, by a word and a sign", (values, word) => {
    draw(cron({ jobs: [job(values)] }));
    expect(words(".job-head .sign")).toBe(word);
    expect(one(".job-head .sign .icon")).not.toBeNull();
    expect(one(".job-head .sign")?.className).not.toContain("undefined");
  });

  test("an overdue job says since when, one that is not active has no next run", () => {
    draw(cron({ jobs: [job({ is_overdue: true, next_run_at: at(-2) })] }));
    expect(words(".job-facts")).toContain("was due 2h ago");
    draw(cron({ jobs: [job({ is_active: false, enabled: false })] }));
    expect(words(".job-facts")).toContain("Next—");
  });

  test("an output that does not come says why", () => {
    const output = { path: "a1/2026-06-01_03-00-00.md", at: at(-9), size_bytes: 900 };
    const useSnapshots = (queries: readonly unknown[]) =>
      queries.map(() => ({ data: null, status: "unavailable", error: "a1/2026-06-01_03-00-00.md cannot be read" }));
    draw(cron({ jobs: [job({ outputs: [output] })] }), "en", { useSnapshots: useSnapshots as never });
    act(() => one("[data-output] button")?.click());
    expect(words("[data-output] .output")).toContain("cannot be read");
    expect(one("[data-output] [lang=en]")).not.toBeNull();
    expect(one("[data-output] .skeleton")).toBeNull();
  });

  test("errors can be read in full", () => {
    const long = "Traceback\n".repeat(400);
    draw(cron({ jobs: [job({ last_status: "error", last_error: long, last_delivery_error: "No network" })] }));
    expect(words(".trouble")).toContain("The last run failed");
    const more = one(".trouble .quiet");
    act(() => more?.click());
    expect(one(".trouble .prose")?.textContent).toBe(long);
    expect(container.querySelectorAll(".trouble")[1]?.textContent).toContain("No network");
  });

  test("a status that nobody knows is shown as it is", () => {
    draw(cron({ jobs: [job({ last_status: "delivery_failed" })] }));
    expect(words(".job-facts")).toContain("not delivered");
    draw(cron({ jobs: [job({ last_status: "eaten_by_bears" })] }));
    expect(words(".job-facts")).toContain("eaten_by_bears");
  });

  test("past runs are bars, the oldest first, as high as they took long; failed ones have another shape", () => {
    const history = [
      run({ id: "new", status: "failed", duration_s: 1 }),
      run({ id: "mid", status: "unknown", duration_s: null }),
      run({ id: "old", duration_s: 100 }),
    ];
    draw(cron({ jobs: [job({ history })] }));
    const bars = [...container.querySelectorAll(".bars-of-runs g")];
    expect(bars.map((bar) => bar.getAttribute("class"))).toEqual(["completed", "unknown", "failed"]);
    const [old = 0, , fresh = 0] = bars.map((bar) => Number(bar.querySelector("rect")?.getAttribute("height")));
    expect(old).toBeGreaterThan(3 * fresh);
    expect(bars.map((bar) => bar.querySelectorAll("path").length)).toEqual([0, 0, 1]);
    expect(one(".bars-of-runs")?.getAttribute("aria-label")).toBe("The last 3 runs, 2 of them in trouble");
    expect(bars[0]?.querySelector("title")?.textContent).toContain("completed");
  });

  test("what was written by hand and is no job is counted, suggestions are told, former runs are listed", () => {
    draw(
      cron({
        unreadable: 2,
        pending_suggestions: 1,
        former: [run({ job_id: "gone", job_name: null, status: "failed", error: "It broke" })],
      }),
    );
    expect(words(".jobs .banner")).toContain("2 entries of cron/jobs.json are no jobs");
    expect(words(".suggestions .notice")).toContain("/suggestions in a chat");
    expect(words(".former")).toContain("gone");
    expect(words(".former")).toContain("It broke");
  });

  test("foreign text is never markup", () => {
    const evil = "<img src=x onerror=alert(1)>";
    draw(cron({ jobs: [job({ name: evil, prompt: evil, schedule: evil, last_error: evil, skills: [evil] })] }));
    expect(one("img")).toBeNull();
    expect(words(".job-head b")).toBe(evil);
  });

  test("it speaks Chinese", () => {
    draw(cron({ running: [run({ status: "running", is_alive: true })] }), "zh");
    expect(words(".health")).toContain("调度器运转正常");
    expect(words(".run-now")).toContain("运行中");
    expect(words(".job-facts")).toContain("计划");
  });
});
