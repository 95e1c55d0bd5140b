// @vitest-environment happy-dom

import { Fragment, h } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { Ago, Until } from "../src/ui/time.tsx";
import { container, draw, useStage } from "./draw.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (at: number) => new Date(at).toISOString();

useStage(NOW);

const pass = (duration: number) => act(() => void vi.advanceTimersByTime(duration));
const words = () => [...container.querySelectorAll("time")].map(({ textContent }) => textContent);

test("what is days ago becomes a day older when the day is full", () => {
  draw(
    <Fragment>
      <Ago at={iso(NOW - 2 * DAY + 10_000)} />
      <Ago at={iso(NOW - 5 * DAY - 23 * HOUR)} />
    </Fragment>,
  );
  expect(words()).toEqual(["yesterday", "5d ago"]);
  pass(11_000);
  expect(words()).toEqual(["2d ago", "5d ago"]);
  pass(HOUR);
  expect(words()).toEqual(["2d ago", "6d ago"]);
  pass(2 * DAY);
  expect(words()).toEqual(["4d ago", "8d ago"]);
});

test("what is still days away comes nearer", () => {
  draw(
    <Fragment>
      <Ago at={iso(NOW + 3 * DAY + HOUR)} />
      <Until at={iso(NOW + 3 * DAY + HOUR)} />
    </Fragment>,
  );
  const before = words();
  pass(2 * HOUR);
  expect(words()).not.toEqual(before);
  expect(words()[0]).toBe("in 2d");
});

test("what became a date ticks no more, and days tick once an hour at most", () => {
  draw(<p />);
  const before = vi.getTimerCount();
  draw(<Ago at={iso(NOW - 40 * DAY)} />);
  expect(vi.getTimerCount()).toBe(before);
  draw(<Ago at={iso(NOW - 3 * DAY - HOUR)} />);
  expect(vi.getTimerCount()).toBe(before + 1);
  const drawn = vi.spyOn(Intl.RelativeTimeFormat.prototype, "format");
  pass(10 * HOUR);
  expect(drawn.mock.calls.length).toBeLessThanOrEqual(11);
});
