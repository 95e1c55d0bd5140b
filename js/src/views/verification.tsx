import type { Api, ViewProps } from "../api.ts";
import type { Verification, VerificationEvent, VerificationQuery, VerificationWorkspace } from "../protocol.ts";
import { makeRefused } from "../refused.tsx";
import rowsCss from "../rows.css";
import type { IconName } from "../ui/icon.tsx";
import css from "./verification.css";

type Status = VerificationWorkspace["status"];

const icons: Record<Status, IconName> = { passed: "check", failed: "crashed", stale: "warning", unverified: "asking" };
const kinds: Record<Status, string> = { passed: "good", failed: "bad", stale: "warn", unverified: "" };
const states = ["passed", "failed", "stale", "unverified"] as const;

/** What is proven of the agent's work: whether checks passed after the last edit, and which ran. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, word, format, hooks } = api;
  const { Ago, Bars, Columns, Icon, Prose, Section, Skeleton, Text } = ui;
  const Refused = makeRefused(api);

  return Object.assign(VerificationView, { css: rowsCss + css });

  function VerificationView({ data, open, useSnapshots }: ViewProps<Verification>) {
    const openSession = (session: string) => open("sessions", { session });
    return (
      <div class="told verification">
        <ul class="states" aria-label={t("states")}>
          {states.map((status) => (
            <li key={status} data-status={status} title={t(`status.${status}.help`)}>
              <Sign status={status} />
              <b class="numeric">{format.number(data.counts[status])}</b>
            </li>
          ))}
        </ul>
        <div class="main">
          <Section name="workspaces" title={t("workspaces")} aside={t("count", { count: data.total })}>
            <ul class="rows">
              {data.workspaces.map((one) => (
                <Workspace key={`${one.session_id} ${one.root}`} one={one} openSession={openSession} />
              ))}
            </ul>
            {data.total > data.workspaces.length && (
              <p class="none">{t("more", { count: data.total - data.workspaces.length })}</p>
            )}
          </Section>
          <Section name="events" title={t("events")} aside={t("events.count", { count: data.total_events })}>
            {data.events.length === 0 && <p class="none">{t("events.none")}</p>}
            <ul class="rows">
              {data.events.map((event) => (
                <Event key={event.id} event={event} openSession={openSession} useSnapshots={useSnapshots} />
              ))}
            </ul>
            {data.total_events > data.events.length && (
              <p class="none">{t("more", { count: data.total_events - data.events.length })}</p>
            )}
          </Section>
        </div>
        <div class="side">
          {data.total_events > 0 && (
            <Section name="days" title={t("days")}>
              <Columns
                label={t("days")}
                format={format.number}
                kinds={[
                  { kind: "passed", label: t("status.passed") },
                  { kind: "failed", label: t("status.failed") },
                ]}
                columns={data.days.map(({ day, passed, failed }) => ({
                  key: day,
                  label: format.day(day),
                  title: format.longDay(day),
                  parts: [
                    { kind: "passed", value: passed },
                    { kind: "failed", value: failed },
                  ],
                }))}
              />
            </Section>
          )}
          {data.kinds.length > 0 && (
            <Section name="kinds" title={t("kinds")}>
              <Bars
                rows={data.kinds.map(({ kind, passed, failed }) => ({
                  label: word("kind", kind),
                  title: `${kind} · ${t("kind.counts", { passed, failed })}`,
                  value: passed + failed,
                  note: failed > 0 ? t("kind.failed", { count: failed }) : undefined,
                }))}
              />
            </Section>
          )}
        </div>
        <p class="rule">{t("rule")}</p>
      </div>
    );
  }

  function Workspace({ one, openSession }: { one: VerificationWorkspace; openSession: (id: string) => void }) {
    return (
      <li data-status={one.status}>
        <div class="head">
          <b title={one.root}>
            <Text text={nameOf(one.root)} title />
          </b>
          <Sign status={one.status} />
        </div>
        {one.last && (
          <code>
            <Text text={one.last.command} title />
          </code>
        )}
        <div class="about">
          {one.last && (
            <span>
              {word("kind", one.last.kind)} · {word("scope", one.last.scope)} · <Ago at={one.last.at} />
            </span>
          )}
          {one.last_edit_at && (
            <span>
              {t("edited")} <Ago at={one.last_edit_at} />
            </span>
          )}
          <SessionLink of={one} openSession={openSession} />
        </div>
        {one.changed > 0 && (
          <details>
            <summary>{t("changed", { count: one.changed })}</summary>
            <ul class="paths">
              {one.changed_paths.map((path) => (
                <li key={path}>
                  <Text text={path} title />
                </li>
              ))}
              {one.changed > one.changed_paths.length && (
                <li>{t("more", { count: one.changed - one.changed_paths.length })}</li>
              )}
            </ul>
          </details>
        )}
      </li>
    );
  }

  function Event(props: {
    event: VerificationEvent;
    openSession: (id: string) => void;
    useSnapshots: ViewProps<Verification>["useSnapshots"];
  }) {
    const { event, openSession, useSnapshots } = props;
    const [isOpen, setOpen] = hooks.useState(false);
    const [snapshot] = useSnapshots(isOpen ? [{ event: event.id } satisfies VerificationQuery] : []);
    const output = snapshot?.data?.output?.event === event.id ? snapshot.data.output : null;
    return (
      <li data-event={event.id}>
        <div class="head">
          <button type="button" class="opens" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Icon name="next" size={12} />
            <code>
              <Text text={event.command} title />
            </code>
          </button>
          <Sign status={event.status === "passed" ? "passed" : "failed"} code={event.exit_code} />
        </div>
        <div class="about">
          <span>
            {word("kind", event.kind)} · {word("scope", event.scope)} · <Ago at={event.at} />
          </span>
          <span title={event.root}>
            <Text text={nameOf(event.root)} />
          </span>
          <SessionLink of={event} openSession={openSession} />
        </div>
        {isOpen && (
          <div class="output">
            {output === null && snapshot?.status === "unavailable" ? (
              <Refused error={snapshot.error} />
            ) : output === null ? (
              <Skeleton />
            ) : output.text === null ? (
              <p class="none">{t("output.gone")}</p>
            ) : output.text === "" ? (
              <p class="none">{t("output.none")}</p>
            ) : (
              <Prose text={output.text} lines={24} isCode />
            )}
          </div>
        )}
      </li>
    );
  }

  function SessionLink(props: {
    of: { session_id: string; session_title: string | null };
    openSession: (id: string) => void;
  }) {
    const { session_id: id, session_title: title } = props.of;
    return (
      <button type="button" class="link" title={t("session.open")} onClick={() => props.openSession(id)}>
        <Text text={title ?? id} />
      </button>
    );
  }

  /** A sign and a word: never colour alone. */
  function Sign({ status, code = null }: { status: Status; code?: number | null }) {
    return (
      <span class={`sign ${kinds[status]}`}>
        <Icon name={icons[status]} size={14} />
        <span>{t(`status.${status}`)}</span>
        {status === "failed" && code !== null && <Fragment> ({code})</Fragment>}
      </span>
    );
  }
}

