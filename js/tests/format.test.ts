import { beforeEach, describe, expect, test, vi } from "vitest";
import { makeFormat } from "../src/format.ts";
import { texts } from "./views.ts";

const format = makeFormat("en", texts().t);

beforeEach(() => vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") }));

test.each([
  [0, "0"],
  [950, "950"],
  [1_000, "1\u202fk"],
  [12_340, "12.3\u202fk"],
  [139_800, "140\u202fk"],
  [999_950, "1\u202fM"],
  [1_234_567, "1.2\u202fM"],
  [5e9, "5\u202fG"],
])("%d tokens read as %s", (value, text) => {
  expect(format.compact(value)).toBe(text);
});

test.each([
  [0.42, "$0.42"],
  [0, "$0.00"],
  [0.0146, "$0.015"],
  [0.0042, "$0.0042"],
  [1234.5, "$1,234.50"],
  [null, "—"],
])("%s dollars read as %s", (value, text) => {
  expect(format.usd(value)).toBe(text);
});

describe("a cost", () => {
  test("that is unknown is a dash, never $0", () => {
    expect(format.cost({ usd: null, status: "unknown", unknown_sessions: 1 })).toMatchObject({
      text: "—",
      status: "unknown",
    });
    expect(format.cost({ usd: 0, status: "unknown", unknown_sessions: 1 }).text).toBe("—");
    expect(format.cost({ usd: null, status: null, unknown_sessions: 0 }).text).toBe("—");
  });

  test("says what kind of figure it is, and what it leaves out", () => {
    const cost = format.cost({ usd: 0.42, status: "estimated", unknown_sessions: 2 });
    expect(cost).toMatchObject({ text: "$0.42", status: "estimated" });
    expect(cost.title).toContain("2 sessions have no known price");
  });

  test("that is included without a figure says so", () => {
    expect(format.cost({ usd: 0, status: "included", unknown_sessions: 0 })).toMatchObject({
      text: "included",
      status: "",
    });
  });
});

test.each([
  [0, "0s"],
  [0.4, "0.4s"],
  [12, "12s"],
  [185, "3m 5s"],
  [7_800, "2h 10m"],
  [90_000, "1d 1h"],
])("%d seconds read as %s", (seconds, text) => {
  expect(format.duration(seconds)).toBe(text);
});

test.each([
  ["2026-06-01T11:59:58Z", "now"],
  ["2026-06-01T12:00:40Z", "now"],
  ["2026-06-01T11:59:18Z", "42s ago"],
  ["2026-06-01T11:56:00Z", "4m ago"],
  ["2026-06-01T02:00:00Z", "10h ago"],
  ["2026-05-31T10:00:00Z", "yesterday"],
  ["2026-06-02T06:00:00Z", "in 18h"],
  ["2025-06-01T10:00:00Z", "Jun 1, 2025"],
  ["nonsense", "—"],
])("%s reads as %s", (instant, text) => {
  expect(format.ago(instant)).toBe(text);
});

test.each([
  ["2026-06-01T12:00:20Z", "in 20s"],
  ["2026-06-01T12:05:59Z", "in 5m"],
  ["2026-06-01T14:10:30Z", "in 2h 10m"],
  ["2026-06-03T15:10:00Z", "in 2d 3h"],
  ["2026-08-01T10:30:00Z", "Aug 1, 2026"],
  ["2026-06-01T12:00:00Z", "in 0s"],
  ["2026-06-01T11:59:59Z", "due"],
  ["nonsense", "—"],
])("%s is still to come: %s", (instant, text) => {
  expect(format.until(instant)).toBe(text);
});

test("a calendar day is that day in every zone, an instant's is the viewer's", () => {
  expect(format.day("2026-06-01")).toBe("Jun 1");
  expect(format.longDay("2026-06-01")).toBe("Monday, June 1, 2026");
  expect(format.day(new Date(2026, 5, 1, 23, 59).getTime())).toBe("Jun 1");
  expect(format.day(new Date(2026, 5, 1, 0, 1).toISOString())).toBe("Jun 1");
  expect(format.day("some day")).toBe("some day");
});

const chineseFormat = makeFormat("zh", texts("zh").t);

test.each([
  [950, "950"],
  [3_506, "3,506"],
  [9_996, "1万"],
  [12_340, "1.2万"],
  [1_398_000, "140万"],
  [99_996_000, "1亿"],
  [123_456_789, "1.2亿"],
])("%d reads in Chinese as %s", (value, text) => {
  expect(chineseFormat.compact(value)).toBe(text);
});

test("Chinese has its own words for the same", () => {
  expect(chineseFormat.until("2026-06-01T12:05:00Z")).toBe("5分钟后");
  expect(chineseFormat.day("2026-06-01")).toBe("6月1日");
  expect(chineseFormat.ago("2026-06-01T11:56:00Z")).toBe("4分钟前");
  expect(chineseFormat.cost({ usd: 1, status: "estimated", unknown_sessions: 0 }).status).toBe("估算");
});
