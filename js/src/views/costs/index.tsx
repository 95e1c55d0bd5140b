import type { Api, ViewProps } from "../../api.ts";
import { type Budget, readBudget, writeBudget } from "../../budget.ts";
import type { Costs, CostsQuery } from "../../protocol.ts";
import type { Kind } from "../../ui/columns.tsx";
import { makeBudget } from "./budget.tsx";
import css from "./costs.css";
import { makeParts } from "./parts.tsx";
import { type By, makePeriods } from "./periods.tsx";
import { type Measure, makeWords } from "./words.ts";

export { texts } from "./texts.ts";

/** What the agent spent: by day, model, task and source, each kind of figure for itself. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, word, hooks } = api;
  const { Empty, Section, Skeleton } = ui;
  const { about, part } = makeWords(api);
  const { Spans, Split, Rest, Shares, Dearest, Tokens } = makeParts(api);
  const Periods = makePeriods(api);
  const BudgetView = makeBudget(api);

  return Object.assign(CostsView, { css });

  function CostsView({ data, query, setQuery, open, isPending, progress }: ViewProps<Costs>) {
    const [wanted, want] = hooks.useState<Measure>("usd");
    const hasDollars = data.total.kinds.some(({ usd }) => usd !== null);
    const measure = hasDollars ? wanted : "tokens";
    const [by, setBy] = hooks.useState<By>("kind");
    const element = hooks.useRef<HTMLDivElement>(null);
    const [budget, setBudget] = hooks.useState<Budget | null>(null);
    const isEmpty = data.spans.every(({ spending }) => spending.cost.status === null);
    hooks.useEffect(() => {
      // Where it stands says which notebook's it is.
      if (element.current) setBudget(readBudget(element.current));
    }, [isEmpty]);
    const keep = (wanted: Budget | null) => {
      setBudget(wanted);
      writeBudget(element.current, wanted);
    };
    const measures = (
      <span class="choices">
        {data.models.length > 1 && hasPeriods(data) && (
          <Choice family="by" all={["kind", "model"]} chosen={by} choose={setBy} />
        )}
        {hasDollars && <Choice family="measure" all={["usd", "tokens"]} chosen={measure} choose={want} />}
      </span>
    );
    const kinds = kindsOf(data);
    const models = data.models.map(({ model, provider, figures }) => ({
      label: data.models.filter((other) => other.model === model).length > 1 ? `${model} · ${provider ?? "?"}` : model,
      title: [model, provider, about(figures)].filter(Boolean).join(" · "),
      figures,
    }));
    const tasks = data.tasks.map(({ task, figures }) => ({
      label: taskName(task),
      title: `${task} · ${about(figures)}`,
      figures,
    }));
    const sources = data.sources.map(({ source, figures }) => ({
      label: source,
      title: `${source} · ${about(figures)}`,
      figures,
    }));
    const projects = data.projects.map(({ project, figures }) => ({
      label: project === null ? t("project.none") : nameOf(project, data),
      title: [project ?? t("project.none.help"), about(figures)].join(" · "),
      figures,
    }));
    const { left_out: rest } = data;
    if (isEmpty) {
      if (progress) return <Skeleton />;
      return (
        <Empty icon="costs" title={t("empty")}>
          {t("empty.help")}
        </Empty>
      );
    }
    return (
      <div class="costs" data-days={data.days} aria-busy={isPending} ref={element}>
        <Spans data={data} choose={(days) => setQuery({ ...query, days } satisfies CostsQuery)} />
        {data.total.kinds.length === 0 ? (
          <p class="none nothing">{!progress && t("nothing")}</p>
        ) : (
          <Fragment>
            <div class="main">
              {hasPeriods(data) && (
                <Section name="periods" title={t(`chart.${measure}.${data.unit}`)} aside={measures}>
                  <Periods data={data} by={by} measure={measure} kinds={kinds} budget={budget} />
                </Section>
              )}
              <Section name="budget" title={t("budget")}>
                <BudgetView budget={budget} keep={keep} data={data} />
              </Section>
              <Section name="models" title={t("models")} aside={hasPeriods(data) ? undefined : measures}>
                <Split rows={models} measure={measure} />
                <Rest count={rest.models} />
              </Section>
              <Section name="projects" title={t("projects")}>
                <Split rows={projects} measure={measure} />
                <Rest count={rest.projects} />
              </Section>
              {data.dearest.length > 0 && (
                <Section name="dearest" title={t("dearest")}>
                  <Dearest conversations={data.dearest} open={open} />
                </Section>
              )}
            </div>
            <div class="side">
              <Section name="coverage" title={t("coverage")}>
                <Shares kinds={kinds} amounts={data.total.kinds} />
                <p>{coverage(data)}</p>
              </Section>
              <Section name="tasks" title={t("tasks")}>
                <Split rows={tasks} measure={measure} />
                <Rest count={rest.tasks} />
                <p>{auxiliary(data)}</p>
              </Section>
              <Section name="sources" title={t("sources")}>
                <Split rows={sources} measure={measure} />
                <Rest count={rest.sources} />
              </Section>
              <Section name="tokens" title={t("calls")}>
                <Tokens data={data} />
              </Section>
            </div>
          </Fragment>
        )}
        <p class="rule">{t("rule", { timezone: data.timezone })}</p>
      </div>
    );
  }

  function Choice<One extends string>(props: {
    family: string;
    all: readonly One[];
    chosen: One;
    choose: (one: One) => void;
  }) {
    return (
      <span class="measures" data-choice={props.family}>
        {props.all.map((each) => (
          <button key={each} type="button" aria-pressed={props.chosen === each} onClick={() => props.choose(each)}>
            {t(`${props.family}.${each}`)}
          </button>
        ))}
      </span>
    );
  }

  // -- words

  function taskName(task: string): string {
    return word("task", task).replaceAll("_", " ");
  }

  function coverage({ coverage: { tokens, priced_tokens, sessions, priced_sessions } }: Costs): string {
    if (priced_tokens === tokens && priced_sessions === sessions) return t("coverage.all");
    if (priced_tokens === 0) return t("coverage.nothing");
    return t("coverage.some", { tokens: part(priced_tokens / tokens), priced: priced_sessions, count: sessions });
  }

  function auxiliary({ auxiliary: { usd, tokens } }: Costs): string {
    if (!tokens) return t("auxiliary.none");
    if (usd === null) return t("auxiliary.tokens", { tokens: part(tokens) });
    return t("auxiliary", { usd: part(usd), tokens: part(tokens) });
  }

  function kindsOf({ total }: Costs): Kind[] {
    const isCharged = total.kinds.some(({ status }) => status === "actual");
    const patterns = {
      actual: "solid",
      estimated: isCharged ? "stripes" : "solid",
      included: "dots",
      unknown: "outline",
    } as const;
    return total.kinds.map(({ status }) => ({
      kind: status,
      label: t(`cost.${status}`),
      pattern: patterns[status],
    }));
  }
}

function hasPeriods({ periods }: Costs): boolean {
  return periods.length > 1;
}

/** A project's last folder, or its whole path where another one ends alike. */
function nameOf(project: string, { projects }: Costs): string {
  const last = (path: string) => path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
  const name = last(project);
  return projects.filter((other) => other.project !== null && last(other.project) === name).length > 1 ? project : name;
}
