import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ViewModule } from "../src/api.ts";
import { english } from "../src/i18n/en.ts";
import { englishOfCharts } from "../src/i18n/en-charts.ts";
import { englishOfParts } from "../src/i18n/en-parts.ts";
import chinese from "../src/i18n/zh.ts";
import { Texts } from "../src/i18n.ts";

// Not by URL: happy-dom says that modules come over http.
const folder = join(import.meta.dirname, "../src/views");

/** The files of every view, its entry first: NAME.tsx, or NAME/index.tsx with what lies beside it. */
const files: Record<string, string[]> = Object.fromEntries(
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!existsSync(join(path, "index.tsx"))) return [];
      const beside = readdirSync(path).filter((file) => /\.tsx?$/.test(file) && file !== "index.tsx");
      return [[entry.name, ["index.tsx", ...beside].map((file) => join(path, file))]];
    }
    return entry.name.endsWith(".tsx") ? [[basename(entry.name, ".tsx"), [path]]] : [];
  }),
);

/** Every view's module by the view's name. */
export const views: Record<string, ViewModule> = Object.fromEntries(
  await Promise.all(Object.entries(files).map(async ([name, [entry]]) => [name, await import(entry as string)])),
);

/** The source of every view by the view's name, with the charts that it bundles. */
export const sources: Record<string, string> = Object.fromEntries(
  Object.entries(files).map(([name, parts]) => [name, withCharts(parts).join("\n")]),
);

function withCharts(parts: readonly string[]): string[] {
  const found = new Map(parts.map((part) => [part, readFileSync(part, "utf8")]));
  // A Map goes on to what is added while it is gone through.
  for (const [part, source] of found) {
    for (const [, path = ""] of source.matchAll(/from "(\.[^"]+\.tsx?)"/g)) {
      const file = join(dirname(part), path);
      if (basename(dirname(file)) === "charts" && !found.has(file)) found.set(file, readFileSync(file, "utf8"));
    }
  }
  return [...found.values()];
}

/** The core's texts in a language. */
export function texts(language: "en" | "zh" = "en"): Texts {
  const found = new Texts();
  found.use(language, language === "en" ? { ...english, ...englishOfParts, ...englishOfCharts } : chinese);
  return found;
}
