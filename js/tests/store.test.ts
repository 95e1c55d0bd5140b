import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Get, GetModule, Inbound, Outbound } from "../src/protocol.ts";
import { Store } from "../src/store.ts";
import { HOME, hello, panel, versions } from "./fakes.ts";

let sent: Inbound[];
let store: Store;
const gets = () => sent.filter((frame): frame is Get => frame.type === "get");
const receive = (...frames: Outbound[]) => {
  for (const frame of frames) store.receive(frame, "server-1");
};
const answer = (version: number, over = {}) => {
  const last = gets().at(-1);
  if (!last) throw new Error("nothing was asked");
  receive(panel(last.panel, version, { id: last.id, query: last.query, ...over }));
};
const drawn = (name = "sessions", query = {}) => store.read(name, query).snapshot?.version ?? null;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  sent = [];
  store = new Store(HOME, (frame) => sent.push(frame) > 0);
});

describe("over the direct socket", () => {
  beforeEach(() => {
    receive(hello({ sessions: 3 }));
    store.setWay("direct");
  });

  test("what is looked at is asked for at once, and what is not looked at never", () => {
    store.watch("sessions", {});
    receive(versions({ memory: 5, overview: 9 }));
    expect(gets()).toEqual([
      { type: "get", id: expect.any(Number), home: HOME, panel: "sessions", query: {}, have: null },
    ]);
  });

  test("the old rows stay while newer ones are asked for", () => {
    store.watch("sessions", {});
    answer(3);
    receive(versions({ sessions: 4 }));
    expect(drawn()).toBe(3);
    expect(gets().at(-1)?.have).toBe(3);
    answer(4);
    expect(drawn()).toBe(4);
  });

  test("one request is in flight however often the version moves, and the last version is asked for after it", () => {
    store.watch("sessions", {});
    for (const version of [4, 5, 6]) receive(versions({ sessions: version }));
    expect(gets()).toHaveLength(1);
    answer(4);
    expect(gets()).toHaveLength(2);
    answer(6);
    expect(gets()).toHaveLength(2);
    expect(drawn()).toBe(6);
  });

  test("two watchers of one query cause one request", () => {
    store.watch("sessions", {});
    store.watch("sessions", { page: 0 });
    expect(gets()).toHaveLength(1);
  });

  test("a late answer does not replace a newer one", () => {
    store.watch("sessions", {});
    answer(7);
    receive(panel("sessions", 5));
    expect(drawn()).toBe(7);
  });

  test("a doubled frame tells nobody that the snapshot changed", () => {
    store.watch("sessions", {});
    answer(7);
    const { snapshot } = store.read("sessions", {});
    receive(panel("sessions", 7));
    expect(store.read("sessions", {}).snapshot).toBe(snapshot);
  });

  test("an answer that lags behind the announcement is asked for again, but not in a loop", () => {
    store.watch("sessions", {});
    answer(3);
    receive(versions({ sessions: 9 }));
    answer(3, { unchanged: true, data: null });
    expect(gets()).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(gets()).toHaveLength(3);
  });

  test("`unchanged` keeps the data and takes the version", () => {
    store.watch("sessions", {});
    answer(3, { data: "rows" });
    receive(versions({ sessions: 4 }));
    answer(4, { unchanged: true, data: null });
    expect(store.read("sessions", {}).snapshot).toMatchObject({ version: 4, data: "rows" });
    expect(gets()).toHaveLength(2);
  });

  test("nobody looking, nothing is asked; looking again, what was missed is", () => {
    const undo = store.watch("sessions", {});
    answer(3);
    undo();
    receive(versions({ sessions: 4 }), versions({ sessions: 5 }));
    expect(gets()).toHaveLength(1);
    store.watch("sessions", {});
    expect(gets().at(-1)?.have).toBe(3);
    expect(gets()).toHaveLength(2);
  });

  test("looking again at what is still the newest asks nothing", () => {
    store.watch("sessions", {})();
    answer(3);
    store.watch("sessions", {});
    expect(gets()).toHaveLength(1);
  });

  test("a restarted server begins again at 1: its answer replaces a higher version of the one before", () => {
    store.watch("sessions", {});
    answer(3, { data: "old" });
    store.receive(hello({ sessions: 1 }, "server-2"), "server-2");
    expect(store.read("sessions", {})).toMatchObject({ isOfThisServer: false, snapshot: { data: "old" } });
    expect(gets().at(-1)?.have).toBeNull();
    const { id } = gets().at(-1) as Get;
    store.receive(panel("sessions", 1, { id, data: "new" }), "server-2");
    expect(store.read("sessions", {})).toMatchObject({ isOfThisServer: true, snapshot: { version: 1, data: "new" } });
  });

  test("a frame of a server that is gone is ignored", () => {
    store.watch("sessions", {});
    store.receive(hello({ sessions: 1 }, "server-2"), "server-2");
    receive(panel("sessions", 99));
    expect(drawn()).toBeNull();
  });

  test("a refusal is told, and asked about again only when the version moves", () => {
    store.watch("sessions", {});
    const ask = gets()[0] as Get;
    receive({ type: "error", id: ask.id, code: "internal", message: "boom" });
    expect(store.read("sessions", {}).refusal?.message).toBe("boom");
    receive(versions({ sessions: 3 }));
    expect(gets()).toHaveLength(1);
    receive(versions({ sessions: 4 }));
    expect(gets()).toHaveLength(2);
    answer(4);
    expect(store.read("sessions", {}).refusal).toBeNull();
  });

  test("the answer finds the question by its id, even if the server fills the query in", () => {
    store.watch("plugin", { page: 1 });
    const { id } = gets()[0] as Get;
    receive(panel("plugin", 1, { id, query: { page: 1, size: 20 } }));
    expect(drawn("plugin", { page: 1 })).toBe(1);
  });

  test("what a dead way owes is asked again on the next one", () => {
    store.watch("sessions", {});
    store.setWay(null);
    expect(store.read("sessions", {}).askedAt).toBeNull();
    store.setWay("direct");
    expect(gets()).toHaveLength(2);
  });

  test("pages that show the same model ask with different ids", () => {
    vi.spyOn(Math, "random").mockReturnValueOnce(0.25).mockReturnValueOnce(0.75);
    for (let page = 0; page < 2; page += 1) {
      const each = new Store(HOME, (frame) => sent.push(frame) > 0);
      each.receive(hello({ sessions: 3 }), "server-1");
      each.setWay("direct");
      each.watch("sessions", {});
    }
    expect(gets().map(({ id }) => id)).toEqual([2 ** 38 + 1, 3 * 2 ** 38 + 1]);
  });

  test("another page's answer with the same id fills its own panel, and ours is still waited for", () => {
    store.watch("sessions", {});
    const { id } = gets()[0] as Get;
    receive(panel("memory", 9, { id }));
    expect(drawn()).toBeNull();
    expect(drawn("memory")).toBe(9);
    expect(store.read("sessions", {}).askedAt).not.toBeNull();
    answer(3);
    expect(drawn()).toBe(3);
  });

  test("`unchanged` for another page says nothing of what this one holds", () => {
    store.watch("sessions", {});
    answer(3, { data: "old" });
    receive(panel("sessions", 5, { id: 7, unchanged: true, data: null }));
    expect(store.read("sessions", {}).snapshot).toMatchObject({ version: 3, data: "old" });
    expect(gets().at(-1)?.have).toBe(3);
    answer(5, { data: "new" });
    expect(store.read("sessions", {}).snapshot).toMatchObject({ version: 5, data: "new" });
  });

  test("a module that one server refused is asked of the next", () => {
    store.wantModule("views/memory");
    receive({ type: "error", id: (sent[0] as GetModule).id, code: "unknown-module", message: "no such module" });
    expect(store.module("views/memory").refusal).not.toBeNull();
    store.receive(hello({}, "server-2"), "server-2");
    expect(store.module("views/memory").refusal).toBeNull();
    expect(sent.filter(({ type }) => type === "module")).toHaveLength(2);
  });

  test("a repeated hello asks for nothing again", () => {
    store.watch("sessions", {});
    receive(hello({ sessions: 3 }));
    vi.advanceTimersByTime(10_000);
    expect(gets()).toHaveLength(1);
  });

  test("a module is asked for once and kept", () => {
    store.wantModule("views/memory");
    store.wantModule("views/memory");
    expect(sent).toEqual([{ type: "module", id: expect.any(Number), name: "views/memory" }]);
    receive({ type: "module", id: (sent[0] as GetModule).id, name: "views/memory", text: "export default 1" });
    store.setWay(null);
    store.setWay("direct");
    expect(sent).toHaveLength(1);
    expect(store.module("views/memory").text).toBe("export default 1");
  });
});

