import type { Api, ViewProps } from "../api.ts";
import { makeSigns, type SignKind } from "../charts/signs.tsx";
import type { Provider, ProviderCredential, Providers } from "../protocol.ts";
import css from "./providers.css";

/** The providers: which one is asked, which of its keys and logins work, and until when. */
export default function define(api: Api) {
  const { h, ui, t, sentence, word } = api;
  const { Ago, Badge, Icon, Text, Until } = ui;
  const { Sign, css: signs } = makeSigns(api);

  return Object.assign(ProvidersView, { css: signs + css });

  function ProvidersView({ data }: ViewProps<Providers>) {
    const troubled = data.providers.filter((one) => one.roles.length > 0 && isTrouble(one.status));
    return (
      <div class="providers">
        {troubled.map((one) => (
          <p key={one.id} class="banner">
            <Icon name="warning" />
            <span>{t(`trouble.${one.status}`, { name: one.name, roles: one.roles.map(role).join(", ") })}</span>
          </p>
        ))}
        {data.configured === null && (
          <p class="notice">
            <Icon name="info" />
            <span>{t("auto")}</span>
          </p>
        )}
        <section class="section">
          <h3>
            <span>{t("title")}</span>
            <small>{t("count", { count: data.total })}</small>
          </h3>
          <ul class="list">
            {data.providers.map((one) => (
              <Card key={one.id} one={one} />
            ))}
          </ul>
        </section>
      </div>
    );
  }

  function Card({ one }: { one: Provider }) {
    const usable = one.total > 1 ? ` · ${t("usable", { usable: one.usable, total: one.total })}` : "";
    return (
      <li class={one.is_active ? "provider active" : "provider"} data-provider={one.id}>
        <div class="head">
          <h4>
            <Text text={one.name} title />
          </h4>
          {one.is_active && <Badge kind="accent">{t("active")}</Badge>}
          <Sign kind={kinds[one.status]} text={`${t(`status.${one.status}`)}${usable}`} />
        </div>
        <div class="about">
          <code>
            <Text text={one.id} title />
          </code>
          {one.host !== null && (
            <span>
              <Text text={one.host} title />
            </span>
          )}
          {one.cools_until !== null && <span>{sentence("again", { it: <Until at={one.cools_until} /> })}</span>}
          {one.expires_at !== null && <span>{sentence("ends", { it: <Until at={one.expires_at} /> })}</span>}
          {one.strategy !== null && <span>{word("strategy", one.strategy)}</span>}
          {one.roles.length > 0 && (
            <span class="badges">
              {one.roles.map((name) => (
                <Badge key={name}>
                  <Text text={role(name)} title />
                </Badge>
              ))}
            </span>
          )}
        </div>
        {one.credentials.length > 0 && (
          <ul class="keys">
            {one.credentials.map((key, index) => (
              <Key key={`${key.source} ${index}`} one={key} of={one} />
            ))}
            {one.total > one.credentials.length && (
              <li class="key none">{t("more", { count: one.total - one.credentials.length })}</li>
            )}
          </ul>
        )}
      </li>
    );
  }

  function Key({ one, of }: { one: ProviderCredential; of: Provider }) {
    return (
      <li class="key">
        <Sign kind={kinds[one.status]} text={t(`status.${one.status}`)} />
        <span>{t(`kind.${one.kind}`)}</span>
        <code>
          <Text text={word("source", one.source)} title />
        </code>
        <small>
          {one.cools_until !== null && <span>{sentence("again", { it: <Until at={one.cools_until} /> })} </span>}
          {one.expires_at !== null && <End one={one} at={one.expires_at} />}
          {one.expires_at === null && one.kind === "oauth" && t("endless")}
        </small>
        {(one.last_error_code !== null || one.last_error_reason !== null) && (
          <small>
            {t("error", {
              error: [one.last_error_code, one.last_error_reason].filter((part) => part !== null).join(" "),
            })}{" "}
            {one.last_error_at !== null && <Ago at={one.last_error_at} />}
          </small>
        )}
        {one.requests > 0 && <small class="numeric">{t("requests", { count: one.requests })}</small>}
        {one.host !== null && one.host !== of.host && (
          <small>
            <Text text={one.host} title />
          </small>
        )}
        {one.is_shared && <Badge title={t("shared.help")}>{t("shared")}</Badge>}
      </li>
    );
  }

  function End({ one, at }: { one: ProviderCredential; at: string }) {
    if (one.renews) return <span title={t("renews.help")}>{t("renews")}</span>;
    const isPast = Date.parse(at) <= Date.now();
    return (
      <span>{isPast ? sentence("ended", { it: <Ago at={at} /> }) : sentence("ends", { it: <Until at={at} /> })}</span>
    );
  }

  function role(name: string): string {
    return word("role", name);
  }
}

