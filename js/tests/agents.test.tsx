// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { sizeIn } from "../src/bytes.ts";
import { makeFormat } from "../src/format.ts";
import type {
  AgentProcess,
  Agents,
  Delegation,
  DelegationLine,
  DelegationTask,
  DelegationTranscript,
  Session,
} from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/agents/index.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const task = (values: Partial<DelegationTask> = {}): DelegationTask => ({
  index: 0,
  goal: "Count the stations",
  status: "running",
  exit_reason: null,
  summary: null,
  error: null,
  duration_s: null,
  transcript_bytes: 1_234,
  wrote_at: at(-1),
  ...values,
});

const delegation = (values: Partial<Delegation> = {}): Delegation => ({
  id: "d1",
  is_background: true,
  state: "running",
  is_lost: false,
  parent_id: "s1",
  parent_title: "Bikes",
  goal: "Count the stations",
  role: "leaf",
  model: "m1",
  started_at: at(-10),
  ended_at: null,
  duration_s: null,
  api_calls: null,
  error: null,
  delivery: "pending",
  delivery_attempts: 0,
  delivered_at: null,
  owner_pid: 77,
  is_owner_alive: true,
  tasks: [task()],
  total_tasks: 1,
  ...values,
});

const process = (values: Partial<AgentProcess> = {}): AgentProcess => ({
  kind: "background",
  id: "proc_1",
  pid: 77,
  is_alive: true,
  is_sandboxed: false,
  started_at: at(-120),
  session_id: null,
  session_title: null,
  surface: null,
  cwd: "/work",
  memory_bytes: 71_000_000,
  notifies: false,
  watches: 0,
  ...values,
});

const agents = (values: Partial<Agents> = {}): Agents => ({
  delegations: [],
  total_delegations: values.delegations?.length ?? 0,
  running: 0,
  families: [],
  subagents: 0,
  compressions: [],
  processes: [],
  total_processes: values.processes?.length ?? 0,
  are_writers_known: true,
  spawn_trees: [],
  total_spawn_trees: 0,
  is_spawn_trees_cut: false,
  moa_sessions: 0,
  moa_bytes: 0,
  moa_at: null,
  transcript: null,
  is_missing: false,
  ...values,
});

const session = (id: string, parent_id: string | null, values: Partial<Session> = {}): Session => ({
  id,
  root_id: id,
  kind: "subagent",
  parent_id,
  title: null,
  preview: `Preview of ${id}`,
  source: "subagent",
  model: "m1",
  started_at: at(-5),
  ended_at: null,
  end_reason: null,
  last_active: at(-1),
  message_count: 2,
  tool_call_count: 1,
  api_call_count: 3,
  rewind_count: 0,
  tokens: { input: 1_000, output: 200, cache_read: 0, cache_write: 0, reasoning: 0 },
  cost: { usd: null, status: null, unknown_sessions: 0 },
  pieces: 1,
  subagents: 0,
  archived: false,
  cwd: null,
  git_branch: null,
  activity: "running",
  activity_since: at(-1),
  running: [],
  ...values,
});

const line = (offset: number, text: string, role: string | null = "tool"): DelegationLine => ({
  offset,
  clock: role === null ? null : "12:00:00",
  role,
  text,
  is_cut: false,
});

const transcript = (lines: DelegationLine[], older: number | null = null): DelegationTranscript => ({
  delegation_id: "d1",
  task: 0,
  lines,
  older,
  size_bytes: 500,
  wrote_at: at(-1),
});

