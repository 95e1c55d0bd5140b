// @vitest-environment happy-dom

import { h } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import { makeApi, type View, type ViewModule, type ViewProps } from "../src/api.ts";
import { makeFormat } from "../src/format.ts";
import type {
  ConfigEntry,
  Configuration,
  Gateway,
  GatewayPlatform,
  Mcp,
  McpServer,
  ModelEntry,
  ModelPanel,
  Provider,
  ProviderCredential,
  Providers,
} from "../src/protocol.ts";
import * as configView from "../src/views/config.tsx";
import * as gatewayView from "../src/views/gateway.tsx";
import * as mcpView from "../src/views/mcp.tsx";
import * as modelView from "../src/views/model.tsx";
import * as providersView from "../src/views/providers.tsx";
import { container, draw as drawIn, useStage } from "./draw.ts";
import { texts } from "./views.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

useStage(NOW);

/** A view's module, whatever the data that it draws. */
type Module = { default: unknown; texts: ViewModule["texts"] };

function draw(module: Module, data: unknown, more: Partial<ViewProps> = {}, language: "en" | "zh" = "en") {
  const view = texts(language).above(module.texts ?? {});
  const Drawn: View = (module.default as ViewModule["default"])(makeApi(view, makeFormat(language, view.t)));
  const props = {
    data,
    version: 1,
    status: "ok",
    error: null,
    query: {},
    home: null,
    now: NOW,
    open: vi.fn(),
    ...more,
  };
  drawIn(h(Drawn, props as unknown as ViewProps), language);
}

const one = <T extends HTMLElement>(selector: string) => container.querySelector<T>(selector);
const words = (selector: string) => one(selector)?.textContent?.replace(/\s+/g, " ") ?? "";

const platform = (values: Partial<GatewayPlatform> = {}): GatewayPlatform => ({
  name: "telegram",
  state: "connected",
  is_current: true,
  error_code: null,
  error_message: null,
  since: at(-1),
  channels: null,
  chats: 0,
  waiting_pairings: 0,
  paired: 0,
  unreachable: 0,
  undelivered: 0,
  ...values,
});

const gateway = (values: Partial<Gateway> = {}): Gateway => ({
  health: "running",
  said: "running",
  is_alive: true,
  is_told_by_heartbeat: false,
  is_clean: false,
  pid: 77,
  changed_at: at(-48),
  heartbeat_at: at(-0.005),
  exit_reason: null,
  is_restart_requested: false,
  active_agents: 2,
  served_profiles: [],
  total_served_profiles: 0,
  platforms: [platform()],
  starts: [],
  is_storm: false,
  is_loop: false,
  backlog: null,
  pairing_waiting: 0,
  directory_at: null,
  webhooks: [],
  webhooks_total: 0,
  ...values,
});

