import { expect, test } from "vitest";
import type { Sessions, Transcript } from "../src/protocol.ts";
import { gapAfter, merged, pageQueries } from "../src/views/sessions/transcript.tsx";

function page(...ids: number[]): Sessions {
  const messages = ids.map((id) => ({ id, text: `message ${id}` }));
  return {
    list: null,
    transcript: { messages, total: 1_000, older: ids.at(-1) ?? null } as unknown as Transcript,
    missing: false,
  };
}

const range = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

test("one page is asked for with nothing but the session, as the server may push it", () => {
  expect(pageQueries("s1", [])).toEqual([{ session: "s1" }]);
});

test("older pages are anchored, and the newest one grows to meet them", () => {
  expect(pageQueries("s1", [951])).toEqual([
    { session: "s1", limit: 200 },
    { session: "s1", before: 951 },
  ]);
});

test("messages of overlapping pages are drawn once, newest first, in their newest state", () => {
  const newest = page(5, 4, 3);
  const older = page(3, 2);
  if (newest.transcript?.messages[2]) newest.transcript.messages[2].text = "newer";
  expect(merged([newest, undefined, older]).map(({ id, text }) => [id, text])).toEqual([
    [5, "message 5"],
    [4, "message 4"],
    [3, "newer"],
    [2, "message 2"],
  ]);
});

test("as long as the newest page reaches the first anchor nothing moves", () => {
  expect(gapAfter(page(...range(1_100, 901)).transcript, [951])).toBeNull();
  expect(gapAfter(page(...range(1_150, 951)).transcript, [951])).toBeNull();
});

test("when it no longer does, the pages are anchored anew instead of leaving a hole", () => {
  expect(gapAfter(page(...range(1_151, 952)).transcript, [951])).toBe(952);
});
