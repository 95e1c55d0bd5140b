// Bundles the widget, its views and its languages into ../src/hermes_hud_widget/static/.
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../src/hermes_hud_widget/static/", import.meta.url));

/** One self-contained ES module per entry: what arrives through a Blob cannot import relatively. */
const options = {
  absWorkingDir: here,
  entryPoints: {
    widget: "src/widget.ts",
    ...(await views()),
    "i18n/zh": "src/i18n/zh.ts",
  },
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  loader: { ".css": "text" },
  plugins: [minifiedCss()],
  metafile: true,
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  const { metafile } = await esbuild.build(options);
  const built = new Map(Object.entries(metafile.outputs).map(([file, { bytes }]) => [join(here, file), bytes]));
  for (const [file, bytes] of built) console.log(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${basename(file)}`);
  await removeAllBut(built);
}

/** Every view is a module: src/views/NAME.tsx, or NAME/index.tsx with what belongs to it beside it. */
async function views() {
  const entries = await readdir(join(here, "src/views"), { withFileTypes: true });
  const files = entries.flatMap((entry) => {
    if (entry.isDirectory()) return [[entry.name, `${entry.name}/index.tsx`]];
    return entry.name.endsWith(".tsx") ? [[basename(entry.name, ".tsx"), entry.name]] : [];
  });
  return Object.fromEntries(files.map(([name, file]) => [`views/${name}`, `src/views/${file}`]));
}

/** Leaves nothing of an earlier build behind, without a moment in which there is no build. */
async function removeAllBut(built) {
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !built.has(file)) await rm(file);
  }
}

/** The style sheet is text in the module; esbuild minifies text only when told to. */
function minifiedCss() {
  return {
    name: "minified-css",
    setup(build) {
      build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
        const { outputFiles } = await esbuild.build({
          entryPoints: [path],
          minify: true,
          charset: "utf8",
          write: false,
        });
        return { contents: outputFiles[0].text, loader: "text" };
      });
    },
  };
}
