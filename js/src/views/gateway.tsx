import type { Api, ViewProps } from "../api.ts";
import { makeSigns, type SignKind } from "../charts/signs.tsx";
import type { Gateway, GatewayBacklog, GatewayPlatform, GatewayWebhook } from "../protocol.ts";
import css from "./gateway.css";

/** The gateway: whether it lives, its platforms, what it owes, and who waits. */
export default function define(api: Api) {
  const { h, ui, t, sentence, word, hooks } = api;
  const { Ago, Badge, Bars, Icon, Prose, Section, Stat, Text } = ui;
  const { Sign, Verdict, css: signs } = makeSigns(api);

  return Object.assign(GatewayView, { css: signs + css });

  function GatewayView({ data }: ViewProps<Gateway>) {
    hooks.useTick(60_000);
    const connected = data.platforms.filter(({ state }) => state === "connected").length;
    const told = data.platforms.filter(({ state }) => state !== null).length;
    return (
      <div class="gateway">
        <Health data={data} />
        {(data.is_storm || data.is_loop) && (
          <p class="banner">
            <Icon name="warning" />
            <span>{t(data.is_loop ? "loop" : "storm")}</span>
          </p>
        )}
        <dl class="stats">
          <Stat label={t("agents")} value={data.active_agents} title={t("agents.help")} />
          <Stat label={t("platforms")} value={`${data.is_alive === false ? 0 : connected}/${told}`} />
          <Stat label={t("owed")} value={data.backlog?.open ?? 0} title={t("owed.help")} />
          <Stat label={t("waiting")} value={data.pairing_waiting} title={t("waiting.help")} />
        </dl>
        <Section
          name="platforms"
          title={t("platforms")}
          aside={data.directory_at && <Directory at={data.directory_at} />}
        >
          {data.platforms.length === 0 && <p class="none">{t("platforms.none")}</p>}
          <ul class="entries">
            {data.platforms.map((platform) => (
              <Platform key={platform.name} platform={platform} />
            ))}
          </ul>
        </Section>
        {data.backlog && <Backlog backlog={data.backlog} />}
        {data.webhooks.length > 0 && (
          <Section
            name="webhooks"
            title={t("webhooks")}
            aside={
              data.webhooks_total > data.webhooks.length
                ? t("of", { shown: data.webhooks.length, count: data.webhooks_total })
                : t("webhooks.count", { count: data.webhooks_total })
            }
          >
            <ul class="entries">
              {data.webhooks.map((webhook) => (
                <Webhook key={webhook.name} webhook={webhook} />
              ))}
            </ul>
          </Section>
        )}
        {data.starts.length > 0 && (
          <Section name="starts" title={t("starts")} aside={t("starts.count", { count: data.starts.length })}>
            <p class="moments">
              {data.starts.slice(0, 8).map((at) => (
                <Ago key={at} at={at} />
              ))}
            </p>
          </Section>
        )}
      </div>
    );
  }

  function Health({ data }: { data: Gateway }) {
    return (
      <Verdict kind={kinds.get(data.health) ?? "calm"} name={data.health} title={t(`health.${data.health}`)}>
        {data.health !== "running" && (
          <span>{t(`health.${data.health}.help`, { said: word("state", data.said ?? "?") })}</span>
        )}
        {data.exit_reason !== null && <span>{sentence("reason", { it: <Text text={data.exit_reason} title /> })}</span>}
        {data.is_restart_requested && <span>{t("restart")}</span>}
        <small>
          {data.changed_at !== null && <span>{sentence("changed", { it: <Ago at={data.changed_at} /> })}</span>}
          {data.heartbeat_at !== null && <span> · {sentence("beat", { it: <Ago at={data.heartbeat_at} /> })}</span>}
          {data.pid !== null && data.is_alive && ` · ${t("process", { pid: String(data.pid) })}`}
          {data.is_told_by_heartbeat && ` · ${t("by.heartbeat")}`}
        </small>
        {data.served_profiles.length > 0 && (
          <small class="badges">
            {t("profiles")}{" "}
            {data.served_profiles.map((profile) => (
              <Badge key={profile}>
                <Text text={profile} />
              </Badge>
            ))}
            <More count={data.total_served_profiles - data.served_profiles.length} />
          </small>
        )}
      </Verdict>
    );
  }

  function Directory({ at }: { at: string }) {
    return <span>{sentence("directory", { it: <Ago at={at} /> })}</span>;
  }

  function Platform({ platform }: { platform: GatewayPlatform }) {
    const state = platform.state ?? "untold";
    const kind = platform.is_current ? (states.get(state) ?? "calm") : "calm";
    return (
      <li class="entry" data-platform={platform.name}>
        <div class="entry-head">
          <b>
            <Text text={platform.name} title />
          </b>
          <Sign
            kind={kind}
            text={platform.is_current ? word("state", state) : t("state.was", { state: word("state", state) })}
          />
          {platform.since !== null && <Ago at={platform.since} />}
        </div>
        <small class="counts numeric">
          {platform.chats > 0 && <span>{t("chats", { count: platform.chats })}</span>}
          {platform.channels !== null && <span>{t("channels", { count: platform.channels })}</span>}
          {platform.paired > 0 && <span>{t("paired", { count: platform.paired })}</span>}
          {platform.waiting_pairings > 0 && (
            <span class="due">{t("pairing", { count: platform.waiting_pairings })}</span>
          )}
          {platform.undelivered > 0 && <span class="due">{t("undelivered", { count: platform.undelivered })}</span>}
          {platform.unreachable > 0 && <span>{t("unreachable", { count: platform.unreachable })}</span>}
        </small>
        {(platform.error_code !== null || platform.error_message !== null) && (
          <div class="trouble">
            {platform.error_code !== null && (
              <code>
                <Text text={platform.error_code} />
              </code>
            )}
            <Prose text={platform.error_message ?? ""} lines={4} />
          </div>
        )}
      </li>
    );
  }

  function Backlog({ backlog }: { backlog: GatewayBacklog }) {
    const states = Object.entries(backlog.states).sort(([one], [other]) => place(one) - place(other));
    const rows = states.map(([state, value]) => ({ label: word("delivery", state), value }));
    return (
      <Section name="backlog" title={t("backlog")} aside={t("backlog.days")}>
        <Bars rows={rows} />
        {backlog.oldest_at !== null && <p class="dim">{sentence("oldest", { it: <Ago at={backlog.oldest_at} /> })}</p>}
        {backlog.last_error !== null && (
          <div class="trouble">
            {backlog.last_error_at !== null && (
              <small class="dim">{sentence("error", { it: <Ago at={backlog.last_error_at} /> })}</small>
            )}
            <Prose text={backlog.last_error} lines={4} />
          </div>
        )}
      </Section>
    );
  }

  function More({ count }: { count: number }) {
    return count > 0 ? <span>{t("more", { count })}</span> : null;
  }

  function Webhook({ webhook }: { webhook: GatewayWebhook }) {
    return (
      <li class="entry" data-webhook={webhook.name}>
        <div class="entry-head">
          <b>
            <Text text={webhook.name} title />
          </b>
          {webhook.deliver !== null && <small>{sentence("deliver", { it: <Text text={webhook.deliver} /> })}</small>}
        </div>
        <small class="counts">
          {webhook.events.length === 0 && <span>{t("events.all")}</span>}
          {webhook.events.map((event) => (
            <Badge key={event}>
              <Text text={event} />
            </Badge>
          ))}
          <More count={webhook.total_events - webhook.events.length} />
          {webhook.created_at !== null && <Ago at={webhook.created_at} />}
        </small>
        {webhook.description !== null && (
          <p class="dim">
            <Text text={webhook.description} title />
          </p>
        )}
      </li>
    );
  }
}

