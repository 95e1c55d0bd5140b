// Whether a socket still lives.
import { describe, expect, test, vi } from "vitest";
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
  status,
  store,
  useConnection,
} from "./connected.ts";
import { panel, versions } from "./fakes.ts";

useConnection();

describe("the heartbeat", () => {
  const pings = () => browser.socket.sent.filter(({ type }) => type === "ping").length;

  test("asks after 15 s of silence while somebody is there, and only then", async () => {
    greet();
    await open();
    await pass(14_000);
    expect(pings()).toBe(0);
    await pass(2_000);
    expect(pings()).toBe(1);
    browser.attended = false;
    await pass(600_000);
    expect(pings()).toBe(1);
    expect(status().transport).toBe("direct");
  });

  test("a socket that is mute is hung up after 1.5 s, and the comm takes over", async () => {
    store.watch("sessions", {});
    greet({}, { sessions: 1 });
    await open({ sessions: 1 });
    browser.socket.isMute = true;
    const socket = browser.socket;
    await pass(17_000);
    expect(socket.isClosed).toBe(true);
    expect(outcomes()).toMatchObject({ direct: "silent" });
    expect(model.of("attach").at(-1)?.look?.panels).toEqual(["sessions"]);
    greet({}, { sessions: 2 });
    model.relay(panel("sessions", 2));
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
    expect(drawn()).toBe(2);
  });

  test("any frame is an answer", async () => {
    greet();
    await open();
    browser.socket.isMute = true;
    await pass(15_900);
    expect(pings()).toBe(1);
    browser.socket.say(versions({ sessions: 2 }));
    await pass(10_000);
    expect(status()).toMatchObject({ transport: "direct", state: "live" });
  });

  test("is never sent over the comm", async () => {
    connect({ baseUrl: null, ...away });
    greet(allowed);
    await pass(600_000);
    expect(model.relayed).toEqual([]);
  });

  test("whoever comes back has it asked at once; dead, the next way is open within 2 s", async () => {
    greet();
    await open();
    browser.attended = false;
    await pass(600_000);
    const dead = browser.socket;
    dead.isMute = true;
    browser.wake();
    browser.wake();
    expect(pings()).toBe(1);
    await pass(1_500);
    expect(dead.isClosed).toBe(true);
    await pass(500);
    expect(browser.sockets).toHaveLength(2);
  });

  test("a clock that stood still is noticed when it goes on: the computer slept", async () => {
    greet();
    await open();
    browser.attended = false;
    await pass(5_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(pings()).toBe(0);
    await pass(1_000);
    expect(pings()).toBe(1);
  });

  test("of a page that nobody sees a slow clock means nothing", async () => {
    greet();
    await open();
    connection.setSeen(false);
    for (let minute = 0; minute < 5; minute += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      await pass(1_000);
    }
    expect(pings()).toBe(0);
  });

  test("an answer that lies unread because the page stood still is waited for", async () => {
    greet();
    await open();
    browser.socket.isMute = true;
    browser.wake();
    vi.setSystemTime(Date.now() + 60_000);
    await pass(1_500);
    expect(browser.socket.isClosed).toBe(false);
    browser.socket.say({ type: "pong", id: 0 });
    await pass(5_000);
    expect(browser.socket.isClosed).toBe(false);
  });
});
