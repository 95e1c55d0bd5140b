import { describe, expect, test } from "vitest";
import { fuzzy } from "../src/tools/fuzzy.ts";

const best = (typed: string, texts: string[]) =>
  texts
    .map((text) => ({ text, score: fuzzy(typed, text) }))
    .filter(({ score }) => score !== null)
    .toSorted((one, other) => (other.score ?? 0) - (one.score ?? 0))
    .map(({ text }) => text);

describe("what was typed", () => {
  test("is found by its letters in their order", () => {
    expect(best("mmry", ["Memory", "Model", "Summary"])).toEqual(["Memory", "Summary"]);
    expect(best("xyz", ["Memory"])).toEqual([]);
  });

  test("is first what it begins, then where a word begins, then anywhere", () => {
    expect(best("co", ["Disco", "Low costs", "Costs", "Chrono"])).toEqual(["Costs", "Low costs", "Disco", "Chrono"]);
  });

  test("may be the first letters of words", () => {
    expect(best("sj", ["Subject", "Scheduled jobs"])).toEqual(["Scheduled jobs", "Subject"]);
  });

  test("may be Chinese, in any case, with spaces between", () => {
    expect(best("记忆", ["会话", "记忆"])).toEqual(["记忆"]);
    expect(best("SCHED job", ["Scheduled jobs"])).toEqual(["Scheduled jobs"]);
  });
});
