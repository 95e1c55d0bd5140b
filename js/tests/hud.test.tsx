// @vitest-environment happy-dom
// What the HUD shows from its first moment on.

import { describe, expect, test, vi } from "vitest";
import { golden, note } from "./fakes.ts";
import {
  click,
  container,
  frame,
  greet,
  greeting,
  HOME,
  importing,
  model,
  one,
  partsFrame,
  pass,
  relay,
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
    expect(one(".blank").textContent).toBe("The server could not answerout of filesTry again");
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
