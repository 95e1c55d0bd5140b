// The way through a proxy of the page's own origin.
import { describe, expect, test } from "vitest";
import {
  acks,
  allowed,
  away,
  browser,
  connect,
  dialled,
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
import { note, panel, versions } from "./fakes.ts";

useConnection();

describe("through the proxy", () => {
  test("it is asked for its health first, and dialled with the token as the second subprotocol", async () => {
    connect(away);
    greet(allowed);
    expect(browser.probes).toEqual(["http://hub.example.org/user/ada/proxy/4000/healthz"]);
    expect(dialled()).toEqual([]);
    await open();
    expect(browser.socket).toMatchObject({ url: proxied, protocols: ["hermes-hud.v1", "secret"] });
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
    expect(acks().at(-1)).toEqual(["proxied", "not-local", "live"]);
  });

  test("no proxy is asked for once, until there is another note", async () => {
    connect(away);
    browser.proxy = 404;
    greet(allowed);
    await pass(600_000);
    browser.wake();
    await pass(0);
    expect(browser.probes).toHaveLength(1);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(outcomes()).toEqual({ direct: "not-local", proxied: "no-proxy" });
    browser.proxy = 200;
    model.push(note("server-2", allowed));
    await open({}, "server-2");
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
  });

  test.each([[403], [500], [302], [0]])("a health of %i is tried again", async (code) => {
    connect(away);
    browser.proxy = code;
    greet(allowed);
    await pass(10);
    expect(outcomes()).toEqual({ direct: "not-local", proxied: "refused" });
    browser.proxy = 200;
    await pass(600);
    await open();
    expect(status().transport).toBe("proxied");
  });

  test("a proxy that does not answer is given up after 10 s, and tried again", async () => {
    connect(away);
    browser.proxy = null;
    greet(allowed);
    await pass(10_100);
    expect(outcomes()).toMatchObject({ proxied: "silent" });
    await pass(1_000);
    expect(browser.probes).toHaveLength(2);
  });

  test("a page of another machine waits for the note that allows its origin, and dials at once then", async () => {
    connect(away);
    expect(model.of("attach")[0]).toMatchObject({ origin: "http://hub.example.org" });
    greet();
    await pass(60_000);
    expect([...browser.probes, ...dialled()]).toEqual([]);
    expect(outcomes()).toEqual({ direct: "not-local" });
    greet(allowed);
    await open();
    expect(status()).toMatchObject({ transport: "proxied", state: "live" });
  });

  test("where loopback is refused, the proxy is next at once, and the kernel is told once", async () => {
    greet();
    browser.socket.die();
    await open();
    expect(dialled()).toEqual(["ws://127.0.0.1:4000/ws", "ws://localhost/user/ada/proxy/4000/ws"]);
    expect(acks()).toEqual([["comm"], ["proxied", "refused", "live"]]);
  });

  test("a proxy that opens for a dead port proves nothing: the comm stays", async () => {
    connect(away);
    greet(allowed);
    await pass(1_600);
    expect(browser.socket.isClosed).toBe(true);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(outcomes()).toEqual({ direct: "not-local", proxied: "silent" });
  });

  test("another server behind it is left alone", async () => {
    connect(away);
    greet(allowed);
    await open({}, "somebody-else");
    await pass(600_000);
    expect(browser.sockets).toHaveLength(1);
    expect(outcomes()).toMatchObject({ proxied: "other-server" });
    expect(store.hello?.server_id).toBe("server-1");
  });

  test("one that dies in the middle of a burst loses nothing", async () => {
    connect(away);
    store.watch("sessions", {});
    greet(allowed, { sessions: 2 });
    await open({ sessions: 2 });
    browser.socket.say(panel("sessions", 2));
    for (const version of [3, 4, 5]) browser.socket.say(versions({ sessions: version }));
    browser.socket.die();
    expect(model.of("attach").at(-1)?.look?.queries).toEqual({ sessions: [{}] });
    greet(allowed, { sessions: 6 });
    model.relay(panel("sessions", 6));
    expect(drawn()).toBe(6);
    await pass(600);
    await open({ sessions: 7 });
    expect(browser.socket.gets).toMatchObject([{ have: 6 }]);
    browser.socket.say(panel("sessions", 7, { id: browser.socket.gets[0]?.id as number }));
    expect(drawn()).toBe(7);
    expect(browser.socket.gets).toHaveLength(1);
  });
});
