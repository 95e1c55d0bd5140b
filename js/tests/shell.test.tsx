// @vitest-environment happy-dom

import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import type { Api, ViewProps } from "../src/api.ts";
import type { Hello, Inbound, PanelEntry } from "../src/protocol.ts";
import { pageOf } from "../src/remember.ts";
import { note } from "./fakes.ts";
import {
  click,
  client,
  container,
  frame,
  greet,
  greeting,
  HOME,
  importing,
  importText,
  model,
  one,
  partsFrame,
  pass,
  press,
  relay,
  show,
  usePage,
} from "./stage.ts";

usePage();

type Ask = Extract<Inbound, { type: "module" }>;

const entry = (name: string, group: string, title = name): PanelEntry => ({
  name,
  title,
  titles: {},
  icon: "panel",
  group,
  module: null,
  payload_schema: {},
});
/** A server with panels in three groups: those of the golden file and some more. */
const many: Hello = {
  ...greeting,
  panels: [
    ...greeting.panels.map((panel) => ({ ...panel, group: panel.name === "overview" ? "now" : "history" })),
    entry("agents", "now", "Agents"),
    entry("gateway", "system", "Gateway"),
    entry("logs", "system", "Logs"),
    entry("config", "system", "Config"),
  ],
};

const names = (selector: string, attribute: string) =>
  [...container.querySelectorAll<HTMLElement>(selector)].map((element) => element.getAttribute(attribute));
