// What the kernel relays, and what it asks for.
import { beforeEach, describe, expect, test } from "vitest";
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
  pass,
  shownInSideBar,
  status,
  store,
  useConnection,
} from "./connected.ts";
import { hello, panel, versions } from "./fakes.ts";

useConnection();

describe("over the comm", () => {
  beforeEach(() => {
    connect({ baseUrl: null, ...away });
    store.watch("sessions", {});
    greet(allowed, { sessions: 1 });
  });

  test("a kernel that leaves a request unanswered for 2 s is busy, and the data stay live by pushes", async () => {
    await pass(500);
    expect(model.gets).toHaveLength(1);
    expect(status().state).toBe("live");
    await pass(2_000);
    expect(status()).toMatchObject({ transport: "comm", state: "busy", reason: "kernel-busy", since: null });
    model.relay(panel("sessions", 1));
    expect(drawn()).toBe(1);
    expect(status().state).toBe("busy");
    const { id } = model.gets[0] as { id: number };
    model.relay(panel("sessions", 2, { id }));
    expect(status()).toMatchObject({ transport: "comm", state: "live", reason: null });
    expect(drawn()).toBe(2);
  });

  test("a push before these 2 s are over hides it no more than one after them", async () => {
    await pass(1_500);
    model.relay(versions({ memory: 2 }));
    await pass(1_000);
    expect(status()).toMatchObject({ state: "busy", reason: "kernel-busy" });
  });

  test("a greeting of the same server ends it: what the connection before it owed never comes", async () => {
    await pass(2_500);
    expect(status().state).toBe("busy");
    model.relay(panel("sessions", 1));
    expect(status().state).toBe("busy");
    model.relay(hello({ sessions: 1 }));
    await pass(60_000);
    expect(status()).toMatchObject({ transport: "comm", state: "live", reason: null });
  });

  test("a socket ends it", async () => {
    connect();
    store.watch("sessions", {});
    greet({}, { sessions: 1 });
    await pass(2_700);
    expect(status().state).toBe("busy");
    await open({ sessions: 1 });
    expect(status()).toMatchObject({ transport: "proxied", state: "live", reason: null });
  });

  test("whoever comes back asks once whether what is shown is the newest", async () => {
    model.relay(panel("sessions", 1));
    await pass(60_000);
    for (let wake = 0; wake < 4; wake += 1) browser.wake();
    await pass(600);
    expect(model.gets).toMatchObject([{ panel: "sessions", have: 1 }]);
    const { id } = model.gets[0] as { id: number };
    model.relay(panel("sessions", 4, { id }));
    expect(drawn()).toBe(4);
    await pass(20_000);
    expect(status()).toMatchObject({ transport: "comm", state: "live" });
  });

  test("what is looked at is only said: nobody waits for an answer to that", async () => {
    model.relay(panel("sessions", 1));
    const undo = store.watch("memory", { page: 2 });
    await pass(0);
    undo();
    await pass(0);
    expect(model.relayed.map(({ type }) => type)).toEqual(["look", "look", "look"]);
    await pass(60_000);
    expect(status().state).toBe("live");
  });

  test("nothing is relayed before the kernel greets, or after it fell silent", async () => {
    connect({ baseUrl: null, ...away });
    expect(connection.send({ type: "module", id: 1, name: "core/parts" })).toBe(false);
    expect(model.relayed).toEqual([]);
  });

  test("a kernel that was heard a moment ago is not asked", async () => {
    model.relay(panel("sessions", 1));
    browser.wake();
    await pass(1_000);
    expect(model.gets).toEqual([]);
  });

  test("no answer in 10 s after that: nobody knows whether it is busy or gone, until it is heard: then it is busy", async () => {
    model.relay(panel("sessions", 1));
    await pass(60_000);
    browser.wake();
    await pass(11_000);
    expect(status()).toMatchObject({ state: "stale", reason: "kernel-lost" });
    expect(drawn()).toBe(1);
    model.relay(versions({ memory: 2 }));
    expect(status()).toMatchObject({ state: "busy", reason: "kernel-busy" });
    const { id } = model.gets[0] as { id: number };
    model.relay(panel("sessions", 2, { id }));
    expect(status()).toMatchObject({ state: "live", reason: null });
  });

  test("of JupyterLab's kernel it is known that it is there", async () => {
    browser.host = "jupyterlab";
    model.relay(panel("sessions", 1));
    await pass(60_000);
    browser.wake();
    await pass(60_000);
    expect(status()).toMatchObject({ state: "busy", reason: "kernel-busy" });
  });

  test("a kernel that is gone is not asked", async () => {
    model.isGone = true;
    model.emit("comm_live_update");
    await pass(60_000);
    browser.wake();
    await pass(60_000);
    expect(status()).toMatchObject({ transport: "none", state: "gone", reason: "kernel-gone" });
  });
});

describe("the side bar", () => {
  test("is asked for by the kernel, which is told whether there is one", () => {
    greet();
    model.push({ type: "side-panel" });
    expect(shownInSideBar).toBe(1);
    expect(model.of("side-panel")).toMatchObject([{ shown: true }]);
    connect(away);
    model.push({ type: "side-panel" });
    expect(model.of("side-panel")).toMatchObject([{ shown: false }]);
  });
});
