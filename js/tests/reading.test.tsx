// @vitest-environment happy-dom
// What is said while a long history is being read.

import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import type { PanelFrame, Query } from "../src/protocol.ts";
import { note } from "./fakes.ts";
import {
  click,
  container,
  frame,
  greet,
  greeting,
  HOME,
  model,
  one,
  pass,
  relay,
  settled,
  show,
  usePage,
} from "./stage.ts";

usePage();

describe("while a long history is being read", () => {
  const progress = { done: 4_200, total: 15_000 };
  const bar = () => container.querySelector<HTMLElement>("[role=progressbar]");
  const share = () => Number.parseFloat(bar()?.querySelector("i")?.style.width ?? "");

  async function read(panel: string, over: Partial<PanelFrame> = {}) {
    show({ panels: [panel] });
    await greet();
    await relay(frame(panel, over));
  }

  test("what was read is shown below a bar that says in words how much it is", async () => {
    await read("overview", { progress });
    expect(one(".totals").textContent).toContain("38,214");
    expect(one("[data-panel]").dataset.status).toBe("ok");
    expect(bar()?.getAttribute("aria-label")).toBe("Reading: 4,200 of 15,000 rows");
    expect(["min", "max", "now"].map((end) => bar()?.getAttribute(`aria-value${end}`))).toEqual(["0", "15000", "4200"]);
    expect(share()).toBeCloseTo(28);
    expect(one(".watching").textContent).toBe("28% read so far");
    expect(one(".watching").title).toBe("Reading: 4,200 of 15,000 rows");
  });

  test("the bar grows with each version, is the same element all along, and goes with the last one", async () => {
    await read("overview", { progress });
    const first = bar();
    await relay(frame("overview", { version: 5, progress: { done: 14_999, total: 15_000 } }));
    expect(bar()).toBe(first);
    expect(one(".watching").textContent).toBe("99% read so far");
    await relay(frame("overview", { version: 6 }));
    expect(bar()).toBeNull();
    expect(one(".watching").textContent).toBe("watching file events");
  });

  test("the panel and what was opened in it stay as they are when the bar goes", async () => {
    await read("sessions", { progress });
    const [panel, row] = [one("[data-panel]"), one("tr[data-session]")];
    await relay(frame("sessions", { version: 10 }));
    expect(one("[data-panel]")).toBe(panel);
    expect(one("tr[data-session]")).toBe(row);
  });

  test("it is said in Chinese, too", async () => {
    show({ panels: ["overview"], language: "zh" });
    await greet();
    await relay(frame("overview", { progress }));
    expect(bar()?.getAttribute("aria-label")).toBe("正在读取：共 15,000 行，已读 4,200 行");
    expect(one(".watching").textContent).toBe("目前已读取 28%");
  });

  test.each([
    [{ done: 0, total: 0 }, 0, "0"],
    [{ done: 12, total: 10 }, 100, "10"],
  ])("a total that is not known yet makes no senseless bar (%o)", async (unknown, width, now) => {
    await read("overview", { progress: unknown });
    expect(share()).toBe(width);
    expect(bar()?.getAttribute("aria-valuenow")).toBe(now);
  });

  test("another panel has its own bar, or none", async () => {
    show();
    await greet();
    await relay(frame("overview", { progress }), frame("memory"));
    await click("[data-tab=memory]");
    expect(bar()).toBeNull();
    expect(one(".watching").textContent).toBe("watching file events");
    await click("[data-tab=overview]");
    expect(bar()).toBeTruthy();
    expect(one(".watching").textContent).toBe("28% read so far");
  });

  test("the bar stays while another page is on its way", async () => {
    await read("sessions", { progress });
    await click("th.tokens button");
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("true");
    expect(bar()).toBeTruthy();
  });

  test("of a server that is gone nobody says that it reads", async () => {
    await read("overview", { progress });
    model.push({ ...note("another"), home: HOME } as never);
    await relay({ ...greeting, server_id: "another" });
    expect(one("[data-panel]").dataset.status).toBe("stale");
    expect(bar()).toBeNull();
    expect(one(".watching").textContent).toBe("watching file events");
  });

  test("where no panel is left nothing is said of one that was there", async () => {
    await read("overview", { progress });
    await relay({ ...greeting, panels: [] });
    expect(one(".blank").textContent).toContain("None of the chosen panels is there");
    expect(one(".watching").textContent).toBe("watching file events");
  });

  test("when the kernel is gone the footer says nothing of reading", async () => {
    await read("overview", { progress });
    model.comm_live = false;
    await act(async () => {
      model.emit("comm_live_update");
      await settled();
    });
    expect(one("[data-hermes-hud]").dataset.state).toBe("gone");
    expect(one(".watching").textContent).toBe("watching file events");
  });

  test("the overview does not call Hermes quiet before it has read all", async () => {
    const totals = { sessions: 0, messages: 0, tool_calls: 0 };
    const data = { ...(frame("overview").data as object), live: [], changes: [], totals };
    await read("overview", { data, progress });
    expect(one(".now .skeleton")).toBeTruthy();
    expect(one(".totals dl").textContent).toBe("Conversations…Messages…Tool calls…");
    expect(container.querySelector(".blank, .none")).toBeNull();
    await relay(frame("overview", { version: 5, data }));
    expect(one(".now .blank").textContent).toContain("No session is live");
    expect(one(".changes .none").textContent).toBe("Nothing has changed yet.");
    expect(one(".totals dl").textContent).toBe("Conversations0Messages0Tool calls0");
  });

  test("the list does not say that there is no conversation before it has read all", async () => {
    const { list } = frame("sessions").data as { list: object };
    const data = { list: { ...list, rows: [], total: 0, live: 0 }, transcript: null, missing: false };
    await read("sessions", { data, progress });
    expect(one(".list .skeleton")).toBeTruthy();
    expect(one(".controls b").textContent).toBe("…");
    expect(container.querySelector(".blank")).toBeNull();
    await relay(frame("sessions", { version: 10, data }));
    expect(one(".blank").textContent).toContain("No conversation yet");
  });

  test("a page that has not been read yet is waited for", async () => {
    const { list } = frame("sessions").data as { list: { page: number } };
    const page = (page: number, over: Partial<PanelFrame>) =>
      frame("sessions", { data: { list: { ...list, page }, transcript: null, missing: false }, ...over });
    await read("sessions");
    await click(".pager button:last-child");
    const looked = () => model.relayed.filter((each) => each.type === "look").at(-1)?.queries;
    await relay(page(0, { query: { page: 1 }, version: 10, progress }));
    await pass(600);
    expect(looked()).toEqual({ sessions: [{ page: 1 }] });
    await relay(page(0, { query: { page: 1 }, version: 11 }));
    await pass(600);
    expect(looked()).toEqual({ sessions: [{}] });
  });

  test("a conversation that has not been read yet is not called missing", async () => {
    await read("sessions", { progress });
    await pass(600);
    await click("[data-session='20260601_091200_r0'] button");
    const { id, query } = model.gets.at(-1) as { id: number; query: Query };
    const data = { list: null, transcript: null, missing: true };
    await relay(frame("sessions", { id, query, data, progress }));
    expect(one(".transcript .skeleton")).toBeTruthy();
    await relay(frame("sessions", { query, data, version: 10 }));
    expect(one(".transcript .blank").textContent).toContain("not there any more");
  });
});
