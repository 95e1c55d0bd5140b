// @vitest-environment happy-dom

import { act } from "preact/test-utils";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Api, ViewProps } from "../src/api.ts";
import type { PanelFrame, Query } from "../src/protocol.ts";
import { golden, note } from "./fakes.ts";
import {
  click,
  container,
  frame,
  greet,
  greeting,
  HOME,
  importing,
  importText,
  model,
  one,
  partsFrame,
  pass,
  press,
  relay,
  settled,
  show,
  usePage,
} from "./stage.ts";

usePage();

describe("from nothing to data", () => {
  test("before the first message there is a skeleton, never a blank", () => {
    show();
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ transport: "none", state: "stale" });
    expect(one(".skeleton")).toBeTruthy();
  });

  test("the pushed greeting paints the first panel without a question", async () => {
    show();
    await greet();
    expect(one("[data-panel=overview]").dataset.status).toBe("loading");
    await relay(frame("overview"));
    expect(one("[data-panel=overview]").dataset).toMatchObject({ status: "ok", version: "4" });
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ transport: "comm", state: "live" });
    expect(model.gets).toEqual([]);
  });

  test("options.panels chooses and orders the tabs; names that are not there are left out", async () => {
    show({ panels: ["sessions", "nonsense", "memory"] });
    await greet();
    expect([...container.querySelectorAll<HTMLElement>("[data-tab]")].map(({ dataset }) => dataset.tab)).toEqual([
      "sessions",
      "memory",
    ]);
  });

  test("when none of the chosen panels is there, it says so instead of loading for ever", async () => {
    show({ panels: ["weather"] });
    await greet();
    expect(container.querySelector(".skeleton")).toBeNull();
    expect(one(".blank").textContent).toContain("None of the chosen panels is there");
    expect(one(".blank").textContent).toContain("weather");
    expect(one(".blank").textContent).toContain("overview, memory, sessions, jobs");
  });

  test("a panel that is refused says so, and is neither loading nor busy", async () => {
    show({ panels: ["sessions"] });
    await greet();
    await pass(600);
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("true");
    const { id } = model.gets.at(-1) as { id: number };
    await relay({ type: "error", id, code: "internal", message: "out of files" });
    expect(one("[data-panel]").dataset.status).toBe("unavailable");
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("false");
    expect(container.querySelector(".skeleton")).toBeNull();
    expect(one(".blank").textContent).toBe("The server could not answerout of files");
  });

  test.each([
    ["unavailable", "no-home", "No Hermes home at /home/ada/.hermes", "HUD.demo()"],
    ["empty", undefined, "Hermes has not remembered anything yet", "appears here"],
  ] as const)("a panel that is %s (%s) says what to do", async (status, kind, title, help) => {
    show({ panels: [status === "empty" ? "memory" : "overview"] });
    await greet();
    await relay(
      ...golden.outbound.filter(
        (each) => each.type === "panel" && each.status === status && (each.error?.kind as string | undefined) === kind,
      ),
    );
    expect(one("[data-panel]").dataset.status).toBe(status);
    expect(one("[data-panel]").textContent).toContain(title);
    expect(one("[data-panel]").textContent).toContain(help);
  });

  test("a panel that is empty says so in its view's own words, and waits for them", async () => {
    const texts = { en: { empty: "No lamps", "empty.help": "Light one." } };
    show(
      { panels: ["memory"] },
      importing(() => () => null, texts),
    );
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(greeting, frame("memory", { status: "empty", data: null }));
    expect(one("[data-panel]").textContent).toBe("");
    expect(one(".skeleton")).toBeTruthy();
    await relay(partsFrame, { type: "module", id: null, name: "views/memory", text: "views/memory" });
    expect(one(".blank").textContent).toBe("No lampsLight one.");
  });

  test("a panel that is empty and has no words for it, or no view, says so in the core's", async () => {
    show(
      { panels: ["memory", "jobs"] },
      importing(() => () => null),
    );
    await greet();
    for (const panel of ["memory", "jobs"]) {
      await click(`[data-tab=${panel}]`);
      await relay(frame(panel, { version: 9, status: "empty", data: null }));
      expect(one(".blank").textContent).toBe("Nothing there yetIt appears here as soon as Hermes writes it.");
    }
  });

  test("a damaged file is named above the last good data", async () => {
    show({ panels: ["memory"] });
    await greet();
    await relay(...golden.outbound.filter((each) => each.type === "panel" && each.status === "stale"));
    expect(one(".banner").textContent).toContain("memories/MEMORY.md is damaged");
    expect(one(".banner").textContent?.match(/is damaged/g)).toHaveLength(1);
    expect(container.querySelectorAll(".entry").length).toBeGreaterThan(3);
    expect(one("[data-panel]").dataset.status).toBe("stale");
  });
});

