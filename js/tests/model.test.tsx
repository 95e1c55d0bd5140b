// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { ModelEntry, ModelPanel } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/model.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

useStage(Date.parse("2026-11-23T12:00:00Z"));

const main: ModelEntry = {
  roles: ["main"],
  model: "opus",
  provider: "anthropic",
  name: null,
  window_tokens: 200_000,
  window_source: "config",
  is_window_asked: false,
  catalog_tokens: null,
  abilities: null,
  price: null,
  use: null,
};
const chat = { session_id: "s1", platform: "telegram", prompt_tokens: 50_000, share: 0.25, at: null };

function draw(values: Partial<ModelPanel>) {
  const data = {
    main,
    fallbacks: [],
    tasks: [],
    used: [],
    used_total: 0,
    used_days: 30,
    compresses_at_tokens: 150_000,
    is_compressing: true,
    least_tokens: 64_000,
    threshold: 0.5,
    max_output_tokens: null,
    reasoning_effort: null,
    bad_override: null,
    chats: [],
    catalog_models: 10,
    ...values,
  };
  const view = texts().above(catalogues);
  const View = define(makeApi(view, makeFormat("en", view.t)));
  const props = { data, version: 1, status: "ok", error: null, query: {}, home: null } as unknown;
  drawIn(h(View, props as ViewProps<ModelPanel>));
}

const rows = () =>
  [...container.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
const switchIt = () => act(() => container.querySelector<HTMLButtonElement>(".figure-switch")?.click());

test("the window can be read as a table", () => {
  draw({ chats: [chat] });
  expect(container.querySelectorAll(".window svg")).toHaveLength(1);
  switchIt();
  expect(container.querySelectorAll(".window svg")).toHaveLength(0);
  expect(rows()).toEqual([
    ["What", "Tokens", "Share"],
    ["Context window", "200,000", "100%"],
    ["Compressed at", "150,000", "75%"],
    ["Fullest chat", "50,000", "25%"],
  ]);
});

test("the table has no row of what is not there", () => {
  draw({ compresses_at_tokens: null });
  switchIt();
  expect(rows().map(([name]) => name)).toEqual(["What", "Context window"]);
});
