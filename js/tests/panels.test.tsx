// @vitest-environment happy-dom
// The panels of the golden file, from the server's frames to the page.

import { beforeEach, describe, expect, test } from "vitest";
import type { PanelFrame } from "../src/protocol.ts";
import { golden } from "./fakes.ts";
import { click, container, frame, greet, model, one, pass, press, relay, show, usePage } from "./stage.ts";

usePage();

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
    expect(one("[role=meter]").getAttribute("aria-valuetext")).toBe("93%");
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
