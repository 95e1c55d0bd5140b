// Writes src/generated/types.ts from src/generated/schema.json.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const from = new URL("src/generated/schema.json", import.meta.url);
const to = new URL("src/generated/types.ts", import.meta.url);

/** The text of types.ts for a schema. */
export async function typesOf(schema) {
  const types = await compile(schema, "Wire", {
    bannerComment: "// Made by `npm run types` from schema.json, which `python tools/schema.py` makes. Do not edit.",
    additionalProperties: false,
    unreachableDefinitions: true,
    printWidth: 110,
  });
  const lean = types
    .replaceAll(/(?: \*\n)? \* This interface was referenced by .*\n \* via the .*\n/g, "")
    .replaceAll("/**\n */\n", "");
  return `${lean}
/** What a panel's query means where it says nothing, by panel. */
export const queryDefaults: Record<string, Record<string, unknown>> = ${JSON.stringify(defaultsOf(schema), null, 2)};
`;
}

function defaultsOf(schema) {
  const definition = (reference) => schema.$defs[reference.$ref.split("/").at(-1)];
  const panels = Object.entries(schema.$defs.Panels.properties);
  return Object.fromEntries(
    panels.map(([name, panel]) => {
      const fields = Object.entries(definition(panel.properties.query).properties ?? {});
      return [name, Object.fromEntries(fields.map(([field, value]) => [field, value.default]))];
    }),
  );
}

if (process.argv[1]?.endsWith("types.mjs")) {
  await writeFile(to, await typesOf(JSON.parse(await readFile(from, "utf8"))));
}