const tabs = () => names("[data-tab]", "data-tab");
const cells = () => names("[data-cell]", "data-cell");
const shown = () => names("[data-panel]", "data-panel");
const again = async (options: Record<string, unknown> = {}, hello: Hello = many) => {
  container.remove();
  show(options);
  await greet(hello);
};
const type = async (text: string) => {
  const field = one(".palette-field input") as HTMLInputElement;
  field.value = text;
  await act(() => {
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
};
/** The keys under which something is kept after that. */
const stored = async (act: () => Promise<void>) => {
  await act();
  return Object.keys(localStorage);
};
const options = () => [...container.querySelectorAll("[role=option]")].map((option) => option.textContent ?? "");
const choose = async (name: string, value: string) => {
  await click(`.menu input[name=${name}][value=${value}]`);
};

describe("many panels", () => {
  test("stand in groups, with a row of tabs for one of them", async () => {
    show();
    await greet(many);
    expect(names("[data-group]", "data-group")).toEqual(["now", "history", "system"]);
    expect(tabs()).toEqual(["overview", "agents"]);
    await click("[data-group=system]");
    expect(tabs()).toEqual(["gateway", "logs", "config"]);
    expect(shown()).toEqual(["gateway"]);
    expect(one("#group").getAttribute("aria-labelledby")).toBe("group-system");
    expect(one("[data-group=system]").getAttribute("aria-selected")).toBe("true");
  });

  test("a group remembers which of its tabs was in front", async () => {
    show();
    await greet(many);
    await click("[data-group=system]");
    await click("[data-tab=logs]");
    await click("[data-group=now]");
    await click("[data-group=system]");
    expect(shown()).toEqual(["logs"]);
  });

  test("arrows go around the groups, and around the tabs of one", async () => {
    show();
    await greet(many);
    await press("[data-group=now]", "ArrowLeft");
    expect(document.activeElement).toBe(one("[data-group=system]"));
    await press("[data-tab=gateway]", "End");
    expect(document.activeElement).toBe(one("[data-tab=config]"));
    expect(shown()).toEqual(["config"]);
  });

  test("six or fewer are tabs without groups", async () => {
    show({ panels: ["logs", "overview", "config"] });
    await greet(many);
    expect(names("[data-group]", "data-group")).toEqual([]);
    expect(tabs()).toEqual(["logs", "overview", "config"]);
  });
});

describe("many panels where there is little room", () => {
  const narrow = async () => {
    vi.spyOn(HTMLElement.prototype, "offsetWidth", "get").mockReturnValue(250);
    show();
    await greet(many);
  };

  test("are one name, with the one before and the one behind", async () => {
    await narrow();
    expect(tabs()).toEqual([]);
    expect(one("[data-chooser]").textContent).toBe("Overview");
    expect(one("[data-panel]").getAttribute("role")).toBe("region");
    expect(one("[data-panel]").getAttribute("aria-label")).toBe("Overview");
    await click(".chooser > .tool:last-child");
    expect(shown()).toEqual(["agents"]);
    await click(".chooser > .tool:first-child");
    await click(".chooser > .tool:first-child");
    expect(shown()).toEqual(["config"]);
  });

  test("are listed by groups, and the keys go about the list", async () => {
    await narrow();
    await click("[data-chooser]");
    expect(one("[data-chooser]").getAttribute("aria-expanded")).toBe("true");
    expect(tabs()).toHaveLength(many.panels.length);
    expect(document.activeElement).toBe(one("[data-tab=overview]"));
    await press("[data-tab=overview]", "ArrowDown");
    expect(document.activeElement).toBe(one("[data-tab=agents]"));
    await press("[data-tab=agents]", "l");
    expect(document.activeElement).toBe(one("[data-tab=logs]"));
    await click("[data-tab=logs]");
    expect(shown()).toEqual(["logs"]);
    expect(tabs()).toEqual([]);
    expect(document.activeElement).toBe(one("[data-chooser]"));
  });

  test("Escape leaves everything as it was", async () => {
    await narrow();
    await click("[data-chooser]");
    await press("[data-tab=overview]", "Escape");
    expect(tabs()).toEqual([]);
    expect(document.activeElement).toBe(one("[data-chooser]"));
  });
});

describe("a grid", () => {
  test("shows the named panels at once, each with its title", async () => {
    show({ layout: "grid", panels: ["memory", "overview"] });
    await greet(many);
    expect(cells()).toEqual(["memory", "overview"]);
    expect(shown()).toEqual(["memory", "overview"]);
    expect(one("[data-panel=memory]").getAttribute("aria-labelledby")).toBe("title-memory");
    expect(one("#title-memory").textContent).toBe("Memory");
    expect(model.relayed.filter((each) => each.type === "look").at(-1)).toMatchObject({
      panels: ["memory", "overview"],
    });
  });

  test("shows the usual few when none are named", async () => {
    show({ layout: "grid" });
    await greet(many);
    expect(cells()).toEqual(["overview", "memory", "sessions"]);
  });

  test("asks for a panel only when its cell can be seen", async () => {
    vi.stubGlobal(
      "IntersectionObserver",
      class {
        constructor(private readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
        observe(element: HTMLElement) {
          this.tell([{ isIntersecting: element.dataset.cell !== "sessions" }]);
        }
        disconnect() {}
      },
    );
    show({ layout: "grid" });
    await greet(many);
    await pass(600);
    const looks = model.relayed.filter((each) => each.type === "look").map(({ panels }) => panels);
    expect(looks.at(-1)).toEqual(["overview", "memory"]);
    expect(looks.flat()).not.toContain("sessions");
  });

  test("has one panel large for as long as one likes", async () => {
    show({ layout: "grid" });
    await greet(many);
    await click("[data-cell=memory] .cell-head .tool");
    expect(one(".grid").className).toContain("one");
    expect(one("[data-cell=memory]").className).toContain("large");
    await press("[data-panel=memory]", "Escape");
    expect(one(".grid").className).toBe("grid");
  });

  test("shows a panel that another one opens large, though it has no cell", async () => {
    const define = ({ h }: Api) =>
      function Opener({ open }: ViewProps) {
        return h("button", { class: "opener", onClick: () => open("logs") }, "logs");
      };
    show({ layout: "grid" }, importing(define));
    await greet(many);
    await relay(frame("memory"));
    await click(".opener");
    expect(one("[data-cell=logs]").className).toContain("large");
    expect(document.activeElement).toBe(one("[data-panel=logs]"));
    await click("[data-cell=logs] .cell-head .tool");
    expect(cells()).toEqual(["overview", "memory", "sessions"]);
    expect(document.activeElement).toBe(one("[data-hermes-hud]"));
  });
});

test("a view opens another panel with a query of its own; a name that is not there changes nothing", async () => {
  let open: ViewProps["open"] = () => {};
  const define = ({ h }: Api) =>
    function Opener(props: ViewProps) {
      open = props.open;
      return h("p", null, "here");
    };
  show({ panels: ["memory"] }, importing(define));
  await greet(many);
  await relay(frame("memory"));
  await act(() => open("nonsense"));
  expect(shown()).toEqual(["memory"]);
  await act(() => open("sessions", { session: "20260601_091200_r0" }));
  await pass(600);
  expect(tabs()).toEqual(["memory", "sessions"]);
  expect(document.activeElement).toBe(one("[data-panel=sessions]"));
  expect(model.gets.at(-1)).toMatchObject({ panel: "sessions", query: { session: "20260601_091200_r0" } });
  await click("[data-tab=memory]");
  expect(tabs()).toEqual(["memory"]);
});

describe("what the viewer chose", () => {
  test("is there again: tab, layout, theme, order and what is hidden", async () => {
    show();
    await greet(many);
    await click("[data-group=system]");
    await click("[data-tab=logs]");
    await click("[data-tool=menu]");
    await choose("theme", "anime");
    await press(".sheet", "Escape");
    await again();
    expect(shown()).toEqual(["logs"]);
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ theme: "dark", palette: "anime" });

    await click("[data-tool=menu]");
    await choose("layout", "grid");
    await click(".more li:first-child button");
    await click("[data-arrange=logs] input");
    await click("[data-arrange=memory] .tool:last-child");
    await again();
    expect(cells()).toEqual(["overview", "sessions", "memory", "logs"]);
  });

  test("holds for this cell: one that asks for something else gets it", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    await choose("theme", "anime");
    await again({ theme: "fsociety" });
    expect(one("[data-hermes-hud]").dataset.palette).toBe("fsociety");
    await again({ layout: "grid", panels: ["logs"] });
    expect(cells()).toEqual(["logs"]);
  });

  test("is forgotten on request", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    await choose("layout", "grid");
    await choose("theme", "anime");
    await click(".menu [data-reset]");
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ layout: "tabs", palette: "own" });
    expect(localStorage.length).toBe(0);
  });

  test("is no secret trace of what was read: names and looks only", async () => {
    show();
    await greet(many);
    await relay(frame("sessions"));
    await click("[data-group=history]");
    await click("[data-tool=menu]");
    await choose("layout", "grid");
    expect(Object.values(localStorage)).toEqual([expect.stringMatching(/^[{}[\]",:a-z-]+$/)]);
  });

  test("may be that a panel moves within its group, to the ends of which the focus goes along", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    await click(".more li:first-child button");
    await click("[data-arrange=logs] .tool");
    expect(names("[data-arrange]", "data-arrange").slice(-3)).toEqual(["logs", "gateway", "config"]);
    expect(document.activeElement).toBe(one("[data-arrange=logs] .tool:last-child"));
    expect(one(".arrange [role=status]").textContent).toBe("Logs: 1 of 3");
    await click(".arrange [data-reset]");
    expect(names("[data-arrange]", "data-arrange").slice(-3)).toEqual(["gateway", "logs", "config"]);
  });

  test("may be that a group moves among the groups, with all its panels, and is there again", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    await click(".more li:first-child button");
    await click("[data-arrange-group=system] > button:first-of-type");
    expect(names("[data-group]", "data-group")).toEqual(["now", "system", "history"]);
    expect(document.activeElement).toBe(one("[data-arrange-group=system] > button:first-of-type"));
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move group System up");
    expect(one(".arrange [role=status]").textContent).toBe("group System: 2 of 3");
    await click("[data-arrange-group=system] > button:first-of-type");
    expect(document.activeElement).toBe(one("[data-arrange-group=system] > button:last-of-type"));
    await again();
    expect(names("[data-group]", "data-group")).toEqual(["system", "now", "history"]);
    expect(shown()).toEqual(["gateway"]);
    await click("[data-group=history]");
    expect(tabs()).toEqual(["memory", "sessions", "jobs"]);
  });

  test("may be that as few are shown as need no groups: then they move among all others", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    await click(".more li:first-child button");
    for (const name of names("[data-arrange]", "data-arrange").slice(6)) await click(`[data-arrange=${name}] input`);
    expect(container.querySelectorAll(".arrange section")).toHaveLength(1);
    expect(container.querySelector(".arrange h3")).toBeNull();
  });

  test("goes beside what another HUD of the notebook stored meanwhile", async () => {
    show();
    await greet(many);
    const [key] = await stored(() => click("[data-group=system]"));
    localStorage.setItem(key as string, JSON.stringify({ theme: "anime", tab: "gateway" }));
    await click("[data-tab=logs]");
    expect(JSON.parse(localStorage.getItem(key as string) ?? "")).toEqual({ theme: "anime", tab: "logs" });
  });

  test("holds for the page where there is no room to keep it", async () => {
    vi.spyOn(localStorage, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    show();
    await greet(many);
    await click("[data-group=system]");
    await click("[data-tool=menu]");
    await choose("theme", "anime");
    expect(shown()).toEqual(["gateway"]);
    expect(one("[data-hermes-hud]").dataset.palette).toBe("anime");
  });

  test("works where the page may keep nothing", async () => {
    vi.spyOn(localStorage, "getItem").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    vi.spyOn(localStorage, "setItem").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    show();
    await greet(many);
    await click("[data-group=system]");
    await click("[data-tab=logs]");
    expect(shown()).toEqual(["logs"]);
    await click("[data-tool=menu]");
    await choose("theme", "anime");
    expect(shown()).toEqual(["logs"]);
  });
});

