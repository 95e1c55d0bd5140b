import { beforeEach, describe, expect, test, vi } from "vitest";
import { Connection } from "../src/connection.ts";
import { isLoopback } from "../src/sockets.ts";
import { Store } from "../src/store.ts";
import { FakeBrowser, FakeModel, HOME, hello, note, panel, versions } from "./fakes.ts";

let model: FakeModel;
let browser: FakeBrowser;
let store: Store;
let connection: Connection;
let controller: AbortController;

function connect(hostname = "localhost") {
  model = new FakeModel();
  browser = new FakeBrowser(hostname);
  controller = new AbortController();
  store = new Store(HOME, (frame) => connection.send(frame));
  store.onLook(() => connection.lookChanged());
  connection = new Connection(model, browser, receiver(), controller.signal);
}

/** The store is all that a connection needs, but for a side bar. */
const receiver = () => ({
  receive: store.receive.bind(store),
  setWay: store.setWay.bind(store),
  look: store.look.bind(store),
  revalidate: store.revalidate.bind(store),
  showInSideBar: () => false,
});
const outcomes = () => Object.fromEntries(connection.status.tried.map(({ way, outcome }) => [way, outcome]));
const drawn = (name = "sessions") => store.read(name, {}).snapshot?.version ?? null;
const status = () => connection.status;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") });
  connect();
});

