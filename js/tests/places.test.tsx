// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type View, type ViewModule, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type { CheckpointList, PanelFrame, PluginList, ProfileList, Projects } from "../src/protocol.ts";
import * as checkpoints from "../src/views/checkpoints.tsx";
import * as plugins from "../src/views/plugins.tsx";
import * as profiles from "../src/views/profiles.tsx";
import * as projects from "../src/views/projects.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { golden } from "./fakes.ts";
import { texts } from "./views.ts";

useStage(Date.parse("2026-11-23T15:00:00Z"));

const snapshots = (name: string) =>
  golden.outbound.filter((frame): frame is PanelFrame => frame.type === "panel" && frame.panel === name);
const of = <Data,>(name: string): Data => structuredClone(snapshots(name)[0]?.data) as Data;

function draw<Data>(module: unknown, data: Data, more: Partial<ViewProps<Data>> = {}) {
  const { default: define, texts: catalogues } = module as ViewModule;
  const view = texts().above(catalogues ?? {});
  const Drawn = define(makeApi(view, makeFormat("en", view.t))) as View;
  const props = { data, version: 1, status: "ok", query: {}, open: vi.fn(), ...more };
  drawIn(h(Drawn, { useSnapshots: () => [], ...props } as unknown as ViewProps));
}

const text = () => container.textContent ?? "";
const button = (name: string) =>
  [...container.querySelectorAll("button")].find((one) =>
    (one.getAttribute("aria-label") ?? one.textContent ?? "").includes(name),
  );
const click = async (name: string) => {
  const found = button(name);
  if (!found) throw new Error(`no button ${name}`);
  await act(async () => found.click());
};

describe("projects", () => {
  test("say how git stands, what it cost, and lead to the sessions", async () => {
    const open = vi.fn();
    const data = of<Projects>("projects");
    draw(projects, data, { open });
    expect(text()).toContain("1 changed");
    expect(text()).toContain("1 ahead");
    expect(text()).toContain("Read the feed through the cache | no more 429s");
    const first = data.projects.find(({ sessions }) => sessions > 0);
    await click(`${first?.sessions} session`);
    expect(open).toHaveBeenCalledWith("sessions", { project: first?.directory });
  });

  test("say what git could not find out, and that it is still being asked", () => {
    const data = of<Projects>("projects");
    const [one, other] = data.projects;
    if (!one || !other) throw new Error("two projects are needed");
    const git = data.projects.find((project) => project.git)?.git;
    if (!git) throw new Error("a checkout is needed");
    const told = { ...one, exists: true, git: { ...git, problem: "git takes too long here", changed: null } };
    draw(projects, { ...data, projects: [told, { ...other, git: null, exists: null, is_git_pending: true }] });
    expect(container.querySelector(".problem")?.textContent).toBe("git takes too long here");
    expect(container.querySelector<HTMLElement>(".problem")?.lang).toBe("en");
    expect(text()).toContain("Git is being asked");
    expect(text()).not.toContain("clean");
  });

  test("show paths harmlessly", () => {
    const data = of<Projects>("projects");
    const [one] = data.projects;
    if (!one) throw new Error("a project is needed");
    draw(projects, { ...data, projects: [{ ...one, path: "~/work/\u202eexe" }] });
    expect(container.querySelector(".path")?.textContent).toBe("~/work/[U+202E]exe");
  });

  test("take only colours for a colour", () => {
    const data = of<Projects>("projects");
    const [one] = data.projects;
    if (!one) throw new Error("a project is needed");
    const odd = { ...one, color: "red;background:url(https://x)" };
    draw(projects, { ...data, projects: [odd] });
    expect(container.querySelector(".dot")).toBeNull();
    draw(projects, { ...data, projects: [{ ...one, color: "#1a7437" }] });
    expect(container.querySelector(".dot")).not.toBeNull();
  });

  test("without any say so", () => {
    draw(projects, { ...of<Projects>("projects"), projects: [], total: 0 });
    expect(text()).toContain("No projects yet");
  });
});