describe("the page", () => {
  const page = (title: string) => {
    document.body.innerHTML = `
      <ul><li class="lm-TabBar-tab" data-id="id-1" title="${title}"></li></ul>
      <div class="jp-NotebookPanel" id="id-1"><p></p></div>`;
    return pageOf(document.querySelector("p") as Element);
  };

  test("is the notebook's path where JupyterLab's tab tells it", () => {
    expect(page("Name: a.ipynb\nPath: work/of may/a.ipynb\nLast Saved: now")).toBe("work/of may/a.ipynb");
    expect(page("名称：a.ipynb\n路径: b/a.ipynb")).toBe("b/a.ipynb");
    expect(page("Name: notes.md\nPath: work/notes.md\nKernel: x.ipynb")).toBe("work/notes.md");
  });

  test.each([
    ["a: b.ipynb", "x/a: b.ipynb"],
    ["a：b.ipynb", "x：y/a：b.ipynb"],
    ["a.ipynb: copy.ipynb", "x.ipynb/a.ipynb: copy.ipynb"],
    ["a.ipynb", "RTC:a.ipynb"],
  ])("is the notebook's path whatever is in its name: %s", (name, path) => {
    expect(page(`Name: ${name}\nPath: ${path}\nLast Saved: 12:04`)).toBe(path);
    expect(page(`名称：${name}\n路径：${path}\n`)).toBe(path);
  });

  test("is the page's address elsewhere", () => {
    expect(page("Console")).toBe(location.pathname);
    document.body.innerHTML = "<p></p>";
    expect(pageOf(document.querySelector("p") as Element)).toBe(location.pathname);
    document.body.innerHTML = "";
  });
});