test("the footer says how changes are noticed, and why not by events, also when that changes", async () => {
  show({ panels: ["overview"] });
  await greet();
  expect(one(".watching").textContent).toBe("watching file events");
  const reason = "file events do not work here: the inotify watches are used up";
  await relay({ ...greeting, watching: { [HOME]: { by: "timer", reason } } });
  expect(one(".watching").textContent).toBe("checking files by timer");
  expect(one(".watching").title).toBe(reason);
  await relay(greeting);
  expect(one(".watching").textContent).toBe("watching file events");
});

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

describe("tabs", () => {
  beforeEach(async () => {
    show();
    await greet();
    await relay(frame("overview"));
  });

  test("they are an ARIA tab list with one tab stop", () => {
    const tabs = [...container.querySelectorAll<HTMLElement>('[role="tablist"] [role="tab"]')];
    expect(tabs.filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    expect(one('[role="tab"][aria-selected="true"]').getAttribute("aria-controls")).toBe(one("[data-panel]").id);
    expect(one("[data-panel]").getAttribute("aria-labelledby")).toBe(one("[aria-selected=true]").id);
  });

  test("title and icon are the server's; an icon that is not known is that of any panel", async () => {
    const drawn = (name: string) => one(`[data-tab=${name}] path`).getAttribute("d");
    const panels = greeting.panels.map((entry) => ({ ...entry, title: `My ${entry.name}`, icon: "constructor" }));
    const before = drawn("memory");
    await relay({ ...greeting, panels });
    expect(one("[data-tab=memory]").textContent).toBe("My memory");
    expect(drawn("memory")).not.toBe(before);
    await relay({ ...greeting, panels: panels.map((entry) => ({ ...entry, icon: "panel" })) });
    expect(drawn("memory")).toBe(drawn("sessions"));
    expect(one("[data-tab=memory] .icon").outerHTML).not.toContain("native code");
  });

  test("arrows, Home and End move and select", async () => {
    await press("[data-tab=overview]", "ArrowRight");
    expect(one("[aria-selected=true]").dataset.tab).toBe("memory");
    expect(document.activeElement).toBe(one("[data-tab=memory]"));
    await press("[data-tab=memory]", "End");
    expect(one("[aria-selected=true]").dataset.tab).toBe("jobs");
    await press("[data-tab=jobs]", "ArrowRight");
    expect(one("[aria-selected=true]").dataset.tab).toBe("overview");
    await press("[data-tab=overview]", "ArrowLeft");
    await press("[data-tab=jobs]", "Home");
    expect(one("[aria-selected=true]").dataset.tab).toBe("overview");
  });

  test("where there are more than fit, an edge says so, and the selected one is scrolled into view", async () => {
    const list = one('[role="tablist"]');
    const place = (element: HTMLElement, left: () => number, width: number) =>
      vi
        .spyOn(element, "getBoundingClientRect")
        .mockImplementation(() => ({ left: left(), right: left() + width }) as DOMRect);
    Object.defineProperties(list, { clientWidth: { value: 200 }, scrollWidth: { value: 400 } });
    place(list, () => 0, 200);
    for (const [index, tab] of container.querySelectorAll<HTMLElement>('[role="tab"]').entries())
      place(tab, () => index * 100 - list.scrollLeft, 100);
    await act(() => void list.dispatchEvent(new Event("scroll")));
    expect(list.dataset.more).toBe("end");
    expect([...container.querySelectorAll(".beyond")].map(({ className }) => className)).toEqual(["beyond end"]);
    await press("[data-tab=overview]", "ArrowRight");
    expect(list.scrollLeft).toBe(44);
    await act(() => void list.dispatchEvent(new Event("scroll")));
    expect(list.dataset.more).toBe("start end");
    await press("[data-tab=memory]", "Home");
    expect(list.scrollLeft).toBeLessThanOrEqual(0);
  });

  test("only the selected panel is looked at", async () => {
    await click("[data-tab=memory]");
    const looks = model.relayed.filter(({ type }) => type === "look");
    expect(looks.at(-1)).toMatchObject({ panels: ["memory"], queries: { memory: [{}] } });
  });
});

describe("the overview", () => {
  test("says what each live session does, and never $0 for an unknown price", async () => {
    show();
    await greet();
    await relay(frame("overview"));
    const [running, thinking, asking, crashed] = [...container.querySelectorAll(".card")].map(
      (card) => card.textContent ?? "",
    );
    expect(running).toMatch(/running.*terminal.*running or waiting for approval.*12s/);
    expect(thinking).toMatch(/—.*thinking/);
    expect(thinking).not.toContain("$0");
    expect(asking).toContain("asking you");
    expect(crashed).toContain("crashed");
    expect(one(".today").textContent).toContain("2 sessions unpriced");
    expect(one(".notice").textContent).toContain("profile research");
  });

  test("durations tick while it is visible", async () => {
    show();
    await greet();
    await relay(frame("overview"));
    await pass(3_000);
    expect(one(".card").textContent).toContain("15s");
  });
});

describe("memory", () => {
  test("entries are text, whatever they contain, and what changed is marked for a moment", async () => {
    show({ panels: ["memory"] });
    await greet();
    const before = frame("memory");
    await relay(before);
    expect(container.querySelectorAll(".changed")).toHaveLength(0);
    const data = structuredClone(before.data) as { stores: { entries: { text: string; chars: number }[] }[] };
    data.stores[0]?.entries.push({ text: "<b onclick=alert(1)>new\u202e</b>", chars: 30 });
    await relay(frame("memory", { version: 8, data }));
    expect(container.querySelectorAll(".changed")).toHaveLength(1);
    expect(one(".changed").textContent).toContain("<b onclick=alert(1)>new[U+202E]</b>");
    expect(container.querySelector("b[onclick]")).toBeNull();
    await pass(5_000);
    expect(container.querySelectorAll(".changed")).toHaveLength(0);
  });

  test("the fill is a meter with its words", async () => {
    show({ panels: ["memory"] });
    await greet();
    await relay(frame("memory"));
    expect(one("[role=meter]").getAttribute("aria-valuetext")).toBe("2,040 of 2,200 characters");
    expect(one(".meter").textContent).toContain("nearly full");
  });
});

describe("sessions", () => {
  beforeEach(async () => {
    show({ panels: ["sessions"] });
    await greet();
    await relay(frame("sessions"));
    await pass(600);
  });
  const opened = () =>
    golden.outbound.find(
      (each): each is PanelFrame => each.type === "panel" && each.query.session === "20260601_091200_r0",
    );
  const answer = async (over: Partial<PanelFrame> = {}) => {
    const ask = model.gets.at(-1) as { id: number };
    await relay({ ...(opened() as PanelFrame), id: ask.id, ...over });
  };

  test("the total is that of all pages, live and hostile rows are told apart", () => {
    expect(one(".controls").textContent).toContain("61 conversations");
    expect(one(".controls").textContent).toContain("3 live");
    expect(container.querySelector("img")).toBeNull();
    expect(one(".rows").textContent).toContain("[U+202E]gnirts");
  });

  test("a header sorts, again the other way, and the old rows stay until the answer", async () => {
    expect(one("th.last_active").getAttribute("aria-sort")).toBe("descending");
    await click("th.tokens button");
    expect(model.gets.at(-1)).toMatchObject({ query: { sort: "tokens" } });
    expect(container.querySelectorAll("tbody tr")).toHaveLength(8);
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("true");
    const rows = frame("sessions");
    const list = { ...(rows.data as { list: object }).list, sort: "tokens" };
    await relay({ ...rows, query: { sort: "tokens" }, data: { list, transcript: null, missing: false } });
    await click("th.tokens button");
    expect(model.gets.at(-1)).toMatchObject({ query: { sort: "tokens", descending: false } });
  });

  test("the pager asks for the next page", async () => {
    await click(".pager button:last-child");
    expect(model.gets.at(-1)).toMatchObject({ query: { page: 1 } });
  });

  const looked = () => model.relayed.filter((each) => each.type === "look").at(-1)?.queries;
  const page = (over: object, query: object = {}, version = 10) => {
    const rows = frame("sessions");
    const list = { ...(rows.data as { list: object }).list, ...over };
    return { ...rows, version, query: { ...query }, data: { list, transcript: null, missing: false } };
  };

  test("a page that is refused leaves the one before, says so and is busy no more", async () => {
    await click(".pager button:last-child");
    const { id } = model.gets.at(-1) as { id: number };
    await relay({ type: "error", id, code: "internal", message: "out of files" });
    expect(one(".banner").textContent).toContain("out of files");
    expect(one("[data-panel]").dataset.status).toBe("unavailable");
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("false");
    expect(container.querySelectorAll("tbody tr")).toHaveLength(8);
    expect(model.gets.at(-1)).toMatchObject({ id });
  });

  test("a page that is not there any more: what the server answers instead is followed", async () => {
    await click(".pager button:last-child");
    await relay(page({ page: 1 }, { page: 1 }));
    await click(".pager button:last-child");
    expect(model.gets.at(-1)).toMatchObject({ query: { page: 2 } });
    const { id } = model.gets.at(-1) as { id: number };
    await relay({ ...page({ page: 0, total: 8 }, { page: 2 }, 11), id });
    await pass(600);
    expect(looked()).toEqual({ sessions: [{}] });
    await relay(page({ total: 8 }, {}, 11));
    expect(one("[data-panel]").getAttribute("aria-busy")).toBe("false");
    expect(container.querySelector(".pager")).toBeNull();
  });

  test("on a later page there is a way back, however few there are", async () => {
    await click(".pager button:last-child");
    await relay(page({ page: 1, total: 20, rows: [] }, { page: 1 }));
    await click(".pager button:first-child");
    expect(one(".pager")).toBeTruthy();
    expect(looked()).toEqual({ sessions: [{}] });
  });

  test("a compression gives the conversation a new tip: it stays open, marked, and finds its focus again", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    await answer();
    const data = structuredClone(frame("sessions").data) as { list: { rows: { id: string; root_id: string }[] } };
    const row = data.list.rows.find(({ root_id }) => root_id === "20260601_091200_r0") as { id: string };
    row.id = "20260601_120430_a2";
    await relay(frame("sessions", { version: 10, data }));
    expect(one("tr.opened").dataset.session).toBe("20260601_091200_r0");
    expect(one(".transcript").dataset.transcript).toBe("20260601_091200_r0");
    await press(".transcript", "Escape");
    expect(document.activeElement).toBe(one("[data-session='20260601_091200_r0'] button"));
  });

  test("a row opens its transcript, Esc closes it, and the focus goes along", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    expect(model.gets.at(-1)).toMatchObject({ query: { session: "20260601_091200_r0" } });
    await answer();
    expect([...container.querySelectorAll<HTMLElement>(".message")].map(({ dataset }) => dataset.message)).toEqual([
      "3412",
      "3410",
      "3409",
      "3377",
      "3376",
      "3375",
    ]);
    expect(document.activeElement).toBe(one(".transcript"));
    await press(".transcript", "Escape");
    expect(container.querySelector(".transcript")).toBeNull();
    expect(document.activeElement).toBe(one("[data-session='20260601_091200_r0'] button"));
  });

  test("the transcript shows calls, arguments, results, reasoning and what was undone", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    await answer();
    expect(one("[data-message='3412'] details").textContent).toContain("optional third column");
    expect(one("[data-message='3412'] .call").textContent).toContain("pytest");
    expect(one("[data-message='3411']").textContent).toContain("took 0.4s");
    expect(one("[data-message='3411'] .prose").textContent).not.toContain("\u001b");
    expect(one("[data-message='3377']").textContent).toContain("compacted");
    expect(one("[data-message='3376']").textContent).toContain("rewound");
  });

  test("an open transcript stays live, and list and transcript are both looked at", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    await answer();
    expect(model.relayed.filter(({ type }) => type === "look").at(-1)).toMatchObject({
      queries: { sessions: [{}, { session: "20260601_091200_r0" }] },
    });
    const data = structuredClone(opened()?.data) as { transcript: { messages: { id: number; text: string }[] } };
    data.transcript.messages.unshift({
      ...(data.transcript.messages[3] as { id: number; text: string }),
      id: 3413,
      text: "thanks!",
    });
    await relay({ ...(opened() as PanelFrame), id: null, version: 10, data });
    expect(one(".message").textContent).toContain("thanks!");
  });

  test("older messages are asked for before the oldest one shown", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    await answer();
    await click(".older button");
    expect(model.gets.slice(-2)).toMatchObject([
      { query: { session: "20260601_091200_r0", limit: 200 } },
      { query: { session: "20260601_091200_r0", before: 3375 } },
    ]);
    expect(container.querySelectorAll(".message")).toHaveLength(6);
  });

  test("a session that is gone says so", async () => {
    await click("[data-session='20260601_091200_r0'] button");
    await answer({ data: { list: null, transcript: null, missing: true } });
    expect(one(".transcript").textContent).toContain("not there any more");
  });
});

