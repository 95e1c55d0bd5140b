// A page that nobody looks at: no traffic, no dialling, no clock; and all of it again once somebody does.
import { describe, expect, test, vi } from "vitest";
import { Client } from "../src/client.ts";
import {
  allowed,
  away,
  browser,
  connect,
  connection,
  drawn,
  greet,
  model,
  open,
  outcomes,
  pass,
  proxied,
  status,
  store,
  useConnection,
} from "./connected.ts";
import { FakeBrowser, FakeModel, HOME, hello, note, panel, versions } from "./fakes.ts";

useConnection();

let look: () => void;

/** Somebody looks at the sessions. */
function see() {
  look = store.watch("sessions", {});
  connection.setSeen(true);
}

/** The tab is hidden, the cell collapsed, or the HUD scrolled away. */
function hide() {
  look();
  connection.setSeen(false);
}

/** A page that shows version 1 over the proxy. */
async function showProxied() {
  connect(away);
  see();
  greet(allowed, { sessions: 1 });
  await open({ sessions: 1 });
  browser.socket.say(panel("sessions", 1, { id: browser.socket.gets[0]?.id as number }));
}

describe("a page that nobody has looked at for 30 s", () => {
  test("closes its socket, and does not have the kernel feed it instead", async () => {
    await showProxied();
    hide();
    await pass(29_000);
    expect(browser.socket.isClosed).toBe(false);
    const { length } = model.sent;
    await pass(1_100);
    expect(browser.socket.isClosed).toBe(true);
    await pass(3_600_000);
    expect(model.sent).toHaveLength(length);
    expect(browser.sockets).toHaveLength(1);
    expect(browser.probes).toHaveLength(1);
    // What was let go of is not lost.
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
  });

  test("has no timer running, by whichever way its data came", async () => {
    await showProxied();
    hide();
    await pass(31_000);
    expect(vi.getTimerCount()).toBe(0);
    connect({ baseUrl: null, ...away });
    see();
    greet(allowed);
    hide();
    await pass(31_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("neither dials nor asks a proxy, whatever it is told meanwhile; what failed before is not tried again", async () => {
    connect(away);
    browser.proxy = 500;
    see();
    greet(allowed);
    await pass(20_000);
    hide();
    await pass(31_000);
    const before = browser.probes.length;
    expect(before).toBeGreaterThan(2);
    browser.wake();
    model.push(note("server-1", allowed));
    model.push(note("server-2", allowed));
    await pass(3_600_000);
    expect(browser.probes).toHaveLength(before);
    expect(browser.sockets).toEqual([]);
  });

  test("asks no kernel that fell silent", async () => {
    see();
    hide();
    await pass(31_000);
    const { length } = model.sent;
    browser.wake();
    await pass(3_600_000);
    expect(model.sent).toHaveLength(length);
  });

  test("still learns that its kernel is gone", async () => {
    await showProxied();
    hide();
    await pass(31_000);
    model.isGone = true;
    model.comm_live = false;
    model.emit("comm_live_update");
    expect(status()).toMatchObject({ transport: "none", state: "gone", reason: "kernel-gone" });
    see();
    await pass(60_000);
    expect(browser.sockets).toHaveLength(1);
  });

  test("that looked away for a moment only keeps what it has", async () => {
    await showProxied();
    hide();
    await pass(20_000);
    see();
    await pass(600_000);
    expect(browser.sockets).toHaveLength(1);
    expect(browser.socket.isClosed).toBe(false);
  });
});

describe("whoever looks again", () => {
  test("has the newest at once: one dial, one question, nothing lost or doubled", async () => {
    await showProxied();
    hide();
    await pass(600_000);
    expect(drawn()).toBe(1);
    see();
    await pass(0);
    expect(browser.sockets.map(({ url }) => url)).toEqual([proxied, proxied]);
    await open({ sessions: 7 });
    expect(browser.socket.gets).toMatchObject([{ panel: "sessions", have: 1 }]);
    expect(browser.socket.looks.at(-1)).toMatchObject({ panels: ["sessions"] });
    browser.socket.say(panel("sessions", 7, { id: browser.socket.gets[0]?.id as number }));
    expect(drawn()).toBe(7);
    expect(model.of("attach")).toHaveLength(1);
    browser.socket.say(versions({ sessions: 8 }));
    expect(browser.socket.gets.at(-1)).toMatchObject({ have: 7 });
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
  });

  test("asks again for what was asked on the socket that was let go of", async () => {
    await showProxied();
    browser.socket.say(versions({ sessions: 2 }));
    expect(browser.socket.gets.at(-1)).toMatchObject({ have: 1 });
    hide();
    await pass(31_000);
    see();
    await open({ sessions: 2 });
    expect(browser.socket.gets).toMatchObject([{ have: 1 }]);
  });

  test("is told since when the data stand, and fed by the kernel, where the server does not answer any more", async () => {
    await showProxied();
    hide();
    await pass(30_000);
    const restedAt = Date.now();
    await pass(600_000);
    browser.proxy = null;
    see();
    expect(status().state).toBe("live");
    await pass(500);
    expect(status()).toMatchObject({ state: "stale", reason: "kernel-silent", since: restedAt });
    expect(model.of("attach").at(-1)?.look).toMatchObject({ panels: ["sessions"] });
    greet(allowed, { sessions: 3 });
    model.relay(panel("sessions", 3));
    expect(drawn()).toBe(3);
    expect(status()).toMatchObject({ transport: "comm", state: "live", since: null });
  });

  test("goes on where the dialling stopped, at once", async () => {
    connect(away);
    browser.proxy = 500;
    see();
    greet(allowed);
    await pass(5_000);
    hide();
    await pass(3_600_000);
    browser.proxy = 200;
    see();
    await pass(0);
    await open();
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
    expect(outcomes()).toMatchObject({ proxied: "live" });
  });

  test("over the comm alone says what is looked at, and has its answer", async () => {
    connect({ baseUrl: null, ...away });
    see();
    greet(allowed, { sessions: 1 });
    model.relay(panel("sessions", 1));
    hide();
    await pass(3_600_000);
    expect(model.relayed.at(-1)).toMatchObject({ type: "look", panels: [] });
    see();
    await pass(0);
    expect(model.relayed.at(-1)).toMatchObject({ type: "look", panels: ["sessions"] });
    model.relay(panel("sessions", 9));
    expect(drawn()).toBe(9);
    await pass(60_000);
    expect(model.of("attach")).toHaveLength(1);
  });

  test("without a kernel is told that the server cannot be reached, and followed into its next life", async () => {
    connect({ kernel: false, hostname: "127.0.0.1" });
    see();
    model.push(note(null, { url: "ws://127.0.0.1:8765/ws", transport: "direct" }));
    await open({ sessions: 4 }, "first");
    hide();
    await pass(600_000);
    see();
    await pass(600);
    expect(status()).toMatchObject({ transport: "none", state: "stale", reason: "unreachable" });
    await pass(1_000);
    await pass(1_000);
    browser.socket.say(hello({ sessions: 1 }, "second"));
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
  });
});

describe("a model", () => {
  const make = () => {
    const controller = new AbortController();
    const [model, page] = [new FakeModel(), new FakeBrowser("localhost")];
    const options = {
      home: HOME,
      panels: [],
      grid: [],
      layout: "tabs" as const,
      theme: "light" as const,
      scanlines: false,
      height: 480,
      language: "en" as const,
    };
    const client = new Client(model, options, page, async () => ({}), controller.signal);
    model.greet();
    page.socket.say(hello());
    return { client, page };
  };

  test("rests when none of its views can be seen", async () => {
    const { client, page } = make();
    const views = [{}, {}];
    for (const view of views) client.setVisible(view, true);
    client.setVisible(views[0] as object, false);
    await pass(60_000);
    expect(page.socket.isClosed).toBe(false);
    client.setVisible(views[1] as object, false);
    await pass(31_000);
    expect(page.socket.isClosed).toBe(true);
    client.setVisible(views[1] as object, true);
    expect(page.sockets).toHaveLength(2);
  });

  test("that is never drawn rests, too", async () => {
    const { page } = make();
    await pass(29_000);
    expect(page.socket.isClosed).toBe(false);
    await pass(2_000);
    expect(page.socket.isClosed).toBe(true);
  });
});
