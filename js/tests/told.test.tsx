// @vitest-environment happy-dom
// The views of what happened: approvals, corrections, curator, verification.

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type View, type ViewModule, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type {
  ApprovalCommand,
  Approvals,
  Correction,
  Corrections,
  CuratedSkill,
  CuratorPanel,
  CuratorRun,
  Verification,
  VerificationEvent,
} from "../src/protocol.ts";
import * as approvalsView from "../src/views/approvals.tsx";
import * as correctionsView from "../src/views/corrections.tsx";
import * as curatorView from "../src/views/curator.tsx";
import * as verificationView from "../src/views/verification.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();

useStage(NOW);

const made = new Map<unknown, View>();

function draw<Data>(module: unknown, data: Data, more: Partial<ViewProps<Data>> = {}) {
  const { default: define, texts: catalogues } = module as ViewModule;
  const view = texts().above(catalogues ?? {});
  const Made = made.get(module) ?? define(makeApi(view, makeFormat("en", view.t)));
  made.set(module, Made);
  const props = { data, query: {}, open: () => {}, progress: null, useSnapshots: () => [], ...more } as unknown;
  drawIn(h(Made, props as ViewProps));
}

const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) => all(selector).map((found) => found.textContent?.replace(/\s+/g, " ").trim() ?? "");
const click = (selector: string) => act(() => all(selector)[0]?.click());

describe("verification", () => {
  const event = (values: Partial<VerificationEvent> = {}): VerificationEvent => ({
    id: 7,
    at: at(-1),
    session_id: "s1",
    session_title: "Quantiles",
    root: "/home/me/velocast",
    command: "pytest -q",
    canonical_command: "pytest",
    kind: "test",
    scope: "full",
    status: "passed",
    exit_code: 0,
    ...values,
  });
  const data = (values: Partial<Verification> = {}): Verification => ({
    workspaces: [
      {
        session_id: "s1",
        session_title: "Quantiles",
        root: "/home/me/velocast",
        status: "stale",
        last_edit_at: at(-0.5),
        changed_paths: ["/home/me/velocast/a.py"],
        changed: 3,
        last: event(),
        changed_at: at(-0.5),
      },
    ],
    total: 1,
    counts: { passed: 0, failed: 0, stale: 1, unverified: 0 },
    events: [event(), event({ id: 6, status: "failed", exit_code: 2, kind: "smell" })],
    total_events: 9,
    kinds: [{ kind: "test", passed: 8, failed: 1 }],
    days: [{ day: "2026-06-01", passed: 8, failed: 1 }],
    timezone: "UTC",
    output: null,
    ...values,
  });

  test("says of each workspace whether its checks still hold, and opens its session", () => {
    const open = vi.fn();
    draw(verificationView, data(), { open });
    expect(words(".workspaces .head")).toEqual(["velocastedited since"]);
    expect(words(".workspaces details")).toEqual(["3 files edited since/home/me/velocast/a.pyand 2 more"]);
    click(".workspaces .link");
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
  });

  test("calls a session by its title, and by its id where it has none", () => {
    draw(verificationView, data({ events: [event(), event({ id: 6, session_id: "s2", session_title: null })] }));
    expect(words(".workspaces .link")).toEqual(["Quantiles"]);
    expect(words(".events .link")).toEqual(["Quantiles", "s2"]);
  });

  test("says why an output does not come", () => {
    const useSnapshots = (queries: readonly unknown[]) =>
      queries.map(() => ({ data: null, status: "unavailable", error: "verification_evidence.db is locked" }));
    draw(verificationView, data(), { useSnapshots: useSnapshots as never });
    click(".events .opens");
    expect(words(".output .blank")[0]).toContain("verification_evidence.db is locked");
    expect(all(".output [lang=en]")).toHaveLength(1);
    expect(all(".output .skeleton")).toEqual([]);
  });

  test("shows the checks of each day as a table, too", () => {
    draw(verificationView, data());
    click(".days .figure-switch");
    expect(words(".days thead th").slice(1, 3)).toEqual(["passed", "failed"]);
    expect(words(".days tbody td").slice(0, 2)).toEqual(["8", "1"]);
  });

  test("says how a check ended, in a word and its code, and what it printed only when that is opened", () => {
    const asked: unknown[] = [];
    const useSnapshots = (queries: readonly unknown[]) => {
      asked.push(...queries);
      return queries.length > 0 ? [{ data: data({ output: { event: 7, text: "9 passed" } }) }] : [];
    };
    draw(verificationView, data(), { useSnapshots: useSnapshots as never });
    expect(words(".events .sign")).toEqual(["passed", "failed (2)"]);
    expect(words(".events .about")[1]).toContain("smell");
    expect(asked).toEqual([]);
    click(".events .opens");
    expect(asked).toContainEqual({ event: 7 });
    expect(words(".output")).toEqual(["9 passed"]);
    expect(words(".events > .none")).toEqual(["and 7 more"]);
  });
});

