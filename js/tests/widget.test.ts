// @vitest-environment happy-dom
// The module as hosts use it: one evaluation for many models, one model in many places.
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import widget from "../src/widget.ts";
import { FakeModel, HOME, hello, note } from "./fakes.ts";

const key = Symbol.for("hermes-hud");
const shared = globalThis as { [key: symbol]: { sideBar?: unknown } | undefined };
const endings: AbortController[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") });
  vi.stubGlobal("IntersectionObserver", undefined);
  vi.stubGlobal(
    "WebSocket",
    class {
      addEventListener() {}
      send() {}
      close() {}
    },
  );
});

afterEach(() => {
  for (const ending of endings.splice(0)) ending.abort();
  document.body.replaceChildren();
  delete shared[key];
  vi.unstubAllGlobals();
});

const ending = () => {
  const controller = new AbortController();
  endings.push(controller);
  return controller;
};

/** A model that is initialized, as a host does it. */
function begin(options: Record<string, unknown> = {}) {
  const model = new FakeModel({ home: HOME, ...options });
  const closing = ending();
  const { initialize, render } = widget();
  initialize({ model, signal: closing.signal });
  return { model, render, closing };
}

function place(within: ParentNode & Node = document.body): HTMLElement {
  const element = document.createElement("div");
  within.append(element);
  return element;
}

const hud = (element: HTMLElement) => element.shadowRoot?.querySelector<HTMLElement>("[data-hermes-hud]") ?? null;
const state = (element: HTMLElement) => hud(element)?.dataset.state;

async function greet(model: FakeModel, server = "server-1") {
  await act(async () => {
    model.push(note(server));
    model.relay(hello({}, server));
    await vi.advanceTimersByTimeAsync(20);
  });
}

test("the module exports what anywidget takes: a function that gives initialize and render", () => {
  expect(Object.keys(widget()).sort()).toEqual(["initialize", "render"]);
});

test("two models of one module are kept apart, also below a host's shadow root", async () => {
  const host = place().attachShadow({ mode: "open" });
  const [one, other] = [begin(), begin()];
  const [first, second] = [place(host), place(host)];
  act(() => void one.render({ model: one.model, el: first, signal: ending().signal }));
  act(() => void other.render({ model: other.model, el: second, signal: ending().signal }));
  await greet(one.model);
  expect([state(first), state(second)]).toEqual(["live", "stale"]);
  const [ids] = [[one, other].map(({ model }) => model.sent[0]?.client)];
  expect(new Set(ids).size).toBe(2);
  act(() => one.closing.abort());
  await greet(other.model, "server-2");
  expect([state(first), state(second)]).toEqual(["gone", "live"]);
});

test("a host may render a model through another proxy of it than it initialized", async () => {
  const { model, render } = begin();
  const element = place();
  const proxy = Object.assign(Object.create(model), { on: () => {}, send: () => {} });
  act(() => void render({ model: proxy, el: element, signal: ending().signal }));
  await greet(model);
  expect(state(element)).toBe("live");
  expect(model.of("attach").length).toBeGreaterThan(0);
});

test("one model in several places has one connection, and each place its own end", async () => {
  const { model, render } = begin();
  const [first, second] = [place(), place()];
  const leaving = ending();
  act(() => void render({ model, el: first, signal: leaving.signal }));
  act(() => void render({ model, el: second, signal: ending().signal }));
  await greet(model);
  expect(new Set(model.sent.map(({ client }) => client)).size).toBe(1);
  act(() => leaving.abort());
  expect(hud(first)).toBeNull();
  expect(state(second)).toBe("live");
});

test("the side bar shows the model's HUD until it lets go, whatever becomes of the cell", async () => {
  const bar = place();
  const letGo = ending();
  const ids: string[] = [];
  shared[key] = {
    sideBar: {
      show(id: string, title: string, render: (element: HTMLElement, signal: AbortSignal) => void) {
        ids.push(id, title);
        render(bar, letGo.signal);
      },
    },
  };
  const { model, render } = begin({ panels: ["memory"] });
  const cell = place();
  const leaving = ending();
  act(() => void render({ model, el: cell, signal: leaving.signal }));
  await greet(model);
  await act(async () => model.push({ type: "side-panel" }));
  expect(JSON.parse(ids[0] ?? "")).toMatchObject({ home: HOME, panels: ["memory"] });
  expect(ids[1]).toBe("Hermes HUD");
  expect(model.of("side-panel")).toMatchObject([{ shown: true }]);
  act(() => leaving.abort());
  expect([hud(cell), state(bar)]).toEqual([null, "live"]);
  act(() => letGo.abort());
  expect(hud(bar)).toBeNull();
});

test("a HUD in the side bar whose model was closed says so", async () => {
  const bar = place();
  shared[key] = {
    sideBar: {
      show: (_id: string, _title: string, render: (...of: unknown[]) => void) => render(bar, ending().signal),
    },
  };
  const { model, closing } = begin();
  await greet(model);
  await act(async () => model.push({ type: "side-panel" }));
  expect(state(bar)).toBe("live");
  act(() => closing.abort());
  expect(hud(bar)?.dataset).toMatchObject({ state: "gone", transport: "none" });
});

test("a page without a side bar says so, and has the object in which one may come", async () => {
  const { model } = begin();
  await act(async () => model.push({ type: "side-panel" }));
  expect(model.of("side-panel")).toMatchObject([{ shown: false }]);
  expect(shared[key]).toEqual({});
});

test("without a kernel nothing is ever said to the model", async () => {
  const { model, render } = begin({ kernel: false });
  const element = place();
  act(() => void render({ model, el: element, signal: ending().signal }));
  await act(async () => model.push(note(null, { transport: "direct" })));
  await act(async () => {
    await vi.advanceTimersByTimeAsync(60_000);
  });
  expect(model.sent).toEqual([]);
  expect(state(element)).toBe("stale");
});

test("a host may draw in the same element again: nothing is left of the time before", async () => {
  const { model, render } = begin();
  const element = place();
  const sheets: number[] = [];
  for (let time = 0; time < 3; time += 1) {
    const leaving = ending();
    act(() => void render({ model, el: element, signal: leaving.signal }));
    expect(element.shadowRoot?.querySelectorAll("[data-hermes-hud]")).toHaveLength(1);
    sheets.push(element.shadowRoot?.adoptedStyleSheets.length ?? 0);
    act(() => leaving.abort());
  }
  expect(new Set(sheets).size).toBe(1);
});
