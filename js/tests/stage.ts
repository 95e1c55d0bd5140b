import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, vi } from "vitest";
import { Client } from "../src/client.ts";
import { Hud } from "../src/hud.tsx";
import chinese from "../src/i18n/zh.ts";
import * as charts from "../src/modules/charts.ts";
import * as layouts from "../src/modules/layouts.ts";
import * as parts from "../src/modules/parts.ts";
import * as status from "../src/modules/status.ts";
import * as themes from "../src/modules/themes.ts";
import * as tools from "../src/modules/tools.tsx";
import type { Outbound, PanelFrame } from "../src/protocol.ts";
import { FakeBrowser, FakeModel, golden, note } from "./fakes.ts";
import { views } from "./views.ts";

export const [greeting] = golden.outbound as [Extract<Outbound, { type: "hello" }>];
export const HOME = greeting.homes[0]?.id as string;
const modules: Record<string, Record<string, unknown>> = {
  ...Object.fromEntries(Object.entries(views).map(([name, module]) => [`views/${name}`, { ...module }])),
  "i18n/zh": { default: chinese },
  // As built, but with the imports that they have anyway.
  ...Object.fromEntries(
    Object.entries({ charts, layouts, parts, status, themes, tools }).map(([name, module]) => [
      `core/${name}`,
      { default: () => module },
    ]),
  ),
};
/** Modules come by name instead of by text: there are no Blob URLs here. */
export const importText = async (text: string): Promise<Record<string, unknown>> => modules[text] ?? {};
/** The same, but the memory panel's view is another. */
export const importing = (define: unknown, texts?: unknown) => async (text: string) =>
  text === "views/memory" ? { default: define, texts } : importText(text);

export let model: FakeModel;
export let container: HTMLElement;
let controller: AbortController;
export let client: Client;

/** Draws a HUD. */
export function show(options: Record<string, unknown> = {}, importer: typeof importText = importText) {
  model = new FakeModel();
  controller = new AbortController();
  const all = {
    home: HOME,
    panels: [],
    grid: ["overview", "memory", "sessions"],
    layout: "tabs" as const,
    theme: "light" as const,
    scanlines: false,
    height: 480,
    language: "en" as const,
    ...options,
  };
  client = new Client(model, all, new FakeBrowser("hub.example.org"), importer, controller.signal);
  container = document.createElement("div");
  document.body.append(container);
  act(() => render(h(Hud, { client, element: container, signal: controller.signal }), container));
}

/** Lets time pass, in ms. */
export const pass = (duration: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(duration);
  });

/** The server says something. */
export async function relay(...frames: Outbound[]) {
  await act(async () => {
    for (const frame of frames) model.relay(frame);
    await settled();
  });
  // What was drawn may have asked for a module, which is there.
  await act(settled);
}

/** Lets promises and timers of 0 ms pass. */
export const settled = async () => {
  await vi.advanceTimersByTimeAsync(20);
};

/** The server says what there is, and all modules come unasked. */
export async function greet(hello: Outbound = greeting) {
  model.push({ ...note(greeting.server_id), home: HOME } as never);
  await relay(hello, ...Object.keys(modules).map((name): Outbound => ({ type: "module", id: null, name, text: name })));
}

/** The same, and what is loaded once the HUD is drawn is there, too. */
export async function greetWhole(hello: Outbound = greeting) {
  await greet(hello);
  await pass(1_000);
  await pass(20);
}

export const partsFrame: Outbound = { type: "module", id: null, name: "core/parts", text: "core/parts" };

/** A panel's frame of the golden file. */
export function frame(panel: string, over: Partial<PanelFrame> = {}): PanelFrame {
  const found = golden.outbound.find(
    (each): each is PanelFrame =>
      each.type === "panel" && each.panel === panel && each.status === "ok" && !each.unchanged,
  );
  if (!found) throw new Error(`no ${panel} in the golden file`);
  return { ...found, id: null, ...over };
}

export const one = (selector: string) => {
  const found = container.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`${selector} is not there:\n${container.innerHTML}`);
  return found;
};
export const click = async (selector: string) => {
  await act(() => one(selector).click());
  await pass(20);
};
/** Whether anybody made something of the key. */
export const press = async (selector: string, key: string, more: KeyboardEventInit = {}): Promise<boolean> => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more });
  await act(() => {
    one(selector).dispatchEvent(event);
  });
  await pass(20);
  return event.defaultPrevented;
};

/** Gives every test of this file a page of its own, that remembers nothing, and a clock. */
export function usePage(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse(golden.now) });
    // The one that is there never says anything: no layout, nothing on screen.
    vi.stubGlobal("IntersectionObserver", undefined);
  });

  afterEach(() => {
    controller.abort();
    render(null, container);
    container.remove();
    localStorage.clear();
  });
}
