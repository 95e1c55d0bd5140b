import type { Api, ViewProps } from "../api.ts";
import { makeSigns, type SignKind } from "../charts/signs.tsx";
import type { Mcp, McpServer } from "../protocol.ts";
import css from "./mcp.css";

/** The MCP servers: how each is reached, whether it is logged in to, and how its tools were used. */
export default function define(api: Api) {
  const { h, ui, t, sentence, word, format } = api;
  const { Ago, Badge, Bars, Icon, Text, Until } = ui;
  const { Sign, Facts, Fact, css: signs } = makeSigns(api);

  return Object.assign(McpView, { css: signs + css });

  function McpView({ data }: ViewProps<Mcp>) {
    return (
      <div class="mcp">
        {data.is_reading && (
          <p class="notice">
            <Icon name="info" />
            <span>{t("reading")}</span>
          </p>
        )}
        <section class="section">
          <h3>
            <span>{t("title")}</span>
            <small>{t("count", { count: data.total })}</small>
          </h3>
          <ul class="list">
            {data.servers.map((server) => (
              <Server key={server.name} server={server} />
            ))}
          </ul>
        </section>
      </div>
    );
  }

  function Server({ server }: { server: McpServer }) {
    const state = stateOf(server);
    const kept = server.calls ? 1 - (server.failed ?? 0) / server.calls : null;
    return (
      <li class={server.is_enabled ? "server" : "server off"} data-server={server.name}>
        <div class="head">
          <h4>
            <Text text={server.name} title />
          </h4>
          {server.transport !== null && <Badge>{t(`transport.${server.transport}`)}</Badge>}
          <Sign kind={signOf[state]} text={t(`state.${state}`)} />
        </div>
        <Facts>
          {server.program !== null && (
            <Fact name={t("program")} title={t("program.help")}>
              <code>
                <Text text={server.program} title />
              </code>
            </Fact>
          )}
          {server.host !== null && (
            <Fact name={t("host")}>
              <Text text={server.host} title />
            </Fact>
          )}
          {server.auth !== null && <Fact name={t("auth")}>{word("auth", server.auth)}</Fact>}
          {server.login !== "none" && (
            <Fact name={t("login")}>
              <span class={server.login === "ok" ? "" : "bad"}>{t(`login.${server.login}`)}</span>{" "}
              <End server={server} />
            </Fact>
          )}
          <Fact name={t("calls")}>
            <span class="numeric">{server.calls === null ? "…" : format.number(server.calls)}</span>
          </Fact>
          {kept !== null && (
            <Fact name={t("kept")} title={t("kept.help", { failed: server.failed ?? 0, count: server.calls ?? 0 })}>
              <span class={kept < 0.9 ? "numeric bad" : "numeric"}>{format.percent(kept)}</span>
            </Fact>
          )}
          {server.last_at !== null && (
            <Fact name={t("last")}>
              <Ago at={server.last_at} />
            </Fact>
          )}
          {server.timeout_s !== null && <Fact name={t("timeout")}>{format.duration(server.timeout_s)}</Fact>}
        </Facts>
        <Names label={t("include")} names={server.include} />
        <Names label={t("exclude")} names={server.exclude} />
        {server.is_configured && !(server.has_resources && server.has_prompts) && (
          <p class="names">
            {t(server.has_resources ? "no.prompts" : server.has_prompts ? "no.resources" : "no.both")}
          </p>
        )}
        {server.tools.length > 0 && (
          <details>
            <summary>{t("tools", { count: server.tools.length })}</summary>
            <Bars
              rows={server.tools.map((tool) => ({
                label: tool.name,
                value: tool.calls,
                note: tool.failed > 0 ? t("failed", { count: tool.failed }) : undefined,
              }))}
            />
          </details>
        )}
      </li>
    );
  }

  function End({ server }: { server: McpServer }) {
    if (server.renews && server.login === "ok") return <small class="dim">{t("renews")}</small>;
    if (server.expires_at === null) return null;
    const isPast = Date.parse(server.expires_at) <= Date.now();
    const it = isPast ? <Ago at={server.expires_at} /> : <Until at={server.expires_at} />;
    return <small class="dim">{sentence("ends", { it })}</small>;
  }

  function Names({ label, names }: { label: string; names: readonly string[] }) {
    if (names.length === 0) return null;
    return (
      <p class="names">
        <span>{label}</span>
        {names.map((name) => (
          <Badge key={name}>
            <Text text={name} title />
          </Badge>
        ))}
      </p>
    );
  }
}

