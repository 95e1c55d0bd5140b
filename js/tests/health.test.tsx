// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import { makeApi, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { Health, HealthCheck } from "../src/protocol.ts";
import define, { texts as catalogues } from "../src/views/health.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

const check = (values: Partial<HealthCheck> = {}): HealthCheck => ({
  check: "disk",
  level: "ok",
  code: "disk-ok",
  values: { free: "48 GB", total: "271 GB" },
  what: "48 GB free of 271 GB.",
  advice: null,
  looked_at: "the home",
  value: 48e9,
  panel: null,
  ...values,
});

const health = (...checks: HealthCheck[]): Health => ({
  checks,
  errors: checks.filter(({ level }) => level === "error").length,
  warnings: checks.filter(({ level }) => level === "warning").length,
  unknown: checks.filter(({ level }) => level === "unknown").length,
  ok: checks.filter(({ level }) => level === "ok").length,
});

const failed = check({
  check: "errors",
  level: "warning",
  code: "errors-some",
  values: { count: "1200", at: "2026-06-01T11:58:00Z", text: "boom" },
  advice: "The logs panel has them all.",
  looked_at: "logs/errors.log",
  panel: "logs",
});

useStage(NOW);

let opened: string[] = [];

function draw(data: Health, language: "en" | "zh" = "en"): void {
  opened = [];
  const own = texts(language).above(catalogues);
  const View = define(makeApi(own, makeFormat(language, own.t)));
  const props = { data, open: (panel: string) => opened.push(panel) } as unknown as ViewProps<Health>;
  drawIn(h(View, props as never), language);
}

const text = () => container.textContent ?? "";

describe("the health panel", () => {
  test("puts what needs a look above what is well, and says how much of each there is", () => {
    draw(health(failed, check()));
    expect(container.querySelector(".verdict")?.className).toContain("warning");
    expect(text()).toContain("1 warning");
    expect(text()).toContain("1 well");
    const sections = [...container.querySelectorAll("section")].map((section) => section.textContent);
    expect(sections[0]).toContain("Errors");
    expect(sections[1]).toContain("Disk");
  });

  test("says when all is well", () => {
    draw(health(check()));
    expect(text()).toContain("All is well");
    expect(container.querySelectorAll("section")).toHaveLength(1);
  });

  test("fills in what was found: figures as the viewer reads them, times that tick", () => {
    draw(health(failed));
    expect(text()).toContain("1,200 errors in the last 24 hours; the last one 2m ago: boom");
    expect(container.querySelector("time")?.getAttribute("dateTime")).toBe("2026-06-01T11:58:00Z");
  });

  test("says the same in Chinese", () => {
    draw(health(failed), "zh");
    expect(text()).toContain("最近 24 小时有 1,200 个错误");
    expect(text()).toContain("全部错误见日志面板。");
    expect(text()).not.toContain("The logs panel");
  });

  test("tells a level in words, not by colour alone", () => {
    draw(health(failed, check({ level: "unknown", code: "disk-unknown", values: {} })));
    expect([...container.querySelectorAll(".level")].map((one) => one.textContent)).toEqual(["Warning:", "Not known:"]);
  });

  test("leads to the panel that tells more", () => {
    draw(health(failed, check()));
    const buttons = container.querySelectorAll("button");
    expect(buttons).toHaveLength(1);
    act(() => buttons[0]?.click());
    expect(opened).toEqual(["logs"]);
  });

  test("draws words that look like markup as words", () => {
    draw(health(check({ ...failed, values: { ...failed.values, text: "<img src=x>" } })));
    expect(container.querySelector("img")).toBeNull();
    expect(text()).toContain("<img src=x>");
  });
});
