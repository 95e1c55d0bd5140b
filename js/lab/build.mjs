// Makes the extension for JupyterLab, ../../src/hermes_hud_widget/labextension/, of lab/src and the built widget.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const NAME = "hermes-hud-widget";
const here = fileURLToPath(new URL(".", import.meta.url));
const python = fileURLToPath(new URL("../../src/hermes_hud_widget/", import.meta.url));
const out = join(python, "labextension");

const [, version] = /"(.+)"/.exec(await readFile(join(python, "_version.py"), "utf8"));
const widget = await readFile(join(python, "static/widget.js"));
const hudFile = `hud.${hash(widget)}.js`;
const { outputFiles } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["src/container.ts"],
  outdir: out,
  write: false,
  bundle: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  loader: { ".css": "text" },
  define: { VERSION: JSON.stringify(version), HUD_FILE: JSON.stringify(hudFile) },
  logLevel: "warning",
});
const container = outputFiles[0].contents;
// Jupyter lets browsers keep these files for ever, so each content has a name of its own.
const containerFile = `remoteEntry.${hash(container)}.js`;

const description = {
  name: NAME,
  version,
  description: "The Hermes HUD in JupyterLab's side bar",
  license: "MIT",
  jupyterlab: {
    extension: true,
    outputDir: "labextension",
    schemaDir: "schemas",
    _build: { load: `static/${containerFile}`, extension: "./extension" },
  },
};
const install = {
  packageManager: "python",
  packageName: NAME,
  uninstallInstructions: `Use your Python package manager (pip, conda, etc.) to uninstall ${NAME}`,
};
const files = new Map([
  [`static/${containerFile}`, container],
  [`static/${hudFile}`, widget],
  [`schemas/${NAME}/plugin.json`, await readFile(join(here, "schema.json"))],
  // jupyterlab_server reads the version that it states with the settings from here; without it, it says "N/A".
  [`schemas/${NAME}/package.json.orig`, json(description)],
  ["install.json", json(install)],
  // Last: it names the others.
  ["package.json", json(description)],
]);
for (const [name, content] of files) {
  await mkdir(dirname(join(out, name)), { recursive: true });
  await writeFile(join(out, name), content);
}
for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && ![...files.keys()].some((name) => join(out, name) === file)) await rm(file);
}
console.log(`${(container.length / 1000).toFixed(1).padStart(6)} kB  ${containerFile}`);

function hash(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
