// A page that no kernel is behind: the side panel, a tab of its own.
import { describe, expect, test } from "vitest";
import { away, browser, connect, drawn, model, open, pass, status, store, useConnection } from "./connected.ts";
import { hello, note, panel } from "./fakes.ts";

useConnection();

describe("without a kernel", () => {
  const door = { url: null, token: null, transport: "proxy" as const, proxy_url: "/user/ada/hermes-hud/" };
  const page = { url: "ws://127.0.0.1:8765/ws", transport: "direct" as const };

  test("nothing is said to anybody, and the server's socket is all there is", async () => {
    connect({ kernel: false, ...away });
    store.watch("sessions", {});
    model.push(note(null, door));
    await open({ sessions: 3 }, "whoever");
    expect(browser.socket).toMatchObject({
      url: "ws://hub.example.org/user/ada/hermes-hud/ws",
      protocols: ["hermes-hud.v1"],
    });
    expect(status()).toMatchObject({ transport: "proxied", state: "live", hasKernel: false });
    expect(browser.socket.gets).toHaveLength(1);
    browser.socket.die();
    await pass(600_000);
    expect(model.sent).toEqual([]);
  });

  test("a server that cannot be reached is unreachable, tried for ever, and followed into its next life", async () => {
    connect({ kernel: false, hostname: "127.0.0.1" });
    store.watch("sessions", {});
    model.push(note(null, page));
    await open({ sessions: 9 }, "first");
    browser.socket.say(panel("sessions", 9));
    browser.socket.die();
    expect(status()).toMatchObject({ transport: "none", state: "stale", reason: "unreachable", since: Date.now() });
    for (let dial = 0; dial < 30; dial += 1) {
      await pass(30_000);
      browser.socket.die();
    }
    expect(browser.sockets.length).toBeGreaterThan(20);
    expect(drawn()).toBe(9);
    await pass(30_000);
    await open({ sessions: 1 }, "second");
    expect(browser.socket.gets).toMatchObject([{ have: null }]);
    browser.socket.say(panel("sessions", 1, { id: browser.socket.gets[0]?.id as number }));
    expect(drawn()).toBe(1);
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
  });

  test("where there is no server, that is the reason, without a time since when", async () => {
    connect({ kernel: false, ...away });
    browser.proxy = 404;
    model.push(note(null, door));
    await pass(0);
    expect(status()).toMatchObject({ transport: "none", state: "stale", reason: "no-server", since: null });
  });

  test("a home that is opened later is asked for again", async () => {
    connect({ kernel: false, ...away });
    store.watch("sessions", {});
    model.push(note(null, door));
    await open({}, "whoever");
    const { id } = browser.socket.gets[0] as { id: number };
    browser.socket.say({ type: "error", id, code: "unknown-home", message: "no such home" });
    expect(browser.socket.gets).toHaveLength(1);
    browser.socket.say(hello({}, "whoever"));
    expect(browser.socket.gets).toHaveLength(2);
  });
});
