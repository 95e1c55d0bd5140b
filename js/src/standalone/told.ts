// What the stand-alone page says where it cannot show a HUD, and what to do then.
import type { Denial } from "./access.ts";

/** Why there is no HUD. `unloaded`: what draws it could not be loaded. */
export type Trouble = Denial | "unloaded";

const en = {
  "no-token": "This tab has no access yet",
  "no-token.help":
    "Only a tab that the command opened may show your agent. Open one from a terminal; it stays open when you reload it.",
  used: "This link was used already",
  "used.help": "Each link works once, and for five minutes. Open a new tab from a terminal.",
  refused: "The server was started again",
  "refused.help":
    "What let this tab in is no longer valid. Use the tab that the new server opened, or open another one from a terminal.",
  gone: "The server does not answer",
  "gone.help": "It has ended, or the tunnel to it has. Start it again from a terminal.",
  "no-home": "The server has no home open",
  "no-home.help": "Start it with the Hermes home to show.",
  unloaded: "The HUD could not be loaded",
  "unloaded.help":
    "A file of it is missing or damaged, or the server has ended. Try again. If that does not help, end the server, install hermes-hud-widget again, and start it from a terminal.",
  token: "Or paste the token that hermes-hud serve printed:",
  open: "Open",
  again: "Try again",
};

const zh: typeof en = {
  "no-token": "此标签页尚无访问权限",
  "no-token.help": "只有由命令打开的标签页才能显示您的智能体。请在终端中打开一个；之后刷新仍然有效。",
  used: "此链接已被使用",
  "used.help": "每个链接只能使用一次，五分钟内有效。请在终端中打开新的标签页。",
  refused: "服务器已重新启动",
  "refused.help": "此标签页原有的访问权限已失效。请使用新服务器打开的标签页，或在终端中再打开一个。",
  gone: "服务器没有响应",
  "gone.help": "服务器或通往它的隧道已结束。请在终端中重新启动。",
  "no-home": "服务器没有打开任何主目录",
  "no-home.help": "请指定要显示的 Hermes 主目录后重新启动。",
  unloaded: "无法加载 HUD",
  "unloaded.help":
    "某个文件缺失或已损坏，或者服务器已结束。请重试。若仍无效，请结束服务器，重新安装 hermes-hud-widget，再从终端启动。",
  token: "或粘贴 hermes-hud serve 输出的令牌：",
  open: "打开",
  again: "重试",
};

const WING = "M3 12c5 0 8-3 10-8-4 .4-7 1.6-8.6 4M4.5 8.5C7 8.8 9 8.6 11 7.6M3 12c2.6.4 5.4.2 7.6-1";

/** The page's content where there is no HUD. */
export function told(
  trouble: Trouble,
  language: string,
  { tryAgain, useToken }: { tryAgain: () => void; useToken: (token: string) => void },
): HTMLElement {
  const isChinese = language.toLowerCase().startsWith("zh");
  const texts = isChinese ? zh : en;
  const command = element("pre", "hermes-hud serve --open");
  // It may be too wide for a narrow window, and is then scrolled by the keyboard, too.
  command.tabIndex = 0;
  const section = element("section", wing(), element("h1", texts[trouble]), element("p", texts[`${trouble}.help`]));
  section.append(command);
  if (trouble === "gone" || trouble === "unloaded") {
    const again = element("button", texts.again);
    again.type = "button";
    again.addEventListener("click", tryAgain);
    section.append(again);
  } else if (trouble !== "no-home") section.append(tokenForm(texts, useToken));
  section.lang = isChinese ? "zh" : "en";
  section.role = "alert";
  const page = element("div", section);
  page.className = "told";
  return page;
}

function tokenForm(texts: typeof en, useToken: (token: string) => void): HTMLElement {
  const label = element("label", texts.token);
  const input = document.createElement("input");
  label.htmlFor = input.id = "token";
  input.type = "password";
  input.required = true;
  // Nothing for a password store: it is another one at each start.
  input.autocomplete = "off";
  const form = element("form", label, input, element("button", texts.open));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(input.value.trim());
  });
  return form;
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, ...children: (Node | string)[]) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function wing(): Element {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = { viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", "aria-hidden": "true" };
  for (const [name, value] of Object.entries({ ...attributes, "stroke-width": "1.3", "stroke-linecap": "round" })) {
    svg.setAttribute(name, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", WING);
  svg.append(path);
  return svg;
}
