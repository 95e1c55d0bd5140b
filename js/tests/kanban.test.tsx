// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Kanban, KanbanDetail, KanbanTask, KanbanWork } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/kanban/index.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const task = (values: Partial<KanbanTask> = {}): KanbanTask => ({
  id: "t1",
  title: "Count the stations",
  status: "ready",
  assignee: "coder",
  priority: 0,
  created_by: "mira",
  created_at: at(-60),
  started_at: null,
  completed_at: null,
  project_id: null,
  tenant: null,
  branch_name: null,
  session_id: null,
  block_kind: null,
  block_recurrences: 0,
  failures: 0,
  max_failures: null,
  last_error: null,
  parents: [],
  total_parents: 0,
  open_parents: 0,
  children: [],
  total_children: 0,
  comments: 0,
  attachments: 0,
  runs: 0,
  last_outcome: null,
  summary: null,
  work: null,
  is_goal: false,
  ...values,
});

const work = (values: Partial<KanbanWork> = {}): KanbanWork => ({
  since: at(-10),
  profile: "coder",
  worker_pid: 77,
  is_worker_gone: false,
  heartbeat_at: at(-1),
  claim_expires_at: at(5),
  max_runtime_s: null,
  stuck: [],
  ...values,
});

const detail = (values: Partial<KanbanDetail> = {}): KanbanDetail => ({
  task: task(),
  body: "All of them.",
  is_body_cut: false,
  result: null,
  workspace_kind: "scratch",
  workspace_path: null,
  skills: [],
  total_skills: 0,
  model: null,
  parents: [],
  children: [],
  runs: [],
  events: [],
  total_events: 0,
  comments: [],
  attachments: [],
  ...values,
});

const board = { slug: "default", name: "Default", description: "", is_current: true, is_archived: false };

const kanban = (tasks: KanbanTask[], values: Partial<Kanban> = {}): Kanban => ({
  boards: [{ ...board, tasks: tasks.length, unfinished: tasks.length, running: 0, problem: null }],
  total_boards: 1,
  board: "default",
  columns: ["ready", "running", "done"].map((status) => {
    const own = tasks.filter((one) => one.status === status);
    return { status, total: own.length, tasks: own };
  }),
  archived: 0,
  stuck: 0,
  detail: null,
  is_missing: false,
  ...values,
});

