// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import { makeApi, type ViewProps, type ViewSnapshot } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Overview, Session, SinceOpened } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/overview.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString();
const NO_TOKENS = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
const NO_COST = { usd: null, status: null, unknown_sessions: 0 };

const session = (values: Partial<Session> = {}): Session => ({
  id: "s1",
  root_id: "s1",
  kind: "conversation",
  parent_id: null,
  title: "Bikes",
  preview: "",
  source: "cli",
  model: null,
  started_at: at(-600),
  ended_at: null,
  end_reason: null,
  last_active: at(-5),
  message_count: 3,
  tool_call_count: 1,
  api_call_count: 1,
  rewind_count: 0,
  tokens: NO_TOKENS,
  cost: NO_COST,
  pieces: 1,
  subagents: 0,
  archived: false,
  cwd: null,
  git_branch: null,
  activity: "running",
  activity_since: at(-5),
  running: [{ call_id: "c", tool: "terminal", since: at(-5) }],
  ...values,
});

const overview = (values: Partial<Overview> = {}): Overview => ({
  at: at(0),
  identity: {
    name: "~/.hermes",
    profile: null,
    active_profile: null,
    profiles: [],
    model: "opus",
    provider: "anthropic",
    backend: "local",
    toolsets: ["hermes-cli"],
    began_at: at(-86_400 * 29),
    day: 30,
    size_bytes: 1_400_000,
    corrections: 0,
  },
  live: [],
  more_live: 0,
  compressing: [],
  in_turn: [],
  may_ask: true,
  gateway: null,
  cron: null,
  delegations: 0,
  kanban_running: 0,
  kanban_blocked: 0,
  goals: 0,
  totals: { sessions: 3, messages: 40, tool_calls: 7 },
  today: { since: at(-3_600), timezone: "UTC", spending: { sessions: 1, tokens: NO_TOKENS, cost: NO_COST } },
  memory: [{ store: "memory", entries: 2, used_chars: 20, limit_chars: 2_200 }],
  changes: [],
  opened: null,
  ...values,
});

const news = (values: Partial<SinceOpened> = {}): SinceOpened => ({
  since: at(0),
  messages: 0,
  tool_calls: 0,
  conversations: 0,
  memory_added: 0,
  memory_removed: 0,
  memory_changed: 0,
  skills_changed: 0,
  cron_runs: 0,
  cron_failed: 0,
  is_cron_cut: false,
  spending: null,
  spent_since: null,
  ...values,
});

useStage(NOW);

let opened: unknown[][] = [];
let asked: unknown[] = [];
let homes = 0;

/** Each time another home, unless one is named. */
function draw(data: Overview, opens: SinceOpened | null = null, home = `home-${homes++}`): void {
  opened = [];
  const own = texts().above(catalogues);
  const View = define(makeApi(own, makeFormat("en", own.t)));
  const props = {
    data,
    progress: null,
    home: { id: home, path: "~/.hermes", profile: null },
    open: (...args: unknown[]) => opened.push(args),
    useSnapshots: (queries: unknown[]) => {
      asked = queries;
      return [{ data: opens && { ...data, opened: opens } }] as unknown as ViewSnapshot<Overview>[];
    },
  } as unknown as ViewProps<Overview>;
  drawIn(h(View, props as never));
}

const text = () => container.textContent ?? "";
const line = (name: string) => container.querySelector(`[data-line="${name}"]`)?.textContent;
const click = (selector: string) => act(() => container.querySelector<HTMLButtonElement>(selector)?.click());

describe("a live session", () => {
  test("may wait for approval only where Hermes asks, and with tools of which it asks", () => {
    draw(overview({ live: [session()] }));
    expect(text()).toContain("running or waiting for approval");
    draw(overview({ live: [session()], may_ask: false }));
    expect(text()).not.toContain("approval");
    draw(overview({ live: [session({ running: [{ call_id: "c", tool: "todo", since: at(-5) }] })] }));
    expect(text()).not.toContain("approval");
  });

  test("thinks when Hermes says that a turn goes on, whatever its messages look like", () => {
    const idle = session({ activity: "idle", running: [], root_id: "root" });
    draw(overview({ live: [idle] }));
    expect(container.querySelector(".card")?.className).toContain("idle");
    draw(overview({ live: [idle], in_turn: ["root"] }));
    expect(container.querySelector(".card")?.className).toContain("thinking");
  });

  test("says that its history is being compressed", () => {
    draw(overview({ live: [session({ id: "tip", root_id: "root" })], compressing: ["root"] }));
    expect(container.querySelector(".compressing")?.textContent).toContain("compressing");
  });

  test("leads to its transcript", () => {
    draw(overview({ live: [session()] }));
    click(".card-title button");
    expect(opened).toEqual([["sessions", { session: "s1" }]]);
  });
});

