// @vitest-environment happy-dom
// What goes wrong, and what goes on.

import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import type { Api, ViewProps } from "../src/api.ts";
import type { Query } from "../src/protocol.ts";
import {
  click,
  container,
  frame,
  greet,
  greetWhole,
  importing,
  importText,
  model,
  one,
  pass,
  relay,
  show,
  usePage,
} from "./stage.ts";

usePage();

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

  test("a view that could not be loaded is asked for again by its button", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    let isCut = true;
    show({ panels: ["memory"] }, async (text) =>
      text === "views/memory" && isCut ? { default: 7 } : importText(text),
    );
    await greet();
    await relay(frame("memory"));
    expect(one("[data-panel]").textContent).toContain("expected a default export");
    isCut = false;
    await click(".retry");
    await pass(600);
    expect(model.relayed.filter((each) => each.type === "module" && each.name === "views/memory")).toHaveLength(1);
    await relay({ type: "module", id: null, name: "views/memory", text: "views/memory" });
    expect(container.querySelectorAll(".entry").length).toBeGreaterThan(3);
  });

  test("charts that could not be loaded say so, and are asked for again by the button", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const define = ({ h, ui }: Api) =>
      function Charted() {
        return h(ui.Sparkline, { values: [1, 2], label: "lamps", title: "from 1 to 2" });
      };
    let isCut = true;
    const importer = importing(define);
    show({ panels: ["memory"] }, async (text) => {
      if (text === "core/charts" && isCut) throw new SyntaxError("Unexpected end of input");
      return importer(text);
    });
    await greet();
    await relay(frame("memory"));
    await pass(20);
    expect(one("[data-panel] .blank").textContent).toContain("Unexpected end of input");
    isCut = false;
    await click(".retry");
    await pass(600);
    await relay({ type: "module", id: null, name: "core/charts", text: "core/charts" });
    expect(one("[data-panel] svg").getAttribute("aria-label")).toBe("lamps: from 1 to 2");
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
    await greetWhole();
    await relay(frame("sessions"));
    await pass(600);
    await click(".pager button:last-child");
    await pass(1_600);
    expect(one(".slow").textContent).toContain("busy with a cell");
  });
});
