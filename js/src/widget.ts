import { render as draw, h } from "preact";
import { Client, type ImportText, type Options } from "./client.ts";
import type { Environment, Model } from "./connection.ts";
import css from "./hud.css";
import { Hud } from "./hud.tsx";
import { forwardHostShortcuts } from "./keys.ts";

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
    initialize({ model, signal }: { model: WidgetModel; signal: AbortSignal }): void {
      shared = connect(model, signal);
    },
    render({ model, el, signal }: { model: WidgetModel; el: HTMLElement; signal: AbortSignal }): void {
      const client = shared ?? connect(model, signal);
      mount(client, el, signal);
    },
  };
}

function connect(model: WidgetModel, signal: AbortSignal): Client {
  return new Client(model, { ...defaults, ...model.get("options") }, browser(), importText, signal);
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
  for (const sheet of [css, ...client.styles]) style(root, sheet);
  let styled = client.styles.length;
  const undo = client.onLoaded(() => {
    for (const sheet of client.styles.slice(styled)) style(root, sheet);
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

function style(root: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    // Browsers without constructable style sheets.
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}

function browser(): Environment & { language: string } {
  return {
    hostname: location.hostname,
    language: navigator.language,
    random: () => Math.random(),
    openSocket: (url, protocols) => new WebSocket(url, protocols),
    onWake: (listener, signal) => {
      addEventListener("online", listener, { signal });
      document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && listener(), {
        signal,
      });
    },
  };
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
