import { expect, test } from "vitest";
import { clean, cleanLine } from "../src/text.ts";

test("terminal codes are gone, whole", () => {
  expect(
    clean("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ \u009b2Kend"),
  ).toBe("red link end");
});

test("control characters are gone, tabs and line ends stay", () => {
  expect(clean("a\u0000b\u0008c\td\r\ne\rf")).toBe("abc\td\ne\nf");
});

test("marks that reorder text are made visible", () => {
  expect(clean("user\u202egnp.exe")).toBe("user[U+202E]gnp.exe");
  expect(clean("\u2066a\u2069\u200f")).toBe("[U+2066]a[U+2069][U+200F]");
});

test("markup stays the text that it is", () => {
  expect(clean("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});

test("a line has no line ends", () => {
  expect(cleanLine("  one\n\ttwo  ")).toBe("one two");
});

test.each(["]0;", "P", "^", "_", "X"])("an unfinished ESC %s hides nothing of what follows", (code) => {
  expect(clean(`before\u001b${code}after\nthe end`)).toMatch(/^before.*after\nthe end$/);
  expect(clean(`\u001b${code}first line\nsecond line\u001b\\`)).toContain("first line\nsecond line");
  expect(clean(`\u001b${code}${"x".repeat(2_000)}\u0007\u001b\\`)).toContain("x".repeat(2_000));
  expect(clean(`\u001b${code}gone\u001b\\stays`)).toBe("stays");
});

test("an unfinished terminal code takes no time and no text after the next one", () => {
  const started = performance.now();
  clean(`${"\u001b]".repeat(20_000)}x`);
  expect(performance.now() - started).toBeLessThan(2_000);
});
