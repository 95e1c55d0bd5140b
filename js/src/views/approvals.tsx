import type { Api, ViewProps } from "../api.ts";
import type {
  ApprovalCommand,
  ApprovalSettings,
  Approvals,
  ApprovalsQuery,
  ApprovalWait,
  ApprovalWrite,
} from "../protocol.ts";
import rowsCss from "../rows.css";
import type { IconName } from "../ui/icon.tsx";
import css from "./approvals.css";

type Outcome = ApprovalCommand["outcome"];

const signs: Record<Outcome, { icon: IconName; kind: string }> = {
  approved: { icon: "check", kind: "good" },
  "smart-approved": { icon: "assistant", kind: "good" },
  denied: { icon: "close", kind: "bad" },
  timeout: { icon: "cron", kind: "bad" },
  "smart-denied": { icon: "close", kind: "bad" },
  "cron-denied": { icon: "close", kind: "bad" },
  "deny-rule": { icon: "shield", kind: "bad" },
  hardline: { icon: "shield", kind: "bad" },
  blocked: { icon: "close", kind: "bad" },
  pending: { icon: "asking", kind: "warn" },
  ran: { icon: "idle", kind: "" },
  failed: { icon: "crashed", kind: "warn" },
  running: { icon: "running", kind: "" },
  unanswered: { icon: "crashed", kind: "" },
};

