import type { Api, ViewProps } from "../api.ts";
import { defineMarkdown, markdownCss } from "../markdown.tsx";
import type { CuratedSkill, CuratorPanel, CuratorQuery, CuratorRun, CuratorSchedule } from "../protocol.ts";
import { makeRefused } from "../refused.tsx";
import rowsCss from "../rows.css";
import { cleanLine } from "../text.ts";
import type { IconName } from "../ui/icon.tsx";
import css from "./curator.css";

const DAY_MS = 86_400_000;
/** So many skills are listed at first: those that change soonest. */
const FIRST = 12;

const signs: Record<CuratedSkill["state"], { icon: IconName; kind: string }> = {
  active: { icon: "check", kind: "good" },
  stale: { icon: "warning", kind: "warn" },
  archived: { icon: "archive", kind: "" },
};

/** Hermes' own upkeep of its skills: its runs, and what becomes of each skill when. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, sentence, format, hooks } = api;
  const { Ago, Badge, Icon, Section, Skeleton, Text, Until } = ui;
  const Markdown = defineMarkdown(api);
  const Refused = makeRefused(api);

  return Object.assign(CuratorView, { css: rowsCss + markdownCss + css });

  function CuratorView({ data, useSnapshots, open }: ViewProps<CuratorPanel>) {
    hooks.useTick(60_000);
    const [isAll, showAll] = hooks.useState(false);
    const skills = isAll ? data.skills : data.skills.slice(0, FIRST);
    return (
      <div class="told curator">
        <Schedule schedule={data.schedule} />
        <div class="main">
          <Section name="skills" title={t("skills")} aside={t("skills.count", { count: data.total_skills })}>
            {data.total_skills === 0 ? (
              <p class="none">{t("skills.none")}</p>
            ) : (
              <p class="figures">
                {(["active", "stale", "archived", "pinned", "in_cron"] as const).map((name) => (
                  <span key={name}>
                    <b class="numeric">{format.number(data.counts[name])}</b> {t(`count.${name}`)}
                  </span>
                ))}
              </p>
            )}
            <ul class="rows">
              {skills.map((skill) => (
                <Skill key={skill.name} skill={skill} schedule={data.schedule} open={open} />
              ))}
            </ul>
            {data.skills.length > FIRST && (
              <button type="button" class="quiet" aria-expanded={isAll} onClick={() => showAll(!isAll)}>
                {isAll ? t("fewer") : t("all", { count: data.skills.length })}
              </button>
            )}
            {data.total_skills > data.skills.length && isAll && (
              <p class="none">{t("more", { count: data.total_skills - data.skills.length })}</p>
            )}
          </Section>
        </div>
        <div class="side">
          <Section name="runs" title={t("runs")} aside={t("runs.count", { count: data.total_runs })}>
            {data.runs.length === 0 && <p class="none">{t("runs.none")}</p>}
            <ul class="rows">
              {data.runs.map((run) => (
                <Run key={run.id} run={run} useSnapshots={useSnapshots} />
              ))}
            </ul>
            {data.total_runs > data.runs.length && (
              <p class="none">{t("more", { count: data.total_runs - data.runs.length })}</p>
            )}
          </Section>
          {data.total_archived > 0 && (
            <Section name="archived" title={t("archived")} aside={format.number(data.total_archived)}>
              <ul class="rows">
                {data.archived.map(({ name, archived_at, is_suppressed }) => (
                  <li key={name}>
                    <div class="head">
                      <b>
                        <Text text={name} title />
                      </b>
                      {archived_at && <Ago at={archived_at} />}
                    </div>
                    {is_suppressed && <div class="about">{t("suppressed")}</div>}
                  </li>
                ))}
              </ul>
              {data.total_archived > data.archived.length && (
                <p class="none">{t("more", { count: data.total_archived - data.archived.length })}</p>
              )}
              <p class="none">{t("restore")}</p>
            </Section>
          )}
          {data.backups.length > 0 && (
            <Section name="backups" title={t("backups")} aside={format.number(data.total_backups)}>
              <ul class="rows">
                {data.backups.map(({ id, reason, created_at, size_bytes, skill_files }) => (
                  <li key={id}>
                    <div class="head">
                      <span title={id}>{created_at ? <Ago at={created_at} /> : <Text text={id} />}</span>
                      <span class="numeric">
                        {t("kilobytes", { size: format.number(Math.ceil(size_bytes / 1000)) })}
                      </span>
                    </div>
                    <div class="about">
                      {reason && <Text text={reason} />}
                      {skill_files !== null && <span>{t("files", { count: skill_files })}</span>}
                    </div>
                  </li>
                ))}
              </ul>
              {data.total_backups > data.backups.length && (
                <p class="none">{t("more", { count: data.total_backups - data.backups.length })}</p>
              )}
              <p class="none">{t("rollback")}</p>
            </Section>
          )}
        </div>
        <p class="rule">
          {t("rule", { stale: data.schedule.stale_after_days, archive: data.schedule.archive_after_days })}
        </p>
      </div>
    );
  }

  function Schedule({ schedule }: { schedule: CuratorSchedule }) {
    const state = !schedule.is_enabled ? "off" : schedule.is_paused ? "paused" : schedule.is_due ? "due" : "waiting";
    return (
      <section class="schedule" data-state={state} aria-label={t("schedule")}>
        <div class="head">
          <b>{t(`state.${state}`)}</b>
          <span class={`sign ${state === "waiting" || state === "due" ? "good" : "warn"}`}>
            <Icon name={state === "waiting" || state === "due" ? "check" : "open"} size={14} />
            {t(`sign.${state}`)}
          </span>
        </div>
        <dl class="facts">
          <div>
            <dt>{t("next")}</dt>
            <dd>
              {schedule.next_run_at === null ? (
                "—"
              ) : schedule.is_due ? (
                t("next.due", { hours: format.number(schedule.min_idle_hours) })
              ) : (
                <Until at={schedule.next_run_at} />
              )}
            </dd>
          </div>
          <div>
            <dt>{t("last")}</dt>
            <dd>
              <Ago at={schedule.last_run_at} />
              {schedule.last_duration_s !== null && <small> · {format.duration(schedule.last_duration_s)}</small>}
            </dd>
          </div>
          <div>
            <dt>{t("interval")}</dt>
            <dd>{format.duration(schedule.interval_hours * 3_600)}</dd>
          </div>
          <div>
            <dt>{t("run-count")}</dt>
            <dd class="numeric">{format.number(schedule.run_count)}</dd>
          </div>
          <div>
            <dt>{t("merges")}</dt>
            <dd title={t("merges.help")}>{schedule.consolidates ? t("on") : t("off")}</dd>
          </div>
          <div>
            <dt>{t("bundled")}</dt>
            <dd title={t("bundled.help")}>{schedule.prunes_bundled ? t("on") : t("off")}</dd>
          </div>
        </dl>
        {schedule.last_summary && (
          <p class="summary" dir="auto">
            <Text text={schedule.last_summary} title />
          </p>
        )}
      </section>
    );
  }

  function Skill(props: { skill: CuratedSkill; schedule: CuratorSchedule; open: ViewProps["open"] }) {
    const { skill, schedule, open } = props;
    const sign = signs[skill.state];
    return (
      <li data-skill={skill.name} data-state={skill.state}>
        <div class="head">
          <button
            type="button"
            class="link"
            title={t("skill.open")}
            onClick={() => open("skills", { skill: skill.name })}
          >
            <Text text={skill.name} />
          </button>
          <span class={`sign ${sign.kind}`}>
            <Icon name={sign.icon} size={14} />
            {t(`skill.${skill.state}`)}
          </span>
        </div>
        <div class="about">
          <span>{becomes(skill)}</span>
          <span class="numeric">{t("uses", { count: skill.uses })}</span>
          {skill.last_active_at && (
            <span>
              {t("active")} <Ago at={skill.last_active_at} />
            </span>
          )}
          {skill.is_bundled && <Badge>{t("mark.bundled")}</Badge>}
          {skill.is_pinned && <Badge title={t("mark.pinned.help")}>{t("mark.pinned")}</Badge>}
          {skill.is_in_cron && <Badge title={t("mark.in_cron.help")}>{t("mark.in_cron")}</Badge>}
        </div>
        {skill.archive_at && <Ahead archiveAt={skill.archive_at} schedule={schedule} />}
      </li>
    );
  }

  /** What becomes of a skill, and when, as a sentence. */
  function becomes({ next_state, next_state_at, is_pinned, is_in_cron, is_counted }: CuratedSkill) {
    if (is_pinned || is_in_cron) return t("next.never");
    if (!is_counted) return t("next.uncounted");
    if (next_state === null || next_state_at === null) return t("next.nothing");
    if (Date.parse(next_state_at) <= Date.now()) return t(`next.${next_state}.due`);
    return sentence(`next.${next_state}`, { when: <Until at={next_state_at} /> });
  }

  /** How much of the time until it is archived is over, with the mark where it becomes stale. */
  function Ahead({ archiveAt, schedule }: { archiveAt: string; schedule: CuratorSchedule }) {
    const whole = Math.max(1, schedule.archive_after_days) * DAY_MS;
    const spent = Math.min(1, Math.max(0, 1 - (Date.parse(archiveAt) - Date.now()) / whole));
    const stale = Math.min(1, schedule.stale_after_days / Math.max(1, schedule.archive_after_days));
    const label = t("ahead", { share: format.percent(spent), day: format.longDay(archiveAt.slice(0, 10)) });
    return (
      <svg class="ahead" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <rect width="100" height="6" rx="1" />
        <rect class={spent >= stale ? "spent late" : "spent"} width={spent * 100} height="6" rx="1" />
        <line x1={stale * 100} x2={stale * 100} y1="0" y2="6" vector-effect="non-scaling-stroke" />
      </svg>
    );
  }

  function named(names: readonly string[], count: number): string {
    const some = cleanLine(names.join(", "));
    return count > names.length ? `${some} ${t("more", { count: count - names.length })}` : some;
  }

  function Run({ run, useSnapshots }: { run: CuratorRun; useSnapshots: ViewProps<CuratorPanel>["useSnapshots"] }) {
    const [isOpen, setOpen] = hooks.useState(false);
    const [snapshot] = useSnapshots(isOpen ? [{ run: run.id } satisfies CuratorQuery] : []);
    const report = snapshot?.data?.report;
    const figures = (["marked_stale", "archived", "reactivated"] as const).filter((name) => run[name] > 0);
    const heading = run.started_at === null ? <Text text={run.id} /> : <Ago at={run.started_at} />;
    const isBad = run.error !== null || run.problem !== null;
    return (
      <li data-run={run.id}>
        <div class="head">
          {run.has_report ? (
            <button type="button" class="opens" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              <Icon name="next" size={12} />
              <span>{heading}</span>
              <span class="hidden">{t("report")}</span>
            </button>
          ) : (
            <span>{heading}</span>
          )}
          <span class={`sign ${isBad ? "bad" : "good"}`}>
            <Icon name={isBad ? "crashed" : "check"} size={14} />
            {isBad ? t("run.bad") : t("run.good")}
          </span>
        </div>
        <div class="about">
          {run.problem === null && <span class="numeric">{t("checked", { count: run.checked })}</span>}
          {figures.map((name) => (
            <span key={name} class="numeric">
              {t(`run.${name}`, { count: run[name] })}
            </span>
          ))}
          {run.duration_s !== null && <span>{format.duration(run.duration_s)}</span>}
          {run.model && <Text text={run.model} title />}
        </div>
        {run.merged.length > 0 && (
          <div class="names">
            {t("merged")}{" "}
            {named(
              run.merged.map(({ name, into }) => `${name} → ${into}`),
              run.total_merged,
            )}
          </div>
        )}
        {run.pruned.length > 0 && (
          <div class="names">
            {t("pruned")} {named(run.pruned, run.total_pruned)}
          </div>
        )}
        {run.added.length > 0 && (
          <div class="names">
            {t("added")} {named(run.added, run.total_added)}
          </div>
        )}
        {(run.error ?? run.problem) !== null && (
          <div class="names" lang={run.error === null ? "en" : undefined}>
            <Text text={run.error ?? run.problem ?? ""} title />
          </div>
        )}
        {isOpen && (
          <div class="report">
            {report?.run !== run.id && snapshot?.error != null ? (
              <Refused error={snapshot.error} />
            ) : report?.run !== run.id ? (
              <Skeleton />
            ) : report.text === null ? (
              <p class="none">{t("report.gone")}</p>
            ) : (
              <Fragment>
                <Markdown text={report.text} />
                {report.is_cut && <p class="none">{t("report.cut")}</p>}
              </Fragment>
            )}
          </div>
        )}
      </li>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    empty: "The curator has nothing to look after yet",
    "empty.help":
      "It keeps the skills that the agent makes itself in order: long unused ones become stale, then are put away. Its runs appear here.",
    schedule: "Schedule",
    "state.waiting": "The curator waits for its next run",
    "state.due": "A run is due",
    "state.paused": "The curator is paused: “hermes curator resume”",
    "state.off": "The curator is switched off (curator.enabled)",
    "sign.waiting": "on",
    "sign.due": "on",
    "sign.paused": "paused",
    "sign.off": "off",
    next: "Next run",
    "next.due": "when idle for {hours} h",
    last: "Last run",
    interval: "Every",
    "run-count": "Runs",
    merges: "Merges skills",
    "merges.help": "A model merges skills that overlap (curator.consolidate).",
    bundled: "Archives bundled",
    "bundled.help": "Skills that came with Hermes are archived as well (curator.prune_builtins).",
    on: "yes",
    off: "no",
    skills: "What becomes of skills",
    "skills.count": "{count} looked after|{count} looked after",
    "skills.none": "No skill is looked after: those of yours and of the hub are left alone.",
    "count.active": "active",
    "count.stale": "stale",
    "count.archived": "archived",
    "count.pinned": "pinned",
    "count.in_cron": "in jobs",
    "skill.open": "Open the skill",
    "skill.active": "active",
    "skill.stale": "stale",
    "skill.archived": "archived",
    uses: "used {count} time|used {count} times",
    active: "active",
    "mark.bundled": "bundled",
    "mark.pinned": "pinned",
    "mark.pinned.help": "The curator leaves it alone.",
    "mark.in_cron": "in a job",
    "mark.in_cron.help": "A scheduled job needs it, so the curator leaves it alone.",
    "next.never": "stays as it is",
    "next.nothing": "nothing more",
    "next.uncounted": "its clock begins with the next run",
    "next.stale": "stale {when} if unused",
    "next.archived": "archived {when} if unused",
    "next.active": "active again {when}",
    "next.stale.due": "stale with the next run",
    "next.archived.due": "archived with the next run",
    "next.active.due": "active again with the next run",
    ahead: "{share} of the time until it is archived ({day}) is over; the mark is where it becomes stale",
    all: "Show all {count}",
    fewer: "Show fewer",
    more: "and {count} more",
    runs: "Runs",
    "runs.count": "{count} kept|{count} kept",
    "runs.none": "No report is kept.",
    "run.good": "done",
    "run.bad": "in trouble",
    checked: "{count} checked|{count} checked",
    "run.marked_stale": "{count} stale|{count} stale",
    "run.archived": "{count} archived|{count} archived",
    "run.reactivated": "{count} active again|{count} active again",
    merged: "Merged:",
    pruned: "Put away:",
    added: "Made:",
    report: "report",
    "report.gone": "There is no report any more.",
    "report.cut": "The rest is in its REPORT.md.",
    archived: "Put away",
    suppressed: "came with Hermes; updates leave it away",
    restore: "“hermes curator restore NAME” brings one back.",
    backups: "Backups",
    kilobytes: "{size} kB",
    files: "{count} file|{count} files",
    rollback: "“hermes curator rollback” brings one back.",
    rule: "By Hermes' own rule: {stale} days after its last use, view or change a skill becomes stale, after {archive} days it is archived, by the first run after that.",
  },
  zh: {
    empty: "策展器还没有可照管的技能",
    "empty.help": "它照管智能体自己制作的技能：长期不用的会先标为过期，再归档。其运行记录会显示在这里。",
    schedule: "计划",
    "state.waiting": "策展器正在等待下次运行",
    "state.due": "该运行了",
    "state.paused": "策展器已暂停：“hermes curator resume”",
    "state.off": "策展器已关闭（curator.enabled）",
    "sign.waiting": "已开启",
    "sign.due": "已开启",
    "sign.paused": "已暂停",
    "sign.off": "已关闭",
    next: "下次运行",
    "next.due": "空闲 {hours} 小时后",
    last: "上次运行",
    interval: "间隔",
    "run-count": "运行次数",
    merges: "合并技能",
    "merges.help": "由模型合并内容重叠的技能（curator.consolidate）。",
    bundled: "归档内置技能",
    "bundled.help": "随 Hermes 附带的技能也会被归档（curator.prune_builtins）。",
    on: "是",
    off: "否",
    skills: "技能的去向",
    "skills.count": "照管 {count} 个",
    "skills.none": "没有照管任何技能：您自己的和来自技能中心的技能不受影响。",
    "count.active": "活跃",
    "count.stale": "过期",
    "count.archived": "已归档",
    "count.pinned": "已固定",
    "count.in_cron": "任务所需",
    "skill.open": "打开技能",
    "skill.active": "活跃",
    "skill.stale": "过期",
    "skill.archived": "已归档",
    uses: "使用 {count} 次",
    active: "最近活动",
    "mark.bundled": "内置",
    "mark.pinned": "已固定",
    "mark.pinned.help": "策展器不会改动它。",
    "mark.in_cron": "任务所需",
    "mark.in_cron.help": "有定时任务需要它，因此策展器不会改动它。",
    "next.never": "保持不变",
    "next.nothing": "不再变化",
    "next.uncounted": "下次运行时开始计时",
    "next.stale": "若不使用，{when}过期",
    "next.archived": "若不使用，{when}归档",
    "next.active": "{when}恢复活跃",
    "next.stale.due": "下次运行时过期",
    "next.archived.due": "下次运行时归档",
    "next.active.due": "下次运行时恢复活跃",
    ahead: "距归档（{day}）的时间已过去 {share}；标记处为过期时刻",
    all: "显示全部 {count} 个",
    fewer: "收起",
    more: "另有 {count} 项",
    runs: "运行",
    "runs.count": "保留 {count} 次",
    "runs.none": "没有保留任何报告。",
    "run.good": "完成",
    "run.bad": "出错",
    checked: "检查 {count} 个",
    "run.marked_stale": "{count} 个过期",
    "run.archived": "{count} 个归档",
    "run.reactivated": "{count} 个恢复活跃",
    merged: "合并：",
    pruned: "归档：",
    added: "新建：",
    report: "报告",
    "report.gone": "报告已不存在。",
    "report.cut": "其余内容见 REPORT.md。",
    archived: "已归档",
    suppressed: "随 Hermes 附带；更新时不会恢复",
    restore: "“hermes curator restore 名称”可恢复。",
    backups: "备份",
    kilobytes: "{size} kB",
    files: "{count} 个文件",
    rollback: "“hermes curator rollback”可恢复。",
    rule: "按 Hermes 自身的规则：技能在最后一次使用、查看或修改后 {stale} 天过期，{archive} 天后归档，由此后的第一次运行执行。",
  },
};
