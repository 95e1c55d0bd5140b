import { type ComponentChildren, h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, vi } from "vitest";
import { Client } from "../src/client.ts";
import { ClientProvider } from "../src/context.ts";
import { englishOfParts } from "../src/i18n/en-parts.ts";
import * as charts from "../src/modules/charts.ts";
import { FakeBrowser, FakeModel, HOME } from "./fakes.ts";

type Language = "en" | "zh";

/** Where `draw` draws; another one for every test. */
export let container: HTMLElement;
let controller: AbortController;
let clients: Partial<Record<Language, Client>>;

/** Gives every test of this file or group a page to draw on, and a clock that stands at `now`. */
export function useStage(now: number): void {
  beforeEach(() => {
    vi.useFakeTimers({ now });
    controller = new AbortController();
    clients = {};
    container = document.createElement("div");
    document.body.append(container);
  });

  afterEach(() => {
    controller.abort();
    act(() => render(null, container));
    container.remove();
    vi.useRealTimers();
  });
}

/** Draws within a HUD that can be seen. */
export function draw(children: ComponentChildren, language: Language = "en"): void {
  clients[language] ??= clientOf(language);
  const client = clients[language];
  act(() => render(h(ClientProvider, { value: client }, children), container));
}

function clientOf(language: Language): Client {
  const options = {
    home: HOME,
    layout: "tabs",
    grid: [],
    theme: "light",
    scanlines: false,
    height: 480,
    language,
  } as const;
  const importer = async () => ({});
  const client = new Client(
    new FakeModel(),
    { ...options, panels: [], grid: [] },
    new FakeBrowser(),
    importer,
    controller.signal,
  );
  client.setVisible({}, true);
  // What a browser loads with the first view, and when it is first drawn.
  client.texts.add("en", { ...englishOfParts, ...charts.english });
  vi.spyOn(client, "later").mockImplementation(() => charts as never);
  return client;
}
