import { describe, expect, test } from "vitest";
import { byDefault, chosen, grouped, inOrder, parseArrangement, visible } from "../src/arrangement.ts";
import type { PanelEntry } from "../src/protocol.ts";
import { moved } from "../src/tools/arrange.tsx";

const entry = (name: string, group = "now"): PanelEntry => ({
  name,
  title: name,
  titles: {},
  icon: "panel",
  group,
  module: null,
  payload_schema: null,
});
const panels = ["a", "b", "c", "d"].map((name) => entry(name));
const names = (found: readonly PanelEntry[]) => found.map(({ name }) => name).join("");

describe("what a layout shows", () => {
  test("is what the cell names, in its order; the others are hidden, not gone", () => {
    const shown = byDefault(panels, ["c", "a", "nonsense"]);
    expect(names(visible(panels, shown))).toBe("ca");
    expect(names(inOrder(panels, shown.order))).toBe("cabd");
  });

  test("is each panel once, however often the cell names it", () => {
    expect(names(visible(panels, byDefault(panels, ["c", "c", "a", "c"])))).toBe("ca");
  });

  test("is what the viewer chose", () => {
    const shown = chosen(byDefault(panels, ["a", "b", "c", "d"]), { order: ["d", "c", "b", "a"], hidden: ["c"] });
    expect(names(visible(panels, shown))).toBe("dba");
  });

  test("a panel that came later stands behind the one that it follows, if it is shown by default", () => {
    const choice = { order: ["c", "a"], hidden: ["c"] };
    expect(names(visible(panels, chosen(byDefault(panels, ["a", "b", "c", "d"]), choice)))).toBe("dab");
    expect(names(visible(panels, chosen(byDefault(panels, ["a", "c"]), choice)))).toBe("a");
  });

  test("a panel that is gone is nothing", () => {
    const choice = { order: ["x", "b", "a", "c", "d"], hidden: ["y"] };
    expect(names(visible(panels, chosen(byDefault(panels, ["a", "b", "c", "d"]), choice)))).toBe("bacd");
  });
});

describe("groups", () => {
  const many = ["a:now", "b:history", "c:now", "d:more", "e:history", "f:now", "g:now"].map((each) => {
    const [name = "", group] = each.split(":");
    return entry(name, group);
  });

  test("stand in the order in which they first appear", () => {
    expect(grouped(many).map(({ group, panels }) => `${group}:${names(panels)}`)).toEqual([
      "now:acfg",
      "history:be",
      "more:d",
    ]);
  });

  test("keep their place when one of their panels comes later, at the front of them, too", () => {
    const order = ["b", "e", "d", "c", "f", "g"];
    const found = grouped(inOrder(many, order));
    expect(found.map(({ group, panels }) => `${group}:${names(panels)}`)).toEqual(["history:be", "more:d", "now:acfg"]);
    expect(names(inOrder(many, ["d", "a", "c", "f", "b", "e"]))).toBe("dacfgbe");
  });

  test("of six panels or fewer are none", () => {
    expect(grouped(many.slice(0, 6))).toEqual([{ group: "", panels: many.slice(0, 6) }]);
  });

  test("do not come with a panel that is a guest among six", () => {
    expect(grouped(many, 6)).toHaveLength(1);
  });
});

test.each([
  [0, 1, "bac"],
  [2, -1, "acb"],
  [2, -2, "cab"],
])("what is at %d moves by %d", (place, by, after) => {
  expect(moved([..."abc"], place, by).join("")).toBe(after);
});

describe("what was stored", () => {
  test("is read as far as it makes sense", () => {
    const shown = { order: ["a"], hidden: [] };
    const whole = { layout: "grid", theme: "anime", scanlines: true, tab: "a", tabs: shown, grid: shown };
    expect(parseArrangement(JSON.stringify(whole))).toEqual(whole);
    const broken = { ...whole, layout: "heap", scanlines: 1, tab: null, tabs: { order: [1] }, grid: "all", theme: {} };
    expect(parseArrangement(JSON.stringify(broken))).toEqual({});
  });

  test.each([null, "", "{", "[]", "7", '"x"'])("may be %j", (text) => {
    expect(parseArrangement(text)).toEqual({});
  });
});