describe("what goes wrong", () => {
  test("a view that throws takes only its own panel along, and the next version gets another try", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const failing = ({ h }: Api) =>
      function Failing({ data }: { data: unknown }) {
        if ((data as { isBad: boolean }).isBad) throw new Error("cannot draw this");
        return h("p", null, "drawn");
      };
    show({}, importing(failing));
    await greet();
    await relay(frame("overview"), frame("memory", { version: 2, data: { isBad: true } }));
    await click("[data-tab=memory]");
    expect(one("[data-panel=memory]").textContent).toContain("this panel failed to draw: cannot draw this");
    await relay(frame("memory", { version: 3, data: { isBad: false } }));
    expect(one("[data-panel=memory]").textContent).toContain("drawn");
    await click("[data-tab=overview]");
    expect(container.querySelectorAll(".card").length).toBeGreaterThan(0);
  });

  test("a failed view is tried again by its button, and for another query", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    let isBad = true;
    let turn = (_: Query) => {};
    const failing = ({ h }: Api) =>
      function Failing({ query, setQuery }: ViewProps) {
        turn = setQuery;
        if (isBad) throw new Error("cannot draw this");
        return h("p", null, `drawn ${JSON.stringify(query)}`);
      };
    show({ panels: ["memory"] }, importing(failing));
    await greet();
    await relay(frame("memory"));
    await click(".retry");
    expect(one("[data-panel]").textContent).toContain("cannot draw this");
    isBad = false;
    expect(one(".retry").textContent).toBe("Try again");
    await click(".retry");
    expect(one("[data-panel]").textContent).toBe("drawn {}");
    isBad = true;
    await relay(frame("memory", { version: 8 }));
    expect(one("[data-panel]").textContent).toContain("cannot draw this");
    isBad = false;
    await act(() => turn({ page: 1 }));
    expect(one("[data-panel]").textContent).toBe('drawn {"page":1}');
  });

  test("a view that fails for one query draws the answer to the next, though its version is the same", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    let turn = (_: Query) => {};
    const failing = ({ h }: Api) =>
      function Failing({ data, setQuery }: ViewProps) {
        turn = setQuery;
        if ((data as { isBad: boolean }).isBad) throw new Error("cannot draw this");
        return h("p", null, "drawn");
      };
    show({ panels: ["memory"] }, importing(failing));
    await greet();
    await relay(frame("memory", { data: { isBad: true } }));
    await act(() => turn({ page: 1 }));
    await pass(600);
    expect(one("[data-panel]").textContent).toContain("cannot draw this");
    await relay(frame("memory", { query: { page: 1 }, data: { isBad: false } }));
    expect(one("[data-panel]").textContent).toBe("drawn");
  });

  test("a module that is no view says so", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    show({}, async (text) => (text.startsWith("views/") ? { default: 7 } : importText(text)));
    await greet();
    await relay(frame("overview"));
    expect(one("[data-panel=overview]").textContent).toContain("expected a default export, define(api)");
  });

  test("a gone kernel says what to do, and the last data stay", async () => {
    show();
    await greet();
    await relay(frame("overview"));
    model.isGone = true;
    await act(() => model.emit("comm_live_update"));
    expect(one("[data-hermes-hud]").dataset).toMatchObject({ transport: "none", state: "gone" });
    expect(one(".chip").textContent).toBe("kernel gone — run the cell again");
    await pass(60_000);
    expect(one(".card").textContent).toContain("12s");
    expect(container.querySelectorAll(".card").length).toBeGreaterThan(0);
  });

  test("an answer that waits for a cell is explained after a second", async () => {
    show({ panels: ["sessions"] });
    await greet();
    await relay(frame("sessions"));
    await pass(600);
    await click(".pager button:last-child");
    await pass(1_600);
    expect(one(".slow").textContent).toContain("busy with a cell");
  });
});