describe("over the comm", () => {
  test("the pushed greeting needs no question", () => {
    store.watch("sessions", {});
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    receive(panel("sessions", 3), { type: "module", id: null, name: "views/sessions", text: "" });
    store.wantModule("views/sessions");
    vi.advanceTimersByTime(10_000);
    expect(sent).toEqual([]);
  });

  test("what is not pushed in time is asked for", () => {
    store.watch("sessions", {});
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    vi.advanceTimersByTime(500);
    expect(gets()).toHaveLength(1);
    receive(panel("sessions", 3));
    receive(versions({ sessions: 4 }));
    receive(panel("sessions", 4));
    vi.advanceTimersByTime(10_000);
    expect(gets()).toHaveLength(1);
  });

  test("a repeated hello of the same server means a new link: what the old one owed is asked again", () => {
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    store.watch("sessions", {});
    vi.advanceTimersByTime(500);
    expect(gets()).toHaveLength(1);
    receive(hello({ sessions: 3 }));
    vi.advanceTimersByTime(500);
    expect(gets()).toHaveLength(2);
    answer(3);
    vi.advanceTimersByTime(10_000);
    expect(gets()).toHaveLength(2);
  });

  test("a push that brings the newest version ends the wait for an answer", () => {
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    vi.advanceTimersByTime(500);
    store.watch("sessions", {});
    receive(panel("sessions", 2));
    expect(store.read("sessions", {}).askedAt).not.toBeNull();
    receive(panel("sessions", 3));
    expect(store.read("sessions", {}).askedAt).toBeNull();
    receive(panel("sessions", 3, { id: (gets()[0] as Get).id }));
    vi.advanceTimersByTime(10_000);
    expect(gets()).toHaveLength(1);
    expect(drawn()).toBe(3);
  });

  test("a page turn asks at once", () => {
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    vi.advanceTimersByTime(500);
    store.watch("sessions", { page: 1 });
    expect(gets()).toMatchObject([{ query: { page: 1 }, have: null }]);
  });

  test("the look carries the queries on show, each once, without defaults", () => {
    store.watch("sessions", { page: 0, sort: "tokens" });
    store.watch("sessions", { sort: "tokens" });
    const undo = store.watch("sessions", { session: "s1" });
    expect(store.look()).toEqual({
      type: "look",
      home: HOME,
      panels: ["sessions"],
      queries: { sessions: [{ sort: "tokens" }, { session: "s1" }] },
    });
    undo();
    expect(store.look().queries).toEqual({ sessions: [{ sort: "tokens" }] });
  });
});

