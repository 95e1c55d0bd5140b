// Bundles the widget, its views, its languages and the stand-alone page into ../src/hermes_hud_widget/static/.
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const python = fileURLToPath(new URL("../src/hermes_hud_widget/", import.meta.url));
const out = join(python, "static");
const [, version] = /"(.+)"/.exec(await readFile(join(python, "_version.py"), "utf8"));

/** One self-contained ES module per entry: what arrives through a Blob cannot import relatively. */
const shared = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  target: "es2022",
  charset: "utf8",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  loader: { ".css": "text" },
  define: { VERSION: JSON.stringify(version) },
  metafile: true,
  logLevel: "warning",
};
const builds = [
  {
    ...shared,
    format: "esm",
    entryPoints: { widget: "src/widget.ts", ...(await views()), "i18n/zh": "src/i18n/zh.ts" },
    plugins: [minifiedCss()],
  },
  {
    // What the core loads later has the core's own Preact and context: `import` becomes a call of `require`, which
    // src/later.ts answers.
    ...shared,
    format: "cjs",
    entryPoints: await furtherModules(),
    banner: { js: "export default(require=>{const module={};" },
    footer: { js: "return module.exports})" },
    plugins: [minifiedCss(), leftToTheCore(await sharedByTheCore())],
  },
  {
    // The stand-alone page, which loads the core from beside it.
    ...shared,
    format: "esm",
    loader: { ".html": "copy", ".css": "css" },
    entryPoints: {
      "page/index": "src/standalone/index.html",
      "page/page": "src/standalone/page.ts",
      "page/style": "src/standalone/page.css",
    },
  },
];

if (process.argv.includes("--watch")) {
  for (const options of builds) await (await esbuild.context(options)).watch();
} else {
  const outputs = await Promise.all(builds.map(async (options) => (await esbuild.build(options)).metafile.outputs));
  const built = new Map(outputs.flatMap(Object.entries).map(([file, { bytes }]) => [join(here, file), bytes]));
  for (const [file, bytes] of built) console.log(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${basename(file)}`);
  await removeAllBut(built);
}

/** Every view is a module: src/views/NAME.tsx, or NAME/index.tsx with what belongs to it beside it. */
async function views() {
  const files = await readdir(join(here, "src/views"), { recursive: true });
  const entries = files.filter((file) => /^(?:[^/\\]+|[^/\\]+[/\\]index)\.tsx$/.test(file));
  return Object.fromEntries(
    entries.map((file) => [`views/${file.replace(/(?:[/\\]index)?\.tsx$/, "")}`, `src/views/${file}`]),
  );
}

/** What the core loads when it is needed: src/modules/NAME.ts(x). */
async function furtherModules() {
  const files = await readdir(join(here, "src/modules"));
  return Object.fromEntries(files.map((file) => [`core/${file.replace(/\.tsx?$/, "")}`, `src/modules/${file}`]));
}

/** The modules that src/later.ts imports, by its own names for them. */
async function sharedByTheCore() {
  const text = await readFile(join(here, "src/later.ts"), "utf8");
  return new Set([...text.matchAll(/^import .* from "(.+)";$/gm)].map(([, name]) => name));
}

/** Does not bundle what the core has already. */
function leftToTheCore(names) {
  return {
    name: "left-to-the-core",
    setup(build) {
      build.onResolve({ filter: /./ }, ({ path, importer, kind }) => {
        if (kind === "entry-point") return null;
        const name = path.startsWith(".") ? `./${relative(join(here, "src"), join(dirname(importer), path))}` : path;
        return names.has(name) ? { path: name, external: true } : null;
      });
    },
  };
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
        const { code } = await esbuild.transform(ofItsPanel(path, await readFile(path, "utf8")), {
          loader: "css",
          minify: true,
          charset: "utf8",
        });
        return { contents: code, loader: "text" };
      });
    },
  };
}

/** In a grid all panels' styles lie in one page: a view's own hold within its panel only. */
function ofItsPanel(path, css) {
  const [, view] = /^views[/\\]([\w-]+)/.exec(relative(join(here, "src"), path)) ?? [];
  // Any panel without a view of its own is drawn by the generic one.
  if (view === undefined || view === "generic") return css;
  const keyframes = /^@keyframes [^{]+\{(?:[^{}]*\{[^{}]*\})*\s*\}/gm;
  return `${(css.match(keyframes) ?? []).join("\n")}\n:where([data-panel="${view}"]) {\n${css.replace(keyframes, "")}\n}`;
}
