import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import golden from "../../tests/golden/export/transcript.json";
import type { Sessions, Transcript, TranscriptMessage } from "../src/protocol.ts";
import { exported, fileName } from "../src/views/sessions/export.ts";
import { ends, folded, gapAfter, gist, merged, pageQueries } from "../src/views/sessions/pages.ts";

function page(ids: number[], more: Partial<Transcript> = {}): Sessions {
  const messages = ids.map((id) => ({ id, text: `message ${id}` }));
  return {
    list: null,
    transcript: { messages, total: 1_000, older: ids.at(-1) ?? null, newer: null, ...more } as unknown as Transcript,
    missing: false,
    is_narrowed: false,
  };
}

const range = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);
const newest = { message: null, older: [], newer: [] };

test("one page is asked for with nothing but the session, as the server may push it", () => {
  expect(pageQueries("s1", newest)).toEqual([{ session: "s1" }]);
});

test("older pages are anchored, and the newest one grows to meet them", () => {
  expect(pageQueries("s1", { ...newest, older: [951] })).toEqual([
    { session: "s1", limit: 200 },
    { session: "s1", before: 951 },
  ]);
});

test("around a message that was asked for, pages are added on either side", () => {
  expect(pageQueries("s1", { message: 500, older: [480], newer: [520, 570] })).toEqual([
    { session: "s1", message: 500 },
    { session: "s1", after: 520 },
    { session: "s1", after: 570 },
    { session: "s1", before: 480 },
  ]);
});

test("what is shown goes on where its first and its last page say", () => {
  const pages = [
    page([7, 6], { older: 6, newer: 7 }),
    page([9, 8], { older: 8, newer: null }),
    page([5], { older: null }),
  ];
  expect(ends(pages)).toEqual({ older: null, newer: null });
  expect(ends([pages[0], undefined])).toEqual({ older: 6, newer: 7 });
  expect(ends([undefined, page([])])).toEqual({ older: null, newer: null });
});

test("messages of overlapping pages are drawn once, newest first, in their newest state", () => {
  const first = page([5, 4, 3]);
  const older = page([3, 2]);
  if (first.transcript?.messages[2]) first.transcript.messages[2].text = "newer";
  expect(merged([first, undefined, older]).map(({ id, text }) => [id, text])).toEqual([
    [5, "message 5"],
    [4, "message 4"],
    [3, "newer"],
    [2, "message 2"],
  ]);
});

test("as long as the newest page reaches the first anchor nothing moves", () => {
  expect(gapAfter(page(range(1_100, 901)).transcript, [951])).toBeNull();
  expect(gapAfter(page(range(1_150, 951)).transcript, [951])).toBeNull();
});

test("when it no longer does, the pages are anchored anew instead of leaving a hole", () => {
  expect(gapAfter(page(range(1_151, 952)).transcript, [951])).toBe(952);
});

const message = (id: number, more: Partial<TranscriptMessage>) =>
  ({ id, role: "assistant", tool_calls: [], tool_call_id: null, ...more }) as TranscriptMessage;
const call = (id: string, other_id = "") => ({ id, other_id, name: "terminal", arguments: "{}", truncated: false });

test("results are folded into their calls, by either id; those without a call stay by themselves", () => {
  const entries = folded([
    message(5, { role: "tool", tool_call_id: "lost" }),
    message(4, { role: "tool", tool_call_id: "second-b" }),
    message(3, { role: "tool", tool_call_id: "a" }),
    message(2, { tool_calls: [call("a"), call("b", "second-b"), call("c")] }),
  ]);
  expect(entries.map((entry) => [entry.message.id, entry.results.map((result) => result?.id ?? null)])).toEqual([
    [5, []],
    [2, [3, 4, null]],
  ]);
});

test("where a call's id occurs again, each call gets the result that follows it", () => {
  const entries = folded([
    message(4, { role: "tool", tool_call_id: "a" }),
    message(3, { tool_calls: [call("a")] }),
    message(2, { role: "tool", tool_call_id: "a" }),
    message(1, { tool_calls: [call("a")] }),
  ]);
  expect(entries.map(({ message, results }) => [message.id, results[0]?.id])).toEqual([
    [3, 4],
    [1, 2],
  ]);
});

test("a call is summed up by the first text among its arguments", () => {
  expect(gist('{"n": 3, "command": "ls -l", "note": "x"}')).toBe("ls -l");
  expect(gist('{"n": 3}')).toBe('{"n": 3}');
  expect(gist("{}")).toBe("");
  expect(gist("not json")).toBe("not json");
});

test("an export is what the server's side writes, too", () => {
  const written = (file: string) => readFileSync(new URL(`../../tests/golden/export/${file}`, import.meta.url), "utf8");
  const { session, messages } = golden as unknown as Transcript;
  const oldestFirst = [...messages].reverse();
  expect(exported("markdown", session, oldestFirst)).toBe(written("transcript.md"));
  expect(exported("jsonl", session, oldestFirst)).toBe(written("transcript.jsonl"));
  expect(fileName({ ...session, id: "a/../b c" }, "markdown")).toBe("a_.._b_c.md");
});