const kinds = new Map<Gateway["health"], SignKind>([
  ["running", "good"],
  ["starting", "live"],
  ["draining", "live"],
  ["degraded", "warn"],
  ["silent", "bad"],
  ["failed", "bad"],
  ["dead", "bad"],
]);

const states = new Map<string, SignKind>([
  ["connected", "good"],
  ["connecting", "live"],
  ["retrying", "warn"],
  ["paused", "calm"],
  ["disconnected", "bad"],
  ["fatal", "bad"],
]);

const deliveries = ["pending", "attempting", "failed", "abandoned", "delivered"];

/** On the way that a reply goes; what nobody knows comes last. */
function place(state: string): number {
  const found = deliveries.indexOf(state);
  return found < 0 ? deliveries.length : found;
}

/** What this view says. */
export const texts = {
  en: {
    empty: "No gateway has run here",
    "empty.help":
      "The gateway connects Hermes to Telegram, Discord, e-mail and more, and fires scheduled jobs: “hermes gateway setup”.",
    "health.running": "The gateway is running",
    "health.starting": "The gateway is starting",
    "health.starting.help": "It connects to its platforms.",
    "health.degraded": "The gateway runs, but not all of it",
    "health.degraded.help": "Some platforms could not be connected; it keeps trying.",
    "health.draining": "The gateway finishes its work, then stops",
    "health.draining.help": "It takes no new messages meanwhile.",
    "health.silent": "The gateway hangs",
    "health.silent.help": "Its process lives, but its heartbeat has stopped: “hermes gateway restart”.",
    "health.stopped": "The gateway is stopped",
    "health.stopped.help": "No messages arrive and no jobs fire. Start it: “hermes gateway”.",
    "health.failed": "The gateway could not start",
    "health.failed.help": "Look into logs/gateway.log, then start it again: “hermes gateway”.",
    "health.dead": "The gateway is gone",
    "health.dead.help": "It still says “{said}”, but its process has ended. Start it again: “hermes gateway”.",
    "health.unknown": "Whether the gateway runs cannot be seen from here",
    "health.unknown.help": "It said “{said}” last. Its process is out of sight, and it writes no heartbeat.",
    "health.none": "No gateway has run here yet",
    "health.none.help": "These files come from elsewhere, or from long ago.",
    reason: "Reason: {it}",
    restart: "A restart was asked for.",
    changed: "state changed {it}",
    beat: "heartbeat {it}",
    process: "process {pid}",
    "by.heartbeat": "told by its heartbeat alone",
    profiles: "Serves",
    loop: "It restarts again and again while it works: interrupted conversations are not resumed any more.",
    storm: "It was started more than five times within two minutes.",
    agents: "At work",
    "agents.help": "Turns that it works on now; those of the API server and of scheduled jobs are not counted.",
    platforms: "Platforms",
    "platforms.none": "It serves no platform.",
    owed: "Owed replies",
    "owed.help": "Replies that were written but have not reached their platform.",
    waiting: "Waiting people",
    "waiting.help": "People who wait until somebody confirms their pairing: “hermes pairing list”.",
    directory: "channels as of {it}",
    "state.connected": "connected",
    "state.connecting": "connecting",
    "state.retrying": "retrying",
    "state.disconnected": "disconnected",
    "state.paused": "paused",
    "state.fatal": "given up",
    "state.untold": "not served",
    "state.running": "running",
    "state.starting": "starting",
    "state.degraded": "degraded",
    "state.draining": "draining",
    "state.was": "was {state}",
    chats: "{count} chat|{count} chats",
    channels: "{count} channel|{count} channels",
    paired: "{count} person paired|{count} people paired",
    pairing: "{count} waits for pairing|{count} wait for pairing",
    undelivered: "{count} reply owed|{count} replies owed",
    unreachable: "{count} target is gone|{count} targets are gone",
    backlog: "Deliveries",
    "backlog.days": "last 7 days",
    "delivery.pending": "not sent yet",
    "delivery.attempting": "being sent",
    "delivery.failed": "failed",
    "delivery.abandoned": "given up",
    "delivery.delivered": "delivered",
    oldest: "The oldest reply that is owed is of {it}.",
    error: "last error {it}",
    webhooks: "Webhooks",
    of: "{shown} of {count}",
    more: "and {count} more",
    "webhooks.count": "{count} webhook|{count} webhooks",
    "events.all": "all events",
    deliver: "answers to {it}",
    starts: "Last starts",
    "starts.count": "{count} start recorded|{count} starts recorded",
  },
  zh: {
    empty: "这里还没有运行过网关",
    "empty.help": "网关把 Hermes 接入 Telegram、Discord、邮件等平台，并触发定时任务：“hermes gateway setup”。",
    "health.running": "网关运行正常",
    "health.starting": "网关正在启动",
    "health.starting.help": "正在连接各个平台。",
    "health.degraded": "网关在运行，但部分功能不可用",
    "health.degraded.help": "有平台未能连接，仍在重试。",
    "health.draining": "网关正在收尾，随后停止",
    "health.draining.help": "在此期间不接收新消息。",
    "health.silent": "网关卡住了",
    "health.silent.help": "进程还在，但心跳已停止：“hermes gateway restart”。",
    "health.stopped": "网关已停止",
    "health.stopped.help": "收不到消息，定时任务也不会触发。请启动它：“hermes gateway”。",
    "health.failed": "网关未能启动",
    "health.failed.help": "请查看 logs/gateway.log，然后重新启动：“hermes gateway”。",
    "health.dead": "网关已退出",
    "health.dead.help": "状态文件仍写着“{said}”，但进程已经结束。请重新启动：“hermes gateway”。",
    "health.unknown": "此处无法得知网关是否在运行",
    "health.unknown.help": "它最后的状态是“{said}”。看不到它的进程，也没有心跳。",
    "health.none": "这里还没有运行过网关",
    "health.none.help": "这些文件来自别处，或已是很久以前的。",
    reason: "原因：{it}",
    restart: "已请求重启。",
    changed: "状态更新于{it}",
    beat: "心跳：{it}",
    process: "进程 {pid}",
    "by.heartbeat": "仅凭心跳判断",
    profiles: "服务的配置档",
    loop: "它在工作时反复重启：被打断的对话不再自动继续。",
    storm: "两分钟内启动超过五次。",
    agents: "正在处理",
    "agents.help": "正在处理的轮次；API 服务器和定时任务的不计入。",
    platforms: "平台",
    "platforms.none": "没有接入任何平台。",
    owed: "待送达回复",
    "owed.help": "已写好但尚未送达平台的回复。",
    waiting: "等待配对",
    "waiting.help": "等待确认配对的人：“hermes pairing list”。",
    directory: "频道目录更新于{it}",
    "state.connected": "已连接",
    "state.connecting": "连接中",
    "state.retrying": "重试中",
    "state.disconnected": "已断开",
    "state.paused": "已暂停",
    "state.fatal": "已放弃",
    "state.untold": "未接入",
    "state.running": "运行中",
    "state.starting": "启动中",
    "state.degraded": "降级运行",
    "state.draining": "收尾中",
    "state.was": "曾为：{state}",
    chats: "{count} 个聊天",
    channels: "{count} 个频道",
    paired: "{count} 人已配对",
    pairing: "{count} 人等待配对",
    undelivered: "{count} 条回复待送达",
    unreachable: "{count} 个目标已失效",
    backlog: "送达情况",
    "backlog.days": "最近 7 天",
    "delivery.pending": "尚未发送",
    "delivery.attempting": "发送中",
    "delivery.failed": "失败",
    "delivery.abandoned": "已放弃",
    "delivery.delivered": "已送达",
    oldest: "最早的待送达回复：{it}。",
    error: "最近的错误：{it}",
    webhooks: "网络钩子",
    of: "显示 {shown} / {count}",
    more: "另有 {count} 项",
    "webhooks.count": "{count} 个网络钩子",
    "events.all": "所有事件",
    deliver: "回复发往 {it}",
    starts: "最近的启动",
    "starts.count": "记录了 {count} 次启动",
  },
};
