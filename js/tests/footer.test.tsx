// @vitest-environment happy-dom
// What the chip says of the connection, and why on hover.
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { explained } from "../src/explained.ts";
import { englishOfStatus } from "../src/i18n/en-status.ts";
import chinese from "../src/i18n/zh.ts";
import { Texts } from "../src/i18n.ts";
import type { Try } from "../src/protocol.ts";
import { note } from "./fakes.ts";
import {
  click,
  frame,
  greet,
  greeting,
  greetWhole,
  HOME,
  importText,
  model,
  one,
  pass,
  press,
  relay,
  settled,
  show,
  usePage,
} from "./stage.ts";

usePage();

const chip = () => [one(".chip").textContent, one(".chip").title];
const isGrey = () => ["stale", "gone"].includes(one("[data-hermes-hud]").dataset.state ?? "");

describe("the chip", () => {
  test("says that the data come through the kernel, and why by no better way", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    expect(chip()).toEqual([
      "live · comm",
      "Data come through the notebook's kernel. Not direct: the page's computer is not the server's. " +
        "Not proxied: the notebook's server has no proxy (jupyter-server-proxy).",
    ]);
  });

  test("says the same in Chinese", async () => {
    show({ panels: ["memory"], language: "zh" });
    await greetWhole();
    expect(chip()).toEqual([
      "实时 · 经内核",
      "数据经笔记本的内核到达。 未直连：页面所在的计算机不是服务器所在的计算机。 未经代理：笔记本服务器没有代理（jupyter-server-proxy）。",
    ]);
  });

  test("names the switch that keeps it from trying", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    await act(async () => {
      model.push({ ...note(greeting.server_id, { transport: "comm" }), home: HOME });
      await settled();
    });
    await relay(greeting);
    expect(one(".chip").title).toMatch(
      / Not direct: switched off by HERMES_HUD_TRANSPORT\. Not proxied: switched off by/,
    );
  });

  test("says that the kernel is busy, while the data stay as live as they are", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    await relay(frame("memory", { progress: { done: 1, total: 4 } }));
    await act(() => one("[data-tool=menu]").click());
    await relay({ type: "versions", seq: 2, versions: { [HOME]: { memory: 99 } } });
    await pass(3_000);
    expect(chip()).toEqual(["kernel busy", expect.stringMatching(/^The kernel is busy with a cell: /)]);
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ state: "busy", transport: "comm" });
    expect(isGrey()).toBe(false);
    expect(one(".progress")).toBeTruthy();
    await relay(frame("memory", { version: 99 }));
    expect(one(".chip").textContent).toBe("kernel busy");
    for (const { id } of model.gets as { id: number }[]) await relay(frame("memory", { version: 100, id }));
    expect(one(".chip").textContent).toBe("live · comm");
  });

  test("says that the kernel is gone, and greys what is shown", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    await relay(frame("memory"));
    model.isGone = true;
    await act(async () => model.emit("comm_live_update"));
    expect(chip()).toEqual(["kernel gone — run the cell again", expect.stringMatching(/^The kernel was restarted/)]);
    expect(isGrey()).toBe(true);
  });

  test("is there without its reasons as long as those are not loaded", async () => {
    show({ panels: ["memory"] }, async (text) => (text === "core/status" ? new Promise(() => {}) : importText(text)));
    await greetWhole();
    expect(chip()).toEqual(["live · comm", ""]);
  });

  test("of a server that cannot be reached without a kernel names no kernel, and the panel says it, too", async () => {
    show({ panels: ["memory"], kernel: false });
    await act(async () => {
      model.push(note(null, { url: null, token: null, transport: "proxy", proxy_url: "/hermes-hud/" }));
      await settled();
    });
    expect(one(".chip").textContent).toBe("server unreachable");
    expect(one(".blank").textContent).toContain("needs hermes-hud-widget[lab]");
    expect(model.sent).toEqual([]);
  });
});