describe("languages", () => {
  test("Chinese is loaded on demand, English meanwhile", async () => {
    show({ language: "zh" });
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(greeting);
    expect(one("[data-tab=memory]").textContent).toBe("Memory");
    await pass(600);
    const ask = model.relayed.find((each) => each.type === "module" && each.name === "i18n/zh");
    expect(ask).toBeTruthy();
    await relay({ type: "module", id: (ask as { id: number }).id, name: "i18n/zh", text: "i18n/zh" });
    expect(one("[data-tab=memory]").textContent).toBe("记忆");
    expect(one("[data-tab=jobs]").textContent).toBe("Scheduled jobs");
  });

  test("a view's own texts follow the language, with English where they have no other", async () => {
    const define = ({ h, t }: Api) =>
      function Lamps() {
        return h("p", null, [t("lit", { count: 1 }), t("out"), t("time.now"), t("North")].join(" / "));
      };
    const texts = { en: { lit: "{count} lamp|{count} lamps", out: "out" }, zh: { out: "熄灭" } };
    show({ language: "zh", panels: ["memory"] }, importing(define, texts));
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(
      greeting,
      partsFrame,
      { type: "module", id: null, name: "views/memory", text: "views/memory" },
      frame("memory"),
    );
    expect(one("[data-panel] p").textContent).toBe("1 lamp / out / now / North");
    await relay({ type: "module", id: null, name: "i18n/zh", text: "i18n/zh" });
    expect(one("[data-panel] p").textContent).toBe("1 lamp / 熄灭 / 刚刚 / North");
  });

  test("a view can put elements into a text, and words of other programs into the viewer's language", async () => {
    const define = ({ h, sentence, word }: Api) =>
      function Lamps() {
        const [lit, dark] = [word("state", "lit"), word("state", "<b>{when}|")];
        return h("p", null, sentence("since", { when: h("time", null, "noon") }), ` ${lit} ${dark}`);
      };
    const texts = { en: { since: "lit since {when}, {toString}", "state.lit": "alight" } };
    show({ panels: ["memory"] }, importing(define, texts));
    await greet();
    await relay(frame("memory"));
    expect(one("[data-panel] p").innerHTML).toBe("lit since <time>noon</time>, {toString} alight &lt;b&gt;{when}|");
  });

  test.each([
    ["no-home", "~/.hermes", "No Hermes home at ~/.hermes — HUD.demo() shows one", "~/.hermes 处没有 Hermes 主目录"],
    ["damaged", "state.db", "state.db is damaged (not a database).", "state.db 已损坏"],
    ["locked", "state.db", "state.db is locked by another process.", "state.db 被锁定"],
    ["unavailable", "state.db", "state.db cannot be read: Permission denied", "在此处无法读取 state.db"],
    ["internal", null, "The panel 'memory' failed.", "无法收集此面板的数据"],
  ] as const)(
    "%s is said in Chinese, with the server's own English sentence below",
    async (kind, path, message, title) => {
      const error = { kind, path, message };
      show({ panels: ["memory"], language: "zh" });
      await greet();
      await relay(frame("memory", { status: "unavailable", error, data: null }));
      expect(one(".blank-title").textContent).toBe(title);
      expect(one(".said").textContent).toBe(message);
      expect(one(".said").lang).toBe("en");
      await relay(frame("memory", { version: 8, status: "stale", error }));
      expect(one(".banner b").textContent).toBe(title);
      expect(one(".banner .said").textContent).toBe(message);
    },
  );

  test.each([
    ["no-home", "~/.hermes", "No Hermes home at ~/.hermes — HUD.demo() shows one", "No Hermes home at ~/.hermes", null],
    ["damaged", "state.db", "state.db is damaged (cut off). Mend it.", "state.db is damaged", "(cut off). Mend it."],
    ["locked", "state.db", "state.db is locked", "state.db is locked", null],
    ["locked", "state.db", "Another process writes.", "state.db is locked", "Another process writes."],
  ] as const)("English says %s (%s, %s) once", async (kind, path, message, title, said) => {
    show({ panels: ["memory"] });
    await greet();
    await relay(frame("memory", { status: "unavailable", error: { kind, path, message }, data: null }));
    expect(one(".blank-title").textContent).toBe(title);
    expect(container.querySelector(".said")?.textContent ?? null).toBe(said);
  });
});

test("the generic view draws any payload from its schema", async () => {
  show({ panels: ["jobs"] });
  await greet();
  await relay(frame("jobs"));
  const text = one("[data-panel=jobs]").textContent ?? "";
  for (const part of [
    "Updated",
    "4h ago",
    "Jobs",
    "Morning brief",
    "in 16h",
    "$0.031",
    "15m 12s",
    "Limits",
    "4,000 characters",
    "no",
  ]) {
    expect(text).toContain(part);
  }
});

test("every frame of the golden file can arrive in any panel without harm", async () => {
  const errors = vi.spyOn(console, "error");
  show();
  for (const message of golden.kernel_to_model.filter(({ type }) => type !== "trouble")) model.push(message);
  await greet();
  for (const tab of ["overview", "memory", "sessions", "jobs"]) {
    await click(`[data-tab=${tab}]`);
    await relay(...golden.outbound);
    expect(one("[data-panel]").textContent).not.toBe("");
  }
  expect(errors).not.toHaveBeenCalled();
});