const kinds: Record<Provider["status"], SignKind> = {
  ok: "good",
  expiring: "warn",
  elsewhere: "calm",
  exhausted: "warn",
  expired: "bad",
  dead: "bad",
  missing: "bad",
};

function isTrouble(status: Provider["status"]): boolean {
  return status !== "ok" && status !== "elsewhere";
}

/** What this view says. */
export const texts = {
  en: {
    empty: "No provider is configured",
    "empty.help": "Hermes needs one to think: run “hermes model”, log in or give it a key.",
    title: "Providers",
    count: "{count} provider|{count} providers",
    auto: "No provider is set for the main model: Hermes takes what it finds first.",
    active: "active",
    usable: "{usable} of {total} usable",
    "status.ok": "ready",
    "status.expiring": "ends soon",
    "status.expired": "ended",
    "status.exhausted": "resting",
    "status.dead": "refused",
    "status.missing": "no key",
    "status.elsewhere": "not kept here",
    "trouble.expiring": "The login to {name} ends soon, and cannot renew itself ({roles}).",
    "trouble.expired": "The login to {name} has ended: “hermes auth” renews it ({roles}).",
    "trouble.exhausted": "{name} rests after errors; Hermes tries it again later ({roles}).",
    "trouble.dead": "{name} refuses its key for good: “hermes auth” gives it a new one ({roles}).",
    "trouble.missing": "{name} is configured, but there is no key for it ({roles}).",
    "kind.api_key": "Key",
    "kind.oauth": "Login",
    "kind.environment": "Variable",
    "kind.config": "Key in the configuration",
    "source.manual": "added by hand",
    "source.device_code": "device login",
    "source.hermes_pkce": "browser login",
    "source.claude_code": "of Claude Code",
    "strategy.fill_first": "first key until it rests",
    "strategy.round_robin": "keys in turn",
    "strategy.random": "keys at random",
    "strategy.least_used": "least used key",
    "role.main": "main model",
    "role.fallback": "fallback",
    again: "again {it}",
    ends: "ends {it}",
    ended: "ended {it}",
    endless: "no end known",
    renews: "renews itself",
    "renews.help": "Hermes renews it by itself, so its end is no trouble.",
    error: "last error {error}",
    requests: "{count} request|{count} requests",
    shared: "root home's",
    "shared.help": "This profile has none of its own and uses that of the root home.",
    more: "{count} more key|{count} more keys",
  },
  zh: {
    empty: "尚未配置提供商",
    "empty.help": "Hermes 需要模型提供商：运行“hermes model”，登录或填入密钥。",
    title: "提供商",
    count: "{count} 个提供商",
    auto: "主模型未指定提供商：Hermes 会使用最先找到的一个。",
    active: "使用中",
    usable: "{total} 个中 {usable} 个可用",
    "status.ok": "可用",
    "status.expiring": "即将到期",
    "status.expired": "已到期",
    "status.exhausted": "冷却中",
    "status.dead": "被拒绝",
    "status.missing": "没有密钥",
    "status.elsewhere": "不在此处保存",
    "trouble.expiring": "{name} 的登录即将到期，且无法自动续期（{roles}）。",
    "trouble.expired": "{name} 的登录已到期：用“hermes auth”续期（{roles}）。",
    "trouble.exhausted": "{name} 出错后正在冷却，Hermes 稍后会重试（{roles}）。",
    "trouble.dead": "{name} 已永久拒绝该密钥：用“hermes auth”更换（{roles}）。",
    "trouble.missing": "已配置 {name}，但没有它的密钥（{roles}）。",
    "kind.api_key": "密钥",
    "kind.oauth": "登录",
    "kind.environment": "环境变量",
    "kind.config": "配置中的密钥",
    "source.manual": "手动添加",
    "source.device_code": "设备登录",
    "source.hermes_pkce": "浏览器登录",
    "source.claude_code": "来自 Claude Code",
    "strategy.fill_first": "先用第一个密钥",
    "strategy.round_robin": "轮流使用密钥",
    "strategy.random": "随机使用密钥",
    "strategy.least_used": "最少使用的密钥",
    "role.main": "主模型",
    "role.fallback": "备用",
    again: "{it}重试",
    ends: "{it}到期",
    ended: "{it}到期",
    endless: "未注明到期时间",
    renews: "自动续期",
    "renews.help": "Hermes 会自动续期，到期不成问题。",
    error: "最近的错误 {error}",
    requests: "{count} 次请求",
    shared: "来自根目录",
    "shared.help": "此配置档没有自己的密钥，使用根目录的。",
    more: "另有 {count} 个密钥",
  },
};
