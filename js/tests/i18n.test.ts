import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { english } from "../src/i18n/en.ts";
import chinese from "../src/i18n/zh.ts";
import { chooseLanguage, translator } from "../src/i18n.ts";

/** Names, and signs that read the same everywhere. */
const sameInBoth = new Set(["transcript.role.assistant"]);

test("both catalogues have the same keys", () => {
  expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
});

test("no Chinese text is the English one", () => {
  const same = Object.keys(english).filter((key) => english[key] === chinese[key] && !sameInBoth.has(key));
  expect(same).toEqual([]);
});

test("both fill in the same values", () => {
  const values = (text = "") => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();
  for (const key of Object.keys(english)) {
    expect([key, values(chinese[key])]).toEqual([key, values(english[key])]);
  }
});

describe("the source", () => {
  const source = readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes("generated") && !file.startsWith("i18n/"))
    .map((file) => readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8"))
    .join("\n");

  test("uses only keys that exist", () => {
    const used = [...source.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key]) => key as string);
    expect(used.length).toBeGreaterThan(80);
    expect(used.filter((key) => !(key in english))).toEqual([]);
  });

  test("uses every key", () => {
    const patterns = [...source.matchAll(/[`"]([a-z][\w.-]*(?:\$\{[^}]*\}[\w.-]*)*)[`"]/g)].map(
      ([, key]) => new RegExp(`^${(key as string).replace(/[.]/g, "\\.").replace(/\$\{[^}]*\}/g, "[\\w-]+")}$`),
    );
    expect(Object.keys(english).filter((key) => !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
  });
});

test("one and many", () => {
  const t = translator({}, "en");
  expect([0, 1, 2].map((count) => t("memory.entries", { count }))).toEqual(["0 entries", "1 entry", "2 entries"]);
  expect(translator(chinese, "zh")("memory.entries", { count: 1_234 })).toBe("1,234 条");
});

test("what no catalogue has comes back as it is", () => {
  expect(translator({}, "en")("Scheduled jobs")).toBe("Scheduled jobs");
});

test.each([
  ["auto", "zh-CN", "zh"],
  ["auto", "de-AT", "en"],
  ["en", "zh-CN", "en"],
  ["zh", "en-GB", "zh"],
  [undefined, "", "en"],
])("option %s in a %s browser is %s", (option, browser, language) => {
  expect(chooseLanguage(option, browser)).toBe(language);
});
