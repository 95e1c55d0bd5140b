// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ServerNote } from "../src/protocol.ts";
import { enter, keep, type Tab, takeTicket } from "../src/standalone/access.ts";
import { shimModel } from "../src/standalone/shim.ts";
import { told } from "../src/standalone/told.ts";
import { watchAccess } from "../src/standalone/watch.ts";

/** A tab whose server answers what is given for `METHOD path`. */
function tabOf(hash: string, answers: Record<string, [status: number, body: unknown]>) {
  const kept = new Map<string, string>();
  const asked: string[] = [];
  const tab: Tab = {
    location: { hash, pathname: "/" },
    history: { replaceState: vi.fn() },
    storage: {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    },
    fetch: async (url, init) => {
      const request = `${init?.method ?? "GET"} ${url}`;
      asked.push(request);
      const answer = answers[request];
      if (!answer) throw new TypeError("Failed to fetch");
      return new Response(JSON.stringify(answer[1]), { status: answer[0] });
    },
  };
  return { tab, kept, asked };
}

const homes = { "GET /api/homes": [200, { homes: [{ id: "h1" }, { id: "h2" }] }] } satisfies Record<
  string,
  [number, unknown]
>;

describe("what lets a tab in", () => {
  it("takes the ticket out of the address before anything else", () => {
    const { tab } = tabOf("#ticket=abc_-1", {});
    expect(takeTicket(tab)).toBe("abc_-1");
    expect(tab.history.replaceState).toHaveBeenCalledWith(null, "", "/");
  });

  it("leaves an address alone that has nothing to take", () => {
    const { tab } = tabOf("", {});
    expect(takeTicket(tab)).toBeNull();
    expect(tab.history.replaceState).not.toHaveBeenCalled();
  });

  it("exchanges a ticket for the token and keeps that for the tab", async () => {
    const { tab, kept } = tabOf("", { ...homes, "POST /api/ticket": [200, { token: "t" }] });
    expect(await enter(tab, "abc")).toEqual({ token: "t", home: "h1" });
    expect([...kept.values()]).toEqual(["t"]);
  });

  it("needs no ticket where the tab has kept the token", async () => {
    const { tab, asked } = tabOf("", homes);
    keep(tab, "t");
    expect(await enter(tab, null)).toEqual({ token: "t", home: "h1" });
    expect(asked).toEqual(["GET /api/homes"]);
  });

  it("goes on with the kept token when somebody goes back to a used ticket", async () => {
    const { tab } = tabOf("", { ...homes, "POST /api/ticket": [403, {}] });
    keep(tab, "t");
    expect(await enter(tab, "abc")).toEqual({ token: "t", home: "h1" });
  });

  it.each([
    ["no-token", null, {}],
    ["used", "abc", { "POST /api/ticket": [403, {}] }],
    ["gone", "abc", {}],
    ["no-home", "abc", { "POST /api/ticket": [200, { token: "t" }], "GET /api/homes": [200, { homes: [] }] }],
  ] as [string, string | null, Record<string, [number, unknown]>][])("says %s", async (denial, ticket, answers) => {
    expect(await enter(tabOf("", answers).tab, ticket)).toEqual({ denial });
  });

  it("forgets a token that is refused", async () => {
    const { tab, kept } = tabOf("", { "GET /api/homes": [401, {}] });
    keep(tab, "of another server");
    expect(await enter(tab, null)).toEqual({ denial: "refused" });
    expect(kept.size).toBe(0);
  });
});

describe("what is said where there is no HUD", () => {
  const nothing = { tryAgain: () => undefined, useToken: () => undefined };

  it.each(["no-token", "used", "refused", "gone", "no-home", "unloaded"] as const)("says what to do: %s", (denial) => {
    for (const language of ["en-GB", "zh-CN"]) {
      const page = told(denial, language, nothing);
      expect(page.querySelector("h1")?.textContent).toBeTruthy();
      expect(page.querySelector("pre")?.textContent).toBe("hermes-hud serve --open");
    }
    expect(told(denial, "zh-CN", nothing).textContent).not.toBe(told(denial, "en", nothing).textContent);
  });

  it("takes a typed token", () => {
    const useToken = vi.fn();
    const page = told("no-token", "en", { ...nothing, useToken });
    const input = page.querySelector("input");
    if (!input) throw new Error("no field");
    input.value = " t ";
    page.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(useToken).toHaveBeenCalledWith("t");
    expect(input.type).toBe("password");
  });

  it.each(["gone", "unloaded"] as const)("tries again: %s", (trouble) => {
    const tryAgain = vi.fn();
    told(trouble, "en", { ...nothing, tryAgain })
      .querySelector("button")
      ?.click();
    expect(tryAgain).toHaveBeenCalledOnce();
  });
});

