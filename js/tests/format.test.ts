import { beforeEach, describe, expect, test, vi } from "vitest";
import { makeFormat } from "../src/format.ts";
import chinese from "../src/i18n/zh.ts";
import { translator } from "../src/i18n.ts";

const format = makeFormat("en", translator({}, "en"));

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
    expect(format.cost({ usd: null, status: "included", unknown_sessions: 0 })).toMatchObject({
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

test("Chinese has its own words for the same", () => {
  const chineseFormat = makeFormat("zh", translator(chinese, "zh"));
  expect(chineseFormat.ago("2026-06-01T11:56:00Z")).toBe("4分钟前");
  expect(chineseFormat.cost({ usd: 1, status: "estimated", unknown_sessions: 0 }).status).toBe("估算");
});
