// @vitest-environment happy-dom

import { h, render } from "preact";
import { useRef } from "preact/hooks";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useFresh, useOpened } from "../src/hooks.ts";

const FOR_MS = 5_000;

describe("what is fresh", () => {
  let container: HTMLElement;

  beforeEach(() => {
    vi.useFakeTimers();
    container = document.createElement("div");
  });

  afterEach(() => {
    act(() => render(null, container));
    vi.useRealTimers();
  });

  function Fresh({ traces }: { traces: Record<string, number> }) {
    return <p>{[...useFresh(new Map(Object.entries(traces)), FOR_MS)].sort().join(" ")}</p>;
  }

  const draw = (traces: Record<string, number>) => act(() => render(<Fresh traces={traces} />, container));
  const pass = (duration: number) =>
    act(async () => {
      await vi.advanceTimersByTimeAsync(duration);
    });

  test("is what changed since the first drawing, for a moment", async () => {
    draw({ a: 1, b: 1 });
    expect(container.textContent).toBe("");
    draw({ a: 2, b: 1, c: 1 });
    expect(container.textContent).toBe("a c");
    await pass(FOR_MS);
    expect(container.textContent).toBe("");
  });

  test("and changes again stays so for a whole moment more", async () => {
    draw({ a: 1, b: 1 });
    draw({ a: 2, b: 2 });
    await pass(FOR_MS - 1_000);
    draw({ a: 3, b: 2 });
    await pass(2_000);
    expect(container.textContent).toBe("a");
    await pass(FOR_MS - 2_000);
    expect(container.textContent).toBe("");
  });

  test("leaves no timer behind", () => {
    const before = vi.getTimerCount();
    draw({ a: 1 });
    draw({ a: 2 });
    draw({ a: 3 });
    expect(vi.getTimerCount()).toBe(before + 2);
    act(() => render(null, container));
    expect(vi.getTimerCount()).toBe(before);
  });
});

describe("what was opened", () => {
  test("leaves the focus to the panel when there is no row to go back to", () => {
    const container = document.createElement("div");
    document.body.append(container);
    let set: (id: string | null) => void = () => {};
    function List() {
      const view = useRef<HTMLDivElement>(null);
      const { opened, open } = useOpened(view, "data-row", ".detail");
      set = open;
      return (
        <div ref={view}>
          {opened !== null && (
            <p class="detail" tabIndex={-1}>
              {opened}
            </p>
          )}
        </div>
      );
    }
    act(() =>
      render(
        <section data-panel="skills" tabIndex={-1}>
          <List />
        </section>,
        container,
      ),
    );
    act(() => set("gone"));
    expect(document.activeElement?.className).toBe("detail");
    act(() => set(null));
    expect(document.activeElement).toBe(container.querySelector("[data-panel]"));
    container.remove();
  });
});

describe("what is fresh of something else", () => {
  test("is nothing at first", () => {
    const container = document.createElement("div");
    function Fresh({ keys, of }: { keys: string[]; of: string }) {
      return <p>{[...useFresh(new Map(keys.map((key) => [key, null])), FOR_MS, of)].join(" ")}</p>;
    }
    const draw = (of: string, ...keys: string[]) => act(() => render(<Fresh keys={keys} of={of} />, container));
    draw("agent.log", "0");
    draw("agent.log", "0", "70");
    expect(container.textContent).toBe("70");
    draw("errors.log", "0", "50", "90");
    expect(container.textContent).toBe("");
    draw("errors.log", "0", "50", "90", "130");
    expect(container.textContent).toBe("130");
    act(() => render(null, container));
  });
});