describe("what was lost over the comm", () => {
  const modules = () => sent.filter((frame): frame is GetModule => frame.type === "module");
  beforeEach(() => {
    receive(hello({ sessions: 3 }));
    store.setWay("comm");
    store.watch("sessions", { page: 2 });
    store.wantModule("views/sessions");
    vi.advanceTimersByTime(500);
  });

  test("is asked again on the next occasion, if it is older than 2 s", () => {
    expect([gets().length, modules().length]).toEqual([1, 1]);
    vi.advanceTimersByTime(1_000);
    store.revalidate();
    expect([gets().length, modules().length]).toEqual([1, 1]);
    vi.advanceTimersByTime(1_000);
    store.revalidate();
    expect(gets()).toMatchObject([{ query: { page: 2 } }, { query: { page: 2 }, have: null }]);
    expect(modules()).toMatchObject([{ name: "views/sessions" }, { name: "views/sessions" }]);
    answer(3);
    expect(drawn("sessions", { page: 2 })).toBe(3);
    expect(store.read("sessions", { page: 2 }).askedAt).toBeNull();
  });

  test("and comes late all the same is taken, once", () => {
    const [first] = gets();
    vi.advanceTimersByTime(3_000);
    store.revalidate();
    receive(panel("sessions", 3, { id: first?.id as number, query: { page: 2 } }));
    answer(3);
    expect(drawn("sessions", { page: 2 })).toBe(3);
    vi.advanceTimersByTime(60_000);
    expect(gets()).toHaveLength(2);
  });

  test("is asked again by another way, be it how young it may: panels, modules and all", () => {
    sent = [];
    store.setWay("direct");
    expect(gets()).toMatchObject([{ query: { page: 2 } }]);
    expect(modules()).toMatchObject([{ name: "views/sessions" }]);
    store.setWay(null);
    store.setWay("direct");
    expect([gets().length, modules().length]).toEqual([2, 2]);
  });
});

test("unseen snapshots do not pile up", () => {
  receive(hello());
  store.setWay("direct");
  for (let page = 1; page <= 100; page += 1) {
    const undo = store.watch("sessions", { page });
    answer(1);
    undo();
  }
  expect(drawn("sessions", { page: 1 })).toBeNull();
  expect(drawn("sessions", { page: 100 })).toBe(1);
});

test("whatever is lost, doubled or reordered, the newest version is drawn when the server falls silent", () => {
  // A small random schedule generator with a fixed seed per run.
  for (let seed = 1; seed <= 200; seed += 1) {
    let state = seed;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    sent = [];
    store = new Store(HOME, (frame) => sent.push(frame) > 0);
    receive(hello({ sessions: 1 }));
    store.setWay("direct");
    store.watch("sessions", {});
    let version = 1;
    let answered = 0;
    const pending: Outbound[] = [];
    const respond = () => {
      for (; answered < sent.length; answered += 1) {
        const ask = sent[answered] as Get;
        pending.push(panel("sessions", version, { id: ask.id, unchanged: ask.have === version, data: version }));
      }
    };
    for (let step = 0; step < 60; step += 1) {
      const what = random(5);
      if (what === 0) pending.push(versions({ sessions: ++version }));
      else if (what === 1) respond();
      else if (what === 2 && pending.length > 0) pending.push(pending[random(pending.length)] as Outbound);
      else if (pending.length > 0) receive(pending.splice(random(pending.length), 1)[0] as Outbound);
      expect(sent.length - answered).toBeLessThanOrEqual(1);
    }
    for (let rest = 0; rest < 100; rest += 1) {
      respond();
      if (pending.length > 0) receive(pending.shift() as Outbound);
      else vi.advanceTimersByTime(1_000);
    }
    expect(store.read("sessions", {}).snapshot).toMatchObject({ version, data: version });
  }
});
