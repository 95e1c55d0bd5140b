import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { typesOf } from "../types.mjs";

const read = (name: string) => readFileSync(new URL(`../src/generated/${name}`, import.meta.url), "utf8");

test("types.ts is what `npm run types` makes of schema.json", async () => {
  expect(read("types.ts")).toBe(await typesOf(JSON.parse(read("schema.json"))));
});

test("the lock file names no registry", () => {
  const lock = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
  expect(lock).not.toContain('"resolved"');
  expect(lock).not.toMatch(/https?:\/\/[^"]*registry/);
});
