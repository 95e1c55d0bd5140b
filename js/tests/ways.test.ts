// Which ways a page tries, and what the kernel is told of them.
import { describe, expect, test, vi } from "vitest";
import type { ServerNote } from "../src/protocol.ts";
import { candidates, isLoopback } from "../src/sockets.ts";
import {
  acks,
  allowed,
  browser,
  connect,
  dialled,
  drawn,
  greet,
  model,
  open,
  pass,
  status,
  store,
  useConnection,
} from "./connected.ts";
import { FakeBrowser, hello, note, panel, versions } from "./fakes.ts";

useConnection();

describe("what a page may try", () => {
  const place = (over: object) => Object.assign(new FakeBrowser("localhost"), { baseUrl: "/" }, over);
  const tried = (said: Partial<ServerNote>, over: object) =>
    candidates(note("server-1", said), place(over)).map((each) => ("url" in each ? each.url : each.outcome));
  const direct = "ws://127.0.0.1:4000/ws";
  const remote = { hostname: "hub.example.org", protocol: "https:" };

  test.each([
    ["a page of this computer", {}, {}, [direct, "ws://localhost/proxy/4000/ws"]],
    ["below a base URL", {}, { baseUrl: "/user/ada/" }, [direct, "ws://localhost/user/ada/proxy/4000/ws"]],
    ["without Jupyter", {}, { baseUrl: null }, [direct, "no-proxy"]],
    ["VS Code's webview", {}, { hostname: "1f", protocol: "vscode-webview:", baseUrl: null }, [direct, "no-proxy"]],
    ["of another machine, before the server allows it", {}, remote, ["not-local", null]],
    [
      "of another machine",
      { origins: ["https://hub.example.org"] },
      remote,
      ["not-local", "wss://hub.example.org/proxy/4000/ws"],
    ],
    ["a server of another machine", { url: null }, {}, ["not-local", "no-proxy"]],
    ["comm", { transport: "comm" }, {}, ["switched-off", "switched-off"]],
    ["direct", { transport: "direct" }, {}, [direct, "switched-off"]],
    ["direct of another machine", { transport: "direct" }, remote, ["not-local", "switched-off"]],
    ["proxy", { transport: "proxy" }, {}, ["switched-off", "ws://localhost/proxy/4000/ws"]],
    [
      "a named proxy without a token",
      { url: null, token: null, server_id: null, transport: "proxy", proxy_url: "/user/ada/hermes-hud/" },
      remote,
      ["switched-off", "wss://hub.example.org/user/ada/hermes-hud/ws"],
    ],
    ["a proxy's address without its last slash", { proxy_url: "/p/4000" }, {}, [direct, "ws://localhost/p/4000/ws"]],
    [
      "a proxy's address elsewhere",
      { proxy_url: "https://p.example.org/4000/" },
      {},
      [direct, "wss://p.example.org/4000/ws"],
    ],
    [
      "a proxy on loopback from another machine",
      { proxy_url: "http://127.0.0.1:4000/", origins: ["https://hub.example.org"] },
      remote,
      ["not-local", "not-local"],
    ],
    ["a proxy's address that is none", { proxy_url: "http://[" }, {}, [direct, "no-proxy"]],
  ])("%s", (_, said, over, expected) => {
    expect(tried(said as Partial<ServerNote>, over)).toEqual(expected);
  });

  test("the token is never in an address", () => {
    for (const each of candidates(note("server-1"), place({}))) expect(JSON.stringify(each)).not.toContain("secret");
  });

  test.each(["hub.example.org", "10.0.0.7", "127.0.0.1.example.org", "localhost.example.org", ""])(
    "a page from %s never dials loopback, whatever the note says",
    async (hostname) => {
      for (const transport of ["auto", "direct", "proxy", "comm"] as const) {
        for (const proxy_url of [null, "http://127.0.0.1:4000/", "http://localhost:4000", "http://[::1]:4000/"]) {
          connect({ hostname });
          greet({ transport, proxy_url, origins: [browser.origin] });
          await pass(1_000);
          browser.wake();
          await pass(60_000);
          const hosts = [...dialled(), ...browser.probes].map((url) => new URL(url).hostname);
          expect(hosts.filter(isLoopback)).toEqual([]);
        }
      }
    },
  );
});

describe("forced", () => {
  test("comm dials nothing, and says so to the kernel", async () => {
    greet({ transport: "comm" });
    await pass(60_000);
    browser.wake();
    await pass(1_000);
    expect([...browser.probes, ...dialled()]).toEqual([]);
    expect(acks()).toEqual([["comm", "switched-off", "switched-off"]]);
  });

  test("proxy does not dial loopback", async () => {
    greet({ transport: "proxy" });
    await open();
    expect(dialled()).toEqual(["ws://localhost/user/ada/proxy/4000/ws"]);
    expect(status().transport).toBe("proxied");
  });

  test("direct asks no proxy", async () => {
    greet({ transport: "direct" });
    browser.socket.die();
    await pass(0);
    expect(browser.probes).toEqual([]);
  });
});

describe("what the kernel is told", () => {
  test("failing again and again in the same way is told once", async () => {
    vi.spyOn(browser, "openSocket").mockImplementation(() => {
      throw new DOMException("insecure");
    });
    greet();
    await pass(600_000);
    expect(browser.openSocket).toHaveBeenCalledTimes(12);
    expect(acks()).toEqual([
      ["comm", "refused"],
      ["comm", "refused", "refused"],
    ]);
  });

  test("a socket that comes back is told again: meanwhile the kernel relayed", async () => {
    greet();
    await open();
    browser.socket.die();
    await pass(600);
    await open();
    expect(acks()).toEqual([["comm"], ["direct", "live"], ["direct", "live"]]);
  });

  test("nothing at all goes over the comm while a socket is open", async () => {
    store.watch("sessions", {});
    greet({}, { sessions: 1 });
    await open({ sessions: 1 });
    const before = model.sent.length;
    for (let version = 2; version < 50; version += 1) {
      browser.socket.say(versions({ sessions: version }));
      browser.socket.say(panel("sessions", version, { id: browser.socket.gets.at(-1)?.id as number }));
      await pass(20_000);
    }
    expect(model.sent).toHaveLength(before);
    expect(drawn()).toBe(49);
  });

  test("what was asked on a socket that died is asked on the next one, though the kernel is silent", async () => {
    store.watch("sessions", {});
    greet({}, { sessions: 1 });
    await open({ sessions: 2 });
    expect(browser.socket.gets).toHaveLength(1);
    browser.socket.die();
    await pass(600);
    await open({ sessions: 2 });
    expect(browser.sockets).toHaveLength(2);
    expect(browser.socket.gets).toHaveLength(1);
  });

  test("what a socket says after it was given up is not heard", async () => {
    store.watch("sessions", {});
    greet();
    await open();
    const dead = browser.socket;
    dead.die();
    dead.say(hello({ sessions: 5 }));
    dead.say(panel("sessions", 5));
    expect(status()).toMatchObject({ transport: "comm", state: "stale" });
    expect(drawn()).toBeNull();
  });

  test("a note that only allows more leaves an open socket open", async () => {
    greet();
    await open();
    greet(allowed);
    await pass(0);
    expect(browser.socket.isClosed).toBe(false);
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
  });
});