describe("curator", () => {
  const skill = (values: Partial<CuratedSkill> = {}): CuratedSkill => ({
    name: "gbfs",
    is_bundled: false,
    state: "active",
    is_pinned: false,
    is_in_cron: false,
    is_counted: true,
    uses: 4,
    activity: 9,
    last_active_at: at(-24 * 10),
    next_state: "stale",
    next_state_at: at(24 * 20),
    archive_at: at(24 * 80),
    ...values,
  });
  const run = (values: Partial<CuratorRun> = {}): CuratorRun => ({
    id: "20260525-080000",
    started_at: at(-24 * 7),
    duration_s: 38,
    model: null,
    summary: null,
    error: null,
    skills_before: 9,
    skills_after: 8,
    checked: 9,
    marked_stale: 2,
    archived: 0,
    reactivated: 0,
    merged: [{ name: "old", into: "new" }],
    total_merged: 1,
    pruned: [],
    total_pruned: 0,
    added: [],
    total_added: 0,
    tool_calls: 0,
    has_report: true,
    problem: null,
    ...values,
  });
  const data = (values: Partial<CuratorPanel> = {}): CuratorPanel => ({
    schedule: {
      is_enabled: true,
      is_paused: false,
      last_run_at: at(-24 * 2),
      last_duration_s: 0.4,
      last_summary: "auto: no changes",
      run_count: 4,
      interval_hours: 168,
      min_idle_hours: 2,
      next_run_at: at(24 * 5),
      is_due: false,
      stale_after_days: 30,
      archive_after_days: 90,
      consolidates: false,
      prunes_bundled: true,
    },
    runs: [run()],
    total_runs: 1,
    skills: [skill()],
    total_skills: 1,
    counts: { active: 1, stale: 0, archived: 0, pinned: 0, in_cron: 0 },
    archived: [],
    total_archived: 0,
    backups: [],
    total_backups: 0,
    report: null,
    ...values,
  });

  test("says what becomes of a skill, when, and how much of the time is over", () => {
    draw(
      curatorView,
      data({
        skills: [
          skill(),
          skill({ name: "kept", is_pinned: true, next_state: null, next_state_at: null, archive_at: null }),
          skill({ name: "new", is_counted: false, next_state: null, next_state_at: null, archive_at: null }),
          skill({ name: "late", state: "stale", next_state: "archived", next_state_at: at(-1), archive_at: at(-1) }),
        ],
      }),
    );
    expect(words(".skills .about > span:first-child")).toEqual([
      "stale in 20d if unused",
      "stays as it is",
      "its clock begins with the next run",
      "archived with the next run",
    ]);
    expect(all(".ahead").map((line) => line.getAttribute("aria-label")?.slice(0, 4))).toEqual(["11% ", "100%"]);
    expect(words(".skills .sign")).toEqual(["active", "active", "active", "stale"]);
  });

  test("says that it is paused, off or due, in words", () => {
    const states = [
      { is_paused: true, next_run_at: null },
      { is_enabled: false, next_run_at: null },
      { is_due: true, next_run_at: at(-1) },
    ];
    const said = states.map((state) => {
      draw(curatorView, data({ schedule: { ...data().schedule, ...state } }));
      return [all(".schedule")[0]?.dataset.state, words(".schedule .facts dd")[0]];
    });
    expect(said).toEqual([
      ["paused", "—"],
      ["off", "—"],
      ["due", "when idle for 2 h"],
    ]);
  });

  test("says why a report does not come, and in which language", () => {
    const useSnapshots = (queries: readonly unknown[]) =>
      queries.map(() => ({ data: null, status: "unavailable", error: "REPORT.md cannot be read" }));
    draw(curatorView, data({ runs: [run({ problem: "it is not valid JSON" })] }), {
      useSnapshots: useSnapshots as never,
    });
    click(".runs .opens");
    expect(words(".report [lang=en]")).toEqual(["REPORT.md cannot be read"]);
    expect(all(".report .skeleton")).toEqual([]);
    expect(words(".names[lang=en]")).toEqual(["it is not valid JSON"]);
  });

  test("says how many there are of what is not all shown", () => {
    const backup = { id: "b1", reason: null, created_at: null, size_bytes: 10, skill_files: null };
    const archived = { name: "gone", archived_at: null, is_suppressed: false };
    draw(
      curatorView,
      data({
        runs: [run({ total_merged: 50, added: ["a\u202eb"], total_added: 1 })],
        backups: [backup],
        total_backups: 45,
        archived: [archived],
        total_archived: 201,
      }),
    );
    expect(words(".runs .names")).toEqual(["Merged: old → new and 49 more", "Made: a[U+202E]b"]);
    expect(words(".backups h3")).toEqual(["Backups45"]);
    expect(words(".backups .none")[0]).toBe("and 44 more");
    expect(words(".archived .none")[0]).toBe("and 200 more");
  });

  test("shows a run's report when it is opened, as text and never as markup", () => {
    const report = { run: "20260525-080000", text: "# Curator run\n\n<img src=x onerror=alert(1)>", is_cut: false };
    const useSnapshots = (queries: readonly unknown[]) => (queries.length > 0 ? [{ data: data({ report }) }] : []);
    draw(curatorView, data(), { useSnapshots: useSnapshots as never });
    expect(words(".runs .names")).toEqual(["Merged: old → new"]);
    click(".runs .opens");
    expect(words(".report")[0]).toContain("<img src=x");
    expect(all("img")).toEqual([]);
    expect(words(".report [role=heading]")).toEqual(["Curator run"]);
  });
});

