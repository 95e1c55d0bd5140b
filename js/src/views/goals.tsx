import type { Api, ViewProps } from "../api.ts";
import type { Goal, Goals, GoalWaiting } from "../protocol.ts";
import type { IconName } from "../ui/icon.tsx";
import css from "./goals.css";

const CONTRACT = ["outcome", "verification", "constraints", "boundaries", "stop_when"] as const;

/** The standing goals: what each session works towards, how far it is, and what it waits for. */
export default function define({ h, ui, t, sentence, word, format, hooks }: Api) {
  const { Activity, Ago, Elapsed, Icon, Prose, Section, Stat, Text, Until } = ui;

  return Object.assign(GoalsView, { css });

  function GoalsView({ data, open }: ViewProps<Goals>) {
    hooks.useTick(30_000);
    const isPursued = ({ status }: Goal) => status === "active" || status === "paused";
    const pursued = data.goals.filter(isPursued);
    const former = data.goals.filter((goal) => !isPursued(goal));
    return (
      <div class="goals">
        <dl class="stats">
          <Stat label={t("status.active")} value={format.number(data.active)} />
          <Stat label={t("status.paused")} value={format.number(data.paused)} />
          <Stat label={t("status.done")} value={format.number(data.done)} />
        </dl>
        <Section name="pursued" title={t("pursued")}>
          {pursued.length === 0 && <p class="none">{t("pursued.none")}</p>}
          <ul class="goal-list">
            {pursued.map((goal) => (
              <GoalRow key={goal.session_id} goal={goal} open={open} />
            ))}
          </ul>
        </Section>
        {former.length > 0 && (
          <Section name="former" title={t("former")}>
            <ul class="goal-list">
              {former.map((goal) => (
                <GoalRow key={goal.session_id} goal={goal} open={open} />
              ))}
            </ul>
          </Section>
        )}
        {data.total > data.goals.length && <p class="dim">{t("more", { count: data.total - data.goals.length })}</p>}
        {data.is_cut && <p class="dim">{t("cut")}</p>}
        {data.unreadable > 0 && (
          <p class="banner">
            <Icon name="warning" />
            <span>{t("unreadable", { count: data.unreadable })}</span>
          </p>
        )}
      </div>
    );
  }

  function GoalRow({ goal, open }: { goal: Goal; open: ViewProps["open"] }) {
    const { icon, kind } = stateOf(goal);
    const name = goal.status === "active" && goal.waiting && goal.waiting.is_over !== true ? "waiting" : goal.status;
    return (
      <li class="goal" data-goal={goal.session_id} data-status={goal.status}>
        <div class="goal-head">
          <span class={`sign ${kind}`}>
            <Icon name={icon} size={14} /> {word("status", name)}
          </span>
          <Turns goal={goal} />
        </div>
        <Prose text={goal.goal || "—"} lines={4} />
        {goal.waiting !== null && <Waiting waiting={goal.waiting} />}
        {goal.paused_reason !== null && goal.status === "paused" && (
          <p class="note warn">
            <Icon name="warning" size={14} /> <Text text={t("paused.reason", { it: goal.paused_reason })} title />
          </p>
        )}
        {(goal.last_verdict !== null || goal.last_reason !== null) && (
          <div class="verdict">
            <p>
              <b>{goal.last_verdict === null ? t("verdict.none") : word("verdict", goal.last_verdict)}</b>
              {goal.last_turn_at !== null && (
                <span class="dim">
                  <Ago at={goal.last_turn_at} />
                </span>
              )}
              {goal.failures > 0 && <span class="sign warn">{t("failures", { count: goal.failures })}</span>}
            </p>
            {goal.last_reason !== null && <Prose text={goal.last_reason} lines={3} />}
          </div>
        )}
        {goal.subgoals.length > 0 && (
          <div class="subgoals">
            <h4>{t("subgoals")}</h4>
            <ul>
              {goal.subgoals.map((one, index) => (
                <li key={`${one} ${index}`}>
                  <Prose text={one} lines={3} />
                </li>
              ))}
            </ul>
            {goal.total_subgoals > goal.subgoals.length && (
              <p class="dim">{t("of", { shown: goal.subgoals.length, count: goal.total_subgoals })}</p>
            )}
          </div>
        )}
        <p class="goal-foot">
          {goal.activity !== null && <Activity activity={goal.activity} />}
          {goal.activity !== null ? (
            <button type="button" class="quiet" onClick={() => open("sessions", { session: goal.session_id })}>
              <Text text={goal.session_title ?? goal.session_id} title />
            </button>
          ) : (
            <span class="dim">
              <Text text={t("session.gone", { id: goal.session_id })} title />
            </span>
          )}
          {goal.created_at !== null && <span class="dim">{sentence("set", { it: <Ago at={goal.created_at} /> })}</span>}
        </p>
        {goal.contract !== null && (
          <details>
            <summary>{t("contract")}</summary>
            <dl>
              {CONTRACT.map((part) => {
                const words = goal.contract?.[part] ?? "";
                return (
                  words !== "" && (
                    <div key={part}>
                      <dt>{t(`contract.${part}`)}</dt>
                      <dd>
                        <Prose text={words} lines={5} />
                      </dd>
                    </div>
                  )
                );
              })}
            </dl>
          </details>
        )}
      </li>
    );
  }

  /** How much of its turns a goal has used, as a bar of as many steps. */
  function Turns({ goal }: { goal: Goal }) {
    const { turns_used: used, max_turns: most } = goal;
    const share = most > 0 ? Math.min(1, used / most) : 0;
    const words = t("turns", { used, most });
    return (
      <span class="turns" title={words}>
        <svg width="84" height="8" viewBox="0 0 84 8" role="img" aria-label={words}>
          <title>{words}</title>
          <rect class="rest" x="0" y="1" width="84" height="6" rx="3" />
          {share > 0 && (
            <rect
              class={share > 0.9 ? "critical" : share > 0.7 ? "warn" : "calm"}
              x="0"
              y="1"
              width={Math.max(6, 84 * share)}
              height="6"
              rx="3"
            />
          )}
        </svg>
        <span class="numeric">
          {format.number(used)}/{format.number(most)}
        </span>
      </span>
    );
  }

  function Waiting({ waiting }: { waiting: GoalWaiting }) {
    const { what, pid, process_id: id, until } = waiting;
    const isOver = waiting.is_over === true || (until !== null && Date.parse(until) <= Date.now());
    return (
      <p class="note">
        <Icon name={isOver ? "next" : "cron"} size={14} />
        <span>
          {isOver
            ? t(`waiting.${what}.over`, { id: id ?? String(pid ?? "") })
            : until !== null
              ? sentence("waiting.time", { it: <Until at={until} /> })
              : t(`waiting.${what}`, { id: id ?? String(pid ?? "") })}
          {waiting.since !== null && !isOver && (
            <span class="dim"> · {sentence("waiting.since", { it: <Elapsed since={waiting.since} /> })}</span>
          )}
        </span>
        {waiting.reason !== null && (
          <span class="reason">
            <Prose text={waiting.reason} lines={3} />
          </span>
        )}
      </p>
    );
  }
}