describe("the glance", () => {
  test("has a line for what is there, and none for what is not", () => {
    draw(overview());
    expect(container.querySelector(".glance")).toBeNull();
    draw(
      overview({
        gateway: { health: "running", connected: 1, platforms: 2, troubled: ["discord"] },
        cron: {
          scheduler: "ticking",
          active: 2,
          running: 1,
          overdue: 0,
          failed: 1,
          next_at: at(300),
          next_name: "Nightly",
        },
        delegations: 2,
        kanban_running: 1,
        kanban_blocked: 3,
        goals: 1,
      }),
    );
    expect(line("gateway")).toBe("Gatewayrunning1 of 2 platforms connecteddiscord");
    expect(line("cron")).toBe("Cron1 running1 failedNightly in 5m");
    expect(line("agents")).toBe("Agents2 at work in the background");
    expect(line("kanban")).toBe("Kanban1 card in work3 blocked");
    expect(line("goals")).toBe("Goals1 pursued");
    click('[data-line="cron"] button');
    expect(opened).toEqual([["cron"]]);
  });

  test("says that no job will fire without a scheduler, and passes unknown words through", () => {
    const cron = { active: 2, running: 0, overdue: 0, failed: 0, next_at: null, next_name: null };
    draw(overview({ cron: { ...cron, scheduler: "stalled" } }));
    expect(line("cron")).toBe("Cronno scheduler2 active jobs");
    draw(overview({ cron: { ...cron, scheduler: "ticking" } }));
    expect(line("cron")).toBe("Cron2 active jobs");
    draw(overview({ gateway: { health: "hibernating", connected: 0, platforms: 0, troubled: [] } }));
    expect(line("gateway")).toBe("Gatewayhibernating");
  });
});

describe("what is new", () => {
  test("is asked for since the first look of this page, whatever comes later", () => {
    draw(overview(), null, "mine");
    expect(asked).toEqual([{ since: at(0) }]);
    draw(overview({ at: at(60) }), null, "mine");
    expect(asked).toEqual([{ since: at(0) }]);
    draw(overview({ at: at(60) }), null, "another");
    expect(asked).toEqual([{ since: at(60) }]);
  });

  test("is counted, each with the panel that tells more", () => {
    draw(
      overview(),
      news({
        messages: 12,
        tool_calls: 1,
        conversations: 2,
        memory_added: 1,
        memory_changed: 2,
        cron_runs: 3,
        cron_failed: 1,
      }),
    );
    expect([...container.querySelectorAll(".fact")].map((one) => one.textContent?.trim())).toEqual([
      "2 new sessions",
      "12 messages",
      "1 tool call",
      "memory: 1 added, 2 changed",
      "2 cron runs",
      "1 failed cron run",
    ]);
    click(".fact");
    expect(opened).toEqual([["sessions"]]);
    draw(overview(), news({ cron_runs: 200, cron_failed: 1, is_cron_cut: true }));
    expect([...container.querySelectorAll(".fact")].map((one) => one.textContent?.trim())).toEqual([
      "199+ cron runs",
      "1+ failed cron runs",
    ]);
  });

  test("says what was spent, and never a price that is not known", () => {
    const tokens = { ...NO_TOKENS, input: 1_500 };
    draw(overview(), news({ spending: { sessions: 1, tokens, cost: NO_COST }, messages: 1 }));
    expect(container.querySelector(".news")?.textContent).toContain("1.5\u202fk tokens · —");
    draw(
      overview(),
      news({
        messages: 1,
        spending: { sessions: 1, tokens, cost: { usd: 0.25, status: "estimated", unknown_sessions: 0 } },
      }),
    );
    expect(container.querySelector(".news")?.textContent).toContain("$0.25");
  });

  test("is nothing before anything happened, and not yet known before the answer", () => {
    draw(overview(), news());
    expect(text()).toContain("Nothing new so far.");
    draw(overview());
    expect(text()).not.toContain("Nothing new so far.");
  });
});

test("the home's age, size and corrections are told", () => {
  const { identity } = overview();
  draw(overview({ identity: { ...identity, corrections: 3 } }));
  expect(text()).toContain("day 30");
  expect(text()).toContain("Database 1.4 MB");
  expect(text()).toContain("Provider anthropic · terminal local · toolsets hermes-cli");
  draw(overview({ identity: { ...identity, provider: null, backend: "docker", toolsets: ["web", "\u202ex"] } }));
  expect(text()).toContain("Provider auto · terminal docker · toolsets web, [U+202E]x");
  draw(overview({ identity: { ...identity, corrections: 3 } }));
  click(".capacity .link");
  expect(opened).toEqual([["corrections"]]);
});