describe("the gateway's view", () => {
  test("says in one line that all is well", () => {
    draw(gatewayView, gateway());
    expect(words(".verdict")).toBe("The gateway is runningstate changed 2d ago · heartbeat 18s ago · process 77");
    expect(one(".verdict.banner")).toBeNull();
    expect(words('[data-platform="telegram"] .sign')).toBe("connected");
  });

  test.each([
    ["dead", "It still says “running”, but its process has ended"],
    ["silent", "its heartbeat has stopped"],
    ["stopped", "Start it: “hermes gateway”"],
    ["failed", "logs/gateway.log"],
    ["unknown", "Its process is out of sight"],
    ["degraded", "Some platforms could not be connected"],
    ["draining", "no new messages"],
    ["starting", "It connects"],
  ] as const)("says of one that is %s what that means", (health, text) => {
    draw(gatewayView, gateway({ health, is_alive: health !== "dead" }));
    expect(words(".verdict")).toContain(text);
  });

  test("shows a platform's error, and what waits for it", () => {
    const errors = { state: "fatal", error_code: "401", error_message: "Unauthorized" };
    draw(gatewayView, gateway({ platforms: [platform({ ...errors, undelivered: 2, waiting_pairings: 1, chats: 3 })] }));
    expect(words(".entry .sign")).toBe("given up");
    expect(words(".trouble")).toBe("401Unauthorized");
    expect(words(".counts")).toBe("3 chats1 waits for pairing2 replies owed");
  });

  test("says of a platform of a dead gateway what it was", () => {
    draw(gatewayView, gateway({ health: "dead", is_alive: false, platforms: [platform({ is_current: false })] }));
    expect(words(".entry .sign")).toBe("was connected");
    expect(words(".stats")).toContain("0/1");
  });

  test("shows deliveries on their way, and what went wrong", () => {
    const backlog = {
      states: { delivered: 5, pending: 1, odd: 1 },
      open: 1,
      oldest_at: at(-2),
      last_error: "503",
      last_error_at: at(-1),
    };
    draw(gatewayView, gateway({ backlog }));
    expect([...container.querySelectorAll(".bars-label")].map((label) => label.textContent)).toEqual([
      "not sent yet",
      "delivered",
      "odd",
    ]);
    expect(words(".backlog .trouble")).toBe("last error 1h ago503");
  });

  test("says how many webhooks there are, and that some are left out", () => {
    const hook = { name: "forge", description: null, events: [], total_events: 0, deliver: null, created_at: null };
    draw(gatewayView, gateway({ webhooks: [hook], webhooks_total: 1 }));
    expect(words(".webhooks h3")).toBe("Webhooks1 webhook");
    draw(gatewayView, gateway({ webhooks: [hook], webhooks_total: 60 }));
    expect(words(".webhooks h3")).toBe("Webhooks1 of 60");
    const served = { served_profiles: ["coder"], total_served_profiles: 60 };
    draw(gatewayView, gateway({ ...served, webhooks: [{ ...hook, events: ["push"], total_events: 4 }] }));
    expect(words(".webhooks .counts")).toBe("pushand 3 more");
    expect(words(".badges")).toContain("coderand 59 more");
  });

  test("reads in Chinese", () => {
    draw(gatewayView, gateway({ health: "dead", is_alive: false }), {}, "zh");
    expect(words(".verdict")).toContain("状态文件仍写着“运行中”");
  });
});

const credential = (values: Partial<ProviderCredential> = {}): ProviderCredential => ({
  kind: "api_key",
  source: "manual",
  status: "ok",
  cools_until: null,
  expires_at: null,
  renews: false,
  last_error_code: null,
  last_error_reason: null,
  last_error_at: null,
  requests: 0,
  priority: 0,
  host: null,
  is_shared: false,
  ...values,
});

const provider = (values: Partial<Provider> = {}): Provider => ({
  id: "xai",
  name: "xAI",
  roles: [],
  is_active: false,
  status: "ok",
  host: "api.x.ai",
  usable: 1,
  total: 1,
  strategy: null,
  cools_until: null,
  expires_at: null,
  credentials: [credential()],
  ...values,
});

const providers = (...list: Provider[]): Providers => ({
  configured: "xai",
  logged_in: null,
  providers: list,
  total: list.length,
});

describe("the providers' view", () => {
  test("says of a key that rests until when, and why", () => {
    const resting = credential({
      status: "exhausted",
      cools_until: at(0.5),
      last_error_code: 429,
      last_error_reason: "rate_limit",
      requests: 3,
    });
    draw(providersView, providers(provider({ status: "exhausted", credentials: [resting], cools_until: at(0.5) })));
    expect(words(".key")).toContain("resting");
    expect(words(".key")).toContain("again in 30m");
    expect(words(".key")).toContain("last error 429 rate_limit");
    expect(words(".key")).toContain("3 requests");
  });

  test("warns of a provider in use without a key, and not of one that is not used", () => {
    const missing: Partial<Provider> = { status: "missing", credentials: [], total: 0, usable: 0 };
    draw(
      providersView,
      providers(provider({ ...missing, roles: ["main", "vision"] }), provider({ ...missing, id: "b" })),
    );
    expect(container.querySelectorAll(".banner").length).toBe(1);
    expect(words(".banner")).toContain("xAI is configured, but there is no key for it (main model, vision)");
  });

  test("calls a login that renews itself no trouble, and one that does not by its end", () => {
    const login = { kind: "oauth", expires_at: at(24 * 3) } as const;
    draw(
      providersView,
      providers(
        provider({
          credentials: [credential({ ...login, renews: true }), credential({ ...login, status: "expiring" })],
        }),
      ),
    );
    const keys = [...container.querySelectorAll(".key")].map((key) => key.textContent ?? "");
    expect(keys[0]).toContain("renews itself");
    expect(keys[1]).toContain("ends in 3d");
  });

  test("reads in Chinese", () => {
    draw(providersView, { ...providers(provider({ is_active: true })), configured: null }, {}, "zh");
    expect(words(".provider")).toContain("使用中");
    expect(words(".notice")).toContain("主模型未指定提供商");
  });
});