describe("the command palette", () => {
  const openPalette = async () => {
    show();
    await greet(many);
    expect(await press("[data-panel]", "k", { ctrlKey: true })).toBe(true);
  };

  test("has all panels, recent sessions and commands", async () => {
    await openPalette();
    await relay(frame("sessions"));
    const found = options().join("\n");
    for (const title of ["Overview", "Scheduled jobs", "Logs", "Layout: Grid", "Theme: fsociety", "Reset layout"]) {
      expect(found).toContain(title);
    }
    expect(names("[role=option][id^=palette-session]", "id").length).toBeGreaterThan(2);
  });

  test("finds by title or name, and Enter runs the first", async () => {
    await openPalette();
    await type("gatw");
    expect(options()).toEqual(["GatewaySystem"]);
    await press(".palette-field input", "Enter");
    expect(container.querySelector("[data-sheet]")).toBeNull();
    expect(shown()).toEqual(["gateway"]);
    expect(document.activeElement).toBe(one("[data-panel=gateway]"));
  });

  test("the arrows choose, around the ends", async () => {
    await openPalette();
    await type("theme");
    const chosen = () => one("[role=option][aria-selected=true]").id;
    const all = names("[role=option]", "id");
    expect(chosen()).toBe(all[0]);
    await press(".palette-field input", "ArrowUp");
    expect(chosen()).toBe(all.at(-1));
    await press(".palette-field input", "ArrowDown");
    await press(".palette-field input", "ArrowDown");
    expect(chosen()).toBe(all[1]);
    expect(one(".palette-field input").getAttribute("aria-activedescendant")).toBe(all[1]);
  });

  test("what comes meanwhile changes nothing of the choice", async () => {
    await openPalette();
    await press(".palette-field input", "ArrowUp");
    const chosen = () => one("[role=option][aria-selected=true]").id;
    const before = chosen();
    await relay(frame("sessions"));
    expect(chosen()).toBe(before);
  });

  test("a session opens its transcript", async () => {
    await openPalette();
    const sessions = frame("sessions");
    await relay(sessions);
    const [{ id, title }] = (sessions.data as { list: { rows: [{ id: string; title: string }] } }).list.rows;
    await type(title);
    await press(".palette-field input", "Enter");
    await pass(600);
    expect(model.gets.at(-1)).toMatchObject({ panel: "sessions", query: { session: id } });
  });

  test("while an input method is at work its keys are its own", async () => {
    await openPalette();
    await type("gatw");
    for (const key of ["Enter", "ArrowDown", "Escape"]) {
      expect(await press(".palette-field input", key, { isComposing: true })).toBe(false);
    }
    expect(one("[data-sheet]")).toBeTruthy();
  });

  test("what nothing answers is said", async () => {
    await openPalette();
    await type("zzzz");
    expect(one(".palette-list").textContent).toBe("Nothing of that name");
    expect(await press(".palette-field input", "Enter")).toBe(true);
    expect(one("[data-sheet]")).toBeTruthy();
  });

  test("Escape closes it, and the focus goes back", async () => {
    show();
    await greet(many);
    one("[data-tab=agents]").focus();
    await press("[data-tab=agents]", "k", { metaKey: true });
    expect(document.activeElement).toBe(one(".palette-field input"));
    await press(".palette-field input", "Escape");
    expect(container.querySelector("[data-sheet]")).toBeNull();
    expect(document.activeElement).toBe(one("[data-tab=agents]"));
  });

  test("it looks at sessions only while it is open", async () => {
    await openPalette();
    expect(client.store.look().panels).toEqual(["overview", "sessions"]);
    await press(".palette-field input", "Escape");
    expect(client.store.look().panels).toEqual(["overview"]);
  });

  test("Tab stays within the dialog", async () => {
    show();
    await greet(many);
    await click("[data-tool=menu]");
    one("[data-reset]").focus();
    await press("[data-reset]", "Tab");
    expect(document.activeElement).toBe(one(".sheet-head .tool"));
    await press(".sheet-head .tool", "Tab", { shiftKey: true });
    expect(document.activeElement).toBe(one("[data-reset]"));
  });
});

