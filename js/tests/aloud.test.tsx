// @vitest-environment happy-dom
// What a screen reader says of the HUD without being asked.

import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import type { Api, ViewProps } from "../src/api.ts";
import { note } from "./fakes.ts";
import {
  click,
  container,
  frame,
  greeting,
  greetWhole,
  HOME,
  importing,
  model,
  one,
  pass,
  relay,
  settled,
  show,
  usePage,
} from "./stage.ts";

usePage();

/** The words of all that speaks by itself, without what is silent within it. */
function spoken(): string {
  const speaks = "[role=status], [role=alert], [role=log], [role=timer], [aria-live=polite], [aria-live=assertive]";
  const words = [...container.querySelectorAll(speaks)].map((region) => {
    const copy = region.cloneNode(true) as HTMLElement;
    for (const silent of copy.querySelectorAll("[aria-live=off]")) silent.remove();
    return copy.textContent ?? "";
  });
  return words.filter(Boolean).join(" | ");
}

const damaged = (path: string | null = "state.db") => ({
  kind: "damaged" as const,
  path,
  message: `${path} is damaged (not a database).`,
});

test("as long as all is well, nothing is said, whatever comes and however long", async () => {
  show({ layout: "grid" });
  await greetWhole();
  const said = new Set([spoken()]);
  for (let version = 10; version < 40; version += 1) {
    const progress = version < 30 ? { done: version, total: 30 } : null;
    await relay(frame("overview", { version, progress }), frame("memory", { version }), frame("sessions", { version }));
    await pass(1_000);
    said.add(spoken());
  }
  expect([...said]).toEqual([""]);
});

test("a time that ticks is silent even where its surroundings speak", async () => {
  const define = ({ h, ui }: Api) =>
    function Spoken() {
      const since = new Date(Date.now() - 5_000).toISOString();
      return h(
        "div",
        { role: "status" },
        h(ui.Ago, { at: since }),
        h(ui.Elapsed, { since }),
        h(ui.Until, { at: since }),
      );
    };
  show({ panels: ["memory"] }, importing(define));
  await greetWhole();
  await relay(frame("memory"));
  expect(one("[role=status]").textContent).toContain("5s");
  expect(spoken()).toBe("");
});

describe("the connection", () => {
  const lose = (kind: "server-down" | "closed" = "server-down") =>
    act(async () => {
      model.push({ type: "trouble", kind, message: "The server ended." } as never);
      await settled();
    });
  const comeBack = async () => {
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(greeting);
  };

  test("that is lost is said when it lasts, with the reason, and that it is back", async () => {
    show();
    await greetWhole();
    await lose();
    await pass(1_900);
    expect(spoken()).toBe("");
    await pass(200);
    expect(spoken()).toMatch(/^stale since \d\d:\d\d: The HUD's server is down and is being started again\.$/);
    await comeBack();
    await pass(2_100);
    expect(spoken()).toBe("live again");
  });

  test("that is back at once was never lost", async () => {
    show();
    await greetWhole();
    for (let time = 0; time < 5; time += 1) {
      await lose();
      await pass(1_000);
      await comeBack();
      await pass(5_000);
      expect(spoken()).toBe("");
    }
  });

  test("that is back at once says nothing either where it was lost for long before", async () => {
    show();
    await greetWhole();
    await lose();
    await pass(2_100);
    await comeBack();
    await pass(2_100);
    expect(spoken()).toBe("live again");
    await lose();
    await pass(1_000);
    await comeBack();
    await pass(5_000);
    expect(spoken()).toBe("");
  });

  test("that is gone says what to do", async () => {
    show();
    await greetWhole();
    await lose("closed");
    await pass(2_100);
    expect(spoken()).toBe("closed — run the cell again");
  });
});

describe("a panel's trouble", () => {
  test("is said once, however many panels it is in and however often it is told", async () => {
    show({ layout: "grid" });
    await greetWhole();
    for (let version = 10; version < 15; version += 1) {
      const over = { version, status: "stale" as const, error: damaged() };
      await relay(frame("overview", over), frame("memory", over), frame("sessions", over));
      await pass(1_000);
    }
    expect(container.querySelectorAll(".banner")).toHaveLength(3);
    expect(spoken()).toBe("state.db is damaged");
    const [element] = container.querySelectorAll("[data-aloud] p");
    await relay(frame("overview", { version: 20, status: "stale", error: damaged() }));
    await pass(3_000);
    expect(container.querySelector("[data-aloud] p")).toBe(element);
  });

  test("is said once while a view fails with all data that come", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const define = () =>
      function Failing(): never {
        throw new Error("no such lamp");
      };
    show({ panels: ["memory"] }, importing(define));
    await greetWhole();
    await relay(frame("memory"));
    await pass(2_600);
    expect(spoken()).toContain("no such lamp");
    const [element] = container.querySelectorAll("[data-aloud] p");
    for (let version = 10; version < 13; version += 1) {
      await relay(frame("memory", { version }));
      await pass(700);
      expect(container.querySelector("[data-aloud] p")).toBe(element);
    }
  });

  test("is said with the panel's name where no file is to blame", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    const error = { kind: "internal" as const, path: null, message: "The panel 'memory' failed." };
    await relay(frame("memory", { status: "unavailable", data: null, error }));
    await pass(2_100);
    expect(spoken()).toBe("Memory: This panel could not be collected");
  });

  test("is said of a refusal and of a view that fails, and is over with them", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const failing = ({ h }: Api) =>
      function Failing({ data }: ViewProps) {
        if ((data as { isBad?: boolean }).isBad) throw new Error("cannot draw this");
        return h("p", null, "drawn");
      };
    show({ panels: ["memory", "sessions"] }, importing(failing));
    await greetWhole();
    await relay(frame("memory", { version: 8, data: { isBad: true } }));
    await pass(2_100);
    expect(spoken()).toBe("Memory: this panel failed to draw: cannot draw this");
    await relay(frame("memory", { version: 9, data: {} }));
    expect(spoken()).toBe("");
    await click("[data-tab=sessions]");
    await pass(600);
    const { id } = model.gets.at(-1) as { id: number };
    await relay({ type: "error", id, code: "internal", message: "out of files" });
    await pass(2_100);
    expect(spoken()).toBe("Sessions: The server could not answer");
  });

  test("is not that this Hermes is older", async () => {
    show({ panels: ["memory"] });
    await greetWhole();
    const error = { kind: "not-in-version" as const, path: null, message: "Not in this Hermes version: 0.17." };
    await relay(frame("memory", { status: "empty", data: null, error }));
    await pass(2_100);
    expect(one(".blank").textContent).toContain("Not in this Hermes version");
    expect(spoken()).toBe("");
  });
});
