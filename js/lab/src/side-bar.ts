// Notebooks' HUDs in the side bar: `hud.side_panel()`.
import { fill } from "../../src/standalone/shim.ts";
import { button, element } from "./elements.ts";
import type { Application, Packages, Widget } from "./lab.ts";
import { t } from "./texts.ts";
import { versionWords } from "./version.ts";

type Render = (element: HTMLElement, signal: AbortSignal) => void;

/** What HUDs find at `globalThis[Symbol.for("hermes-hud")].sideBar`. */
export interface SideBar {
  /**
   * Shows what `render` draws; again with the same id: in the panel that is there, which comes to the front.
   *
   * @param version That of the notebook's package, which may be another than this page's.
   */
  show(id: string, title: string, render: Render, version?: string): void;
}

interface Shown {
  widget: Widget;
  ending: AbortController;
}

export function makeSideBar(app: Application, packages: Packages, icon: unknown): SideBar | null {
  const Widget = packages["@lumino/widgets"]?.Widget;
  if (!Widget) return null;
  const panels = new Map<string, Shown>();
  let count = 0;

  const open = (id: string, title: string): Shown => {
    const widget = new Widget();
    widget.id = `hermes-hud-side-${++count}`;
    widget.title.caption = title;
    if (icon) widget.title.icon = icon;
    else widget.title.label = title;
    widget.node.classList.add("hermes-hud-side");
    const shown = { widget, ending: new AbortController() };
    widget.disposed.connect(() => {
      shown.ending.abort();
      panels.delete(id);
    });
    panels.set(id, shown);
    app.shell.add(widget, "right", { rank: 901 });
    return shown;
  };

  return {
    show(id, title, render, version = "") {
      const shown = panels.get(id) ?? open(id, title);
      // The cell may have been run again in another kernel: what is shown is always the newest.
      shown.ending.abort();
      shown.ending = new AbortController();
      const close = button("×", () => shown.widget.dispose());
      close.setAttribute("aria-label", t("close"));
      const body = element("div", "body");
      const host = element("div", "hermes-hud-host");
      Object.assign(host.style, { position: "absolute", inset: "0" });
      body.append(host);
      const head = element("div", "head", element("span", "", title), close);
      const note = element("div", "note", ...versionWords("kernel", version));
      note.setAttribute("role", "status");
      shown.widget.node.replaceChildren(head, note, body);
      app.shell.activateById(shown.widget.id);
      render(host, shown.ending.signal);
      fill(host);
    },
  };
}

/** Puts it where HUDs look for it. */
export function offer(sideBar: SideBar): void {
  const shared = globalThis as { [key: symbol]: { sideBar?: SideBar } | undefined };
  const key = Symbol.for("hermes-hud");
  shared[key] ??= {};
  shared[key].sideBar = sideBar;
}
