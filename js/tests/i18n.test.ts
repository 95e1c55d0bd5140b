import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { english as englishAtFirst } from "../src/i18n/en.ts";
import { englishOfCharts } from "../src/i18n/en-charts.ts";
import { englishOfLayouts } from "../src/i18n/en-layouts.ts";
import { englishOfParts } from "../src/i18n/en-parts.ts";
import { englishOfStatus } from "../src/i18n/en-status.ts";
import chinese from "../src/i18n/zh.ts";
import { type Catalogue, chooseLanguage, Texts } from "../src/i18n.ts";
import { texts as toolTexts } from "../src/tools/texts.ts";
import { sources, texts, views } from "./views.ts";

const english = {
  ...englishAtFirst,
  ...englishOfParts,
  ...englishOfCharts,
  ...englishOfLayouts,
  ...englishOfStatus,
};

/** Names, and signs that read the same everywhere. */
const sameInBoth = new Set(["kilobytes", "theme.fsociety", "transcript.role.assistant", "transcript.shown"]);

/** What a panel with a view says of itself where it has nothing to draw. */
const saidByTheCore = ["empty", "empty.help"];

const files = readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" });
const sourceOf = (isWanted: (file: string) => boolean) =>
  files
    .filter((file) => /\.tsx?$/.test(file) && isWanted(file))
    .map((file) => readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8"))
    .join("\n")
    .replace(/\/\*\*[\s\S]*?\*\//g, "");
// Charts are drawn by views, with the views' texts; the tools have texts of their own.
const core = sourceOf((file) => !/^(?:charts|generated|i18n|tools|views)\/|^modules\/tools/.test(file));
const tools = sourceOf((file) => /^tools\/|^modules\/tools/.test(file) && file !== "tools/texts.ts");

const catalogues: [string, Catalogue, Catalogue][] = [
  ["the core", english, chinese],
  ["the tools", toolTexts.en, toolTexts.zh],
  ...Object.entries(views).map(([name, { texts = {} }]): [string, Catalogue, Catalogue] => [
    `the view ${name}`,
    texts.en ?? {},
    texts.zh ?? {},
  ]),
];

describe.each(catalogues)("the texts of %s", (_, inEnglish, inChinese) => {
  test("are the same keys in both languages", () => {
    expect(Object.keys(inEnglish)).not.toEqual([]);
    expect(Object.keys(inChinese).sort()).toEqual(Object.keys(inEnglish).sort());
  });

  test("are never English in Chinese", () => {
    const same = Object.keys(inEnglish).filter((key) => inEnglish[key] === inChinese[key] && !sameInBoth.has(key));
    expect(same).toEqual([]);
  });

  test("fill in the same values in both", () => {
    const values = (text = "") => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();
    for (const key of Object.keys(inEnglish)) {
      expect([key, values(inChinese[key])]).toEqual([key, values(inEnglish[key])]);
    }
  });
});

describe("the source", () => {
  test("of the core uses only keys that it has", () => {
    expect(keysIn(core).length).toBeGreaterThan(20);
    expect(keysIn(core).filter((key) => !(key in english))).toEqual([]);
  });

  test("of what is loaded at first uses only keys that are there at first", () => {
    const first = keysIn(sourceOf((file) => loadedAtFirst().has(file)));
    expect(first.length).toBeGreaterThan(20);
    // How money reads is asked by views only.
    expect(first.filter((key) => !(key in englishAtFirst) && !key.startsWith("cost."))).toEqual([]);
  });

  test("of the tools uses only keys that they or the core have, and each of its own", () => {
    expect(keysIn(tools).length).toBeGreaterThan(20);
    expect(keysIn(tools).filter((key) => !(key in toolTexts.en) && !(key in english))).toEqual([]);
    expect(unused(toolTexts.en, tools)).toEqual([]);
  });

  test.each(Object.keys(views))("of the view %s uses only keys that it or the core has", (name) => {
    const own = views[name]?.texts?.en ?? {};
    expect(keysIn(sources[name] ?? "").filter((key) => !(key in own) && !(key in english))).toEqual([]);
  });

  test("of core and views uses every key of the core", () => {
    expect(unused(english, [core, tools, ...Object.values(sources)].join("\n"))).toEqual([]);
  });

  test.each(Object.keys(views))("of the view %s uses each of its keys", (name) => {
    const own = views[name]?.texts?.en ?? {};
    // The generic view cannot know what it is that is empty.
    if (name !== "generic") expect(Object.keys(own)).toEqual(expect.arrayContaining(saidByTheCore));
    const drawn = (sources[name] ?? "").replace(/^export const texts = \{[\s\S]*?^\};$/gm, "");
    expect(unused(own, drawn).filter((key) => !saidByTheCore.includes(key))).toEqual([]);
  });

  function keysIn(source: string): string[] {
    return [...source.matchAll(/\b(?:t|sentence)\(\s*"([^"]+)"/g)].map(([, key]) => key as string);
  }

  /** The files that the entry imports, and those that they import. */
  function loadedAtFirst(file = "widget.ts", found = new Set<string>()): Set<string> {
    if (found.has(file)) return found;
    found.add(file);
    const imports = /^import (?!type )[^;]*? from "(\.[^"]+\.tsx?)"/gms;
    const text = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8");
    for (const [, path = ""] of text.matchAll(imports)) {
      loadedAtFirst(join(dirname(file), path), found);
    }
    return found;
  }

  /** Keys that no literal, no template and no `word("family", …)` makes. */
  function unused(catalogue: Catalogue, source: string): string[] {
    const literals = [...source.matchAll(/[`"]((?:[a-z]|\$\{[^}]*\}\.)[\w.-]*(?:\$\{[^}]*\}[\w.-]*)*)[`"]/g)].map(
      ([, key]) => key as string,
    );
    const families = [...source.matchAll(/\bword\(\s*"([\w.-]+)"/g)].map(([, family]) => `${family}.\${written}`);
    const patterns = [...literals, ...families].map(
      (key) => new RegExp(`^${key.replace(/[.]/g, "\\.").replace(/\$\{[^}]*\}/g, "[\\w-]+")}$`),
    );
    return Object.keys(catalogue).filter((key) => !patterns.some((pattern) => pattern.test(key)));
  }
});

describe("a text", () => {
  const core = new Texts({ en: { wait: "waiting", jobs: "{count} job|{count} jobs", shared: "the core's" } });
  core.use("zh", { wait: "等待" });
  const view = core.above({ en: { shared: "the view's", runs: "{count} run|{count} runs" }, zh: { mine: "我的" } });

  test("has a form for one and one for many", () => {
    const { t } = texts();
    expect([0, 1, 2].map((count) => t("cost.unpriced.help", { count }))).toEqual([
      "0 sessions have no known price.",
      "1 session has no known price.",
      "2 sessions have no known price.",
    ]);
    expect(texts("zh").t("cost.unpriced.help", { count: 1_234 })).toBe("有 1,234 个会话价格未知。");
  });

  test("of a view goes before the core's, and English before another catalogue", () => {
    expect(["mine", "shared", "wait"].map((key) => view.t(key))).toEqual(["我的", "the view's", "等待"]);
    expect(core.t("shared")).toBe("the core's");
  });

  test("that is said in English for want of another has English plurals", () => {
    expect([1, 2].map((count) => view.t("runs", { count }))).toEqual(["1 run", "2 runs"]);
    expect([1, 2].map((count) => view.t("jobs", { count }))).toEqual(["1 job", "2 jobs"]);
  });

  test("that no catalogue has comes back as it is", () => {
    expect(view.t("Scheduled jobs")).toBe("Scheduled jobs");
    expect(view.t("constructor")).toBe("constructor");
    expect(view.t("{toString}", {})).toBe("{toString}");
    expect(view.has("constructor")).toBe(false);
  });
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