function stateOf(goal: Goal): { icon: IconName; kind: string } {
  if (goal.status === "active" && goal.waiting && goal.waiting.is_over !== true) return { icon: "cron", kind: "warn" };
  return states.get(goal.status) ?? { icon: "info", kind: "" };
}

const states = new Map<string, { icon: IconName; kind: string }>([
  ["active", { icon: "target", kind: "live" }],
  ["paused", { icon: "open", kind: "warn" }],
  ["done", { icon: "check", kind: "good" }],
  ["cleared", { icon: "close", kind: "" }],
]);

/** What this view says. */
export const texts = {
  en: {
    empty: "No standing goals yet",
    "empty.help":
      "With “/goal …” Hermes works on after each turn until a judge calls the goal done. Goals, their turns and the judge's verdicts appear here.",
    pursued: "Pursued",
    "pursued.none": "No goal is pursued.",
    former: "Done and cleared",
    more: "{count} more goal|{count} more goals",
    cut: "There may be more: only the goals of the 2,000 newest sessions that have one are counted.",
    unreadable: "{count} goal cannot be read and is left out.|{count} goals cannot be read and are left out.",
    "status.active": "active",
    "status.waiting": "waiting",
    "status.paused": "paused",
    "status.done": "done",
    "status.cleared": "cleared",
    turns: "{used} of {most} turns used",
    "verdict.done": "Judged done",
    "verdict.continue": "Not yet",
    "verdict.wait": "To wait",
    "verdict.skipped": "Not judged",
    "verdict.none": "Judge",
    failures: "judge failed once|judge failed {count} times in a row",
    "paused.reason": "Paused: {it}",
    subgoals: "Also asked for",
    of: "{shown} of {count}",
    "session.gone": "session {id}, not there any more",
    set: "set {it}",
    contract: "What done means",
    "contract.outcome": "Outcome",
    "contract.verification": "Verification",
    "contract.constraints": "Constraints",
    "contract.boundaries": "Boundaries",
    "contract.stop_when": "Stop when",
    "waiting.time": "Waits; goes on {it}",
    "waiting.time.over": "The time it waited for has come",
    "waiting.process": "Waits for process {id} to end",
    "waiting.process.over": "Process {id} has ended: the next turn is taken",
    "waiting.session": "Waits for background process {id}",
    "waiting.session.over": "Background process {id} has ended: the next turn is taken",
    "waiting.since": "for {it}",
  },
  zh: {
    empty: "还没有长期目标",
    "empty.help":
      "用“/goal …”可让 Hermes 在每轮之后继续工作，直到评判者认为目标达成。目标、轮数和评判结果会显示在这里。",
    pursued: "进行中的目标",
    "pursued.none": "没有进行中的目标。",
    former: "已完成与已清除",
    more: "另有 {count} 个目标",
    cut: "可能还有更多：只统计有目标的最新 2,000 个会话。",
    unreadable: "有 {count} 个目标无法读取，已略去。",
    "status.active": "进行中",
    "status.waiting": "等待中",
    "status.paused": "已暂停",
    "status.done": "已完成",
    "status.cleared": "已清除",
    turns: "已用 {used} 轮，共 {most} 轮",
    "verdict.done": "判定已完成",
    "verdict.continue": "尚未完成",
    "verdict.wait": "需要等待",
    "verdict.skipped": "未评判",
    "verdict.none": "评判",
    failures: "评判连续失败 {count} 次",
    "paused.reason": "暂停原因：{it}",
    subgoals: "附加要求",
    of: "显示 {shown} / {count}",
    "session.gone": "会话 {id} 已不存在",
    set: "设定于 {it}",
    contract: "完成的含义",
    "contract.outcome": "结果",
    "contract.verification": "验证方式",
    "contract.constraints": "约束",
    "contract.boundaries": "范围",
    "contract.stop_when": "何时停止",
    "waiting.time": "等待中，{it}继续",
    "waiting.time.over": "等待的时间已到",
    "waiting.process": "等待进程 {id} 结束",
    "waiting.process.over": "进程 {id} 已结束，将进入下一轮",
    "waiting.session": "等待后台进程 {id}",
    "waiting.session.over": "后台进程 {id} 已结束，将进入下一轮",
    "waiting.since": "已等待 {it}",
  },
};
