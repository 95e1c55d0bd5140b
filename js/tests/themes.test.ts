import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { THEMES } from "../src/theme.ts";

const read = (name: string) => readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8");
const sheets = {
  "hud.css": read("hud.css"),
  "themes.css": read("themes.css"),
  "tools/tools.css": read("tools/tools.css"),
};

/** The variables of the first rule with this selector. */
function variables(sheet: string, selector: string): Record<string, string> {
  const start = sheet.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`no rule ${selector}`);
  const body = sheet.slice(start, sheet.indexOf("}", start));
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

const light = variables(sheets["hud.css"], ".hud");
const dark = { ...light, ...variables(sheets["hud.css"], '.hud[data-theme="dark"]') };
const named = THEMES.filter((name) => !["auto", "light", "dark"].includes(name));
const themes: [string, Record<string, string>][] = [
  ["light", light],
  ["dark", dark],
  ...named.map((name): [string, Record<string, string>] => [
    name,
    { ...variables(sheets["themes.css"], `.hud[data-palette="${name}"]`) },
  ]),
];

describe.each(themes)("the theme %s", (_, colours) => {
  test("has every colour", () => {
    expect(Object.keys(light).filter((name) => !name.startsWith("series") && !(name in colours))).toEqual([]);
  });

  test("has text of a contrast of at least 4.5 on every ground", () => {
    const soft = (name: string) => (name === "ink" || name === "muted" ? "accent-soft" : `${name}-soft`);
    const grounds = (name: string) => ["bg", "raised", "hover", soft(name)];
    const poor = ["ink", "muted", "accent", "green", "violet", "amber", "red"].flatMap((name) =>
      grounds(name)
        .map((ground) => ({ pair: `${name} on ${ground}`, ratio: contrast(colours[name], colours[ground]) }))
        .filter(({ ratio }) => !(ratio >= 4.5)),
    );
    expect(poor).toEqual([]);
  });

  test("has bars of a contrast of at least 3", () => {
    const poor = ["bar", "bar-critical"].filter((name) => !(contrast(colours[name], colours.bg) >= 3));
    expect(poor).toEqual([]);
  });
});

test("the menu shows a sample of every theme", () => {
  for (const name of THEMES) expect(sheets["tools/tools.css"]).toContain(`[data-sample="${name}"]`);
});

test("scanlines are drawn with neither reduced motion nor forced colours", () => {
  const before = sheets["themes.css"].slice(0, sheets["themes.css"].indexOf("[data-scanlines]"));
  expect(before.slice(before.lastIndexOf("@media"))).toContain(
    "(prefers-reduced-motion: no-preference) and (forced-colors: none)",
  );
});

/** As WCAG 2 defines it. */
function contrast(one = "", other = ""): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
