// @vitest-environment happy-dom
// JupyterLab's side panel without JupyterLab: what it asks for, when, and what it says.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Panel } from "../lab/src/panel.ts";
import { makePlugin } from "../lab/src/plugin.ts";
import { makeSideBar } from "../lab/src/side-bar.ts";
import { isOlder } from "../lab/src/version.ts";
import { FakeSocket, hello } from "./fakes.ts";

/** The HUD's module: notes the homes that are shown, and of each whether it has ended. */
const HUD = `export default () => ({
  initialize({ model, signal }) { globalThis.shown.push({ home: model.get("options").home, signal }); },
  render() {},
})`;

let sockets: FakeSocket[];
let asked: number;
/** What Jupyter answers to a GET; null: nothing ever. */
let jupyter: (() => Response) | null;
let shown: { home: string; signal: AbortSignal }[];
let onScreen: ((isIntersecting: boolean) => void)[];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") });
  vi.spyOn(Math, "random").mockReturnValue(1);
  sockets = [];
  shown = [];
  asked = 0;
  onScreen = [];
  jupyter = () => new Response("ok");
  vi.stubGlobal("shown", shown);
  vi.stubGlobal("HUD_FILE", `data:text/javascript,${encodeURIComponent(HUD)}`);
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    return jupyter ? jupyter() : new Promise(() => {});
  });
  const sees = onScreen;
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: (entries: { isIntersecting: boolean }[]) => void) {
        sees.push((isIntersecting) => callback([{ isIntersecting }]));
      }
      observe() {}
    },
  );
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    },
  );
  turn("visible");
});

