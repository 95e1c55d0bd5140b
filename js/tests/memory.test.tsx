// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Entry, Memory, MemoryChange } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/memory.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();

const entry = (text: string, category: Entry["category"] = "other"): Entry => ({
  text,
  chars: text.length,
  category,
  is_blocked: false,
});

const change: MemoryChange = {
  at: ago(30),
  store: "memory",
  used_chars: 20,
  total: 1,
  edits: [
    {
      kind: "changed",
      before: "Uses pandas 2.",
      after: "Uses pandas 3.",
      pieces: [
        { kind: "same", text: "Uses pandas " },
        { kind: "removed", text: "2" },
        { kind: "added", text: "3" },
        { kind: "same", text: "." },
      ],
    },
  ],
};

const memory = (values: Partial<Memory> = {}): Memory => ({
  stores: [
    {
      name: "memory",
      file: "memories/MEMORY.md",
      exists: true,
      entries: [entry("Gotcha: UTC only.", "correction"), entry("The repo is old.", "project")],
      total: 2,
      used_chars: 40,
      limit_chars: 2_200,
      modified_at: ago(60),
    },
    {
      name: "user",
      file: "memories/USER.md",
      exists: false,
      entries: [],
      total: 0,
      used_chars: 0,
      limit_chars: 1_375,
      modified_at: null,
    },
  ],
  provider: null,
  changes: [],
  watched_since: ago(3_600),
  stale_sessions: [],
  stale_total: 0,
  pending: [],
  pending_total: 0,
  backups: [],
  archived: null,
  soul: null,
  ...values,
});

useStage(NOW);

let opened: unknown[][] = [];

function draw(data: Memory, language: "en" | "zh" = "en"): void {
  opened = [];
  const own = texts(language).above(catalogues);
  const View = define(makeApi(own, makeFormat(language, own.t)));
  const props = { data, open: (...args: unknown[]) => opened.push(args) } as unknown as ViewProps<Memory>;
  drawIn(h(View, props as never), language);
}

const text = () => container.textContent ?? "";
const entries = () => [...container.querySelectorAll(".entry")].map((one) => one.querySelector(".prose")?.textContent);

function type(value: string): void {
  const input = container.querySelector("input") as HTMLInputElement;
  act(() => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

describe("the search", () => {
  test("keeps the entries in which it occurs, in any case, and marks it", () => {
    draw(memory());
    type("REPO");
    expect(entries()).toEqual(["The repo is old."]);
    expect(container.querySelector("mark")?.textContent).toBe("repo");
    expect(text()).toContain("1 of 2 entries");
    type("nothing like it");
    expect(entries()).toEqual([]);
    expect(text()).toContain("None of its entries.");
    type("");
    expect(entries()).toHaveLength(2);
  });

  test("is where the HUD's own search key leads to", () => {
    draw(memory());
    expect(container.querySelector("[data-search]")?.tagName).toBe("INPUT");
    draw(memory({ stores: [] }));
    expect(container.querySelector("[data-search]")).toBeNull();
  });

  test("takes what was typed literally", () => {
    draw(memory());
    type(".");
    expect(entries()).toHaveLength(2);
    type(".*");
    expect(entries()).toEqual([]);
  });
});

describe("the categories", () => {
  test("are offered where an entry is of them, and narrow the list", () => {
    draw(memory());
    const buttons = [...container.querySelectorAll<HTMLButtonElement>(".kinds button")];
    expect(buttons.map((one) => one.textContent)).toEqual(["correction 1", "project 1"]);
    act(() => buttons[0]?.click());
    expect(buttons[0]?.getAttribute("aria-pressed")).toBe("true");
    expect(entries()).toEqual(["Gotcha: UTC only."]);
    act(() => buttons[0]?.click());
    expect(entries()).toHaveLength(2);
  });
});

describe("the changes", () => {
  test("mark the words that went and came, and not by colour alone", () => {
    draw(memory({ changes: [change] }));
    expect(container.querySelector("del")?.textContent).toBe("2");
    expect(container.querySelector("ins")?.textContent).toBe("3");
    expect(text()).toContain("1 changed");
  });

  test("show what was written harmlessly", () => {
    const pieces = [
      { kind: "same" as const, text: "Pays to \u202e" },
      { kind: "removed" as const, text: "\u001b[31mold\u2066" },
      { kind: "added" as const, text: "new\u0007" },
    ];
    draw(memory({ changes: [{ ...change, edits: [{ kind: "changed", before: "a", after: "b", pieces }] }] }));
    expect(container.querySelector(".edit")?.textContent).toBe("Pays to [U+202E]old[U+2066]new");
  });

  test("show the last one and fold the earlier ones", () => {
    const earlier = {
      ...change,
      at: ago(90),
      edits: [{ kind: "added" as const, before: null, after: "New.", pieces: [] }],
    };
    draw(memory({ changes: [change, earlier] }));
    expect(container.querySelectorAll(".edits > .change")).toHaveLength(1);
    expect(container.querySelector(".edits details summary")?.textContent).toBe("1 earlier change");
    expect(container.querySelector(".edits details ins")?.textContent).toBe("New.");
  });

  test("say that there are none, and how many are not shown", () => {
    draw(memory());
    expect(text()).toContain("Nothing has changed since the HUD watches.");
    draw(memory({ changes: [{ ...change, total: 9 }] }));
    expect(text()).toContain("and 8 more");
  });
});

describe("what surrounds the stores", () => {
  test("writes that wait lead to the approvals", () => {
    const write = {
      id: "p",
      action: "add",
      store: "user",
      summary: "Likes tea.",
      origin: "foreground",
      created_at: null,
    };
    draw(memory({ pending: [write], pending_total: 4 }));
    expect(text()).toContain("4 writes wait for your approval");
    expect(text()).toContain("Add · User profile");
    act(() => container.querySelector<HTMLButtonElement>(".banner button")?.click());
    expect(opened).toEqual([["approvals"]]);
  });

  test("sessions with an older memory lead to themselves", () => {
    const session = { id: "s1", title: null, source: "cli", started_at: ago(600), changes: null };
    draw(
      memory({
        stale_sessions: [session, { ...session, id: "s2", title: "Bikes", changes: 2 }],
        stale_total: 14,
      }),
    );
    expect(text()).toContain("14 sessions may go on with an older memory");
    expect(text()).toContain("2 changes since");
    expect(text()).toContain("changes since then were not seen");
    act(() => container.querySelectorAll<HTMLButtonElement>(".stale button")[1]?.click());
    expect(opened).toEqual([["sessions", { session: "s2" }]]);
  });

  test("a copy, evicted entries, a provider and SOUL.md are told", () => {
    draw(
      memory({
        backups: ["MEMORY.md.bak.17"],
        archived: 3,
        provider: "mem0",
        soul: { text: "You are calm.", chars: 13 },
      }),
    );
    for (const words of ["MEMORY.md.bak.17", "3 entries have been moved", "mem0", "You are calm."])
      expect(text()).toContain(words);
  });

  test("a note of a blocked entry says what it is", () => {
    const [store] = memory().stores;
    if (!store) throw new Error("no store");
    draw(memory({ stores: [{ ...store, entries: [{ ...entry("[BLOCKED: x]"), is_blocked: true }] }] }));
    expect(text()).toContain("Hermes has blocked what stood here");
  });

  test("reads in Chinese", () => {
    draw(memory({ changes: [change] }), "zh");
    expect(text()).toContain("修改 1 条");
    expect(text()).toContain("纠正");
  });
});
