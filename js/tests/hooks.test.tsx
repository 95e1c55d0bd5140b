// @vitest-environment happy-dom

import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useFresh } from "../src/hooks.ts";

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