describe("at display", () => {
  test("it asks to be attached, again after 1, 3 and 8 s, and no more once anything came", () => {
    expect(model.of("attach")).toEqual([
      { type: "attach", client: expect.any(String), look: null, origin: "http://localhost" },
    ]);
    vi.advanceTimersByTime(1_000);
    vi.advanceTimersByTime(3_000);
    expect(model.of("attach")).toHaveLength(3);
    model.greet();
    vi.advanceTimersByTime(600_000);
    expect(model.of("attach")).toHaveLength(3);
    expect(status().state).toBe("live");
  });

  test("the look of a view that is already there goes with the request", () => {
    store.watch("memory", {});
    vi.advanceTimersByTime(1_000);
    expect(model.of("attach").at(-1)?.look).toMatchObject({
      home: HOME,
      panels: ["memory"],
      queries: { memory: [{}] },
    });
  });

  test("the greeting makes it live by comm and is acknowledged", () => {
    model.greet();
    expect(status()).toMatchObject({ transport: "comm", state: "live", since: null });
    expect(model.of("ack")).toEqual([
      {
        type: "ack",
        client: expect.any(String),
        transport: "comm",
        host: null,
        tried: [{ way: "proxied", outcome: "no-proxy" }],
      },
    ]);
  });

  test("everything said to the kernel carries the page's own random id", () => {
    model.greet();
    connection.send({ type: "module", id: 1, name: "views/memory" });
    const ids = new Set(model.sent.map(({ client }) => client));
    expect(new Set(model.sent.map(({ type }) => type))).toEqual(new Set(["attach", "ack", "relay"]));
    expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    connect();
    expect(ids).not.toContain(model.sent[0]?.client);
  });

  test("a kept hello of a server that is gone neither makes it live nor ends the asking", () => {
    model.push(note("server-2"));
    model.relay(hello({ sessions: 9 }, "server-1"));
    expect(status().state).toBe("stale");
    expect(store.hello).toBeNull();
    expect(model.of("ack")).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(model.of("attach")).toHaveLength(2);
    model.relay(hello({}, "server-2"));
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
  });

  test("a greeting whose beginning was lost is not acknowledged, so that it is repeated whole", () => {
    model.relay(hello());
    expect(model.of("ack")).toEqual([]);
    model.greet();
    expect(model.of("ack")).toHaveLength(1);
  });

  test("a repeated greeting neither dials again nor asks again", () => {
    store.watch("sessions", {});
    for (let repeat = 0; repeat < 4; repeat += 1) {
      model.greet({ sessions: 2 });
      model.relay(panel("sessions", 2));
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(1_000);
    expect(browser.sockets).toHaveLength(1);
    expect(model.gets).toEqual([]);
    expect(model.relayed.filter(({ type }) => type === "look")).toHaveLength(1);
  });
});

describe("the direct way", () => {
  const goDirect = (of: Record<string, number> = {}, serverId = "server-1") => {
    browser.socket.say(hello(of, serverId));
    vi.advanceTimersByTime(0);
  };

  test("it is dialled with the token as the second subprotocol, never in the address", () => {
    model.greet();
    expect(browser.socket).toMatchObject({ url: "ws://127.0.0.1:4000/ws", protocols: ["hermes-hud.v1", "secret"] });
  });

  test.each(["example.org", "10.0.0.7", "127.0.0.1.example.org", ""])("a page from %s never dials", (hostname) => {
    connect(hostname);
    model.greet();
    vi.advanceTimersByTime(60_000);
    browser.wake();
    expect(browser.sockets).toEqual([]);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(outcomes()).toMatchObject({ direct: "not-local" });
  });

  test.each(["localhost", "127.0.0.1", "127.3.2.1", "[::1]"])("%s is the viewer's own computer", (hostname) => {
    expect(isLoopback(hostname)).toBe(true);
  });

  test("an open socket alone proves nothing: without hello it is given up after 1.5 s", () => {
    model.greet();
    expect(status().transport).toBe("comm");
    vi.advanceTimersByTime(1_500);
    expect(browser.socket.isClosed).toBe(true);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(outcomes()).toMatchObject({ direct: "silent" });
  });

  test("the hello of another server is refused for good", () => {
    model.greet();
    goDirect({}, "somebody-else");
    vi.advanceTimersByTime(600_000);
    expect(browser.sockets).toHaveLength(1);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(outcomes()).toMatchObject({ direct: "other-server" });
  });

  test("verified, it tells the kernel to stop relaying, says what it looks at, and asks for what is behind", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 2 });
    model.relay(panel("sessions", 2));
    goDirect({ sessions: 3 });
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
    expect(model.of("ack").at(-1)).toMatchObject({
      transport: "direct",
      tried: [{ way: "direct", outcome: "live" }, { way: "proxied" }],
    });
    expect(browser.socket.looks).toEqual([{ type: "look", home: HOME, panels: ["sessions"], queries: {} }]);
    expect(browser.socket.gets).toMatchObject([{ panel: "sessions", have: 2 }]);
    expect(model.gets).toEqual([]);
  });

  test("what a slow kernel still relays does no harm", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 2 });
    goDirect({ sessions: 3 });
    browser.socket.say(panel("sessions", 3));
    model.relay(panel("sessions", 2));
    model.relay(versions({ sessions: 2 }));
    expect(drawn()).toBe(3);
  });

  test("a relayed hello of another server does not replace that of the verified one", () => {
    model.greet();
    goDirect({ sessions: 3 });
    model.relay(hello({ sessions: 1 }, "server-0"));
    expect(store.hello?.server_id).toBe("server-1");
    store.watch("sessions", {});
    browser.socket.say(panel("sessions", 3));
    expect(drawn()).toBe(3);
  });

  test("when it closes after the kernel said that the server is down, that is the reason", () => {
    model.greet();
    goDirect();
    model.push({ type: "trouble", kind: "server-down", message: "restarting" });
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
    browser.socket.die();
    expect(status()).toMatchObject({ state: "stale", reason: "server-down", message: "restarting" });
  });

  test("a server that was down and answers directly is down no more", () => {
    model.greet();
    model.push({ type: "trouble", kind: "server-down", message: "restarting" });
    goDirect();
    browser.socket.die();
    expect(status()).toMatchObject({ state: "stale", reason: "kernel-silent", message: null });
  });

  test("the note of a new server ends the direct way, and the kernel relays if the new one cannot be dialled", () => {
    model.greet();
    goDirect();
    const before = model.of("attach").length;
    model.push(note("server-2"));
    expect(status()).toMatchObject({ transport: "comm", state: "stale" });
    expect(model.of("attach")).toHaveLength(before);
    browser.socket.die();
    expect(model.of("attach")).toHaveLength(before + 1);
    browser.wake();
    browser.socket.die();
    expect(model.of("attach")).toHaveLength(before + 1);
    model.greet({}, "server-2");
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
  });

  test("a dial that fails while the comm is live asks the kernel for nothing", () => {
    model.greet();
    const before = model.of("attach").length;
    browser.socket.die();
    expect(model.of("attach")).toHaveLength(before);
  });

  test("when it closes the comm takes over at once: attach with what is on show, stale until the kernel answers", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 2 });
    goDirect({ sessions: 2 });
    browser.socket.say(panel("sessions", 2));
    browser.socket.die();
    expect(model.of("attach").at(-1)?.look?.queries).toEqual({ sessions: [{}] });
    expect(status()).toMatchObject({ transport: "comm", state: "stale", since: Date.now(), reason: "kernel-silent" });
    expect(drawn()).toBe(2);
    model.greet({ sessions: 4 });
    model.relay(panel("sessions", 4));
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(drawn()).toBe(4);
  });

  test("a socket that dies in the middle of a burst loses nothing: the next way brings the newest version", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 2 });
    goDirect({ sessions: 2 });
    browser.socket.say(panel("sessions", 2));
    for (const version of [3, 4, 5]) browser.socket.say(versions({ sessions: version }));
    browser.socket.die();
    vi.advanceTimersByTime(1_000);
    goDirect({ sessions: 7 });
    expect(browser.socket.gets).toMatchObject([{ have: 2 }]);
    browser.socket.say(panel("sessions", 7, { id: browser.socket.gets[0]?.id as number }));
    expect(drawn()).toBe(7);
    expect(browser.socket.gets).toHaveLength(1);
  });

  test("it is retried with growing delays of at most 30 s", () => {
    model.greet();
    goDirect();
    const delays: number[] = [];
    for (let retry = 0; retry < 9; retry += 1) {
      const before = browser.sockets.length;
      browser.socket.die();
      let waited = 0;
      while (browser.sockets.length === before && waited < 60_000) {
        vi.advanceTimersByTime(500);
        waited += 500;
      }
      delays.push(waited);
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("a port that never answered is left alone after a few dials, until something changes", () => {
    model.greet();
    for (let dial = 0; dial < 30; dial += 1) {
      browser.socket.die();
      vi.advanceTimersByTime(30_000);
    }
    expect(browser.sockets).toHaveLength(6);
    browser.wake();
    expect(browser.sockets).toHaveLength(7);
  });

  test("waking up dials at once, but never twice", () => {
    model.greet();
    goDirect();
    browser.socket.die();
    browser.wake();
    browser.wake();
    expect(browser.sockets).toHaveLength(2);
    vi.advanceTimersByTime(1_400);
    expect(browser.sockets).toHaveLength(2);
  });

  test("a restarted server has a new note: dialled at once, its low versions replace the high ones", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 40 });
    goDirect({ sessions: 40 });
    browser.socket.say(panel("sessions", 40));
    browser.socket.die();
    model.push({ type: "trouble", kind: "server-down", message: "restarting" });
    expect(status()).toMatchObject({ state: "stale", reason: "server-down", message: "restarting" });
    model.greet({ sessions: 1 }, "server-2");
    expect(browser.sockets).toHaveLength(2);
    browser.socket.say(hello({ sessions: 1 }, "server-2"));
    expect(browser.socket.gets).toMatchObject([{ have: null }]);
    browser.socket.say(panel("sessions", 1, { id: browser.socket.gets[0]?.id as number }));
    expect(drawn()).toBe(1);
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
  });

  test("garbage on the socket is ignored", () => {
    model.greet();
    const socket = browser.socket as unknown as { say(frame: unknown): void };
    socket.say(null);
    socket.say({ type: "from-the-future" });
    expect(status().transport).toBe("comm");
  });
});