describe("keys", () => {
  test("numbers turn to the panels of the row", async () => {
    show();
    await greet(many);
    expect(await press("[data-panel]", "2")).toBe(true);
    expect(shown()).toEqual(["agents"]);
    expect(await press("[data-panel]", "9")).toBe(false);
    expect(shown()).toEqual(["agents"]);
  });

  test("numbers go to the panels of the grid", async () => {
    show({ layout: "grid" });
    await greet(many);
    await press("[data-panel=overview]", "3");
    expect(document.activeElement).toBe(one("[data-panel=sessions]"));
  });

  test("/ goes to the panel's search field; where there is none, to the command palette", async () => {
    const define = ({ h }: Api) =>
      function Searched() {
        return h("input", { "data-search": "", "aria-label": "search" });
      };
    show({ panels: ["memory", "overview"] }, importing(define));
    await greet(many);
    await relay(frame("memory"));
    expect(await press("[data-panel]", "/")).toBe(true);
    expect(document.activeElement).toBe(one("[data-search]"));
    await click("[data-tab=overview]");
    expect(await press("[data-panel]", "/")).toBe(true);
    expect(document.activeElement).toBe(one(".palette-field input"));
  });

  test("mean nothing while somebody types", async () => {
    const define = ({ h }: Api) =>
      function Searched() {
        return h("input", { "data-search": "" });
      };
    show({ panels: ["memory", "overview"] }, importing(define));
    await greet(many);
    await relay(frame("memory"));
    for (const key of ["2", "/", "?"]) expect(await press("[data-search]", key)).toBe(false);
    expect(shown()).toEqual(["memory"]);
    expect(container.querySelector("[data-sheet]")).toBeNull();
  });

  test("with Ctrl, Alt or Cmd are the host's", async () => {
    show();
    await greet(many);
    expect(await press("[data-panel]", "2", { ctrlKey: true })).toBe(false);
    expect(await press("[data-panel]", "k", { ctrlKey: true, shiftKey: true })).toBe(false);
    expect(await press("[data-panel]", "k")).toBe(false);
    expect(shown()).toEqual(["overview"]);
  });

  test("? tells what they do", async () => {
    show();
    await greet(many);
    await press("[data-panel]", "?", { shiftKey: true });
    expect(one("[data-sheet=keys]").textContent).toContain("Search in this panel");
  });
});

