// @vitest-environment happy-dom
// What the HUD says in the viewer's language.

import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import type { Api } from "../src/api.ts";
import { note } from "./fakes.ts";
import {
  container,
  frame,
  greet,
  greeting,
  greetWhole,
  HOME,
  importing,
  model,
  one,
  partsFrame,
  pass,
  relay,
  settled,
  show,
  usePage,
} from "./stage.ts";

usePage();

describe("languages", () => {
  test("Chinese is loaded on demand, English meanwhile", async () => {
    show({ language: "zh" });
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(greeting);
    expect(one("[data-tab=memory]").textContent).toBe("Memory");
    await pass(600);
    const ask = model.relayed.find((each) => each.type === "module" && each.name === "i18n/zh");
    expect(ask).toBeTruthy();
    await relay({ type: "module", id: (ask as { id: number }).id, name: "i18n/zh", text: "i18n/zh" });
    expect(one("[data-tab=memory]").textContent).toBe("记忆");
    expect(one("[data-tab=jobs]").textContent).toBe("Scheduled jobs");
  });

  test("a view's own texts follow the language, with English where they have no other", async () => {
    const define = ({ h, t }: Api) =>
      function Lamps() {
        return h("p", null, [t("lit", { count: 1 }), t("out"), t("time.now"), t("North")].join(" / "));
      };
    const texts = { en: { lit: "{count} lamp|{count} lamps", out: "out" }, zh: { out: "熄灭" } };
    show({ language: "zh", panels: ["memory"] }, importing(define, texts));
    model.push({ ...note(greeting.server_id), home: HOME } as never);
    await relay(
      greeting,
      partsFrame,
      { type: "module", id: null, name: "views/memory", text: "views/memory" },
      frame("memory"),
    );
    expect(one("[data-panel] p").textContent).toBe("1 lamp / out / now / North");
    await relay({ type: "module", id: null, name: "i18n/zh", text: "i18n/zh" });
    expect(one("[data-panel] p").textContent).toBe("1 lamp / 熄灭 / 刚刚 / North");
  });

  test("a view can put elements into a text, and words of other programs into the viewer's language", async () => {
    const define = ({ h, sentence, word }: Api) =>
      function Lamps() {
        const [lit, dark] = [word("state", "lit"), word("state", "<b>{when}|")];
        return h("p", null, sentence("since", { when: h("time", null, "noon") }), ` ${lit} ${dark}`);
      };
    const texts = { en: { since: "lit since {when}, {toString}", "state.lit": "alight" } };
    show({ panels: ["memory"] }, importing(define, texts));
    await greet();
    await relay(frame("memory"));
    expect(one("[data-panel] p").innerHTML).toBe("lit since <time>noon</time>, {toString} alight &lt;b&gt;{when}|");
  });

  test("the server's English sentences in the footer are marked as English", async () => {
    show({ panels: ["memory"], language: "zh" });
    const reason = "file events do not work here: the inotify watches are used up";
    await greetWhole({ ...greeting, watching: { [HOME]: { by: "timer", reason } } });
    const language = (selector: string) => one(selector).closest<HTMLElement>("[lang]")?.lang;
    expect([one(".watching").title, language(".watching")]).toEqual([reason, "en"]);
    expect([one(".watching span").textContent, language(".watching span")]).toEqual(["定时检查文件", "zh"]);
    const message = "The server ended with status 1; it is started again.";
    await act(async () => {
      model.push({ type: "trouble", kind: "server-down", message } as never);
      await settled();
    });
    expect(one(".foot .verbatim").textContent).toBe(message);
    expect(language(".foot .verbatim .line")).toBe("en");
    expect([one(".chip").title, language(".chip")]).toEqual(["HUD 的服务器已停止，正在重新启动。", "zh"]);
    await relay({ ...greeting, watching: { [HOME]: { by: "events", reason: null } } });
    expect([one(".watching").title, language(".watching")]).toEqual(["文件一写入即可察觉变化。", "zh"]);
  });

  test.each([
    ["no-home", "~/.hermes", "No Hermes home at ~/.hermes — HUD.demo() shows one", "~/.hermes 处没有 Hermes 主目录"],
    ["damaged", "state.db", "state.db is damaged (not a database).", "state.db 已损坏"],
    ["locked", "state.db", "state.db is locked by another process.", "state.db 被锁定"],
    ["unavailable", "state.db", "state.db cannot be read: Permission denied", "在此处无法读取 state.db"],
    ["internal", null, "The panel 'memory' failed.", "无法收集此面板的数据"],
  ] as const)(
    "%s is said in Chinese, with the server's own English sentence below",
    async (kind, path, message, title) => {
      const error = { kind, path, message };
      show({ panels: ["memory"], language: "zh" });
      await greet();
      await relay(frame("memory", { status: "unavailable", error, data: null }));
      expect(one(".blank-title").textContent).toBe(title);
      expect(one(".verbatim").textContent).toBe(message);
      expect(one(".verbatim").lang).toBe("en");
      await relay(frame("memory", { version: 8, status: "stale", error }));
      expect(one(".banner b").textContent).toBe(title);
      expect(one(".banner .verbatim").textContent).toBe(message);
    },
  );

  test.each([
    ["no-home", "~/.hermes", "No Hermes home at ~/.hermes — HUD.demo() shows one", "No Hermes home at ~/.hermes", null],
    ["damaged", "state.db", "state.db is damaged (cut off). Mend it.", "state.db is damaged", "(cut off). Mend it."],
    ["locked", "state.db", "state.db is locked", "state.db is locked", null],
    ["locked", "state.db", "Another process writes.", "state.db is locked", "Another process writes."],
  ] as const)("English says %s (%s, %s) once", async (kind, path, message, title, said) => {
    show({ panels: ["memory"] });
    await greet();
    await relay(frame("memory", { status: "unavailable", error: { kind, path, message }, data: null }));
    expect(one(".blank-title").textContent).toBe(title);
    expect(container.querySelector(".verbatim")?.textContent ?? null).toBe(said);
  });
});