describe("the chip as a button", () => {
  const why = () => [...one(".why").querySelectorAll("li")].map(({ textContent }) => textContent);

  test("shows in text what is otherwise said only to a pointer, and hides it again", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    expect(one("button.chip").getAttribute("aria-expanded")).toBe("false");
    expect(one("button.chip").getAttribute("aria-controls")).toBe(one(".why").id);
    expect(one(".why").hidden).toBe(true);
    await click("button.chip");
    expect(one("button.chip").getAttribute("aria-expanded")).toBe("true");
    expect(one(".why").hidden).toBe(false);
    expect(why()).toEqual([
      "Data come through the notebook's kernel.",
      "Not direct: the page's computer is not the server's.",
      "Not proxied: the notebook's server has no proxy (jupyter-server-proxy).",
    ]);
    expect(why().join(" ")).toBe(one("button.chip").title);
    await click("button.chip");
    expect(one(".why").hidden).toBe(true);
  });

  test("closes by Escape, which nothing else hears then", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    await click("button.chip");
    const heard = vi.fn();
    one("[data-hermes-hud]").addEventListener("keydown", heard);
    await press("button.chip", "Escape");
    expect(one(".why").hidden).toBe(true);
    expect(heard).not.toHaveBeenCalled();
    await press("button.chip", "Escape");
    expect(heard).toHaveBeenCalledOnce();
  });

  test("follows what becomes of the connection while it is open, and then says what was tried, too", async () => {
    show({ panels: ["memory"], language: "zh" });
    await greetWhole();
    await click("button.chip");
    expect(why()).toEqual([
      "数据经笔记本的内核到达。",
      "未直连：页面所在的计算机不是服务器所在的计算机。",
      "未经代理：笔记本服务器没有代理（jupyter-server-proxy）。",
    ]);
    model.isGone = true;
    await act(async () => model.emit("comm_live_update"));
    expect(why()[0]).toBe("内核已重启或关闭：显示的是最后收到的数据。");
    expect(why()).toHaveLength(3);
    expect(one("button.chip").title).toBe(why()[0]);
  });
});

describe("the reasons", () => {
  const english = new Texts();
  english.add("en", englishOfStatus);
  const tried = (...outcomes: Try["outcome"][]): Try[] =>
    outcomes.map((outcome, at) => ({ way: at === 0 ? "direct" : "proxied", outcome }));
  const status = { state: "live" as const, since: null, reason: null, message: null, hasKernel: true };

  test("of the best way are only what it is", () => {
    const words = explained({ ...status, transport: "direct", tried: tried("live", "no-proxy") }, english.t);
    expect(words).not.toContain("Not ");
  });

  test("of the proxy say why not directly", () => {
    const words = explained({ ...status, transport: "proxied", tried: tried("refused", "live") }, english.t);
    expect(words).toMatch(/through the notebook's server.* Not direct: the socket could not be opened\.$/);
  });

  test("of a side panel do not speak of what it cannot do", () => {
    const words = explained(
      { ...status, transport: "proxied", hasKernel: false, tried: tried("switched-off", "live") },
      english.t,
    );
    expect(words).not.toContain("Not ");
  });

  test.each(["not-local", "no-proxy", "refused", "silent", "other-server", "switched-off"] as const)(
    "%s has words in both languages",
    (outcome) => {
      expect(englishOfStatus[`not.${outcome}`]).toBeTruthy();
      expect(chinese[`not.${outcome}`]).toBeTruthy();
    },
  );
});

describe("before the words for it are loaded", () => {
  test("what is wrong with a panel is said in the server's own", async () => {
    show({ panels: ["memory"] }, async (text) => (text === "core/status" ? new Promise(() => {}) : importText(text)));
    await greet();
    const error = {
      kind: "no-home" as const,
      path: "/home/ada/.hermes",
      message: "No Hermes home at /home/ada/.hermes",
    };
    await relay(frame("memory", { status: "unavailable", data: null, error }));
    expect(one(".blank").textContent).toBe("No Hermes home at /home/ada/.hermes");
  });
});

test("a grid that could not be loaded says so, and is tried again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  let isCut = true;
  show({ layout: "grid" }, async (text) => {
    if (text === "core/layouts" && isCut) throw new SyntaxError("Unexpected end of input");
    return importText(text);
  });
  await greet();
  await pass(20);
  expect(one(".blank").textContent).toContain("This could not be loaded");
  isCut = false;
  await act(() => one(".blank .retry").click());
  await relay({ type: "module", id: null, name: "core/layouts", text: "core/layouts" });
  expect(one(".grid")).toBeTruthy();
});