describe("corrections", () => {
  const correction = (values: Partial<Correction> = {}): Correction => ({
    severity: "major",
    rule: "wrong",
    text: "That's wrong.",
    at: at(-5),
    session_id: "s1",
    session: "A talk",
    message: 12,
    store: null,
    ...values,
  });
  const data = (values: Partial<Corrections> = {}): Corrections => ({
    said: [correction()],
    total_said: 1,
    said_counts: { critical: 0, major: 1, minor: 0 },
    kept: [
      correction({
        severity: "critical",
        rule: "never",
        text: "Never.",
        session_id: null,
        message: null,
        store: "memory",
      }),
    ],
    total_kept: 1,
    kept_counts: { critical: 1, major: 0, minor: 0 },
    weeks: [
      { starts_on: "2026-05-25", critical: 0, major: 0, minor: 2 },
      { starts_on: "2026-06-01", critical: 0, major: 1, minor: 0 },
    ],
    looked_at: 3,
    since: null,
    is_whole: true,
    problem: null,
    timezone: "UTC",
    ...values,
  });

  test("links each to its message, says its severity in a word, and chooses one severity", () => {
    const open = vi.fn();
    const setQuery = vi.fn();
    draw(correctionsView, data(), { open, setQuery });
    expect(words(".choice button")).toEqual(["critical1", "major1", "minor0"]);
    expect(words(".said .about")[0]).toMatch(/^majorwrong/);
    click(".said .link");
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1", message: 12 });
    click("[data-severity=minor]");
    expect(setQuery).toHaveBeenCalledWith({ severity: "minor" });
    draw(correctionsView, data(), { setQuery, query: { severity: "minor" } });
    click("[data-severity=minor]");
    expect(setQuery).toHaveBeenLastCalledWith({ severity: null });
  });

  test("says that it cannot search, or is still looking, and not that there is nothing", () => {
    draw(correctionsView, data({ problem: "missing", said: [], total_said: 0 }));
    expect(words(".banner")).toEqual([correctionsView.texts.en["problem.missing"]]);
    draw(correctionsView, data({ is_whole: false, said: [], total_said: 0 }));
    expect(words(".said .none")).toEqual([correctionsView.texts.en.looking]);
    expect(all(".said .skeleton")).toHaveLength(1);
  });

  test("says how many entries there are of which some are shown", () => {
    draw(correctionsView, data({ total_kept: 190 }));
    expect(words(".kept h3")).toEqual(["Kept in memory190"]);
    expect(words(".kept > .none")).toEqual(["1 of 190 are shown"]);
  });

  test("has the weeks as a line and as a table", () => {
    draw(correctionsView, data());
    expect(all(".weeks svg")[0]?.getAttribute("aria-label")).toContain("3 in half a year, 1 this week");
    click(".weeks .figure-switch");
    expect(words(".weeks tbody tr").map((row) => row.slice(-3))).toEqual(["002", "010"]);
  });
});

