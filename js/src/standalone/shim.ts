// Shows the HUD in a page that has no kernel: plays the part of anywidget's model.
import type { ServerNote } from "../protocol.ts";

type Listener = (content: unknown) => void;

/** As much of anywidget's model as the HUD's module uses. */
export interface ShimModel {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, listener: Listener): void;
  off(event: string, listener: Listener): void;
}

/** What the HUD's module, `static/widget.js`, exports. */
export interface WidgetModule {
  default(): {
    initialize(props: { model: ShimModel; signal: AbortSignal }): void;
    render(props: { model: ShimModel; el: HTMLElement; signal: AbortSignal }): void;
  };
}

/**
 * A model that says once where the server is, to each who listens.
 *
 * @param options The options of `HUD(…)` by their names in the browser; what is left out is as in a notebook.
 * @param note Where the server is.
 */
export function shimModel(options: Record<string, unknown>, note: ServerNote): ShimModel {
  const listeners = new Set<Listener>();
  const all = { ...options, kernel: false };
  return {
    get: (name) => (name === "options" ? all : undefined),
    // There is nobody to hear it.
    send: () => undefined,
    on(event, listener) {
      if (event !== "msg:custom") return;
      listeners.add(listener);
      // As a kernel's message comes: not before whoever listens has finished what it is at.
      queueMicrotask(() => listeners.has(listener) && listener(note));
    },
    off: (_, listener) => void listeners.delete(listener),
  };
}

/**
 * Shows a HUD in `element`, as high as that is, until `signal` aborts.
 *
 * @param module The HUD's module.
 * @param model What `shimModel` gave; one may be shown in several elements, each with a call of this.
 */
export function show(module: WidgetModule, model: ShimModel, element: HTMLElement, signal: AbortSignal): void {
  const widget = module.default();
  widget.initialize({ model, signal });
  widget.render({ model, el: element, signal });
  fill(element);
}

/** A cell of a notebook has a height of its own; a page or a side panel gives what it has. */
export function fill(element: HTMLElement): void {
  const root = element.shadowRoot;
  if (!root) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host, .host { height: 100% } .hud { height: 100% !important; min-height: 0; border: 0; border-radius: 0 }",
  );
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
