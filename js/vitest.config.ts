import { readFile } from "node:fs/promises";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // As in build.mjs: a style sheet is its text.
  plugins: [
    {
      name: "css-as-text",
      enforce: "pre",
      async load(id) {
        return id.endsWith(".css") ? `export default ${JSON.stringify(await readFile(id, "utf8"))}` : null;
      },
    },
  ],
  define: { VERSION: '"1.2.0"' },
  oxc: { jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment", development: false } },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node", restoreMocks: true },
});