const entry = (values: Partial<ModelEntry> = {}): ModelEntry => ({
  model: "claude-sonnet-4-6",
  provider: "anthropic",
  name: "Sonnet",
  roles: ["main"],
  window_tokens: 200_000,
  window_source: "config",
  is_window_asked: false,
  catalog_tokens: 1_000_000,
  abilities: null,
  price: null,
  use: null,
  ...values,
});

const model = (values: Partial<ModelPanel> = {}): ModelPanel => ({
  main: entry(),
  fallbacks: [],
  tasks: [],
  used: [],
  used_total: 0,
  used_days: 30,
  compresses_at_tokens: 150_000,
  threshold: 0.5,
  is_compressing: true,
  least_tokens: 64_000,
  bad_override: null,
  reasoning_effort: "high",
  max_output_tokens: null,
  chats: [],
  catalog_models: 10,
  ...values,
});

describe("the model's view", () => {
  test("draws the window with its threshold, and says both", () => {
    draw(modelView, model());
    const label = one(".window svg")?.getAttribute("aria-label");
    expect(label).toBe("A context window of 200,000 tokens. compressed at 150,000 (75%)");
    expect(one(".window .mark")?.getAttribute("d")).toBe("M750 0v14");
    expect(words(".main .facts")).toContain("set in config.yaml · models.dev says 1 M");
  });

  test("warns of an override that is none, and of a window that is too small", () => {
    draw(modelView, model({ bad_override: "256K", main: entry({ window_tokens: 32_000 }) }));
    const banners = [...container.querySelectorAll(".banner")].map((banner) => banner.textContent);
    expect(banners[0]).toContain("“256K” in model.context_length is not a whole number");
    expect(banners[1]).toContain("less than 64,000 tokens");
  });

  test("says of prices who says so, and nothing where a subscription pays", () => {
    const usd = { input_usd: 3, output_usd: 15, cache_read_usd: 0.3, cache_write_usd: null, version: null };
    draw(modelView, model({ main: entry({ price: { ...usd, source: "hermes" } }) }));
    expect(words(".main .facts")).toContain("$3.00 / $15.00 Hermes' table");
    draw(modelView, model({ main: entry({ price: { ...usd, source: "included" } }) }));
    expect(words(".main .facts")).toContain("paid by the subscription");
  });

  test("opens the session of a chat", async () => {
    const open = vi.fn();
    const chat = { session_id: "s1", platform: "telegram", prompt_tokens: 50_000, share: 0.25, at: at(-1) };
    draw(modelView, model({ chats: [chat] }), { open });
    expect(words("[data-chat]")).toContain("telegram: 50 k tokens");
    await act(async () => one("[data-chat] button")?.click());
    expect(open).toHaveBeenCalledWith("sessions", { session: "s1" });
  });

  test("reads in Chinese", () => {
    draw(modelView, model({ main: null, catalog_models: 0 }), {}, "zh");
    expect(container.textContent).toContain("未配置主模型");
  });
});

const server = (values: Partial<McpServer> = {}): McpServer => ({
  name: "tracker",
  transport: "http",
  program: null,
  host: "mcp.example.com",
  is_configured: true,
  is_enabled: true,
  auth: null,
  login: "none",
  expires_at: null,
  renews: false,
  include: [],
  exclude: [],
  has_resources: true,
  has_prompts: true,
  timeout_s: null,
  problem: null,
  calls: 0,
  failed: 0,
  last_at: null,
  tools: [],
  ...values,
});

const mcp = (...servers: McpServer[]): Mcp => ({ servers, total: servers.length, is_reading: false });

