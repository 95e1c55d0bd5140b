import { render as draw, h } from "preact";
import { browser } from "./browser.ts";
import { Client, type ImportText, type Options } from "./client.ts";
import type { Model } from "./connection.ts";
import css from "./hud.css";
import { Hud } from "./hud.tsx";
import { forwardHostShortcuts } from "./keys.ts";
import { addStyle } from "./styles.ts";

/** The package's, as it was when this was built. */
declare const VERSION: string;

interface WidgetModel extends Model {
  get(name: "options"): Partial<Options> | undefined;
}

/**
 * One client per model, shared by its views. anywidget gives `initialize` and `render` different proxies of the
 * model, and marimo evaluates a module once for all models: what they share is this call, made once per model.
 */
export default function widget() {
  let shared: Client | null = null;
  return {
    // Nothing here waits: a model whose initialize takes 2 s is dropped by anywidget.
    initialize({ model, signal }: { model: WidgetModel; signal?: AbortSignal }): () => void {
      const life = lifetime(signal);
      shared = connect(model, life.signal);
      return life.end;
    },
    render({ model, el, signal }: { model: WidgetModel; el: HTMLElement; signal?: AbortSignal }): () => void {
      const life = lifetime(signal);
      mount(shared ?? connect(model, life.signal), el, life.signal);
      return life.end;
    },
  };
}

/** anywidget before 0.11 has no signal, and calls what was returned to it instead. */
function lifetime(given?: AbortSignal): { signal: AbortSignal; end: () => void } {
  const own = new AbortController();
  return { signal: given ?? own.signal, end: () => own.abort() };
}

function connect(model: WidgetModel, signal: AbortSignal): Client {
  const options = { ...defaults, ...model.get("options") };
  const client = new Client(model, options, browser(signal), importText, signal);
  client.showInSideBar = () => {
    const bar = page().sideBar;
    const view = (el: HTMLElement, signal: AbortSignal) => mount(client, el, signal);
    bar?.show(JSON.stringify(options), client.texts.t("hud.label"), view, VERSION);
    return bar !== undefined;
  };
  return client;
}

/** What the page offers to all HUDs in it: the extension for JupyterLab puts its side bar there. */
interface Page {
  sideBar?: {
    /** Shows what `render` draws; again with the same id: brings it to the front. */
    show(id: string, title: string, render: (el: HTMLElement, signal: AbortSignal) => void, version: string): void;
  };
}

function page(): Page {
  const shared = globalThis as { [key: symbol]: Page | undefined };
  const key = Symbol.for("hermes-hud");
  shared[key] ??= {};
  return shared[key];
}

const defaults: Options = {
  home: "",
  panels: [],
  grid: [],
  layout: "tabs",
  theme: "auto",
  scanlines: false,
  height: 480,
  language: "auto",
};

function mount(client: Client, element: HTMLElement, signal: AbortSignal): void {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const container = document.createElement("div");
  container.className = "host";
  root.replaceChildren(container);
  // A host may draw in the same element again.
  root.adoptedStyleSheets = [];
  for (const sheet of [css, ...client.styles]) addStyle(root, sheet);
  let styled = client.styles.length;
  const undo = client.onLoaded(() => {
    for (const sheet of client.styles.slice(styled)) addStyle(root, sheet);
    styled = client.styles.length;
  });
  signal.addEventListener("abort", undo);
  forwardHostShortcuts(element, signal);
  draw(h(Hud, { client, element, signal }), container);
  signal.addEventListener("abort", () => {
    draw(null, container);
    container.remove();
  });
}

/** A module that arrived as text has no URL of its own, so it gets one for as long as it is read. */
const importText: ImportText = async (text) => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
};