describe("whether the server still lets the tab in", () => {
  /** A HUD whose tab has a token; `answer` is what the server says to it, by its status, or nothing. */
  function watched() {
    vi.useFakeTimers();
    const answers: Record<string, [number, unknown]> = {};
    const { tab, asked } = tabOf("", answers);
    keep(tab, "t");
    const hud = document.createElement("div");
    hud.setAttribute("data-state", "live");
    const refused = vi.fn();
    const life = new AbortController();
    watchAccess(hud, tab, refused, life.signal);
    const isNow = async (state: string) => {
      hud.setAttribute("data-state", state);
      await vi.advanceTimersByTimeAsync(0);
    };
    const answer = (status: number | null) => {
      if (status === null) delete answers["GET /api/homes"];
      else answers["GET /api/homes"] = [status, status === 200 ? homes["GET /api/homes"][1] : {}];
    };
    return { asked, refused, life, isNow, answer, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
  }

  function turn(visibility: "visible" | "hidden") {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibility);
    document.dispatchEvent(new Event("visibilitychange"));
  }

  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("is not asked while the HUD is live", async () => {
    const { asked, pass, life } = watched();
    await pass(600_000);
    window.dispatchEvent(new Event("focus"));
    await pass(0);
    expect(asked).toEqual([]);
    life.abort();
  });

  it("is asked ever more rarely while the server is away, and at once by whoever comes back to the window", async () => {
    const { asked, refused, pass, isNow, life } = watched();
    await isNow("stale");
    await pass(1_000);
    expect(asked).toHaveLength(1);
    await pass(600_000);
    const rarely = asked.length;
    expect(rarely).toBeGreaterThan(20);
    expect(rarely).toBeLessThan(27);
    window.dispatchEvent(new Event("focus"));
    await pass(0);
    expect(asked).toHaveLength(rarely + 1);
    expect(refused).not.toHaveBeenCalled();
    life.abort();
    await pass(600_000);
    window.dispatchEvent(new Event("focus"));
    expect(asked).toHaveLength(rarely + 1);
  });

  it("is not asked while nobody looks", async () => {
    const { asked, pass, isNow, life } = watched();
    turn("hidden");
    await isNow("stale");
    await pass(600_000);
    expect(asked).toEqual([]);
    turn("visible");
    await pass(0);
    expect(asked).toHaveLength(1);
    life.abort();
  });

  it.each([200, 404, 500, null])("stays as it is where the server answers %s", async (status) => {
    const { refused, answer, isNow, pass, life } = watched();
    answer(status);
    await isNow("stale");
    await pass(60_000);
    expect(refused).not.toHaveBeenCalled();
    life.abort();
  });

  it("is known once another server is where the one was", async () => {
    const { refused, answer, isNow, pass, life } = watched();
    refused.mockImplementation(() => life.abort());
    await isNow("stale");
    await pass(10_000);
    expect(refused).not.toHaveBeenCalled();
    answer(401);
    await pass(30_000);
    expect(refused).toHaveBeenCalledOnce();
    await pass(60_000);
    expect(refused).toHaveBeenCalledOnce();
  });
});

describe("the model where there is no kernel", () => {
  const note: ServerNote = {
    type: "server",
    url: "ws://127.0.0.1:1/ws",
    server_id: null,
    token: "t",
    home: "h1",
    transport: "direct",
    proxy_url: null,
    origins: [],
  };

  afterEach(() => vi.restoreAllMocks());

  it("says once where the server is, after whoever listens is ready", async () => {
    const model = shimModel({ home: "h1" }, note);
    const heard: unknown[] = [];
    model.on("msg:custom", (content) => heard.push(content));
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual([note]);
    expect(model.get("options")).toEqual({ home: "h1", kernel: false });
  });

  it("says nothing to who has left", async () => {
    const model = shimModel({}, note);
    const listener = vi.fn();
    model.on("msg:custom", listener);
    model.off("msg:custom", listener);
    await Promise.resolve();
    expect(listener).not.toHaveBeenCalled();
  });
});
