// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps, type ViewSnapshot } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type {
  Query,
  SearchHit,
  Session,
  SessionList,
  SessionSearch,
  Sessions,
  Transcript,
  TranscriptMessage,
} from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/sessions/index.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { golden } from "./fakes.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
useStage(NOW);

const shown = golden.outbound.flatMap((frame) =>
  frame.type === "panel" && frame.panel === "sessions" && frame.data ? [frame.data as unknown as Sessions] : [],
);
const goldenList = shown.find(({ list }) => list)?.list as SessionList;
const goldenTranscript = shown.find(({ transcript }) => transcript)?.transcript as Transcript;
const [first, second] = goldenList.rows as [Session, Session];

const hit = (values: Partial<SearchHit> = {}): SearchHit => ({
  message: 77,
  session: first.id,
  role: "assistant",
  timestamp: "2026-06-01T11:00:00Z",
  snippet: ["… about the ", "needle", " in the hay"],
  ...values,
});

const search = (values: Partial<SessionSearch> = {}): SessionSearch => ({
  query: "needle",
  terms: [{ text: "needle", kind: "word" }],
  messages: 5,
  is_exact: true,
  problem: null,
  scanned: null,
  leaves_out: [],
  matches: [
    { root_id: first.root_id, title: [], messages: 4, in_subagents: 1, newest: hit() },
    { root_id: second.root_id, title: ["A ", "needle", ""], messages: 0, in_subagents: 0, newest: null },
  ],
  ...values,
});

const sessions = (values: Partial<SessionList> = {}, more: Partial<Sessions> = {}): Sessions => ({
  list: { ...goldenList, ...values },
  transcript: null,
  missing: false,
  is_narrowed: false,
  ...more,
});

const message = (id: number, values: Partial<TranscriptMessage> = {}): TranscriptMessage => ({
  id,
  session_id: first.id,
  role: "assistant",
  timestamp: "2026-06-01T11:00:00Z",
  text: `message ${id}`,
  truncated: false,
  reasoning: null,
  tool_calls: [],
  tool_call_id: null,
  tool_name: null,
  duration_s: null,
  finish_reason: "stop",
  token_count: null,
  failed: null,
  effect: null,
  state: "active",
  ...values,
});

const transcript = (values: Partial<Transcript> = {}): Transcript => ({
  ...goldenTranscript,
  messages: [message(2), message(1, { role: "user" })],
  total: 2,
  older: null,
  newer: null,
  marked: null,
  related: [],
  related_total: 0,
  ...values,
});

const one = (selector: string) => container.querySelector<HTMLElement>(selector);
const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const click = (selector: string) => act(() => one(selector)?.click());

/** Draws the view; what it asks for is in `asked`, transcripts are answered by `answer`, in the way that `how` says. */
function stage(
  answer: (query: Query) => Transcript | null = () => transcript(),
  language: "en" | "zh" = "en",
  how: (query: Query) => Partial<ViewSnapshot<Sessions>> = () => ({}),
) {
  const own = texts(language).above(catalogues);
  const View = define(makeApi(own, makeFormat(language, own.t)));
  const asked: Query[] = [];
  let pages: Query[] = [];
  const useSnapshots = (queries: readonly Query[]): ViewSnapshot<Sessions>[] => {
    pages = [...queries];
    return queries.map((query) => {
      const found = answer(query);
      const data = { list: null, transcript: found, missing: found === null, is_narrowed: false };
      const usual = {
        version: 1,
        status: "ok",
        error: null,
        progress: null,
        isPending: false,
        isBehind: false,
      } as const;
      return { query, data, ...usual, ...how(query) };
    });
  };
  const setQuery = (query: Query) => asked.push(query);
  const draw = (data: Sessions, query: Query = {}, more: Partial<ViewProps<Sessions>> = {}) => {
    const props = { data, query, setQuery, useSnapshots, isPending: false, progress: null, home: null, now: NOW };
    drawIn(h(View, { ...props, ...more } as unknown as ViewProps<Sessions>), language);
  };
  return { draw, asked, pages: () => pages };
}