describe("what is looked at", () => {
  test("over the comm it goes with its queries, once per change", () => {
    model.greet();
    const undo = store.watch("sessions", { page: 1 });
    vi.advanceTimersByTime(0);
    undo();
    store.watch("memory", {});
    vi.advanceTimersByTime(0);
    const looks = model.relayed.filter(({ type }) => type === "look");
    expect(looks).toMatchObject([{ queries: { sessions: [{ page: 1 }] } }, { queries: { memory: [{}] } }]);
  });

  test("a hidden tab looks at nothing and asks for nothing", () => {
    const undo = store.watch("sessions", {});
    model.greet({ sessions: 1 });
    browser.socket.say(hello({ sessions: 1 }));
    browser.socket.say(panel("sessions", 1));
    undo();
    vi.advanceTimersByTime(0);
    expect(browser.socket.looks.at(-1)).toMatchObject({ panels: [] });
    const before = browser.socket.gets.length;
    browser.socket.say(versions({ sessions: 2 }));
    vi.advanceTimersByTime(60_000);
    expect(browser.socket.gets).toHaveLength(before);
  });
});

describe("the end", () => {
  test("a kernel whose comm cannot send any more is gone", () => {
    model.greet();
    model.isGone = true;
    model.emit("comm_live_update");
    expect(status()).toMatchObject({ transport: "none", state: "gone", reason: "kernel-gone" });
    const attaches = model.sent.length;
    vi.advanceTimersByTime(600_000);
    expect(model.sent).toHaveLength(attaches);
  });

  test("a kernel that says so itself is gone", () => {
    model.greet();
    model.comm_live = false;
    model.emit("comm_live_update");
    expect(status().state).toBe("gone");
  });

  test("a restarted kernel takes the server along: gone, and the last data stay", () => {
    store.watch("sessions", {});
    model.greet({ sessions: 1 });
    browser.socket.say(hello({ sessions: 1 }));
    browser.socket.say(panel("sessions", 1));
    model.isGone = true;
    model.emit("comm_live_update");
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
    browser.socket.die();
    expect(status()).toMatchObject({ transport: "none", state: "gone", reason: "kernel-gone" });
    expect(drawn()).toBe(1);
    vi.advanceTimersByTime(600_000);
    browser.wake();
    expect(browser.sockets).toHaveLength(1);
  });

  test("a comm that lives again is asked again, and dialling goes on", () => {
    model.greet();
    browser.socket.say(hello());
    model.comm_live = false;
    model.emit("comm_live_update");
    browser.socket.die();
    expect(status().state).toBe("gone");
    const before = model.of("attach").length;
    model.comm_live = true;
    model.emit("comm_live_update");
    expect(model.of("attach")).toHaveLength(before + 1);
    expect(status()).toMatchObject({ transport: "none", state: "stale", reason: "kernel-silent" });
    model.greet();
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(browser.sockets).toHaveLength(2);
  });

  test("a lost kernel whose socket lives is live: the data still come", () => {
    model.greet({ sessions: 1 });
    browser.socket.say(hello({ sessions: 1 }));
    model.isGone = true;
    model.emit("comm_live_update");
    store.watch("sessions", {});
    expect(browser.socket.gets).toHaveLength(1);
  });

  test("hud.close() hangs up and dials no more", () => {
    model.greet();
    browser.socket.say(hello());
    model.push({ type: "trouble", kind: "closed", message: "closed" });
    expect(browser.socket.isClosed).toBe(true);
    expect(status()).toMatchObject({ transport: "none", state: "gone", reason: "closed" });
    browser.wake();
    model.push(note());
    expect(browser.sockets).toHaveLength(1);
  });

  test("the signal closes the socket and leaves no timer", () => {
    model.greet();
    store.watch("sessions", {});
    controller.abort();
    store.dispose();
    expect(browser.socket.isClosed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    model.greet();
    expect(browser.sockets).toHaveLength(1);
  });
});
