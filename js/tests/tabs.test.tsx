// @vitest-environment happy-dom
// A few panels in one row of tabs.

import { act } from "preact/test-utils";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { click, container, frame, greet, greeting, model, one, press, relay, show, usePage } from "./stage.ts";

usePage();

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