describe("searching", () => {
  const type = (value: string) =>
    act(() => {
      const input = one("[data-search]") as HTMLInputElement;
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });

  test("begins shortly after the last key, from the first page on", () => {
    const { draw, asked } = stage();
    draw(sessions({ page: 3 }), { page: 3, source: "cli" });
    type("nee");
    type("needle ");
    expect(asked).toEqual([]);
    act(() => void vi.advanceTimersByTime(300));
    expect(asked).toEqual([{ page: 0, source: "cli", search: "needle" }]);
  });

  test("begins at once with Enter, and not again by itself", () => {
    const { draw, asked } = stage();
    draw(sessions());
    type("needle");
    act(() => void one("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
    draw(sessions(), { search: "needle" });
    act(() => void vi.advanceTimersByTime(1_000));
    expect(asked).toEqual([{ search: "needle", page: 0 }]);
  });

  test("shows the words that another panel asked for", () => {
    const { draw } = stage();
    draw(sessions());
    draw(sessions(), { search: "needle" });
    expect((one("[data-search]") as HTMLInputElement).value).toBe("needle");
  });

  test("marks the hits, counts them, and leads to the message", () => {
    const { draw, pages } = stage();
    draw(sessions({ search: search(), total: 2 }), { search: "needle" });
    expect(words("[data-total]")).toBe("2 conversations");
    expect(words(".outcome")).toBe("5 messages");
    expect(all("mark").map(({ textContent }) => textContent)).toEqual(["needle", "needle"]);
    expect(words("tr.hit")).toBe("Hermes… about the needle in the hay4 messages1 in subagents");
    click("[data-hit]");
    expect(pages()).toEqual([{ session: first.root_id, message: 77 }]);
  });

  test("leads to a subagent's session where only that has the hit", () => {
    const { draw, pages } = stage();
    const matches = [
      { root_id: first.root_id, title: [], messages: 0, in_subagents: 2, newest: hit({ session: "child" }) },
    ];
    draw(sessions({ search: search({ matches }) }), { search: "needle" });
    click("[data-hit]");
    expect(pages()).toEqual([{ session: "child", message: 77 }]);
  });

  test("says that it goes on, and nothing of an end before that", () => {
    const { draw } = stage();
    draw(sessions({ rows: [], total: 0, search: search({ is_exact: false, messages: 0, matches: [] }) }));
    expect(words(".outcome")).toContain("still searching");
    expect(container.textContent).not.toContain("Nothing found");
    draw(sessions({ rows: [], total: 0, search: search({ messages: 0, matches: [] }) }, { is_narrowed: true }));
    expect(container.textContent).toContain("Nothing found");
  });

  test.each([
    ["missing", "This home has no full-text index."],
    ["incomplete", "does not have all messages"],
    ["unreadable", "cannot be read"],
  ] as const)("says what is wrong with the index: %s", (problem, said) => {
    const { draw } = stage();
    draw(sessions({ search: search({ problem, messages: 0 }) }));
    expect(words(".notice")).toContain(said);
    expect(words(".notice")).toContain("Only titles and ids were searched.");
    expect(words(".outcome")).not.toContain("0 messages");
  });

  test("says how odd words were looked for, and among how many messages", () => {
    const { draw } = stage();
    const terms = [
      { text: "word", kind: "word" },
      { text: "C++", kind: "substring" },
      { text: "deploy", kind: "prefix" },
      { text: "天气", kind: "scanned" },
    ] as const;
    draw(sessions({ search: search({ terms: [...terms], scanned: 500_000, leaves_out: ["pictures"] }) }));
    expect(all(".term").map((term) => term.textContent)).toEqual([
      "C++ character by character",
      "deploy* as a beginning",
      "天气 character by character, without an index",
    ]);
    expect(words(".outcome")).toContain("only the newest 500,000 messages");
    expect(words(".outcome")).toContain("Messages with pictures cannot be found this way.");
  });

  test("draws what others wrote harmlessly", () => {
    const { draw } = stage();
    const newest = hit({ snippet: ["<img src=x> \u202e", "needle\u0007", " <b>"] });
    const matches = [{ root_id: first.root_id, title: [], messages: 1, in_subagents: 0, newest }];
    draw(sessions({ search: search({ matches }) }));
    expect(all("tr.hit :is(img, b)")).toEqual([]);
    expect(words("tr.hit button")).toBe("Hermes<img src=x> [U+202E]needle <b>");
  });
});

describe("filters", () => {
  const choose = (label: string, value: string) =>
    act(() => {
      const select = all(".filters label").find(({ textContent }) => textContent?.startsWith(label));
      const input = select?.querySelector("select") as HTMLSelectElement;
      input.value = value;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });

  test("are those that narrow, with how many conversations each would leave", () => {
    const { draw, asked } = stage();
    draw(sessions());
    expect(one(".filters")).toBeNull();
    click(".toggle[aria-expanded]");
    const labels = all(".filters label > span").map(({ textContent }) => textContent);
    // All are of one profile.
    expect(labels).toEqual(["Source", "Model", "Project"]);
    const options = [...(one(".filters select")?.querySelectorAll("option") ?? [])].map((one) => one.textContent);
    expect(options).toEqual(["all", "cli (40)", "telegram (12)", "discord (6)", "cron (3)"]);
    choose("Source", "=telegram");
    choose("Project", "=");
    choose("Model", "all");
    expect(asked).toEqual([
      { source: "telegram", page: 0 },
      { project: "", page: 0 },
      { model: null, page: 0 },
    ]);
  });

  test("that are set stay to be seen when nothing is left of them, and can be taken back", () => {
    const { draw, asked } = stage();
    draw(sessions({ facets: { ...goldenList.facets, source: [] } }), { source: "sms" });
    expect(words(".filters")).toContain("sms (0)");
    expect(words(".toggle .badge")).toBe("1");
    click(".filters .quiet");
    expect(asked).toEqual([{ source: null, model: null, project: null, profile: null, live: false, page: 0 }]);
  });

  test("can be live ones, archived ones, and parts of words", () => {
    const { draw, asked } = stage();
    draw(sessions());
    click(".toggle[aria-pressed]");
    click(".toggle[aria-expanded]");
    for (const check of all(".filters input")) act(() => check.click());
    expect(words(".filters")).toContain("with archived (4)");
    expect(asked).toEqual([
      { live: true, page: 0 },
      { archived: true, page: 0 },
      { anywhere: true, page: 0 },
    ]);
  });
});

describe("the transcript", () => {
  test("opens beside the list when another panel leads to it", () => {
    const { draw, asked, pages } = stage();
    draw(sessions({}, { list: null, transcript: transcript() }), { session: first.id, message: 2, source: "cli" });
    expect(asked).toEqual([{ source: "cli" }]);
    expect(pages()).toEqual([{ session: first.id, message: 2 }]);
    draw(sessions(), { source: "cli" });
    expect(one("[data-transcript]")?.dataset.transcript).toBe(first.id);
    expect(one(`[data-session="${first.root_id}"]`)?.className).toContain("opened");
  });

  test("marks the message that was asked for, and goes on in both directions", () => {
    const { draw, pages } = stage((query) => transcript({ marked: 2, older: 1, newer: "after" in query ? null : 2 }));
    draw(sessions({}, { list: null }), { session: "s", message: 2 });
    act(() => void vi.advanceTimersByTime(50));
    expect(one('[aria-current="true"]')?.dataset.message).toBe("2");
    expect(document.activeElement).toBe(one('[aria-current="true"]'));
    click(".newer button");
    click(".older button");
    expect(pages()).toEqual([
      { session: "s", message: 2 },
      { session: "s", after: 2 },
      { session: "s", before: 1 },
    ]);
    click(".jumped button");
    expect(pages()).toEqual([{ session: "s" }]);
  });

  test("says when the message is not there", () => {
    const { draw } = stage();
    draw(sessions({}, { list: null }), { session: "s", message: 99 });
    expect(words(".jumped")).toContain("not in this conversation");
  });

  const calls = [
    { id: "a", other_id: "", name: "terminal", arguments: '{"command":"ls -l"}', truncated: false },
    { id: "b", other_id: "", name: "web", arguments: "{}", truncated: false },
  ];

  test("folds calls with what they returned, how long it took and how it went", () => {
    const result = message(5, {
      role: "tool",
      tool_call_id: "a",
      text: "total 0",
      duration_s: 3,
      failed: true,
      effect: "unknown",
    });
    const messages = [result, message(4, { text: "", tool_calls: calls }), message(3)];
    const { draw } = stage(() => transcript({ messages, session: { ...first, activity: "idle" } }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(all(".messages > .message")).toHaveLength(2);
    expect(all(".call summary").map(({ textContent }) => textContent)).toEqual([
      "terminalls -lfailedinterrupted, effect unknowntook 3s",
      "webno result",
    ]);
    expect(all(".call .prose").map(({ textContent }) => textContent)).toEqual([
      '{\n  "command": "ls -l"\n}',
      "total 0",
    ]);
  });

  test("unfolds the call whose result was asked for", () => {
    const messages = [message(5, { role: "tool", tool_call_id: "a" }), message(4, { tool_calls: calls })];
    const { draw } = stage(() => transcript({ messages, marked: 5 }));
    draw(sessions({}, { list: null }), { session: "s", message: 5 });
    act(() => void vi.advanceTimersByTime(50));
    expect((one('[data-message="5"] details') as HTMLDetailsElement).open).toBe(true);
    expect(document.activeElement).toBe(one('[data-message="5"]'));
  });

  test("says what runs just now", () => {
    const messages = [message(4, { tool_calls: calls, timestamp: "2026-06-01T11:59:30Z" })];
    const { draw } = stage(() => transcript({ messages, session: { ...first, activity: "running" } }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(words(".call summary")).toBe("terminalls -lrunning 30s");
  });

  test("draws Markdown and pictures, and no HTML", () => {
    const text = "# A title\n\n**bold** <script>x</script>\n[image]\n- item";
    const { draw } = stage(() => transcript({ messages: [message(1, { text })] }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(words('[role="heading"]')).toBe("A title");
    expect(words(".message b + *")).not.toBe("");
    expect(all("script")).toEqual([]);
    expect(words(".picture")).toBe("Image");
    expect(words(".markdown-item")).toBe("•item");
  });

  test("folds what is long", () => {
    const text = Array.from({ length: 90 }, (_, line) => `line ${line}`).join("\n\n");
    const { draw } = stage(() => transcript({ messages: [message(1, { text })] }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(words(".message")).not.toContain("line 60");
    click(".message .quiet");
    expect(words(".message")).toContain("line 89");
  });

  test("shows where it was compressed, compacted and taken back, and how the model stopped", () => {
    const messages = [
      message(5),
      message(4, { session_id: "earlier", finish_reason: "length", token_count: 12 }),
      message(3, { session_id: "earlier", state: "compacted" }),
      message(2, { session_id: "earlier", state: "rewound", finish_reason: "odd" }),
    ];
    const { draw } = stage(() => transcript({ messages }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(all(".divider").map(({ className }) => className)).toEqual([
      "divider piece",
      "divider compacted",
      "divider rewound",
    ]);
    expect(words('[data-message="4"] .who')).toContain("cut off: too long12 tokens");
    expect(words('[data-message="2"] .who')).toContain("oddrewound");
  });

  test("links what hangs on it", () => {
    const related = [
      { id: "up", kind: "parent", label: "The trunk", started_at: "2026-06-01T10:00:00Z", message_count: 3 },
      { id: "down", kind: "subagent", label: "", started_at: "2026-06-01T11:00:00Z", message_count: 1 },
    ] as const;
    const { draw, pages } = stage(() => transcript({ related: [...related], related_total: 60 }));
    draw(sessions({}, { list: null }), { session: "s" });
    expect(words(".related summary")).toBe("60 related sessions");
    expect(words(".related")).toContain("and 58 more");
    click('[data-related="down"]');
    expect(pages()).toEqual([{ session: "down" }]);
  });

  test("is saved from the page, all pages of it", () => {
    const saved: string[] = [];
    const makeUrl = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      saved.push(this.download);
    });
    const asked: Query[] = [];
    const { draw } = stage((query) => {
      if (query.limit === 200) asked.push(query);
      return "before" in query
        ? transcript({ messages: [message(2), message(1)] })
        : transcript({ messages: [message(4), message(3)], older: 3, total: 4 });
    });
    draw(sessions({}, { list: null }), { session: "s" });
    click(".export button");
    act(() => void vi.advanceTimersByTime(10));
    expect(asked).toContainEqual({ session: "s", before: 3, limit: 200 });
    expect(saved).toEqual([`${goldenTranscript.session.id}.md`]);
    const blob = makeUrl.mock.calls[0]?.[0] as Blob;
    expect(blob.size).toBeGreaterThan(100);
    expect(words(".export")).not.toContain("of 4");
    clicked.mockRestore();
    makeUrl.mockRestore();
  });

  test("is saved whole although it grows meanwhile, and only one page of it is watched", async () => {
    const makeUrl = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
    const watched: number[] = [];
    const { draw, pages } = stage((query) => {
      if (query.limit === 200) watched.push(pages().length);
      if (query.before === 3) return transcript({ messages: [message(2), message(1)] });
      // It was compacted and grew: the newest page no longer reaches the one before it.
      const isLater = watched.length > 1;
      return transcript({ messages: isLater ? [message(9)] : [message(4), message(3)], older: isLater ? 9 : 3 });
    });
    draw(sessions({}, { list: null }), { session: "s" });
    click(".export button:nth-child(2)");
    act(() => void vi.advanceTimersByTime(10));
    const blob = makeUrl.mock.calls[0]?.[0] as Blob;
    const saved = await blob.text();
    for (const id of [1, 2, 3, 4]) expect(saved).toContain(`message ${id}`);
    expect(new Set(watched)).toEqual(new Set([1]));
    clicked.mockRestore();
    makeUrl.mockRestore();
  });

  test("is saved anew, not from what an export before has left", async () => {
    const makeUrl = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
    // The newest page is an old copy until the server has answered, the page before it is not.
    let isAnswered = false;
    const { draw } = stage(
      (query) => {
        if (query.before === 3) return transcript({ messages: [message(2), message(1)] });
        return transcript({ messages: [message(isAnswered ? 4 : 7), message(3)], older: 3 });
      },
      "en",
      (query) =>
        query.limit === 200 && query.before === undefined && !isAnswered ? { isBehind: true } : { version: 2 },
    );
    draw(sessions({}, { list: null }), { session: "s" });
    click(".export button:nth-child(2)");
    act(() => void vi.advanceTimersByTime(10));
    expect(makeUrl).not.toHaveBeenCalled();
    isAnswered = true;
    draw(sessions({}, { list: null }), { session: "s" });
    act(() => void vi.advanceTimersByTime(10));
    const blob = makeUrl.mock.calls[0]?.[0] as Blob;
    const saved = await blob.text();
    for (const id of [1, 2, 3, 4]) expect(saved).toContain(`message ${id}`);
    expect(saved).not.toContain("message 7");
    clicked.mockRestore();
    makeUrl.mockRestore();
  });

  test("of which only an old copy is left, as the server refuses, is not saved from that", () => {
    const makeUrl = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    let isRefused = false;
    const { draw } = stage(
      () => transcript(),
      "en",
      (query) => (query.limit === 200 ? { isBehind: !isRefused, error: isRefused ? "out of files" : null } : {}),
    );
    draw(sessions({}, { list: null }), { session: "s" });
    click(".export button");
    isRefused = true;
    draw(sessions({}, { list: null }), { session: "s" });
    expect(words(".export [role=alert]")).toContain("out of files");
    expect(makeUrl).not.toHaveBeenCalled();
    makeUrl.mockRestore();
  });

  test("that cannot be fetched whole says so, and can be tried again", () => {
    const { draw } = stage((query) => {
      if (query.limit === undefined) return transcript();
      return "before" in query ? null : transcript({ older: 1 });
    });
    draw(sessions({}, { list: null }), { session: "s" });
    click(".export button");
    expect(words(".export [role=alert]")).toContain("Nothing was saved");
    expect((one(".export button") as HTMLButtonElement).disabled).toBe(false);
  });
});

test("the view speaks Chinese", () => {
  const { draw } = stage(undefined, "zh");
  draw(sessions({ search: search() }), { search: "needle" });
  expect(words("[data-total]")).toBe("61 个对话");
  expect(words(".outcome")).toBe("5 条消息");
});
