// The side panel's own words; the HUD in it has its texts from the server.
const ENGLISH = {
  name: "Hermes HUD",
  "open.label": "Open Hermes HUD",
  "open.caption": "What your Hermes agent knows and does, live in the right side bar",
  "open-home.label": "Open Hermes HUD for home…",
  "open-home.caption": "Shows another Hermes home in the right side bar",
  "dialog.title": "Open Hermes HUD for home",
  "dialog.label": "Directory of the home, on the machine on which Jupyter runs; empty: the default home",
  connecting: "Connecting …",
  "no-proxy":
    "Jupyter does not run the Hermes HUD's server: jupyter-server-proxy is not installed or not enabled where Jupyter runs. Install it there, then restart Jupyter:",
  "server-failed": "The Hermes HUD's server could not be started. Jupyter's log says why.",
  "logged-out": "Jupyter asks for a login. Reload the page.",
  unreachable: "Jupyter does not answer.",
  "bad-home": "This home cannot be opened:",
  "no-module": "The Hermes HUD could not be loaded. Reload the page.",
  "no-socket":
    "Jupyter answers, but no WebSocket gets through to the Hermes HUD's server: something on the way stops it.",
  "new-server": "This page has version {own} of the Hermes HUD, its server version {other}. Reload the page.",
  "old-server":
    "The Hermes HUD's server has version {other}, this page version {own}: it was started before the upgrade. Restart Jupyter.",
  "new-kernel":
    "This page has version {own} of the Hermes HUD, the notebook version {other}. Reload the page. If that does not help, upgrade hermes-hud-widget where Jupyter runs.",
  "old-kernel":
    "The notebook has version {other} of the Hermes HUD, this page version {own}. Restart the kernel. If that does not help, upgrade hermes-hud-widget where the kernel runs.",
  "bad-settings": "Your settings of the Hermes HUD could not be read; the defaults are in use.",
  again: "Try again",
  choose: "Choose another home",
  reload: "Reload",
  close: "Close",
  snapshot: "Snapshot of when the cell ran. Run the cell for live data.",
};

export type Key = keyof typeof ENGLISH;

const CHINESE: Record<Key, string> = {
  name: "Hermes HUD",
  "open.label": "打开 Hermes HUD",
  "open.caption": "在右侧边栏实时查看 Hermes 智能体所知与所做",
  "open-home.label": "为指定主目录打开 Hermes HUD…",
  "open-home.caption": "在右侧边栏显示另一个 Hermes 主目录",
  "dialog.title": "为指定主目录打开 Hermes HUD",
  "dialog.label": "Jupyter 所在机器上的主目录路径；留空则为默认主目录",
  connecting: "正在连接……",
  "no-proxy":
    "Jupyter 没有运行 Hermes HUD 的服务器：Jupyter 所在环境未安装或未启用 jupyter-server-proxy。请在那里安装，然后重启 Jupyter：",
  "server-failed": "Hermes HUD 的服务器无法启动，原因见 Jupyter 的日志。",
  "logged-out": "Jupyter 要求登录。请重新加载页面。",
  unreachable: "Jupyter 没有应答。",
  "bad-home": "无法打开此主目录：",
  "no-module": "无法加载 Hermes HUD。请重新加载页面。",
  "no-socket": "Jupyter 有应答，但 WebSocket 无法到达 Hermes HUD 的服务器：途中有东西将其拦截。",
  "new-server": "此页面的 Hermes HUD 版本是 {own}，其服务器的版本是 {other}。请重新加载页面。",
  "old-server": "Hermes HUD 服务器的版本是 {other}，此页面的版本是 {own}：服务器在升级之前启动。请重启 Jupyter。",
  "new-kernel":
    "此页面的 Hermes HUD 版本是 {own}，笔记本的版本是 {other}。请重新加载页面；若无效，请在 Jupyter 所在环境升级 hermes-hud-widget。",
  "old-kernel":
    "笔记本的 Hermes HUD 版本是 {other}，此页面的版本是 {own}。请重启内核；若无效，请在内核所在环境升级 hermes-hud-widget。",
  "bad-settings": "无法读取 Hermes HUD 的设置，现使用默认值。",
  again: "重试",
  choose: "选择其他主目录",
  reload: "重新加载",
  close: "关闭",
  snapshot: "单元格运行时的快照。运行单元格以查看实时数据。",
};

const texts = /^zh/i.test(navigator.language) ? CHINESE : ENGLISH;

export function t(key: Key, values: Record<string, string> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}
