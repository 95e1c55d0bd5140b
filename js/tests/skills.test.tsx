// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { makeApi, type ViewProps, type ViewSnapshot } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import { blocksOf, spansOf } from "../src/markdown.tsx";
import type { Curator, Query, Skill, SkillList, Skills, SkillText } from "../src/protocol.ts";
import define, { texts as catalogues, chosen } from "../src/views/skills/index.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

const skill = (values: Partial<Skill> = {}): Skill => {
  const name = values.name ?? "backtest";
  return {
    folder: `skills/${values.category ?? "data-science"}/${name}`,
    name,
    description: `What ${name} is for.`,
    category: "data-science",
    origin: "user",
    installed_from: null,
    trust: null,
    is_modified: null,
    state: "active",
    is_pinned: false,
    is_disabled: false,
    disabled_on: [],
    is_archived: false,
    unlisted: null,
    platforms: [],
    environments: [],
    use_count: 0,
    view_count: 0,
    patch_count: 0,
    last_used_at: null,
    last_active_at: null,
    modified_at: at(-24),
    problem: null,
    ...values,
  };
};

const curator = (values: Partial<Curator> = {}): Curator => ({
  is_enabled: true,
  is_paused: false,
  last_run_at: at(-48),
  last_run_duration_s: 1,
  last_run_summary: "auto: no changes",
  run_count: 3,
  interval_hours: 168,
  next_run_at: at(120),
  is_due: false,
  stale_after_days: 30,
  archive_after_days: 90,
  ...values,
});

function skills(rows: Skill[], values: Partial<SkillList> = {}): Skills {
  const counted = (origin: Skill["origin"]) => rows.filter((each) => each.origin === origin).length;
  const list: SkillList = {
    rows,
    counts: {
      listed: rows.length,
      bundled: counted("bundled"),
      hub: counted("hub"),
      agent: counted("agent"),
      user: counted("user"),
      external: counted("external"),
      modified: 0,
      disabled: 0,
      stale: 0,
      broken: 0,
      unlisted: 0,
      archived: 0,
    },
    categories: [...new Set(rows.map(({ category }) => category))].map((name) => ({
      name,
      skills: rows.filter(({ category }) => category === name).length,
      uses: 0,
    })),
    curator: curator(),
    problems: [],
    ...values,
  };
  return { list, text: null, missing: false };
}

const text = (values: Partial<SkillText> = {}): SkillText => ({
  skill: skill(),
  description: "In full.",
  version: "1.0",
  author: "Mira",
  tags: ["forecasting"],
  related: [],
  front_matter: "name: backtest",
  text: "# Backtest\n\nDo it.",
  is_cut: false,
  files: [],
  more_files: 0,
  ...values,
});

describe("what is chosen", () => {
  const rows = [
    skill({ name: "arxiv", category: "research", origin: "bundled", use_count: 2, last_active_at: at(-3) }),
    skill({ name: "backtest", use_count: 9, last_active_at: at(-9), modified_at: at(-1) }),
    skill({ name: "checks", origin: "agent", is_disabled: true, state: "stale" }),
    skill({ name: "edited", origin: "bundled", is_modified: true, category: null, disabled_on: ["cli"] }),
    skill({ name: "broken", origin: "hub", problem: "it is not UTF-8 text", unlisted: "broken" }),
    skill({ name: "old", is_archived: true, state: "archived", use_count: 50 }),
  ];
  const names = (choice: Partial<Parameters<typeof chosen>[1]>) =>
    chosen(rows, { words: "", show: "all", order: "category", ...choice }).map(({ name }) => name);

  test.each([
    ["all", ["arxiv", "backtest", "checks", "edited", "broken"]],
    ["own", ["backtest", "checks"]],
    ["bundled", ["arxiv", "edited"]],
    ["hub", ["broken"]],
    ["external", []],
    ["modified", ["edited"]],
    ["disabled", ["checks", "edited"]],
    ["stale", ["checks"]],
    ["trouble", ["broken"]],
    ["archived", ["old"]],
  ] as const)("%s: %j", (show, expected) => {
    expect(names({ show })).toEqual(expected);
  });

  test("is what has every word, wherever it stands", () => {
    expect(names({ words: " ARXIV  research" })).toEqual(["arxiv"]);
    expect(names({ words: "what backtest" })).toEqual(["backtest"]);
    expect(names({ words: "[(" })).toEqual([]);
  });

  test("may be one category, or what has none", () => {
    expect(names({ category: "research" })).toEqual(["arxiv"]);
    expect(names({ category: null })).toEqual(["edited"]);
  });

  test("comes in the order asked for, without those that never were last", () => {
    expect(names({ order: "used" }).slice(0, 2)).toEqual(["backtest", "arxiv"]);
    expect(names({ order: "active" }).slice(0, 2)).toEqual(["arxiv", "backtest"]);
    expect(names({ order: "modified" })[0]).toBe("backtest");
    expect(names({ order: "name" })).toEqual(["arxiv", "backtest", "broken", "checks", "edited"]);
  });
});

