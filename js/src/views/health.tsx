import says from "../../../src/hermes_hud_widget/panels/health.json";
import type { Api, ViewProps } from "../api.ts";
import type { Health, HealthCheck } from "../protocol.ts";
import { cleanLine } from "../text.ts";
import type { IconName } from "../ui/icon.tsx";
import css from "./health.css";

const LEVELS = ["error", "warning", "unknown", "ok"] as const;
const icons: Record<HealthCheck["level"], IconName> = {
  error: "crashed",
  warning: "warning",
  unknown: "asking",
  ok: "check",
};

/** What may keep Hermes from working, worst first; what is well is folded away. */
export default function define({ h, ui, t, sentence, format }: Api) {
  const { Ago, Badge, Icon, Section, Text } = ui;

  return Object.assign(HealthView, { css });

  function HealthView({ data, open }: ViewProps<Health>) {
    const troubled = data.checks.filter(({ level }) => level !== "ok");
    const well = data.checks.filter(({ level }) => level === "ok");
    const worst = data.checks[0]?.level ?? "ok";
    const counts = { error: data.errors, warning: data.warnings, unknown: data.unknown, ok: data.ok };
    return (
      <div class="health-view">
        <div class={`verdict ${worst}`}>
          <Icon name={icons[worst]} size={20} />
          <p>
            <b>{t(`verdict.${worst}`)}</b>
            <span class="counts">
              {LEVELS.filter((level) => counts[level] > 0).map((level) => (
                <Badge key={level} kind={level}>
                  {t(`count.${level}`, { count: counts[level] })}
                </Badge>
              ))}
            </span>
          </p>
        </div>
        {troubled.length > 0 && (
          <Section name="troubled" title={t("troubled")}>
            <Checks checks={troubled} open={open} />
          </Section>
        )}
        <Section name="well" title={t("well")}>
          <Checks checks={well} open={open} />
        </Section>
      </div>
    );
  }

  function Checks({ checks, open }: { checks: readonly HealthCheck[]; open: ViewProps["open"] }) {
    return (
      <ul class="checks">
        {checks.map((check) => (
          <li key={`${check.code} ${check.looked_at}`} class={`check ${check.level}`} data-check={check.check}>
            <span class="level">
              <Icon name={icons[check.level]} size={15} />
              <span class="hidden">{t(`level.${check.level}`)}</span>
            </span>
            <div>
              <h4>{t(`check.${check.check}`)}</h4>
              <p>{said(check, `what.${check.code}`)}</p>
              {check.advice !== null && (
                <p class="advice">
                  <Icon name="next" size={12} /> <span>{said(check, `advice.${check.code}`)}</span>
                </p>
              )}
              <p class="where">
                <code>
                  <Text text={check.looked_at} title />
                </code>
                {check.panel !== null && <More panel={check.panel} open={open} />}
              </p>
            </div>
          </li>
        ))}
      </ul>
    );
  }

  function More({ panel, open }: { panel: string; open: ViewProps["open"] }) {
    return (
      <button type="button" class="quiet" onClick={() => open(panel)}>
        {t("details")}
      </button>
    );
  }

  /** Times tick; what anybody wrote is harmless. */
  function said(check: HealthCheck, key: string) {
    const parts = Object.entries(check.values).map(([name, value]) => [
      name,
      name === "at" && !Number.isNaN(Date.parse(value)) ? (
        <Ago at={value} />
      ) : name === "journal" ? (
        t(`journal.${value === "rollback journal" ? "rollback" : "wal"}`)
      ) : (
        // What went wrong is told in the server's own words, which are English.
        <bdi class="value" lang={name === "problem" ? "en" : undefined}>
          {Number.isNaN(Number(value)) ? cleanLine(value) : format.number(Number(value))}
        </bdi>
      ),
    ]);
    return sentence(key, Object.fromEntries(parts));
  }
}

/** The sentences of the checks: the panel says them in English, too. */
const sentences = (language: "en" | "zh") =>
  Object.fromEntries(
    Object.entries(says).flatMap(
      ([
        code,
        {
          [language]: [what = "", advice = ""],
        },
      ]) => [[`what.${code}`, what], ...(advice === "" ? [] : [[`advice.${code}`, advice]])],
    ),
  );

/** What this view says. */
export const texts = {
  en: {
    ...sentences("en"),
    empty: "There is no Hermes here yet",
    "empty.help": "Once Hermes has been started, its health is checked here.",
    "verdict.error": "Something does not work",
    "verdict.warning": "It works; something needs a look",
    "verdict.unknown": "All that can be checked from here is well",
    "verdict.ok": "All is well",
    "count.error": "{count} error|{count} errors",
    "count.warning": "{count} warning|{count} warnings",
    "count.unknown": "{count} not known",
    "count.ok": "{count} well",
    "level.error": "Error:",
    "level.warning": "Warning:",
    "level.unknown": "Not known:",
    "level.ok": "Well:",
    troubled: "To look at",
    well: "Well",
    details: "Details",
    "journal.wal": "write-ahead log",
    "journal.rollback": "rollback journal",
    "check.database": "Session database",
    "check.log-file": "Write-ahead log",
    "check.permissions": "Permissions",
    "check.configuration": "Configuration",
    "check.files": "Files",
    "check.keys": "Keys",
    "check.provider": "Provider of the model",
    "check.gateway": "Gateway",
    "check.scheduler": "Scheduler",
    "check.jobs": "Scheduled jobs",
    "check.deliveries": "Deliveries",
    "check.memory": "Memory",
    "check.skills": "Skills",
    "check.compression": "Compression",
    "check.errors": "Errors",
    "check.disk": "Disk",
    "check.update": "Update",
    "check.watching": "Watching",
  },
  zh: {
    ...sentences("zh"),
    empty: "此处还没有 Hermes",
    "empty.help": "启动 Hermes 之后，这里会检查它的健康状况。",
    "verdict.error": "有功能无法工作",
    "verdict.warning": "可以工作，但有事项需要留意",
    "verdict.unknown": "此处能检查的一切正常",
    "verdict.ok": "一切正常",
    "count.error": "{count} 个错误",
    "count.warning": "{count} 个警告",
    "count.unknown": "{count} 项未知",
    "count.ok": "{count} 项正常",
    "level.error": "错误：",
    "level.warning": "警告：",
    "level.unknown": "未知：",
    "level.ok": "正常：",
    troubled: "需要留意",
    well: "正常",
    details: "详情",
    "journal.wal": "预写日志",
    "journal.rollback": "回滚日志",
    "check.database": "会话数据库",
    "check.log-file": "预写日志文件",
    "check.permissions": "权限",
    "check.configuration": "配置",
    "check.files": "文件",
    "check.keys": "密钥",
    "check.provider": "模型提供商",
    "check.gateway": "网关",
    "check.scheduler": "调度器",
    "check.jobs": "定时任务",
    "check.deliveries": "消息送达",
    "check.memory": "记忆",
    "check.skills": "技能",
    "check.compression": "上下文压缩",
    "check.errors": "错误",
    "check.disk": "磁盘",
    "check.update": "更新",
    "check.watching": "监听",
  },
};