describe("profiles", () => {
  test("can be shown, but the one that is", async () => {
    const showProfile = vi.fn(async () => {});
    draw(profiles, of<ProfileList>("profiles"), { showProfile });
    expect(button("Show default")).toBeUndefined();
    await click("Show coder");
    expect(showProfile).toHaveBeenCalledWith("coder");
  });

  test("tell why one cannot be shown", async () => {
    const showProfile = () => Promise.reject(new Error("No profile named 'coder'."));
    draw(profiles, of<ProfileList>("profiles"), { showProfile });
    await click("Show coder");
    expect(container.querySelector('[role="alert"]')?.textContent).toBe("No profile named 'coder'.");
    expect(container.querySelector<HTMLElement>('[role="alert"]')?.lang).toBe("en");
  });

  test("say how many there are, and what cannot be read of one", () => {
    const data = of<ProfileList>("profiles");
    draw(profiles, data);
    expect(text()).not.toContain("are shown.");
    const [one] = data.profiles;
    if (!one) throw new Error("a profile is needed");
    const broken = { ...one, problems: ["config.yaml is damaged"], total_problems: 7 };
    draw(profiles, { ...data, profiles: [broken], total_profiles: 73 });
    expect(container.querySelectorAll(".problem")[1]?.textContent).toBe("and 6 more");
    expect(text()).toContain("1 of 73 profiles are shown.");
    const problem = container.querySelector<HTMLElement>(".problem");
    expect([problem?.textContent, problem?.lang]).toEqual(["config.yaml is damaged", "en"]);
  });

  test("that cannot be compared say which and why", async () => {
    const refused = { data: null, status: "unavailable", error: "state.db is locked" } as never;
    draw(profiles, of<ProfileList>("profiles"), { useSnapshots: (queries) => queries.map(() => refused) });
    await click("Compare default");
    await click("Compare coder");
    expect(container.querySelector(".comparison h3")?.textContent).toBe("default and coder");
    expect(container.querySelector(".comparison [lang=en]")?.textContent).toBe("state.db is locked");
  });

  test("are compared two at a time, with what is hidden only said to differ", async () => {
    const compared = structuredClone(snapshots("profiles")[1]?.data) as ProfileList;
    if (compared.comparison) Object.assign(compared.comparison, { skills_of_one: ["a"], total_skills_of_one: 9 });
    compared.comparison?.differences.push({ path: "model.api_key", one: null, other: null, is_masked: true });
    const useSnapshots = vi.fn((queries: readonly unknown[]) => queries.map(() => ({ data: compared }) as never));
    draw(profiles, of<ProfileList>("profiles"), { useSnapshots });
    await click("Compare default");
    expect(text()).toContain("Choose a second one");
    await click("Compare coder");
    expect(useSnapshots).toHaveBeenLastCalledWith([{ compare: ["default", "coder"] }]);
    const rows = [...container.querySelectorAll("tbody tr")].map((row) => row.textContent);
    expect(rows.find((row) => row?.startsWith("model.default"))).toContain("qwen3-coder:30b");
    expect(rows.find((row) => row?.startsWith("model.api_key"))).toContain("hidden, and different");
    expect(rows.at(-1)).toContain("a and 8 more");
    await click("Compare coder");
    expect(container.querySelector("table")).toBeNull();
  });
});

describe("checkpoints", () => {
  test("have their reason and time; whether Hermes takes any is said", () => {
    draw(checkpoints, of<CheckpointList>("checkpoints"));
    expect(container.querySelector("summary")?.textContent).toContain("before terminal: rm -r build");
    expect([...container.querySelectorAll("details li")].map((li) => li.querySelector("time"))).not.toContain(null);
    expect(text()).toContain("on");
  });

  test("are kept for a day, or for some days", () => {
    const data = of<CheckpointList>("checkpoints");
    draw(checkpoints, { ...data, retention_days: 7 });
    expect(text()).toContain("for 7 days");
    draw(checkpoints, { ...data, retention_days: 1 });
    expect(text()).toMatch(/for 1 day(?!s)/);
  });

  test("that cannot be read say why", () => {
    const data = of<CheckpointList>("checkpoints");
    const [one] = data.directories;
    if (!one) throw new Error("a directory is needed");
    draw(checkpoints, { ...data, directories: [{ ...one, checkpoints: [], problem: "git is not installed here" }] });
    expect(container.querySelector(".problem")?.textContent).toBe("git is not installed here");
    expect(container.querySelector<HTMLElement>(".problem")?.lang).toBe("en");
  });

  test("of directories that are not shown are counted, too", () => {
    const data = of<CheckpointList>("checkpoints");
    draw(checkpoints, { ...data, total: 150, total_checkpoints: 450 });
    expect(container.querySelectorAll(".stat")[1]?.textContent).toBe("Taken450");
    draw(checkpoints, { ...data, total: 250, total_checkpoints: 600, is_total_cut: true });
    expect(container.querySelectorAll(".stat")[1]?.textContent).toBe("Taken600+");
  });

  test("show paths harmlessly", () => {
    const data = of<CheckpointList>("checkpoints");
    const [one] = data.directories;
    if (!one) throw new Error("a directory is needed");
    draw(checkpoints, { ...data, directories: [{ ...one, path: "~/work/\u202eexe" }] });
    expect(container.querySelector("h4")?.textContent).toBe("~/work/[U+202E]exe");
  });
});

describe("plugins", () => {
  test("say in words whether Hermes loads them, and what is broken", () => {
    draw(plugins, of<PluginList>("plugins"));
    const states = [...container.querySelectorAll(".entry")].map((entry) => [
      entry.querySelector("h4")?.textContent,
      entry.querySelector(".sign")?.textContent,
    ]);
    expect(states).toEqual(
      expect.arrayContaining([
        ["gbfs-tools", "enabled"],
        ["tide", "broken"],
        ["weather", "not enabled"],
        ["fieldnotes", "chosen by memory.provider"],
        ["spotify", "disabled"],
      ]),
    );
    expect(text()).toContain("not valid YAML");
    expect(container.querySelector<HTMLElement>(".problem")?.lang).toBe("en");
  });

  test("without any say so", () => {
    draw(plugins, { plugins: [], total: 0, hooks: [], looks: [], panels: [] } as PluginList);
    expect(text()).toContain("No plugins here");
  });
});
