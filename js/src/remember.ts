import { type Arrangement, parseArrangement } from "./arrangement.ts";
import type { Options } from "./client.ts";

/**
 * Keeps a viewer's arrangement in the browser, by notebook and by what the cell asks for: a cell that asks for
 * another layout or theme than before gets it. Never in the notebook itself, which is shared with others.
 */
export class Memory {
  readonly #key: string;
  #isKept = true;

  constructor({ panels, layout, theme, scanlines }: Options, element: Element) {
    this.#key = `hermes-hud:${pageOf(element)}:${JSON.stringify([panels, layout, theme, scanlines])}`;
  }

  /** What was stored; null where the page may keep nothing. */
  read(): Arrangement | null {
    if (!this.#isKept) return null;
    try {
      return parseArrangement(localStorage.getItem(this.#key));
    } catch {
      return null;
    }
  }

  write(arrangement: Arrangement): void {
    try {
      if (Object.keys(arrangement).length === 0) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, JSON.stringify(arrangement));
    } catch {
      this.#isKept = false; // it holds for as long as the page does
    }
  }
}

/** The notebook's path in JupyterLab, where the page's address is that of the tab in front; else the page's. */
export function pageOf(element: Element): string {
  const id = element.closest(".jp-NotebookPanel")?.id;
  const tab = id ? document.querySelector<HTMLElement>(`.lm-TabBar-tab[data-id="${CSS.escape(id)}"]`) : null;
  // "Name: x.ipynb\nPath: folder/x.ipynb\n…", in the viewer's language; a name may have colons, too.
  const [name, path] = (tab?.title ?? "").split("\n").map((line) => /^[^:：]*[:：]\s*(.*)$/.exec(line)?.[1] ?? "");
  return name && path?.endsWith(name) ? path : location.pathname;
}
