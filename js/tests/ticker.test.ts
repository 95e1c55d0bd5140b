import { beforeEach, expect, test, vi } from "vitest";
import { Ticker } from "../src/ticker.ts";

let ticker: Ticker;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  ticker = new Ticker();
});

test("one timer serves all, and none runs without need", () => {
  ticker.run(true);
  expect(vi.getTimerCount()).toBe(0);
  const undo = [ticker.every(1_000, () => {}), ticker.every(60_000, () => {})];
  expect(vi.getTimerCount()).toBe(1);
  for (const each of undo) each();
  expect(vi.getTimerCount()).toBe(0);
});

test("each ticks in its own period, at least a second", () => {
  const [fast, slow] = [vi.fn(), vi.fn()];
  ticker.run(true);
  ticker.every(10, fast);
  ticker.every(5_000, slow);
  vi.advanceTimersByTime(10_000);
  expect([fast.mock.calls.length, slow.mock.calls.length]).toEqual([10, 2]);
});

test("hidden, nothing ticks; shown again, what is due ticks at once", () => {
  const tick = vi.fn();
  ticker.run(true);
  ticker.every(1_000, tick);
  ticker.run(false);
  vi.advanceTimersByTime(60_000);
  expect(tick).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
  ticker.run(true);
  vi.advanceTimersByTime(0);
  expect(tick).toHaveBeenCalledOnce();
});