describe("a tool that cannot be loaded", () => {
  const asked = () => model.relayed.filter((each): each is Ask => each.type === "module" && each.name === "core/tools");
  const refuse = async () => {
    await pass(600);
    const { id } = asked().at(-1) as Ask;
    await relay({ type: "error", id, code: "internal", message: "out of files" });
  };
  const arrive = () => relay({ type: "module", id: null, name: "core/tools", text: "core/tools" });
  const greetWithout = async () => {
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(many, partsFrame);
    await click("[data-tool=palette]");
  };

  test("says so, in the server's words, and the panels go on", async () => {
    show();
    await greetWithout();
    await refuse();
    expect(one("[role=alertdialog]").textContent).toContain("This could not be loaded");
    expect(one("[role=alertdialog] [lang=en]").textContent).toBe("out of files");
    expect(one("[role=alertdialog]").contains(document.activeElement)).toBe(true);
    await press("[role=alertdialog]", "Escape");
    expect(container.querySelector("[role=alertdialog]")).toBeNull();
    expect(document.activeElement).toBe(one("[data-hermes-hud]"));
    expect(shown()).toEqual(["overview"]);
  });

  test("is tried again by its button, and when it is opened again", async () => {
    show();
    await greetWithout();
    await refuse();
    await click("[role=alertdialog] .retry");
    await refuse();
    expect(asked()).toHaveLength(2);
    await press("[role=alertdialog]", "Escape");
    await click("[data-tool=palette]");
    await pass(600);
    expect(asked()).toHaveLength(3);
    await arrive();
    expect(document.activeElement).toBe(one(".palette-field input"));
  });

  test("is tried again, too, when what came was of no use", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    let isCut = true;
    show({}, async (text) => {
      if (text === "core/tools" && isCut) throw new SyntaxError("Unexpected end of input");
      return importText(text);
    });
    await greetWithout();
    await arrive();
    expect(one("[role=alertdialog]").textContent).toContain("Unexpected end of input");
    isCut = false;
    await click("[role=alertdialog] .retry");
    await pass(600);
    await arrive();
    expect(one(".palette-field input")).toBeTruthy();
  });
});