describe("the agents", () => {
  useStage(NOW);

  const open = vi.fn();
  let asked: Record<string, unknown>[] = [];

  type Answer = Partial<Agents> | { data: null; status: string; error: string };

  function draw(data: Agents, answer: (query: Record<string, unknown>) => Answer = () => ({})) {
    const view = texts("en").above(catalogues);
    const View = define(makeApi(view, makeFormat("en", view.t)));
    asked = [];
    const useSnapshots = (queries: readonly Record<string, unknown>[]) => {
      asked = [...queries];
      return queries.map((query) => {
        const found = answer(query);
        return "error" in found ? found : { data: { ...data, ...found }, error: null };
      });
    };
    drawIn(h(View, { data, query: {}, useSnapshots, open, now: NOW } as unknown as ViewProps<Agents>));
  }

  const one = (selector: string) => container.querySelector<HTMLElement>(selector);
  const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ") ?? "";
  const click = (selector: string) => act(() => one(selector)?.click());

  test("a running delegation says for how long, by whom and for which conversation", () => {
    draw(agents({ delegations: [delegation()], running: 1 }));
    expect(words(".delegations h3")).toContain("1 running");
    expect(words(".delegation .head")).toContain("running");
    expect(words(".delegation .time")).toBe("10m");
    expect(words(".delegation > .fine")).toContain("process 77");
    click(".delegation > .fine .link");
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
  });

  test("a lost one says so, for its tasks, too", () => {
    draw(agents({ delegations: [delegation({ is_lost: true })] }));
    expect(words(".delegation .head")).toContain("lost");
    expect(words(".task")).toContain("lost");
    expect(words(".delegation")).toContain("nobody will finish it");
    expect(words(".task button")).toBe("Read its transcript");
  });

  test("what came of each task is there, and whether it came back", () => {
    const tasks = [
      task({ status: "completed", summary: "42 stations" }),
      task({ index: 1, status: "error", error: "No network", exit_reason: "max_iterations" }),
    ];
    draw(
      agents({
        delegations: [
          delegation({ state: "completed", tasks, total_tasks: 9, duration_s: 90, api_calls: 5, delivery_attempts: 2 }),
        ],
      }),
    );
    const said = words(".delegation");
    for (const part of ["42 stations", "No network", "used up its turns", "7 more tasks", "5 calls", "(2 attempts)"])
      expect(said).toContain(part);
  });

  test("a live transcript is asked for when it is opened, and grows by pages", () => {
    const data = agents({ delegations: [delegation()] });
    draw(data, (query) => ({
      transcript:
        query.before === undefined
          ? transcript([line(40, "-> step(2)"), line(60, "done", "final")], 40)
          : transcript([line(0, "=== head ===", null), line(20, "-> step(1)"), line(40, "-> step(2)")]),
    }));
    expect(asked).toEqual([]);
    click(".task button");
    expect(asked).toEqual([{ transcript: "d1", task: 0 }]);
    expect([...container.querySelectorAll(".said")].map((said) => said.textContent)).toEqual([
      "12:00:00 calls-> step(2)",
      "12:00:00 enddone",
    ]);
    click(".live-transcript > .quiet");
    expect(asked[1]).toEqual({ transcript: "d1", task: 0, before: 40 });
    expect(container.querySelectorAll(".said").length).toBe(4);
    expect(one(".live-transcript > .quiet")).toBeNull();
    click(".live-transcript .close");
    expect(one(".live-transcript")).toBeNull();
  });

  test("what a live transcript showed stays while its newest page moves on", () => {
    let newest = transcript([line(40, "-> step(2)"), line(60, "-> step(3)")], 40);
    draw(agents({ delegations: [delegation()] }), (query) => ({
      transcript: query.before === undefined ? newest : transcript([line(0, "-> step(0)"), line(20, "-> step(1)")]),
    }));
    click(".task button");
    newest = transcript([line(80, "-> step(4)"), line(100, "done", "final")], 80);
    click(".live-transcript > .quiet");
    expect(asked[1]).toEqual({ transcript: "d1", task: 0, before: 40 });
    expect(container.querySelectorAll(".said").length).toBe(6);
    expect(one(".live-transcript > .quiet")).toBeNull();
  });

  test("a transcript, or an older page of it, that is refused says why", () => {
    const refused = { data: null, status: "unavailable", error: "task-0.log cannot be read" } as const;
    let isThere = false;
    draw(agents({ delegations: [delegation()] }), (query) =>
      isThere && query.before === undefined ? { transcript: transcript([line(40, "-> step(2)")], 40) } : refused,
    );
    click(".task button");
    expect(words('.live-transcript [lang="en"]')).toBe("task-0.log cannot be read");
    expect(words(".live-transcript h3")).toBe("Count the stations");
    expect(one(".live-transcript .skeleton")).toBeNull();
    click(".live-transcript .close");
    isThere = true;
    click(".task button");
    expect(one('.live-transcript [lang="en"]')).toBeNull();
    click(".live-transcript > .quiet");
    expect(words('.live-transcript [lang="en"]')).toBe("task-0.log cannot be read");
    expect(container.querySelectorAll(".said").length).toBe(1);
  });

  test("a task that would reorder what is beside it is harmless", () => {
    draw(agents({ delegations: [delegation({ tasks: [task({ goal: "abc\u202ecod.exe" })] })] }));
    expect(words(".task .goal")).toBe("abc[U+202E]cod.exe");
    click(".task button");
    expect(words(".live-transcript h3")).toBe("abc[U+202E]cod.exe");
  });

  test("of processes and earlier teams it is said how many there are", () => {
    draw(agents({ processes: [process()], total_processes: 71 }));
    expect(words(".processes h3")).toContain("1 of 71");
    const tree = { session_id: "s1", session_title: null, label: null, subagents: 3, started_at: null };
    const trees = { spawn_trees: [{ ...tree, finished_at: at(-60) }], total_spawn_trees: 900 };
    draw(agents({ ...trees, is_spawn_trees_cut: true }));
    expect(words(".history h3")).toContain("1 of more than 900");
  });

  test("a transcript that is gone says so", () => {
    draw(agents({ delegations: [delegation()] }), () => ({ is_missing: true }));
    click(".task button");
    expect(words(".live-transcript")).toContain("seven days");
  });

  test("subagents stand below their conversation, each with what it does", () => {
    const running = [{ call_id: "c1", tool: "web_search", since: at(-1) }];
    const children = [
      { session: session("a", "s1", { running }), depth: 1 },
      { session: session("a1", "a"), depth: 2 },
    ];
    draw(
      agents({
        families: [
          { parent_id: "s1", parent: session("s1", null, { title: "Bikes" }), children },
          { parent_id: "gone", parent: null, children: [{ session: session("b", "gone"), depth: 1 }] },
        ],
        subagents: 3,
      }),
    );
    expect(words(".subagents h3")).toContain("3 sessions");
    expect(words(".family")).toContain("Bikes");
    expect(words(".children")).toContain("web_search");
    expect(
      [...container.querySelectorAll<HTMLElement>(".children li")].map((row) => row.style.getPropertyValue("--depth")),
    ).toEqual(["0", "1", "0"]);
    expect(container.textContent).toContain("conversation gone, not there any more");
  });

  test.each([
    [{ is_alive: true }, "alive", "for 2h"],
    [{ is_alive: false, memory_bytes: null }, "gone", "started 2h ago"],
    [{ is_alive: null, memory_bytes: null }, "unknown", "started 2h ago"],
    [{ is_alive: null, is_sandboxed: true }, "sandboxed", "started 2h ago"],
  ] as const)("a process with %o is called %s", (values, word, since) => {
    draw(agents({ processes: [process(values)] }));
    expect(words(".row .sign")).toBe(` ${word}`);
    expect(words(".row")).toContain(since);
    expect(one(".row .sign .icon")).not.toBeNull();
  });

  test("that command lines are not shown is said, as is that writers cannot be seen", () => {
    draw(agents({ are_writers_known: false }));
    expect(words(".processes")).toContain("Command lines are not shown");
    expect(words(".processes")).toContain("cannot be seen from here");
    expect(words(".agents")).toContain("No delegations, no subagents within 24 hours.");
  });

  test("a history being summarised and earlier teams are there", () => {
    const lock = { session_id: "s1", session_title: "Bikes", since: at(-1), expires_at: at(1), pid: 7 };
    const tree = { session_id: "s1", session_title: "Bikes", label: "Three models", subagents: 3, started_at: null };
    draw(
      agents({
        compressions: [{ ...lock, is_process_gone: false }],
        spawn_trees: [{ ...tree, finished_at: at(-60) }],
        total_spawn_trees: 4,
        moa_sessions: 2,
        moa_bytes: 1_500_000,
        moa_at: at(-5),
      }),
    );
    expect(words(".compressions")).toContain("summarisingBikes1mprocess 7");
    expect(words(".history")).toContain("3Three modelsBikes1h ago");
    expect(words(".history h3")).toContain("1 of 4");
    expect(words(".history")).toContain("2 sessions, 1.5 MB, last written 5m ago");
    draw(agents({ moa_sessions: 1, moa_bytes: 1_500_000, moa_at: at(-5) }));
    expect(words(".history")).toContain("1 session, 1.5 MB, last written 5m ago");
  });
});

test("sizes are said by thousands", () => {
  const format = { number: (value: number) => String(value) };
  expect([0, 999, 1_000, 12_345, 999_960, 1.26e6, 9.99e6, 3e9].map((bytes) => sizeIn(bytes, format))).toEqual([
    "0 B",
    "999 B",
    "1 kB",
    "12 kB",
    "1 MB",
    "1.3 MB",
    "10 MB",
    "3 GB",
  ]);
});
