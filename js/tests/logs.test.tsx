// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { LogRecord, LogTail } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/logs.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

useStage(Date.parse("2026-11-23T12:00:00Z"));

const record = (values: Partial<LogRecord> = {}): LogRecord => ({
  offset: 0,
  at: "2026-11-23T11:59:00Z",
  level: "INFO",
  logger: "run_agent",
  session_id: null,
  text: "hello",
  more: [],
  more_lines: 0,
  is_cut: false,
  ...values,
});

const tail = (values: Partial<LogTail> = {}): LogTail => ({
  files: [
    { name: "agent", file: "logs/agent.log", size_bytes: 12_000, modified_at: "2026-11-23T11:59:00Z" },
    { name: "errors", file: "logs/errors.log", size_bytes: 900, modified_at: "2026-11-23T11:59:00Z" },
  ],
  file: "agent",
  records: [record()],
  older: null,
  levels: [{ level: "INFO", records: 1 }],
  looked_at_bytes: 12_000,
  size_bytes: 12_000,
  ...values,
});

function draw(data: LogTail, more: Partial<ViewProps<LogTail>> = {}) {
  const view = texts().above(catalogues);
  const View = define(makeApi(view, makeFormat("en", view.t)));
  const props = {
    data,
    version: 1,
    status: "ok",
    error: null,
    query: {},
    home: null,
    open: () => {},
    ...more,
  } as unknown;
  drawIn(h(View, props as ViewProps<LogTail>));
}

test("of another file nothing is new at first", () => {
  const view = texts().above(catalogues);
  const View = define(makeApi(view, makeFormat("en", view.t)));
  const show = (data: LogTail, query: object, isPending = false) =>
    drawIn(h(View, { data, query, isPending, open: () => {} } as unknown as ViewProps<LogTail>));
  const of = (...offsets: number[]) => tail({ records: offsets.map((offset) => record({ offset })) });
  const marked = () => container.querySelectorAll(".changed").length;
  show(of(0, 70), {});
  show(of(0, 70, 140), {});
  expect(marked()).toBe(1);
  show(of(0, 70, 140), { file: "errors" }, true);
  show(of(5, 9), { file: "errors" });
  expect(marked()).toBe(0);
  show(of(5, 9, 20), { file: "errors" });
  expect(marked()).toBe(1);
});

const one = <E extends HTMLElement>(selector: string) => container.querySelector<E>(selector);
const input = (selector: string, value: string, event: string) =>
  act(() => {
    const field = one<HTMLInputElement>(selector);
    if (!field) throw new Error(`there is no ${selector}`);
    field.value = value;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  });

test("another log, another level and a word are asked for from the newest record on", () => {
  const setQuery = vi.fn();
  const query = { before: 500 };
  draw(tail(), { setQuery, query });
  input("select", "errors", "change");
  expect(setQuery).toHaveBeenLastCalledWith({ before: null, file: "errors" });
  input("label:nth-of-type(2) select", "WARNING", "change");
  expect(setQuery).toHaveBeenLastCalledWith({ before: null, level: "WARNING" });
  input("[data-search]", "timed out", "input");
  expect(setQuery).toHaveBeenCalledTimes(2);
  act(() => void vi.advanceTimersByTime(300));
  expect(setQuery).toHaveBeenLastCalledWith({ before: null, text: "timed out" });
});

test("a session's records can be chosen, and the session opened", () => {
  const [setQuery, open] = [vi.fn(), vi.fn()];
  draw(tail({ records: [record({ session_id: "s1" })] }), { setQuery, open });
  act(() => one(".session .link")?.click());
  expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
  act(() => one(".session .icon")?.click());
  expect(setQuery).toHaveBeenCalledWith({ before: null, session: "s1" });
});

test("older records are asked for, and the way back to the newest is there then", () => {
  const setQuery = vi.fn();
  draw(tail({ older: 400 }), { setQuery });
  expect([...container.querySelectorAll(".pages button")].map(({ textContent }) => textContent)).toEqual(["Older"]);
  act(() => one(".pages button")?.click());
  expect(setQuery).toHaveBeenCalledWith({ before: 400 });
  draw(tail(), { setQuery, query: { before: 400 } });
  act(() => one(".pages button")?.click());
  expect(setQuery).toHaveBeenLastCalledWith({ before: null });
});

test("a traceback is folded below its record and says how much of it is left out", () => {
  draw(tail({ records: [record({ level: "ERROR", more: ["Traceback", "ValueError"], more_lines: 70 })] }));
  const details = one("details");
  expect(details?.querySelector("summary")?.textContent).toBe("70 more lines");
  expect(details?.textContent).toContain("ValueError");
  expect(details?.textContent).toContain("and 68 more");
});

test("that nothing matches is said of as much as was looked at", () => {
  draw(tail({ records: [], older: null }));
  expect(container.textContent).toContain(catalogues.en["none.all"]);
  draw(tail({ records: [], older: 9 }));
  expect(container.textContent).toContain(catalogues.en["none.so-far"]);
});