describe("Markdown", () => {
  test("is headings, items, code, tables, quotes, rules and paragraphs", () => {
    const source = [
      "# Title #",
      "first",
      "line",
      "",
      "- one",
      "  goes on",
      "    - inner",
      "2. two",
      "> said",
      "***",
      "```sh",
      "# no heading",
      "- no item",
      "```",
      "| a | b |",
      "|---|:-:|",
      "| `c` | |",
    ].join("\n");
    expect(blocksOf(source)).toEqual([
      { kind: "heading", level: 1, text: "Title" },
      { kind: "text", text: "first\nline" },
      { kind: "item", level: 0, mark: "•", text: "one\ngoes on" },
      { kind: "item", level: 2, mark: "•", text: "inner" },
      { kind: "item", level: 0, mark: "2.", text: "two" },
      { kind: "quote", text: "said" },
      { kind: "rule" },
      { kind: "code", text: "# no heading\n- no item" },
      {
        kind: "table",
        rows: [
          ["a", "b"],
          ["`c`", ""],
        ],
      },
    ]);
  });

  test("that is never closed goes to the end", () => {
    expect(blocksOf("```\na\n\nb")).toEqual([{ kind: "code", text: "a\n\nb" }]);
    expect(spansOf("a `b **c [d](e")).toEqual([{ kind: "text", text: "a `b **c [d](e" }]);
  });

  test("has code, bold words and links, which are texts", () => {
    expect(spansOf("see `a*b`, **now**: [docs](https://x.y/z)!")).toEqual([
      { kind: "text", text: "see " },
      { kind: "code", text: "a*b" },
      { kind: "text", text: ", " },
      { kind: "strong", text: "now" },
      { kind: "text", text: ": " },
      { kind: "link", text: "docs", url: "https://x.y/z" },
      { kind: "text", text: "!" },
    ]);
  });

  test.each(["`", "*", "[", "#", "|", "- ", "> ", "![", "](", "-", "***"])(
    "of a hundred thousand %j ends soon",
    (piece) => {
      const began = performance.now();
      for (const block of blocksOf(piece.repeat(100_000))) if ("text" in block) spansOf(block.text);
      for (const block of blocksOf(`${piece.repeat(40)}\n`.repeat(3_000))) if ("text" in block) spansOf(block.text);
      blocksOf(`${piece}${" ".repeat(3_900)}\u2028b\u2028c`);
      blocksOf(`# ${piece.repeat(3_900)}a\n`.repeat(500));
      expect(performance.now() - began).toBeLessThan(1_500);
    },
  );
});