afterEach(() => {
  see(false);
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const homes = () => shown.filter(({ signal }) => !signal.aborted).map(({ home }) => home);
const newest = () => sockets.at(-1) as FakeSocket;

function see(isSeen: boolean) {
  for (const tell of onScreen) tell(isSeen);
}

function turn(state: "visible" | "hidden") {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

function node() {
  return document.body.appendChild(document.createElement("div"));
}

/** A panel that was told what to show, and is looked at. */
function panel() {
  const element = node();
  const made = new Panel(element, { baseUrl: "/user/me", address: "http://localhost/a.js", choose: () => {} });
  made.update({ home: "/other", profile: "", panels: [], theme: "auto" });
  see(true);
  const note = element.querySelector(".note");
  return { made, note: () => note?.textContent ?? "" };
}

/** The server takes the newest socket, and has a home open. */
async function answer(home = "home-1", version = "1.2.0") {
  await pass(0);
  newest().say({ ...hello(), version } as ReturnType<typeof hello>);
  newest().say({ type: "home", id: 1, home });
  await vi.waitFor(() => expect(homes()).toContain(home));
}

describe("the way to the server", () => {
  test("is asked for the home each time that it opens, at once when it was open", async () => {
    panel();
    await answer();
    expect(newest().url).toBe("ws://localhost:3000/user/me/hermes-hud/ws");
    newest().die();
    await pass(500);
    await answer();
    expect(sockets.map(({ sent }) => sent)).toEqual(
      Array.from({ length: 2 }, () => [{ type: "home", id: 1, path: "/other", profile: null }]),
    );
    expect(homes()).toEqual(["home-1"]);
  });

  test("is given up if it is dead without saying so, and opened again", async () => {
    panel();
    await answer();
    newest().isMute = true;
    await pass(15_000 + 1_000 + 500 + 1_000);
    expect(sockets).toHaveLength(2);
    expect(sockets[0]?.isClosed).toBe(true);
  });

  test("has to show that it lives when somebody may be back", async () => {
    panel();
    await answer();
    dispatchEvent(new Event("online"));
    expect(newest().sent.at(-1)).toEqual({ type: "ping", id: 0 });
  });

  test.each(["collapsed", "hidden"])("is closed and not asked for while the panel is %s", async (how) => {
    const look = (isSeen: boolean) => (how === "hidden" ? turn(isSeen ? "visible" : "hidden") : see(isSeen));
    panel();
    await answer();
    look(false);
    expect(newest().isClosed).toBe(true);
    const before = asked;
    dispatchEvent(new Event("online"));
    await pass(120_000);
    expect([asked, sockets.length]).toEqual([before, 1]);
    look(true);
    await answer();
    expect(homes()).toEqual(["home-1"]);
    expect(shown).toHaveLength(1);
  });

  test("is asked for again by itself where that may help, and five times where a server cannot be started", async () => {
    jupyter = () => new Response("<p>could not start it</p>", { status: 500 });
    const { note } = panel();
    await pass(300_000);
    expect(asked).toBe(5);
    expect(note()).toContain("500 could not start it");
    jupyter = () => new Response("", { status: 404 });
    see(false);
    see(true);
    await pass(300_000);
    expect(asked).toBe(6);
    expect(note()).toContain("pip install");
    jupyter = () => {
      throw new TypeError("Failed to fetch");
    };
    document.querySelector("button")?.click();
    await pass(60_000);
    expect(asked).toBeGreaterThan(8);
    expect(note()).toContain("Jupyter does not answer");
  });

  test("is said to be stopped if Jupyter answers and no socket ever gets there", async () => {
    const { note } = panel();
    await pass(1_600);
    expect(note()).toContain("Connecting");
    await pass(30_000);
    expect(note()).toContain("no WebSocket gets through");
    dispatchEvent(new Event("online"));
    await answer();
    expect(note()).toBe("");
  });
});

describe("the panel", () => {
  test("shows the other home when the server says that it is another", async () => {
    panel();
    await answer("home-1");
    newest().die();
    await pass(500);
    await answer("home-2");
    expect(homes()).toEqual(["home-2"]);
  });

  test("says that settings could not be read, and nothing else above a live HUD", async () => {
    const { made, note } = panel();
    made.warn();
    expect(note()).toContain("Connecting");
    await answer();
    expect(note()).toBe("Your settings of the Hermes HUD could not be read; the defaults are in use.");
  });

  test.each([
    ["1.2.0", ""],
    ["1.10.0", "Reload the page."],
    ["1.2.0.post1", "Reload the page."],
    ["1.2.0rc1", "Restart Jupyter."],
    ["1.1.9", "Restart Jupyter."],
    ["", "Restart Jupyter."],
  ])("of version 1.2.0 says to a server of version %j: %s", async (version, words) => {
    const { note } = panel();
    await answer("home-1", version);
    if (words) expect(note()).toContain(words);
    else expect(note()).toBe("");
    expect(document.querySelectorAll("button")).toHaveLength(words.startsWith("Reload") ? 1 : 0);
  });
});

test("of two versions the older one is known", () => {
  const ascending = [
    "",
    "0.9",
    "1.0.dev1",
    "1.0a1",
    "1.0a2",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0.1.dev3",
    "1.0.1",
    "1.0.10",
  ];
  for (const [index, own] of ascending.entries()) {
    expect(ascending.filter((other) => isOlder(other, own))).toEqual(ascending.slice(0, index));
  }
  expect([isOlder("1.0.0", "1.0"), isOlder("1.0", "1.0.0")]).toEqual([false, false]);
});

/** Lumino's widget, as far as it is used here. */
class Widget {
  id = "";
  node = node();
  isDisposed = false;
  title = { caption: "", label: "", icon: undefined };
  disposed = { connect: () => true };
  dispose() {}
}

test.each([
  ["1.2.0", ""],
  ["2.0.0", "Reload the page."],
  ["1.1.0", "Restart the kernel."],
  [undefined, "Restart the kernel."],
])("the side bar of version 1.2.0 says to a notebook's HUD of version %j: %s", (version, words) => {
  const widgets: Widget[] = [];
  const app = { shell: { add: (widget: Widget) => widgets.push(widget), activateById: () => {} } };
  const bar = makeSideBar(app as never, { "@lumino/widgets": { Widget } as never }, null);
  bar?.show("one", "Hermes HUD", () => {}, version);
  const said = widgets[0]?.node.querySelector(".note")?.textContent;
  if (words) expect(said).toContain(words);
  else expect(said).toBe("");
});

describe("the settings", () => {
  /** The plugin in a page whose settings are these, and its command that opens a home. */
  function start(composite: Record<string, string>, reading: Promise<void> = Promise.resolve()) {
    const commands = new Map<string, { execute(args: object): Promise<void> }>();
    const app = {
      shell: { add: () => {}, activateById: () => {} },
      commands: { addCommand: (id: string, command: never) => commands.set(id, command) },
    };
    const listeners: (() => void)[] = [];
    const kept = {
      composite,
      changed: { connect: (listener: () => void) => listeners.push(listener) },
      async set(key: string, value: string) {
        await Promise.resolve();
        composite[key] = value;
        for (const listener of listeners) listener();
        await Promise.resolve();
      },
    };
    const registry = {};
    const packages = {
      "@lumino/widgets": { Widget },
      "@jupyterlab/settingregistry": { ISettingRegistry: registry },
    };
    const plugin = makePlugin(packages as never, "http://localhost/a.js");
    plugin.activate(app as never, { load: () => reading.then(() => kept) });
    see(true);
    return (home: string) => commands.get("hermes-hud:open-home")?.execute({ home });
  }

  /** The homes that were asked for, one after another. */
  async function wanted() {
    await pass(0);
    return newest().sent.map((frame) => ("path" in frame ? [frame.path, frame.profile] : frame.type));
  }

  test("lead to the home that was named and nowhere else while they are written", async () => {
    const open = start({ home: "/old", profile: "work" });
    await pass(0);
    expect(sockets).toHaveLength(1);
    await open("/new");
    await pass(0);
    expect(sockets).toHaveLength(2);
    newest().say(hello());
    expect(await wanted()).toEqual([["/new", null]]);
  });

  test("that are read late do not lead back from the home that was named", async () => {
    let read = () => {};
    const open = start({ home: "/old", profile: "" }, new Promise((resolve) => (read = resolve)));
    const opening = open("/new");
    read();
    await opening;
    await pass(0);
    expect(sockets).toHaveLength(1);
    newest().say(hello());
    expect(await wanted()).toEqual([["/new", null]]);
  });
});