describe("approvals", () => {
  const command = (values: Partial<ApprovalCommand> = {}): ApprovalCommand => ({
    message: 40,
    session_id: "s1",
    session: "A talk",
    at: at(-1),
    tool: "terminal",
    outcome: "approved",
    command: "rm -rf build",
    reason: "recursive delete",
    is_sudo: false,
    exit_code: 0,
    is_interrupted: false,
    ...values,
  });
  const data = (values: Partial<Approvals> = {}): Approvals => ({
    settings: {
      mode: "smart",
      is_mode_default: true,
      is_mode_unknown: false,
      timeout_s: 60,
      cron_mode: "deny",
      deny: [],
      total_deny: 0,
      allow: ["recursive delete"],
      total_allow: 3,
      redacts_secrets: true,
      has_scanner: true,
      allows_unscanned: true,
      approves_memory: false,
      approves_skills: true,
    },
    pending: [],
    total_pending: 0,
    waiting: [],
    total_waiting: 0,
    commands: [command()],
    total_commands: 1,
    outcomes: [{ outcome: "approved", count: 1 }],
    days: [{ day: "2026-06-01", allowed: 1, refused: 0, other: 0 }],
    sudo: [],
    total_sudo: 0,
    since: null,
    is_whole: true,
    problem: null,
    timezone: "UTC",
    ...values,
  });

  test("every outcome has a word and an explanation in both languages", () => {
    for (const catalogue of [approvalsView.texts.en, approvalsView.texts.zh] as Record<string, string>[]) {
      const outcomes = Object.keys(catalogue).filter((key) => /^outcome\.[a-z-]+$/.test(key));
      expect(outcomes).toHaveLength(14);
      for (const key of outcomes) expect(catalogue[`${key}.help`]).toBeTruthy();
    }
  });

  test("tells the rules, and that they are defaults", () => {
    draw(approvalsView, data());
    expect(words(".mode p")).toEqual([
      "Flagged commands are judged by a model; what it does not allow comes to you. This is the default; config.yaml says nothing.",
    ]);
    expect(words(".mode .facts dd")).toEqual(["1m", "refused", "yes", "yes", "at once", "wait for you"]);
    expect(words(".rules .patterns li")).toEqual(["recursive delete", "and 2 more"]);
  });

  test("tells what waits: writes, questions, and commands that may", () => {
    draw(
      approvalsView,
      data({
        pending: [
          {
            id: "a",
            store: "memory",
            action: "add",
            summary: "a fact",
            origin: "background_review",
            created_at: at(-3),
            problem: null,
          },
        ],
        total_pending: 4,
        waiting: [{ session_id: "s2", session: "Other", kind: "command", tool: "terminal", since: at(-0.01) }],
        total_waiting: 1,
      }),
    );
    expect(words(".waits h3")).toEqual(["Waiting for you5"]);
    expect(words(".waits .sign")).toEqual(["may ask you", "memory"]);
    expect(words(".waits .about")[1]).toContain("by its review");
    expect(words(".waits > .none")).toEqual(["and 3 more"]);
  });

  test("says how many commands ran by sudo, and shows its days as a table, too", () => {
    const sudo = [{ command: "mount", count: 3, failed: 0 }];
    draw(approvalsView, data({ sudo, total_sudo: 14 }));
    expect(words(".sudo h3")).toEqual(["Run by sudo1 of 14"]);
    click(".days .figure-switch");
    expect(words(".days tbody td").slice(0, 3)).toEqual(["1", "0", "0"]);
  });

  test("a write that cannot be read says why, in its own language", () => {
    const write = { id: "a", store: "memory", action: null, summary: null, origin: null, created_at: null };
    draw(approvalsView, data({ pending: [{ ...write, problem: "it is not valid JSON" }], total_pending: 1 }));
    expect(words(".waits [lang=en]")).toEqual(["it is not valid JSON"]);
  });

  test("tells a command with how it went, links it to its message, and chooses an outcome", () => {
    const open = vi.fn();
    const setQuery = vi.fn();
    const commands = [
      command(),
      command({ message: 41, outcome: "denied", command: null, exit_code: null, reason: null }),
      command({ message: 42, is_interrupted: true, exit_code: 130, is_sudo: true }),
    ];
    draw(approvalsView, data({ commands, total_commands: 3 }), { open, setQuery });
    expect(words(".commands .rows .sign")).toEqual(["approved", "denied", "approved"]);
    expect(words(".commands .command")).toEqual(["rm -rf build", "its call is not known", "rm -rf build"]);
    expect(words(".commands .about")[2]).toMatch(/^recursive deleteexit 130then interruptedsudo/);
    click(".commands .link");
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1", message: 40 });
    click("[data-outcome=approved]");
    expect(setQuery).toHaveBeenCalledWith({ outcome: "approved" });
  });
});