describe("the view", () => {
  let asked: Query[];
  let answer: Skills | null;
  const setQuery = vi.fn();

  useStage(NOW);

  beforeEach(() => {
    asked = [];
    answer = null;
  });

  const views = new Map<string, ReturnType<typeof define>>();

  function draw(data: Skills, language: "en" | "zh" = "en", query: Query = {}) {
    const words = texts(language).above(catalogues);
    // One component for all drawings: another one would begin anew.
    const View = views.get(language) ?? define(makeApi(words, makeFormat(language, words.t)));
    views.set(language, View);
    const useSnapshots = (queries: readonly Query[]): ViewSnapshot<Skills>[] => {
      asked = [...queries];
      return queries.map((query) => ({
        query,
        data: answer,
        version: 1,
        status: answer ? "ok" : "loading",
        error: null,
        progress: null,
        isPending: false,
        isBehind: false,
      }));
    };
    const props = { data, version: 1, status: "ok", error: null, query, setQuery, home: null, now: NOW, useSnapshots };
    drawIn(h(View, props as unknown as ViewProps<Skills>), language);
  }

  const one = (selector: string) => container.querySelector<HTMLElement>(selector);
  const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)];
  const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ").trim() ?? "";
  const click = (selector: string) => act(() => one(selector)?.click());
  const type = (selector: string, value: string, event: string) =>
    act(() => {
      const input = one(selector) as HTMLInputElement;
      input.value = value;
      input.dispatchEvent(new Event(event, { bubbles: true }));
    });
  const shown = () => all("[data-skill]").map(({ dataset }) => dataset.skill?.split("/").at(-1));

  test("says how many there are and where they came from", () => {
    draw(skills([skill({ origin: "bundled" }), skill({ name: "b", origin: "bundled" }), skill({ name: "c" })]));
    expect(words(".skills-total")).toBe("3 skills");
    expect(words(".skills-legend")).toBe("2 bundled1 yours");
    expect(all(".skills-origins i").map(({ className }) => className)).toEqual(["origin-bundled", "origin-user"]);
  });

  test("says what needs a look, and what could not be read", () => {
    const data = skills([skill()], { problems: ["skills/x cannot be listed: Permission denied"] });
    if (data.list) Object.assign(data.list.counts, { modified: 2, broken: 1 });
    draw(data);
    expect(words(".skills-notes")).toBe("2 modified · 1 broken");
    expect(words(".skills-overview .skill-problem")).toBe("skills/x cannot be listed: Permission denied");
    expect(one(".skills-overview .skill-problem")?.lang).toBe("en");
  });

  test.each([
    [{}, "Curator last run 2d ago · next in 5d"],
    [{ is_due: true }, "Curator last run 2d ago · due: it runs when the agent has been idle for a while"],
    [{ is_paused: true, next_run_at: null }, "Curator paused · last run 2d ago"],
    [{ is_enabled: false }, "Curator switched off (config.yaml, curator.enabled)"],
    [{ last_run_at: null, next_run_at: null }, "Curator has not run yet"],
  ])("of a curator that is %o it says so", (values, said) => {
    draw(skills([skill()], { curator: curator({ last_run_summary: null, ...values }) }));
    expect(words(".skills-curator")).toBe(said);
  });

  test("a skill says its use, its origin and its state in words", () => {
    draw(
      skills([
        skill({ use_count: 7, last_active_at: at(-2), is_modified: true, origin: "bundled", is_pinned: true }),
        skill({ name: "b", state: "stale", is_disabled: true }),
        skill({ name: "c", unlisted: "other-system", platforms: ["macos"], disabled_on: ["telegram"] }),
        skill({ name: "d", unlisted: "same-name", environments: ["docker"] }),
      ]),
    );
    expect(all(".skill-marks").map((marks) => marks.textContent)).toEqual([
      "bundledmodifiedpinned",
      "yoursstaleoff",
      "yoursoff on telegramonly macos",
      "yourshidden",
    ]);
    expect(words("[data-skill] .skill-figures")).toBe("used 7×active 2h agochanged yesterday");
    expect(all(".skill-figures")[1]?.textContent).toContain("not used yet");
    expect(all(".skill.off").length).toBe(3);
  });

  test("a broken skill says what is wrong with it", () => {
    draw(skills([skill({ problem: "it is not UTF-8 text (byte 3)", unlisted: "broken", description: null })]));
    expect(words("[data-skill] .skill-problem")).toBe("it is not UTF-8 text (byte 3)");
    expect(one("[data-skill] .skill-problem")?.lang).toBe("en");
  });

  test("categories are bars that choose, and choose again to let go", () => {
    draw(skills([skill(), skill({ name: "b" }), skill({ name: "c", category: null })]));
    expect(all(".skills-bars button").map((button) => button.textContent)).toEqual(["data-science2", "no category1"]);
    const widths = all(".skills-bars .bars-bar i").map(({ style }) => style.width);
    expect(widths).toEqual(["100%", "50%"]);
    click(".skills-bars button");
    expect(one(".skills-bars button")?.getAttribute("aria-pressed")).toBe("true");
    expect(shown()).toEqual(["backtest", "b"]);
    click(".skills-bars button");
    expect(shown()).toEqual(["backtest", "b", "c"]);
  });

  test("the most used are bars, without archived and unused ones", () => {
    draw(
      skills([
        skill({ name: "a", use_count: 2 }),
        skill({ name: "b", use_count: 40 }),
        skill({ name: "c" }),
        skill({ name: "d", use_count: 99, is_archived: true }),
      ]),
    );
    expect(all(".skills-most-used .bars li").map((row) => row.textContent)).toEqual(["b40×", "a2×"]);
    draw(skills([skill()]));
    expect(words(".skills-most-used")).toContain("None has been used yet.");
  });

  test("words find, choices narrow, and one button shows all again", () => {
    draw(skills([skill(), skill({ name: "other", origin: "bundled" })]));
    expect(words("[role=status]")).toBe("");
    type("input[type=search]", "oth", "input");
    expect(shown()).toEqual(["other"]);
    expect(words("[role=status]")).toBe("1 found show all");
    type("select", "own", "change");
    expect(shown()).toEqual([]);
    expect(words(".skills-list .blank")).toContain("No skill fits");
    click("[role=status] button");
    expect(shown()).toEqual(["backtest", "other"]);
  });

  test("by category there are headings, in another order none", () => {
    const rows = [skill({ category: null, name: "x" }), skill(), skill({ name: "b" }), skill({ is_archived: true })];
    draw(skills(rows));
    expect(all(".skills-group").map((group) => group.textContent)).toEqual(["no category", "data-science"]);
    type("label:nth-of-type(2) select", "name", "change");
    expect(all(".skills-group")).toEqual([]);
  });

  test("of a thousand skills some are drawn, and more on demand", () => {
    draw(skills(Array.from({ length: 1_000 }, (_, number) => skill({ name: `s${number}` }))));
    expect(shown().length).toBe(60);
    click(".skills-list > .quiet");
    expect(shown().length).toBe(120);
  });

  test("a skill that only more rows show is where one comes back to", () => {
    draw(skills(Array.from({ length: 200 }, (_, number) => skill({ name: `s${number}` }))));
    click(".skills-list > .quiet");
    answer = { list: null, text: text(), missing: false };
    click('[data-skill$="/s100"] button');
    expect(document.activeElement).toBe(one(".skill-text"));
    act(() => {
      one(".skill-text")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    });
    expect(shown().length).toBe(120);
    expect(one('[data-skill$="/s100"] button')).not.toBeNull();
    expect(document.activeElement).toBe(one('[data-skill$="/s100"] button'));
  });

  test("a skill that is used just now is marked for a moment", async () => {
    draw(skills([skill(), skill({ name: "b" })]));
    expect(all(".fresh")).toEqual([]);
    draw(skills([skill({ use_count: 1 }), skill({ name: "b" })]));
    expect(all(".fresh").map(({ dataset }) => dataset.skill)).toEqual(["skills/data-science/backtest"]);
    await act(async () => {
      await vi.advanceTimersByTimeAsync(6_000);
    });
    expect(all(".fresh")).toEqual([]);
  });

  test("a click opens the text, Esc goes back to the row", () => {
    draw(skills([skill(), skill({ name: "b" })]));
    answer = { list: null, text: text(), missing: false };
    click('[data-skill$="backtest"] button');
    expect(asked).toEqual([{ skill: "skills/data-science/backtest" }]);
    expect(document.activeElement).toBe(one(".skill-text"));
    expect(words(".skill-text h3")).toBe("backtest");
    expect(words(".markdown-heading")).toBe("Backtest");
    expect(words(".skill-facts")).toContain("version 1.0by Mira");
    expect(shown()).toEqual([]);
    act(() => {
      one(".skill-text")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    });
    expect(one(".skill-text")).toBeNull();
    expect(document.activeElement).toBe(one('[data-skill$="backtest"] button'));
  });

  test("a skill that another panel leads to is opened beside the list, which is asked for again", () => {
    answer = { list: null, text: text(), missing: false };
    draw(answer, "en", { skill: "backtest" });
    expect(setQuery).toHaveBeenLastCalledWith({});
    expect(asked).toEqual([{ skill: "skills/data-science/backtest" }]);
    expect(words(".skill-text h3")).toBe("backtest");
    expect(container.textContent).not.toContain(catalogues.en.empty);
    draw(skills([skill()]));
    expect(words(".skill-text h3")).toBe("backtest");
    click(".skill-back");
    expect(document.activeElement).toBe(one('[data-skill$="backtest"] button'));
    expect(all(".fresh")).toEqual([]);
  });

  test("as long as only one skill was answered, the list is waited for", () => {
    draw({ list: null, text: text(), missing: false });
    expect(one(".skeleton")).not.toBeNull();
  });

  test("/ finds the field that narrows the list", () => {
    draw(skills([skill()]));
    expect(one("[data-search]")?.getAttribute("type")).toBe("search");
  });

  test("until the text is there it waits, and what is gone says so", () => {
    draw(skills([skill()]));
    click("[data-skill] button");
    expect(one(".skill-text .skeleton")).not.toBeNull();
    answer = { list: null, text: null, missing: true };
    draw(skills([]));
    expect(words(".skill-text")).toContain("This skill is not there any more");
    expect(one(".skill-text .skeleton")).toBeNull();
  });

  test("the source can be read as it is, with front matter and the files beside it", () => {
    draw(skills([skill()]));
    answer = { list: null, text: text({ files: ["scripts/run.sh"], more_files: 3, is_cut: true }), missing: false };
    click("[data-skill] button");
    expect(all("details summary").map((summary) => summary.textContent)).toEqual(["Front matter", "4 other files"]);
    expect(words(".skill-files")).toBe("scripts/run.shand 3 more");
    expect(words(".skill-body")).toContain("Only the beginning is shown.");
    click(".skill-text header .quiet");
    expect(one(".skill-body .prose")?.textContent).toBe("# Backtest\n\nDo it.");
  });

  test("a related skill is opened if there is one of that name", () => {
    draw(skills([skill(), skill({ name: "b" })]));
    answer = { list: null, text: text({ related: ["b", "unknown"] }), missing: false };
    click("[data-skill] button");
    expect(all(".skill-related button").map((button) => button.textContent)).toEqual(["b"]);
    click(".skill-related button");
    expect(asked).toEqual([{ skill: "skills/data-science/b" }]);
  });

  test("foreign text is never markup", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const row = skill({ name: evil, description: evil, category: evil, problem: evil, disabled_on: [evil] });
    draw(skills([row], { problems: [evil], curator: curator({ last_run_summary: evil }) }));
    const body = `# ${evil}\n${evil}\n- [${evil}](javascript:alert(1))\n\`\`\`\n${evil}\n\`\`\``;
    answer = {
      list: null,
      text: text({ skill: row, text: body, tags: [evil], related: [evil], files: [evil], author: evil }),
      missing: false,
    };
    click("[data-skill] button");
    expect(all("img, a, script")).toEqual([]);
    expect(words(".markdown")).toContain(evil);
  });

  test("foreign text reorders nothing, in marks and labels too", () => {
    const evil = "a\u202eb";
    const rows = [
      skill({ name: evil, unlisted: "other-system", platforms: [evil] }),
      skill({ name: "b", disabled_on: [evil] }),
      skill({ name: "c", environments: [evil] }),
    ];
    draw(skills(rows));
    expect(all(".skill-marks").map((marks) => marks.textContent)).toEqual([
      "yoursonly a[U+202E]b",
      "yoursoff on a[U+202E]b",
      "yoursonly a[U+202E]b",
    ]);
    click("[data-skill] button");
    expect(one(".skill-text")?.getAttribute("aria-label")).toBe("skills/data-science/a[U+202E]b");
    answer = { list: null, text: text({ skill: rows[0] }), missing: false };
    draw(skills(rows));
    expect(one(".skill-text")?.getAttribute("aria-label")).toBe("a[U+202E]b");
    expect(words(".skill-text .skill-marks")).toBe("yoursonly a[U+202E]b");
  });

  test("speaks Chinese", () => {
    draw(skills([skill({ use_count: 3 })]), "zh");
    expect(words(".skills-total")).toBe("1 个技能");
    expect(words(".skill-figures")).toContain("使用 3 次");
  });

  test("without a list it says that there is none", () => {
    draw({ list: null, text: null, missing: false });
    expect(words(".blank")).toContain("There are no skills yet");
  });
});