/** What the agent may do without asking, what it asked for, and what came of it. */
export default function define({ h, ui, t, word, format }: Api) {
  const { Ago, Bars, Columns, Elapsed, Icon, Section, Skeleton, Text } = ui;

  return Object.assign(ApprovalsView, { css: rowsCss + css });

  function ApprovalsView({ data, query, setQuery, open, isPending, progress }: ViewProps<Approvals>) {
    const chosen = (query as ApprovalsQuery).outcome ?? null;
    const isBusy = !data.is_whole || progress !== null;
    const waits = data.total_pending + data.total_waiting;
    const listed = data.pending.length + data.waiting.length;
    return (
      <div class="told approvals" aria-busy={isPending}>
        <Mode settings={data.settings} />
        {data.problem !== null && (
          <p class="banner">
            <Icon name="warning" />
            <span>{t(`problem.${data.problem}`)}</span>
          </p>
        )}
        <div class="main">
          {waits > 0 && (
            <Section name="waits" title={t("waits")} aside={format.number(waits)}>
              <ul class="rows">
                {data.waiting.map((one) => (
                  <Waiting key={`${one.session_id} ${one.since}`} one={one} open={open} />
                ))}
                {data.pending.map((one) => (
                  <Pending key={`${one.store} ${one.id}`} one={one} />
                ))}
              </ul>
              {waits > listed && <p class="none">{t("more", { count: waits - listed })}</p>}
            </Section>
          )}
          <Section name="commands" title={t("commands")} aside={t("commands.count", { count: data.total_commands })}>
            {data.outcomes.length > 0 && (
              <fieldset class="outcomes">
                <legend class="hidden">{t("outcome")}</legend>
                {data.outcomes.map(({ outcome, count }) => (
                  <button
                    key={outcome}
                    type="button"
                    data-outcome={outcome}
                    title={t(`outcome.${outcome}.help`)}
                    aria-pressed={chosen === outcome}
                    onClick={() =>
                      setQuery({ ...query, outcome: chosen === outcome ? null : outcome } satisfies ApprovalsQuery)
                    }
                  >
                    <Sign outcome={outcome} /> <b class="numeric">{format.number(count)}</b>
                  </button>
                ))}
              </fieldset>
            )}
            {isBusy && <p class="none">{t("looking")}</p>}
            {data.commands.length === 0 && (isBusy ? <Skeleton /> : <p class="none">{t("commands.none")}</p>)}
            <ul class="rows">
              {data.commands.map((one) => (
                <Command key={`${one.message} ${one.command}`} one={one} open={open} />
              ))}
            </ul>
            {data.total_commands > data.commands.length && (
              <p class="none">{t("more", { count: data.total_commands - data.commands.length })}</p>
            )}
            {data.since !== null && (
              <p class="none">
                {t("since")} <Ago at={data.since} />
              </p>
            )}
          </Section>
        </div>
        <div class="side">
          {data.outcomes.length > 0 && (
            <Section name="days" title={t("days")}>
              <Columns
                label={t("days")}
                format={format.number}
                kinds={(["allowed", "refused", "other"] as const).map((kind) => ({ kind, label: t(`day.${kind}`) }))}
                columns={data.days.map(({ day, ...counts }) => ({
                  key: day,
                  label: format.day(day),
                  title: format.longDay(day),
                  parts: (["allowed", "refused", "other"] as const).map((kind) => ({ kind, value: counts[kind] })),
                }))}
              />
            </Section>
          )}
          {data.sudo.length > 0 && (
            <Section
              name="sudo"
              title={t("sudo")}
              aside={
                data.total_sudo > data.sudo.length
                  ? t("of", { shown: data.sudo.length, count: data.total_sudo })
                  : undefined
              }
            >
              <Bars
                rows={data.sudo.map(({ command, count, failed }) => ({
                  label: command,
                  value: count,
                  note: failed > 0 ? t("sudo.failed", { count: failed }) : undefined,
                }))}
              />
            </Section>
          )}
          <Rules settings={data.settings} />
        </div>
        <p class="rule">{t("rule")}</p>
      </div>
    );
  }

  function Mode({ settings }: { settings: ApprovalSettings }) {
    const { mode } = settings;
    const facts: [string, string][] = [
      ["timeout", format.duration(settings.timeout_s)],
      ["cron", t(`cron.${settings.cron_mode}`)],
      ["scanner", settings.has_scanner ? t(settings.allows_unscanned ? "on" : "strict") : t("off")],
      ["redacts", settings.redacts_secrets ? t("on") : t("off")],
      ["writes-memory", settings.approves_memory ? t("asks") : t("free")],
      ["writes-skills", settings.approves_skills ? t("asks") : t("free")],
    ];
    return (
      <section class="mode" data-mode={mode} aria-label={t("mode")}>
        <div class="head">
          <b>{t(`mode.${mode}`)}</b>
          <span class={`sign ${mode === "off" ? "warn" : "good"}`}>
            <Icon name={mode === "off" ? "warning" : "shield"} size={14} />
            {`approvals.mode: ${mode}`}
          </span>
        </div>
        <p>
          {t(`mode.${mode}.help`)}
          {settings.is_mode_default && ` ${t("mode.default")}`}
          {settings.is_mode_unknown && ` ${t("mode.unknown")}`}
        </p>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name} title={t(`${name}.help`)}>
              <dt>{t(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    );
  }

  function Waiting({ one, open }: { one: ApprovalWait; open: ViewProps["open"] }) {
    return (
      <li data-waiting={one.kind}>
        <div class="head">
          <button type="button" class="link" onClick={() => open("sessions", { session: one.session_id })}>
            <Text text={one.session} />
          </button>
          <span class={`sign ${one.kind === "question" ? "warn" : ""}`}>
            <Icon name={one.kind === "question" ? "asking" : "running"} size={14} />
            {t(`waiting.${one.kind}`)}
          </span>
        </div>
        <div class="about">
          <Text text={one.tool} />
          <Elapsed since={one.since} />
          {one.kind === "command" && <span>{t("waiting.command.help")}</span>}
        </div>
      </li>
    );
  }

  function Pending({ one }: { one: ApprovalWrite }) {
    return (
      <li data-pending={one.id}>
        <div class="head">
          <span lang={one.summary === null && one.problem !== null ? "en" : undefined}>
            <Text text={one.summary ?? one.problem ?? one.id} title />
          </span>
          <span class="sign warn">
            <Icon name="asking" size={14} />
            {word("store", one.store)}
          </span>
        </div>
        <div class="about">
          {one.action && <Text text={one.action} />}
          {one.origin && <span>{word("origin", one.origin)}</span>}
          <Ago at={one.created_at} />
          <code>
            <Text text={`/${one.store} pending`} />
          </code>
        </div>
      </li>
    );
  }

  function Command({ one, open }: { one: ApprovalCommand; open: ViewProps["open"] }) {
    return (
      <li data-message={one.message} data-outcome={one.outcome}>
        <div class="head">
          <div class="command">
            {one.command === null ? (
              <span class="none">{t("command.unknown")}</span>
            ) : (
              <code>
                <Text text={one.command} title />
              </code>
            )}
          </div>
          <Sign outcome={one.outcome} />
        </div>
        <div class="about">
          {one.reason && <Text text={one.reason} title />}
          {one.exit_code !== null && <span class="numeric">{t("exit", { code: String(one.exit_code) })}</span>}
          {one.is_interrupted && <span>{t("interrupted")}</span>}
          {one.is_sudo && <span>sudo</span>}
          <Ago at={one.at} />
          <button
            type="button"
            class="link"
            title={t("session.open")}
            onClick={() => open("sessions", { session: one.session_id, message: one.message })}
          >
            <Text text={one.session ?? one.session_id} />
          </button>
        </div>
      </li>
    );
  }

  function Rules({ settings }: { settings: ApprovalSettings }) {
    return (
      <Section name="rules" title={t("rules")}>
        <Patterns title={t("allow")} none={t("allow.none")} patterns={settings.allow} total={settings.total_allow} />
        <Patterns title={t("deny")} none={t("deny.none")} patterns={settings.deny} total={settings.total_deny} />
      </Section>
    );
  }

  function Patterns(props: { title: string; none: string; patterns: readonly string[]; total: number }) {
    const { title, none, patterns, total } = props;
    return (
      <div>
        <h4>{title}</h4>
        {patterns.length === 0 ? (
          <p class="none">{none}</p>
        ) : (
          <ul class="patterns">
            {patterns.map((pattern, index) => (
              <li key={index}>
                <code>
                  <Text text={pattern} title />
                </code>
              </li>
            ))}
            {total > patterns.length && <li class="none">{t("more", { count: total - patterns.length })}</li>}
          </ul>
        )}
      </div>
    );
  }

  /** A sign and a word: never colour alone. */
  function Sign({ outcome }: { outcome: Outcome }) {
    const { icon, kind } = signs[outcome];
    return (
      <span class={`sign ${kind}`}>
        <Icon name={icon} size={14} />
        {t(`outcome.${outcome}`)}
      </span>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Nothing had to be approved yet",
    "empty.help":
      "Commands that Hermes flags as dangerous, what became of them, and writes that wait for your word appear here.",
    mode: "Mode",
    "mode.manual": "You decide on dangerous commands",
    "mode.smart": "A model decides, and you where it is unsure",
    "mode.off": "Nobody is asked",
    "mode.manual.help": "Hermes asks before each command that it flags.",
    "mode.smart.help": "Flagged commands are judged by a model; what it does not allow comes to you.",
    "mode.off.help": "Flagged commands run at once; only those that nothing allows are refused.",
    "mode.default": "This is the default; config.yaml says nothing.",
    "mode.unknown": "config.yaml names a mode that Hermes does not know and takes as manual.",
    timeout: "Waits for you",
    "timeout.help": "So long it waits for your answer; silence is a no (approvals.timeout).",
    cron: "In scheduled jobs",
    "cron.help": "What becomes of flagged commands where nobody can be asked (approvals.cron_mode).",
    "cron.deny": "refused",
    "cron.approve": "allowed",
    scanner: "Tirith scanner",
    "scanner.help": "Looks at commands for hidden threats (security.tirith_enabled).",
    redacts: "Hides secrets",
    "redacts.help": "Secrets are taken out of what tools print (security.redact_secrets).",
    "writes-memory": "Writes to memory",
    "writes-memory.help": "memory.write_approval",
    "writes-skills": "Writes to skills",
    "writes-skills.help": "skills.write_approval",
    on: "yes",
    off: "no",
    strict: "yes, and required",
    asks: "wait for you",
    free: "at once",
    "problem.missing": "Hermes keeps no full-text index here: commands cannot be searched.",
    "problem.incomplete": "Hermes' full-text index does not have all messages yet: commands cannot be searched.",
    "problem.unreadable": "Hermes' full-text index cannot be read: commands cannot be searched.",
    waits: "Waiting for you",
    "waiting.question": "asks you",
    "waiting.command": "may ask you",
    "waiting.command.help": "It runs, or waits for your word: Hermes does not write which.",
    "store.memory": "memory",
    "store.skills": "skill",
    "origin.foreground": "in a session",
    "origin.background_review": "by its review",
    commands: "Flagged commands and sudo",
    "commands.count": "{count} command|{count} commands",
    "commands.none": "None.",
    "command.unknown": "its call is not known",
    looking: "Older messages are still being looked at …",
    since: "Looked at back to",
    more: "and {count} more",
    of: "{shown} of {count}",
    outcome: "Outcome",
    "outcome.approved": "approved",
    "outcome.smart-approved": "approved by a model",
    "outcome.denied": "denied",
    "outcome.timeout": "no answer",
    "outcome.smart-denied": "denied by a model",
    "outcome.cron-denied": "nobody to ask",
    "outcome.deny-rule": "against your rule",
    "outcome.hardline": "never allowed",
    "outcome.blocked": "blocked",
    "outcome.pending": "asked",
    "outcome.ran": "ran",
    "outcome.failed": "failed",
    "outcome.running": "running",
    "outcome.unanswered": "no result",
    "outcome.approved.help": "You allowed it.",
    "outcome.smart-approved.help": "A model judged it harmless.",
    "outcome.denied.help": "You refused it.",
    "outcome.timeout.help": "You did not answer in time.",
    "outcome.smart-denied.help": "A model judged it dangerous.",
    "outcome.cron-denied.help": "A scheduled job wanted it, where nobody can be asked.",
    "outcome.deny-rule.help": "A pattern of approvals.deny forbids it.",
    "outcome.hardline.help": "Hermes allows it under no circumstances.",
    "outcome.blocked.help": "Refused for another reason.",
    "outcome.pending.help": "You were asked; what you said is not in the result.",
    "outcome.ran.help": "By sudo; nobody had to be asked.",
    "outcome.failed.help": "By sudo; it ended with an error.",
    "outcome.running.help": "By sudo; there is no result yet.",
    "outcome.unanswered.help": "By sudo; there is no result, and its session does not wait for one.",
    exit: "exit {code}",
    interrupted: "then interrupted",
    "session.open": "Open the session at this message",
    days: "Per day",
    "day.allowed": "allowed",
    "day.refused": "refused",
    "day.other": "other",
    sudo: "Run by sudo",
    "sudo.failed": "{count} failed|{count} failed",
    rules: "Rules of yours",
    allow: "Always allowed (command_allowlist)",
    "allow.none": "Nothing.",
    deny: "Always refused (approvals.deny)",
    "deny.none": "Nothing but what Hermes itself never allows.",
    rule: "Taken from what Hermes wrote into the tools' results. Which question is open at this moment it keeps in its memory alone.",
  },
  zh: {
    empty: "还没有需要审批的事项",
    "empty.help": "被 Hermes 标记为危险的命令及其结果，以及等待您同意的写入，都会显示在这里。",
    mode: "模式",
    "mode.manual": "危险命令由您决定",
    "mode.smart": "由模型决定，拿不准时由您决定",
    "mode.off": "不询问任何人",
    "mode.manual.help": "Hermes 标记的每条命令都会先询问。",
    "mode.smart.help": "被标记的命令由模型判断；它不允许的交由您决定。",
    "mode.off.help": "被标记的命令立即运行；只有绝不允许的才会被拒绝。",
    "mode.default": "这是默认值；config.yaml 未作说明。",
    "mode.unknown": "config.yaml 中的模式 Hermes 不认识，按 manual 处理。",
    timeout: "等待您的时间",
    "timeout.help": "等待您回答的时长；不回答即为拒绝（approvals.timeout）。",
    cron: "定时任务中",
    "cron.help": "无人可问时，如何处理被标记的命令（approvals.cron_mode）。",
    "cron.deny": "拒绝",
    "cron.approve": "允许",
    scanner: "Tirith 扫描器",
    "scanner.help": "检查命令中隐藏的威胁（security.tirith_enabled）。",
    redacts: "隐藏机密",
    "redacts.help": "从工具输出中去除机密（security.redact_secrets）。",
    "writes-memory": "写入记忆",
    "writes-memory.help": "配置项 memory.write_approval",
    "writes-skills": "写入技能",
    "writes-skills.help": "配置项 skills.write_approval",
    on: "是",
    off: "否",
    strict: "是，且必须",
    asks: "等待您同意",
    free: "立即写入",
    "problem.missing": "Hermes 在此没有全文索引：无法搜索命令。",
    "problem.incomplete": "Hermes 的全文索引尚未包含所有消息：无法搜索命令。",
    "problem.unreadable": "无法读取 Hermes 的全文索引：无法搜索命令。",
    waits: "等待您处理",
    "waiting.question": "正在询问您",
    "waiting.command": "可能在询问您",
    "waiting.command.help": "正在运行，或在等您同意：Hermes 没有写明。",
    "store.memory": "记忆",
    "store.skills": "技能",
    "origin.foreground": "会话中",
    "origin.background_review": "由其复盘提出",
    commands: "被标记的命令与 sudo",
    "commands.count": "{count} 条命令",
    "commands.none": "没有。",
    "command.unknown": "找不到对应的调用",
    looking: "仍在查看更早的消息……",
    since: "已查看至",
    more: "另有 {count} 项",
    of: "显示 {shown} / {count}",
    outcome: "结果",
    "outcome.approved": "已同意",
    "outcome.smart-approved": "模型已同意",
    "outcome.denied": "已拒绝",
    "outcome.timeout": "未答复",
    "outcome.smart-denied": "模型已拒绝",
    "outcome.cron-denied": "无人可问",
    "outcome.deny-rule": "违反您的规则",
    "outcome.hardline": "绝不允许",
    "outcome.blocked": "已阻止",
    "outcome.pending": "已询问",
    "outcome.ran": "已运行",
    "outcome.failed": "失败",
    "outcome.running": "运行中",
    "outcome.unanswered": "无结果",
    "outcome.approved.help": "您同意了。",
    "outcome.smart-approved.help": "模型判断其无害。",
    "outcome.denied.help": "您拒绝了。",
    "outcome.timeout.help": "您没有及时答复。",
    "outcome.smart-denied.help": "模型判断其危险。",
    "outcome.cron-denied.help": "定时任务要运行它，而那里无人可问。",
    "outcome.deny-rule.help": "被 approvals.deny 中的模式禁止。",
    "outcome.hardline.help": "Hermes 在任何情况下都不允许。",
    "outcome.blocked.help": "因其他原因被拒绝。",
    "outcome.pending.help": "已询问您；结果中没有写明您的答复。",
    "outcome.ran.help": "通过 sudo；无需询问。",
    "outcome.failed.help": "通过 sudo；以错误结束。",
    "outcome.running.help": "通过 sudo；尚无结果。",
    "outcome.unanswered.help": "通过 sudo；没有结果，其会话也已不再等待。",
    exit: "退出码 {code}",
    interrupted: "随后被中断",
    "session.open": "在此消息处打开会话",
    days: "每日",
    "day.allowed": "允许",
    "day.refused": "拒绝",
    "day.other": "其他",
    sudo: "通过 sudo 运行",
    "sudo.failed": "{count} 次失败",
    rules: "您的规则",
    allow: "始终允许（command_allowlist）",
    "allow.none": "没有。",
    deny: "始终拒绝（approvals.deny）",
    "deny.none": "除 Hermes 本身绝不允许的以外，没有。",
    rule: "取自 Hermes 写入工具结果的内容。此刻有哪个问题待答，只保存在它的内存中。",
  },
};
