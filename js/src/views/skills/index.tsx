import type { Api, ViewProps } from "../../api.ts";
import { markdownCss } from "../../markdown.tsx";
import type { Curator, Skill, SkillCategory, SkillList, Skills } from "../../protocol.ts";
import { defineDetail } from "./detail.tsx";
import { defineMarks } from "./marks.tsx";
import css from "./skills.css";

export { texts } from "./texts.ts";

/** So many rows are drawn at first, and so many more each time. */
const ROWS = 60;
/** For how long a skill that was used or changed just now is marked, in ms. */
const MARKED_MS = 5_000;
const MOST_USED = 5;

const shows = [
  "all",
  "own",
  "bundled",
  "hub",
  "external",
  "modified",
  "disabled",
  "stale",
  "trouble",
  "archived",
] as const;
const orders = ["category", "used", "active", "modified", "name"] as const;
const origins = ["bundled", "hub", "agent", "user", "external"] as const;

type Show = (typeof shows)[number];
type Order = (typeof orders)[number];

/** What the viewer chose. */
export interface Choice {
  words: string;
  show: Show;
  order: Order;
  /** A category's name; null: those without one; undefined: all. */
  category?: string | null;
}

/** The skills that a viewer chose, in that order. */
export function chosen(rows: readonly Skill[], { words, show, order, category }: Choice): Skill[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((skill) => {
    if (!fits(skill, show)) return false;
    if (category !== undefined && skill.category !== category) return false;
    const text = `${skill.name} ${skill.description ?? ""} ${skill.category ?? ""} ${skill.folder}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const latest = (one: string | null, other: string | null) => Date.parse(other ?? "0") - Date.parse(one ?? "0");
  const by: Record<Order, (one: Skill, other: Skill) => number> = {
    // As the server sorted them.
    category: () => 0,
    used: (one, other) => other.use_count - one.use_count,
    active: (one, other) => latest(one.last_active_at, other.last_active_at),
    modified: (one, other) => latest(one.modified_at, other.modified_at),
    name: (one, other) => one.name.localeCompare(other.name),
  };
  return found.sort(by[order]);
}

/** Whether a skill is among those to be shown. */
function fits(skill: Skill, show: Show): boolean {
  if (show === "archived") return skill.is_archived;
  if (skill.is_archived) return false;
  switch (show) {
    case "own":
      return skill.origin === "agent" || skill.origin === "user";
    case "bundled":
    case "hub":
    case "external":
      return skill.origin === show;
    case "modified":
      return skill.is_modified === true;
    case "disabled":
      return skill.is_disabled || skill.disabled_on.length > 0;
    case "stale":
      return skill.state === "stale";
    case "trouble":
      return skill.problem !== null || skill.unlisted !== null;
    default:
      return true;
  }
}

/** What the agent can do: all skills, and the text of the one that was opened. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, sentence, format, hooks } = api;
  const { Ago, Bars, Empty, Icon, Section, Skeleton, Text, Until } = ui;
  const { useEffect, useFresh, useMemo, useOpened, useRef, useState } = hooks;
  const Marks = defineMarks(api);
  const Detail = defineDetail(api, Marks);

  return Object.assign(SkillsView, { css: css + markdownCss });

  function SkillsView({ data, query, setQuery, useSnapshots }: ViewProps<Skills>) {
    const [choice, choose] = useState<Choice>({ words: "", show: "all", order: "category" });
    // Here, as the list is not there while a skill is read.
    const [most, setMost] = useState(ROWS);
    const view = useRef<HTMLDivElement>(null);
    const { opened, open, onKeyDown } = useOpened(view, "data-skill", ".skill-text");
    const { list } = data;
    const traces = new Map(list?.rows.map((skill) => [skill.folder, traceOf(skill)]));
    const fresh = useFresh(traces, MARKED_MS, list ? "list" : "");
    useEffect(() => {
      // Another panel leads to a skill, by its name or its folder.
      const { skill: asked, ...rest } = query;
      if (typeof asked !== "string") return;
      const found = [...(data.text ? [data.text.skill] : []), ...(list?.rows ?? [])].find(
        ({ folder, name }) => folder === asked || name === asked,
      );
      open(found?.folder ?? asked);
      setQuery(rest);
    }, [query.skill]);
    if (!list && opened === null) {
      // What is there may still be the answer to who asked for one skill.
      if (typeof query.skill === "string" || data.text || data.missing) return <Skeleton />;
      return <Empty title={t("empty")}>{t("empty.help")}</Empty>;
    }
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what a button in here opened.
      <div ref={view} class={opened === null ? "skills" : "skills reading"} onKeyDown={onKeyDown}>
        {list && (
          <aside class="skills-side">
            <Overview list={list} />
            <Section title={t("categories")} name="skills-categories">
              <Categories
                categories={list.categories}
                chosen={choice.category}
                choose={(category) => {
                  choose({ ...choice, category });
                  open(null);
                }}
              />
            </Section>
            <Section title={t("most-used")} name="skills-most-used">
              <MostUsed rows={list.rows} />
            </Section>
          </aside>
        )}
        {list && opened === null && (
          <List list={list} choice={choice} choose={choose} most={most} setMost={setMost} fresh={fresh} open={open} />
        )}
        {opened !== null && (
          <Detail
            key={opened}
            folder={opened}
            close={() => open(null)}
            openOther={(name) => open(list?.rows.find((skill) => skill.name === name)?.folder ?? null)}
            names={new Set(list?.rows.map(({ name }) => name))}
            useSnapshots={useSnapshots}
          />
        )}
      </div>
    );
  }

  /** How many there are and of what origin, what is wrong, and the curator. */
  function Overview({ list: { counts, curator, problems } }: { list: SkillList }) {
    const there = origins.filter((origin) => counts[origin] > 0);
    const notes = (["modified", "disabled", "stale", "broken", "unlisted", "archived"] as const).filter(
      (note) => counts[note] > 0,
    );
    return (
      <div class="skills-overview">
        <p class="skills-total">
          <b class="numeric">{t("total", { count: counts.listed })}</b>
        </p>
        <div class="skills-origins" aria-hidden="true">
          {there.map((origin) => (
            <i key={origin} class={`origin-${origin}`} style={{ flexGrow: counts[origin] }} />
          ))}
        </div>
        <ul class="skills-legend">
          {there.map((origin) => (
            <li key={origin} title={t(`origin.${origin}.help`)}>
              <i class={`origin-${origin}`} aria-hidden="true" />
              <span class="numeric">{format.number(counts[origin])}</span> {t(`origin.${origin}`)}
            </li>
          ))}
        </ul>
        {notes.length > 0 && (
          <p class="skills-notes">{notes.map((note) => t(`count.${note}`, { count: counts[note] })).join(" · ")}</p>
        )}
        <CuratorLine curator={curator} />
        {problems.map((problem) => (
          <p key={problem} class="skill-problem" lang="en">
            <Icon name="warning" size={13} />
            <Text text={problem} title />
          </p>
        ))}
      </div>
    );
  }

  function CuratorLine({ curator }: { curator: Curator }) {
    const help = t("curator.help", { stale: curator.stale_after_days, archive: curator.archive_after_days });
    return (
      <div class="skills-curator" title={help}>
        <p>
          <b>{t("curator")}</b>{" "}
          {!curator.is_enabled ? (
            t("curator.off")
          ) : (
            <>
              {curator.is_paused && <em class="amber">{t("curator.paused")} · </em>}
              {curator.last_run_at
                ? sentence("curator.ran", { when: <Ago at={curator.last_run_at} /> })
                : t("curator.never")}
              {curator.is_due ? (
                <em class="amber"> · {t("curator.due")}</em>
              ) : (
                curator.next_run_at && (
                  <>
                    {" · "}
                    {sentence("curator.next", { when: <Until at={curator.next_run_at} /> })}
                  </>
                )
              )}
            </>
          )}
        </p>
        {curator.last_run_summary && (
          <p class="dim">
            <Text text={curator.last_run_summary} title />
          </p>
        )}
      </div>
    );
  }

  function Categories(props: {
    categories: readonly SkillCategory[];
    chosen: string | null | undefined;
    choose: (category: string | null | undefined) => void;
  }) {
    const most = Math.max(1, ...props.categories.map(({ skills }) => skills));
    return (
      <ul class="skills-bars">
        {props.categories.map(({ name, skills, uses }) => {
          const isChosen = props.chosen === name;
          const title = t("category.title", { skills: t("total", { count: skills }), uses });
          return (
            <li key={name ?? "\u0000"}>
              <button
                type="button"
                aria-pressed={isChosen}
                title={title}
                onClick={() => props.choose(isChosen ? undefined : name)}
              >
                <span class="skills-bar-label">{name === null ? t("category.none") : <Text text={name} />}</span>
                <i class="bars-bar" aria-hidden="true">
                  <i style={{ width: `${Math.max(2, (skills / most) * 100)}%` }} />
                </i>
                <span class="numeric">{format.number(skills)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    );
  }

  function MostUsed({ rows }: { rows: readonly Skill[] }) {
    const used = rows
      .filter((skill) => skill.use_count > 0 && !skill.is_archived && skill.unlisted === null)
      .sort((one, other) => other.use_count - one.use_count)
      .slice(0, MOST_USED);
    if (used.length === 0) return <p class="dim">{t("never-used")}</p>;
    return (
      <Bars
        rows={used.map((skill) => ({
          label: skill.name,
          value: skill.use_count,
          text: `${format.number(skill.use_count)}×`,
          title: usageOf(skill),
        }))}
      />
    );
  }

  function List(props: {
    list: SkillList;
    choice: Choice;
    choose: (choice: Choice) => void;
    /** So many rows are drawn. */
    most: number;
    setMost: (most: number) => void;
    fresh: ReadonlySet<string>;
    open: (folder: string) => void;
  }) {
    const { list, choice, choose, most, setMost } = props;
    const found = useMemo(() => chosen(list.rows, choice), [list, choice]);
    const scale = Math.max(1, ...list.rows.map((skill) => skill.use_count));
    const isGrouped = choice.order === "category";
    const isNarrowed = choice.words.trim() !== "" || choice.show !== "all" || choice.category !== undefined;
    return (
      <div class="skills-list">
        <div class="skills-controls">
          <input
            type="search"
            data-search=""
            placeholder={t("filter")}
            aria-label={t("filter")}
            value={choice.words}
            onInput={({ currentTarget }) => choose({ ...choice, words: currentTarget.value })}
          />
          <Select
            label={t("show")}
            value={choice.show}
            options={shows.map((show) => [show, t(`show.${show}`)])}
            onChange={(show) => choose({ ...choice, show })}
          />
          <Select
            label={t("order")}
            value={choice.order}
            options={orders.map((order) => [order, t(`order.${order}`)])}
            onChange={(order) => choose({ ...choice, order })}
          />
          <span class="dim numeric" role="status">
            {isNarrowed && (
              <>
                {t("found", { count: found.length })}{" "}
                <button type="button" class="quiet" onClick={reset}>
                  {t("reset")}
                </button>
              </>
            )}
          </span>
        </div>
        {found.length === 0 && <Empty title={t("none")}>{t("none.help")}</Empty>}
        <ul class="skills-rows">
          {found.slice(0, most).map((skill, index) => (
            <Fragment key={skill.folder}>
              {isGrouped && group(skill) !== group(found[index - 1]) && (
                <li class="skills-group">
                  {skill.is_archived ? (
                    t("archived")
                  ) : skill.category === null ? (
                    t("category.none")
                  ) : (
                    <Text text={skill.category} />
                  )}
                </li>
              )}
              <Row skill={skill} scale={scale} isFresh={props.fresh.has(skill.folder)} open={props.open} />
            </Fragment>
          ))}
        </ul>
        {found.length > most && (
          <button type="button" class="quiet" onClick={() => setMost(most + ROWS)}>
            {t("more", { count: Math.min(ROWS, found.length - most) })}
          </button>
        )}
      </div>
    );

    function reset() {
      choose({ words: "", show: "all", order: choice.order });
    }
  }

  function Row(props: { skill: Skill; scale: number; isFresh: boolean; open: (folder: string) => void }) {
    const { skill, scale } = props;
    const isOff = skill.is_disabled || skill.unlisted !== null || skill.is_archived;
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the button in it does the same.
      <li
        class={`skill${isOff ? " off" : ""}${props.isFresh ? " fresh" : ""}`}
        data-skill={skill.folder}
        data-origin={skill.origin}
        onClick={() => props.open(skill.folder)}
      >
        <p class="skill-head">
          <button type="button">
            <Text text={skill.name} title />
          </button>
          <Marks skill={skill} />
        </p>
        {skill.description && (
          <p class="skill-about" dir="auto">
            <Text text={skill.description} />
          </p>
        )}
        {skill.problem && (
          <p class="skill-problem" lang="en">
            <Icon name="warning" size={13} />
            <Text text={skill.problem} title />
          </p>
        )}
        <p class="skill-figures" title={usageOf(skill)}>
          <i class="bars-bar" aria-hidden="true">
            <i style={{ width: skill.use_count > 0 ? `${Math.max(3, (skill.use_count / scale) * 100)}%` : "0" }} />
          </i>
          <span class="numeric">{skill.use_count > 0 ? t("used", { count: skill.use_count }) : t("used.never")}</span>
          {skill.last_active_at && (
            <span>
              {t("active")} <Ago at={skill.last_active_at} />
            </span>
          )}
          {skill.modified_at && (
            <span>
              {t("changed")} <Ago at={skill.modified_at} />
            </span>
          )}
        </p>
      </li>
    );
  }

  function Select<Value extends string>(props: {
    label: string;
    value: Value;
    options: readonly (readonly [Value, string])[];
    onChange: (value: Value) => void;
  }) {
    return (
      <label>
        <span class="hidden">{props.label}</span>
        <select value={props.value} onChange={({ currentTarget }) => props.onChange(currentTarget.value as Value)}>
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    );
  }

  function usageOf(skill: Skill): string {
    return t("used.help", { uses: skill.use_count, views: skill.view_count, patches: skill.patch_count });
  }
}

/** What changes when a skill is used or written. */
function traceOf(skill: Skill): string {
  return [skill.use_count, skill.view_count, skill.patch_count, skill.modified_at].join(" ");
}

function group(skill: Skill | undefined): string | null | undefined {
  return skill && (skill.is_archived ? "\u0000" : skill.category);
}