describe("the board", () => {
  useStage(NOW);

  const open = vi.fn();
  const setQuery = vi.fn();
  const asked: unknown[] = [];

  function draw(data: Kanban, found: Partial<Kanban> | null = {}, query = {}) {
    const view = texts("en").above(catalogues);
    const View = define(makeApi(view, makeFormat("en", view.t)));
    const useSnapshots = (queries: readonly unknown[]) => {
      asked.splice(0, asked.length, ...queries);
      const refused = { data: null, status: "unavailable", error: "kanban.db is locked" };
      return queries.map(() => (found === null ? refused : { data: { ...data, ...found }, error: null }));
    };
    const props = { data, query, setQuery, useSnapshots, open, now: NOW } as unknown;
    drawIn(h(View, props as ViewProps<Kanban>));
  }

  const one = (selector: string) => container.querySelector<HTMLElement>(selector);
  const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ") ?? "";
  const click = (selector: string) => act(() => one(selector)?.click());

  test("has a column for each status with its true total", () => {
    const data = kanban([task(), task({ id: "t2", status: "done" })]);
    data.columns[2] = { status: "done", total: 60, tasks: data.columns[2]?.tasks ?? [] };
    draw(data);
    expect([...container.querySelectorAll("h3")].map((head) => head.textContent)).toEqual([
      "Ready1",
      "Running0",
      "Done60",
    ]);
    expect(words('[data-status="done"] .more')).toBe("and 59 more");
  });

  test("says in words what is wrong with a task, and with whose help it goes on", () => {
    const stuck: KanbanWork["stuck"] = ["gone", "expired", "silent", "overdue"];
    draw(
      kanban([
        task({ status: "running", work: work({ stuck }), failures: 2 }),
        task({ id: "t2", block_kind: "needs_input", open_parents: 1 }),
      ]),
    );
    expect(words('[data-task="t1"] .marks')).toBe(" worker gone claim expired silent over its time failed 2 times");
    expect(words('[data-task="t2"] .marks')).toBe(" needs your answer waits for 1 task");
    expect(words('[data-task="t1"] .work')).toBe("10mheartbeat 1m ago");
    expect(container.querySelectorAll(".marks .sign .icon").length).toBe(7);
  });

  test("an unknown word is shown as it is written", () => {
    const data = kanban([]);
    data.columns[0] = { status: "hibernating", total: 1, tasks: [task({ status: "hibernating", block_kind: "odd" })] };
    draw(data);
    expect(words('[data-status="hibernating"]')).toContain("hibernating1");
    expect(words(".marks")).toContain("odd");
  });

  test("a card opens its task in full, asks the server for it, and Esc closes it", () => {
    draw(kanban([task()]), { detail: detail() });
    expect(asked).toEqual([]);
    click('[data-task="t1"] button');
    expect(asked).toEqual([{ task: "t1" }]);
    expect(words(".task-detail")).toContain("All of them.");
    act(() => {
      one(".task-detail")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    });
    expect(one(".task-detail")).toBeNull();
  });

  test("a task in full has its session, relatives, runs, comments and files", () => {
    const full = detail({
      task: task({ session_id: "s1", runs: 3, comments: 1, last_error: "No network" }),
      parents: [
        { id: "t0", title: "Before", status: "done" },
        { id: "t9", title: null, status: null },
      ],
      runs: [
        {
          id: 1,
          task_id: "t1",
          profile: "coder",
          status: "failed",
          outcome: "timed_out",
          started_at: at(-90),
          ended_at: at(-60),
          duration_s: 1_800,
          summary: null,
          error: "too slow",
        },
      ],
      comments: [{ id: 1, author: "mira", at: at(-5), text: "Soon, please." }],
      attachments: [{ name: "x.csv", size_bytes: 48_112, by: null, at: null }],
      events: [{ id: 1, kind: "created", at: at(-60), run_id: null, details: null }],
    });
    draw(kanban([task()]), { detail: full });
    click('[data-task="t1"] button');
    const said = words(".task-detail");
    for (const part of ["No network", "took too long", "too slow", "Soon, please.", "x.csv48 kB", "t9gone", "1 event"])
      expect(said).toContain(part);
    click(".task-detail .quiet");
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
    click(".part .title");
    expect(asked).toEqual([{ task: "t0" }]);
  });

  test("of what is cut in a task in full it is said how many there are", () => {
    const run = { task_id: "t1", profile: null, status: "done", outcome: null, started_at: null, ended_at: null };
    const full = detail({
      task: task({ runs: 43, comments: 61, attachments: 2, total_parents: 60 }),
      parents: [{ id: "t0", title: "Before", status: "done" }],
      skills: ["gbfs"],
      total_skills: 25,
      runs: [{ ...run, id: 1, duration_s: null, summary: null, error: null }],
      comments: [{ id: 1, author: "mira", at: at(-5), text: "Soon." }],
      attachments: [{ name: "x.csv", size_bytes: 1, by: null, at: null }],
      events: [{ id: 1, kind: "created", at: at(-60), run_id: null, details: null }],
      total_events: 83,
    });
    draw(kanban([task()]), { detail: full });
    click('[data-task="t1"] button');
    expect([...container.querySelectorAll(".part small")].map((aside) => aside.textContent)).toEqual([
      "1 of 60",
      "1 of 43",
      "1 of 61",
      "1 of 2",
    ]);
    expect(words(".task-detail summary")).toBe("Last 1 of 83 events");
    expect(words(".task-facts")).toContain("gbfs (1 of 25)");
  });

  test("one that cannot be read says which and why, and is awaited no longer", () => {
    draw(kanban([task()]), null);
    click('[data-task="t1"] button');
    expect(words(".task-detail h3")).toBe("Count the stations");
    expect(words('.task-detail [lang="en"]')).toBe("kanban.db is locked");
    expect(one(".task-detail .skeleton")).toBeNull();
  });

  test("a title that would reorder what is beside it is harmless", () => {
    draw(kanban([task({ title: "abc\u202ecod.exe", failures: 1, last_error: "\u202eno" })]), {
      detail: detail({ task: task({ title: "abc\u202ecod.exe" }) }),
    });
    expect(words(".card .title")).toBe("abc[U+202E]cod.exe");
    expect(one(".marks .warn")?.title).toBe("[U+202E]no");
    click('[data-task="t1"] button');
    expect(words(".task-detail h3")).toBe("abc[U+202E]cod.exe");
  });

  test("one that is gone says so", () => {
    draw(kanban([task()]), { detail: null, is_missing: true });
    click('[data-task="t1"] button');
    expect(words(".task-detail")).toContain("not on the board any more");
  });

  test("another panel's link opens the task and leaves the query", () => {
    draw(kanban([task()]), { detail: detail() }, { task: "t1", board: "paper" });
    expect(one(".task-detail")).not.toBeNull();
    expect(setQuery).toHaveBeenCalledWith({ board: "paper" });
  });

  test("boards are chosen by name, and one that cannot be read says why", () => {
    const data = kanban([task()]);
    const paper = { ...board, slug: "paper", name: "Paper", is_current: false };
    draw({
      ...data,
      boards: [...data.boards, { ...paper, tasks: 0, unfinished: 0, running: 0, problem: "It is damaged." }],
    });
    expect(words(".banner")).toBe("It is damaged.");
    expect(one(".banner [lang]")?.lang).toBe("en");
    click(".boards button:last-of-type");
    expect(setQuery).toHaveBeenCalledWith({ board: "paper" });
  });

  test("of very many boards it is said how many there are", () => {
    const data = kanban([task()]);
    const other = { ...board, slug: "b99", name: "Other", is_current: false };
    const boards = [...data.boards, { ...other, tasks: 1, unfinished: 1, running: 0, problem: null }];
    draw({ ...data, boards, total_boards: 111 });
    expect(words(".controls")).toContain("2 of 111 boards");
    draw({ ...data, boards, total_boards: 2 });
    expect(words(".controls")).not.toContain("of 2");
  });

  test("the archive is shown on demand", () => {
    draw(kanban([task()], { archived: 4 }));
    expect(words(".controls .toggle")).toBe(" 4 archived");
    click(".controls .toggle");
    expect(setQuery).toHaveBeenCalledWith({ archived: true });
  });
});