describe("the MCP view", () => {
  test.each([
    [{}, "enabled"],
    [{ is_enabled: false }, "disabled"],
    [{ is_configured: false }, "not configured any more"],
    [{ auth: "oauth", login: "missing" }, "needs a login"],
    [{ auth: "oauth", login: "expired", expires_at: at(-1) }, "needs a login"],
    [{ problem: "unreachable", transport: null }, "neither a command nor a URL"],
  ] as const)("calls a server of %o %s", (values, state) => {
    draw(mcpView, mcp(server(values)));
    expect(words(".server .sign")).toBe(state);
  });

  test("says how its tools were used, and how often in vain", () => {
    const tools = [{ name: "look", calls: 4, failed: 1, last_at: at(-1) }];
    draw(mcpView, mcp(server({ calls: 4, failed: 1, last_at: at(-1), tools, include: ["look"] })));
    expect(words(".facts")).toContain("Calls4Success75%Last call1h ago");
    expect(words(".names")).toBe("Onlylook");
    expect(words("details .bars-value")).toBe("4 1 failed");
  });

  test("does not say 0 while the calls are being read", () => {
    draw(mcpView, { ...mcp(server({ calls: null, failed: null })), is_reading: true });
    expect(words(".facts")).toContain("Calls…");
    expect(words(".notice")).toContain("still being read");
  });
});

const value = (values: Partial<ConfigEntry> = {}): ConfigEntry => ({
  path: "agent.max_turns",
  value: "12",
  default: "90",
  is_set: true,
  is_known: true,
  is_masked: false,
  ...values,
});

const configuration = (entries: ConfigEntry[], values: Partial<Configuration> = {}): Configuration => ({
  sections: [{ name: "agent", is_known: true, written: 1, changed: 1, total: 25, entries }],
  notes: [],
  written: 1,
  changed: 1,
  total: 600,
  left_out: 0,
  defaults_of: "0.19.0",
  written_version: 33,
  known_version: 33,
  backups: 0,
  damaged_backups: 0,
  last_backup_at: null,
  variables: [],
  ...values,
});

describe("the config view", () => {
  test("shows what is set beside the default, and hides a secret", () => {
    draw(
      configView,
      configuration([value(), value({ path: "agent.api_key", value: null, default: null, is_masked: true })]),
    );
    expect(words('[data-path="agent.max_turns"] dd')).toBe("12default: 90");
    expect(words('[data-path="agent.api_key"] dd')).toBe(" hidden");
    expect(one<HTMLDetailsElement>("details")?.open).toBe(true);
  });

  test("asks for the defaults, too, when something is sought, and finds keys and values", async () => {
    const setQuery = vi.fn();
    draw(configView, configuration([value(), value({ path: "agent.mood", value: "calm" })]), { setQuery });
    const field = one<HTMLInputElement>("[data-search]");
    await act(async () => {
      if (!field) return;
      field.value = "agent CALM";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(setQuery).toHaveBeenCalledWith({ all: true });
    expect([...container.querySelectorAll("[data-path]")].map((row) => row.getAttribute("data-path"))).toEqual([
      "agent.mood",
    ]);
    expect(words('[role="status"]')).toContain("1 found");
  });

  test("names what is set in the environment, too", () => {
    draw(configView, configuration([value()]));
    expect(container.textContent).not.toContain(".env");
    draw(configView, configuration([value()], { variables: ["HERMES_KANBAN_HOME", "TERMINAL_ENV"] }));
    expect(container.textContent).toContain("Also set in .env: HERMES_KANBAN_HOME, TERMINAL_ENV");
  });

  test("says what Hermes reads in another way", () => {
    const notes = [
      { path: "max_turns", kind: "moved", to: "agent.max_turns" },
      { path: "toolsets", kind: "wrong-type", to: "list" },
      { path: "api_key", kind: "misplaced", to: "model.api_key" },
    ] as const;
    draw(
      configView,
      configuration([value()], { notes: [...notes], written_version: 40, backups: 2, damaged_backups: 1 }),
    );
    expect([...container.querySelectorAll(".notes li")].map((note) => note.textContent)).toEqual([
      "max_turns is an old place; Hermes reads it as agent.max_turns.",
      "toolsets should be a list.",
      "Nobody reads api_key at the top level; it belongs below model.api_key.",
    ]);
    expect(words('[role="status"]')).toContain("a newer Hermes has written this file");
    expect(container.textContent).toContain("3 backups of config.yaml, 1 of a damaged one");
  });

  test("reads in Chinese", () => {
    draw(configView, configuration([value()]), {}, "zh");
    expect(words('[data-path="agent.max_turns"] dd')).toBe("12默认：90");
  });
});
