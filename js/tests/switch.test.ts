import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Get, Hello, Inbound, Outbound } from "../src/protocol.ts";
import { Store } from "../src/store.ts";
import { HOME, hello, panel } from "./fakes.ts";

const CODER = "home-2";

let sent: Inbound[];
let store: Store;

const receive = (frame: Outbound, server = "server-1") => store.receive(frame, server);
const gets = () => sent.filter((frame): frame is Get => frame.type === "get");
const asked = () => sent.filter((frame) => frame.type === "profile");
const both = (server = "server-1"): Hello => ({
  ...hello({ memory: 1 }, server),
  homes: [
    { id: HOME, path: "/home/ada/.hermes", profile: null },
    { id: CODER, path: "/home/ada/.hermes/profiles/coder", profile: "coder" },
  ],
  versions: { [HOME]: { memory: 1 }, [CODER]: { memory: 7 } },
});
const answer = (home = CODER) => {
  const last = asked().at(-1);
  if (!last) throw new Error("no profile was asked for");
  receive({ type: "profile", id: last.id, home, profile: last.profile });
};

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  sent = [];
  store = new Store(HOME, (frame) => sent.push(frame) > 0);
  receive(hello({ memory: 1 }));
  store.setWay("direct");
  store.watch("memory", {});
  receive(panel("memory", 1, { id: gets()[0]?.id ?? null }));
});

describe("another profile", () => {
  test("is asked for by its name, and its home is shown from then on", async () => {
    const shown = store.showProfile("coder");
    expect(asked()).toEqual([{ type: "profile", id: expect.any(Number), home: HOME, profile: "coder" }]);
    expect(store.home).toBe(HOME);
    receive(both());
    answer();
    await shown;
    expect(store.home).toBe(CODER);
    expect(store.look()).toMatchObject({ home: CODER, panels: ["memory"] });
    expect(gets().at(-1)).toMatchObject({ home: CODER, panel: "memory", have: null });
    // The server is told that nobody looks at the other home any more.
    expect(sent).toContainEqual({ type: "look", home: HOME, panels: [], queries: {} });
  });

  test("leaves nothing of the home before on show, and late frames of that are ignored", async () => {
    store.showProfile("coder");
    receive(both());
    answer();
    expect(store.read("memory", {}).snapshot).toBeNull();
    receive(panel("memory", 9));
    expect(store.read("memory", {}).snapshot).toBeNull();
    receive(panel("memory", 7, { id: gets().at(-1)?.id ?? null, home: CODER }));
    expect(store.read("memory", {}).snapshot?.version).toBe(7);
  });

  test("may be answered before the server's hello tells of its home", () => {
    store.showProfile("coder");
    answer();
    const before = gets().length;
    expect(store.look()).toMatchObject({ home: HOME, panels: [] });
    receive(both());
    expect(gets().slice(before)).toMatchObject([{ home: CODER }]);
    expect(store.look()).toMatchObject({ home: CODER, panels: ["memory"] });
  });

  test("that is refused leaves everything as it is, and the words come back", async () => {
    const shown = store.showProfile("gone");
    receive({ type: "error", id: asked()[0]?.id ?? 0, code: "unknown-profile", message: "No profile named 'gone'." });
    await expect(shown).rejects.toThrow("No profile named 'gone'.");
    expect(store.home).toBe(HOME);
    expect(store.read("memory", {}).snapshot?.version).toBe(1);
  });

  test("is asked for again when another server takes over", () => {
    store.showProfile("coder");
    receive(both());
    answer();
    sent = [];
    receive(hello({ memory: 1 }, "server-2"), "server-2");
    expect(asked()).toMatchObject([{ home: HOME, profile: "coder" }]);
    // Until it is open, nothing is asked of a home that the server does not have.
    expect(gets()).toEqual([]);
    receive(both("server-2"), "server-2");
    store.receive({ type: "profile", id: asked()[0]?.id ?? 0, home: CODER, profile: "coder" }, "server-2");
    expect(gets()).toMatchObject([{ home: CODER }]);
    expect(store.home).toBe(CODER);
  });

  test("that is gone by then gives way to the model's own home", () => {
    store.showProfile("coder");
    receive(both());
    answer();
    receive(hello({ memory: 1 }, "server-2"), "server-2");
    const id = asked().at(-1)?.id ?? 0;
    store.receive({ type: "error", id, code: "unknown-profile", message: "No profile." }, "server-2");
    expect(store.home).toBe(HOME);
    expect(gets().at(-1)).toMatchObject({ home: HOME });
  });

  test("gives way to one that was chosen after it", async () => {
    const first = store.showProfile("coder");
    store.showProfile("quiet");
    // Whoever chose again is not told of a failure.
    await expect(first).resolves.toBeUndefined();
    receive({ type: "profile", id: asked()[0]?.id ?? 0, home: CODER, profile: "coder" });
    expect(store.home).toBe(HOME);
  });

  test("that is refused after another one was chosen changes nothing of that", async () => {
    store.showProfile("gone");
    const second = store.showProfile("coder");
    receive({ type: "error", id: asked()[0]?.id ?? 0, code: "unknown-profile", message: "No profile named 'gone'." });
    receive(both());
    answer();
    await second;
    expect(store.home).toBe(CODER);
  });

  test("is asked for again when the way breaks off before the answer, and shown then", async () => {
    const shown = store.showProfile("coder");
    const [first] = asked();
    store.setWay(null);
    expect(asked()).toHaveLength(1);
    // On a socket, hello comes before the way counts as open.
    receive(hello({ memory: 1 }));
    store.setWay("proxied");
    expect(asked()).toHaveLength(2);
    expect(asked()[1]?.id).not.toBe(first?.id);
    receive(both());
    answer();
    await shown;
    expect(store.home).toBe(CODER);
    expect(gets().at(-1)).toMatchObject({ home: CODER, panel: "memory" });
    // Once it is shown, it is not asked for any more.
    store.setWay("direct");
    receive(both());
    expect(asked()).toHaveLength(2);
  });

  test("whose answer was lost over the comm is asked for again on the next occasion", async () => {
    store.setWay("comm");
    const shown = store.showProfile("coder");
    vi.advanceTimersByTime(1_000);
    store.revalidate();
    expect(asked()).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    store.revalidate();
    expect(asked()).toHaveLength(2);
    receive(both());
    answer();
    await shown;
    expect(store.home).toBe(CODER);
  });

  test("that nobody could be asked for fails, and is not shown later either", async () => {
    store = new Store(HOME, () => false);
    receive(hello({ memory: 1 }));
    await expect(store.showProfile("coder")).rejects.toThrow("There is no connection.");
    store.setWay("direct");
    expect(store.home).toBe(HOME);
  });
});