type State = "on" | "off" | "gone" | "login" | "unreachable" | "not-a-mapping";

const signOf: Record<State, SignKind> = {
  on: "good",
  off: "calm",
  gone: "calm",
  login: "bad",
  unreachable: "bad",
  "not-a-mapping": "bad",
};

function stateOf(server: McpServer): State {
  if (!server.is_configured) return "gone";
  if (server.problem === "unreachable" || server.problem === "not-a-mapping") return server.problem;
  if (!server.is_enabled) return "off";
  return server.login === "missing" || server.login === "expired" ? "login" : "on";
}

/** What this view says. */
export const texts = {
  en: {
    empty: "No MCP server is configured",
    "empty.help": "MCP servers give Hermes more tools: “hermes mcp add”.",
    title: "Servers",
    count: "{count} server|{count} servers",
    reading: "The calls of their tools are still being read.",
    "transport.stdio": "program",
    "transport.http": "HTTP",
    "transport.sse": "HTTP events",
    "state.on": "enabled",
    "state.off": "disabled",
    "state.gone": "not configured any more",
    "state.login": "needs a login",
    "state.unreachable": "neither a command nor a URL",
    "state.not-a-mapping": "not readable in the configuration",
    program: "Starts",
    "program.help": "Its arguments may hold keys, and are not shown.",
    host: "Host",
    auth: "Logs in by",
    "auth.oauth": "browser login",
    "auth.headers": "header",
    "auth.variables": "variables",
    "auth.bearer": "token",
    "auth.basic": "password",
    "auth.none": "nothing",
    login: "Login",
    "login.ok": "valid",
    "login.expired": "ended",
    "login.missing": "nobody has logged in yet",
    ends: "ends {it}",
    renews: "renews itself",
    calls: "Calls",
    kept: "Success",
    "kept.help": "{failed} of {count} call failed.|{failed} of {count} calls failed.",
    last: "Last call",
    timeout: "Time limit",
    include: "Only",
    exclude: "Without",
    "no.prompts": "Its prompts are not offered.",
    "no.resources": "Its resources are not offered.",
    "no.both": "Its resources and prompts are not offered.",
    tools: "{count} tool used|{count} tools used",
    failed: "{count} failed",
  },
  zh: {
    empty: "尚未配置 MCP 服务器",
    "empty.help": "MCP 服务器为 Hermes 提供更多工具：“hermes mcp add”。",
    title: "服务器",
    count: "{count} 个服务器",
    reading: "仍在读取其工具的调用记录。",
    "transport.stdio": "本地程序",
    "transport.http": "HTTP 连接",
    "transport.sse": "HTTP 事件流",
    "state.on": "已启用",
    "state.off": "已停用",
    "state.gone": "已不在配置中",
    "state.login": "需要登录",
    "state.unreachable": "既无命令也无网址",
    "state.not-a-mapping": "配置无法解读",
    program: "启动程序",
    "program.help": "参数中可能含有密钥，不予显示。",
    host: "主机",
    auth: "登录方式",
    "auth.oauth": "浏览器登录",
    "auth.headers": "请求头",
    "auth.variables": "环境变量",
    "auth.bearer": "令牌",
    "auth.basic": "密码",
    "auth.none": "无",
    login: "登录状态",
    "login.ok": "有效",
    "login.expired": "已到期",
    "login.missing": "尚未登录",
    ends: "{it}到期",
    renews: "自动续期",
    calls: "调用次数",
    kept: "成功率",
    "kept.help": "{count} 次调用中有 {failed} 次失败。",
    last: "上次调用",
    timeout: "时限",
    include: "仅限",
    exclude: "不含",
    "no.prompts": "不提供其提示词。",
    "no.resources": "不提供其资源。",
    "no.both": "不提供其资源和提示词。",
    tools: "用过 {count} 个工具",
    failed: "{count} 次失败",
  },
};