/** The last part of a path. */
function nameOf(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Nothing has been verified yet",
    "empty.help":
      "When the agent runs a project's own tests, linters or builds, Hermes keeps what came of them, and notes which files were edited afterwards.",
    states: "State of the work",
    "status.passed": "passed",
    "status.failed": "failed",
    "status.stale": "edited since",
    "status.unverified": "not checked",
    "status.passed.help": "The last check passed, and nothing was edited after it.",
    "status.failed.help": "The last check failed, and nothing was edited after it.",
    "status.stale.help": "Something was edited after the last check: what it proved may not hold any more.",
    "status.unverified.help": "Something was edited, and no check has run.",
    workspaces: "After the last edit",
    count: "{count} workspace|{count} workspaces",
    more: "and {count} more",
    edited: "edited",
    changed: "{count} file edited since|{count} files edited since",
    events: "Checks",
    "events.count": "{count} kept|{count} kept",
    "events.none": "No check has run yet.",
    days: "Checks per day",
    kinds: "Kinds of checks",
    "kind.test": "tests",
    "kind.lint": "lint",
    "kind.typecheck": "types",
    "kind.build": "build",
    "kind.format": "format",
    "kind.check": "check",
    "kind.ad_hoc": "script of its own",
    "kind.counts": "{passed} passed, {failed} failed",
    "kind.failed": "{count} failed|{count} failed",
    "scope.full": "all",
    "scope.targeted": "a part",
    "session.open": "Open the session",
    "output.gone": "Its output is no longer kept.",
    "output.none": "It printed nothing.",
    rule: "By Hermes' own rule: a check counts until a file of its project is edited. Hermes keeps them for 30 days.",
  },
  zh: {
    empty: "还没有任何验证记录",
    "empty.help": "智能体运行项目自带的测试、代码检查或构建时，Hermes 会记下结果，并记录此后又改动了哪些文件。",
    states: "工作状态",
    "status.passed": "通过",
    "status.failed": "失败",
    "status.stale": "之后有改动",
    "status.unverified": "未检查",
    "status.passed.help": "最近一次检查通过，此后没有改动。",
    "status.failed.help": "最近一次检查失败，此后没有改动。",
    "status.stale.help": "最近一次检查之后又有改动：其结论可能已不成立。",
    "status.unverified.help": "有改动，但尚未运行任何检查。",
    workspaces: "最后一次改动之后",
    count: "{count} 个工作区",
    more: "另有 {count} 项",
    edited: "改动于",
    changed: "此后改动了 {count} 个文件",
    events: "检查",
    "events.count": "保留 {count} 次",
    "events.none": "尚未运行任何检查。",
    days: "每日检查次数",
    kinds: "检查种类",
    "kind.test": "测试",
    "kind.lint": "代码检查",
    "kind.typecheck": "类型检查",
    "kind.build": "构建",
    "kind.format": "格式",
    "kind.check": "综合检查",
    "kind.ad_hoc": "自写脚本",
    "kind.counts": "{passed} 次通过，{failed} 次失败",
    "kind.failed": "{count} 次失败",
    "scope.full": "全部",
    "scope.targeted": "部分",
    "session.open": "打开会话",
    "output.gone": "其输出已不再保留。",
    "output.none": "没有任何输出。",
    rule: "按 Hermes 自身的规则：在项目文件被改动之前，检查结果一直有效。Hermes 保留 30 天。",
  },
};
