import type { Api } from "../../api.ts";
import { type Budget, daily, monthly } from "../../budget.ts";
import type { Cost, Costs } from "../../protocol.ts";

/** The viewer's budget: the form, and how far it is used up. */
export function makeBudget({ h, Fragment, t, format, hooks }: Api) {
  return BudgetView;

  /** A budget of the viewer's own, what is left of it, and where the month is heading. */
  function BudgetView(props: { budget: Budget | null; keep: (budget: Budget | null) => void; data: Costs }) {
    const { budget, keep, data } = props;
    const id = hooks.useId();
    // Chosen before the amount, it is not kept yet.
    const [chosen, choosePer] = hooks.useState<Budget["per"]>("month");
    const per = budget?.per ?? chosen;
    const set = (usd: number, each: Budget["per"]) => keep(usd > 0 && Number.isFinite(usd) ? { usd, per: each } : null);
    return (
      <div class="budget-view">
        <div class="budget-form">
          <label for={id}>{t("budget.amount")}</label>
          <span class="budget-amount">
            <span aria-hidden="true">$</span>
            <input
              id={id}
              type="number"
              min="0"
              step="any"
              inputMode="decimal"
              value={budget?.usd ?? ""}
              placeholder="0"
              onChange={(event) => set(Number(event.currentTarget.value), per)}
            />
          </span>
          <select
            aria-label={t("budget.per")}
            value={per}
            onChange={(event) => {
              const each = event.currentTarget.value as Budget["per"];
              choosePer(each);
              set(budget?.usd ?? 0, each);
            }}
          >
            <option value="month">{t("budget.month")}</option>
            <option value="day">{t("budget.day")}</option>
          </select>
          {budget !== null && (
            <button type="button" class="quiet" onClick={() => keep(null)}>
              {t("budget.remove")}
            </button>
          )}
        </div>
        {budget === null ? (
          <p class="none">{t("budget.none")}</p>
        ) : (
          <Fragment>
            <Spent name={t("span.1")} cost={data.month.today} limit={daily(budget, data.month)} />
            <Spent name={t("budget.this-month")} cost={data.month.cost} limit={monthly(budget, data.month)} />
            <p>{projection(data, monthly(budget, data.month))}</p>
          </Fragment>
        )}
      </div>
    );
  }

  function Spent({ name, cost, limit }: { name: string; cost: Cost; limit: number }) {
    const usd = cost.usd ?? 0;
    const share = limit > 0 ? usd / limit : 0;
    const level = share > 1 ? "critical" : share > 0.8 ? "warn" : "calm";
    const left = limit - usd;
    const said = t(left >= 0 ? "budget.left" : "budget.over", { usd: format.usd(Math.abs(left)) });
    return (
      <div class={`meter ${level}`}>
        <div class="meter-text">
          <span>{name}</span>
          <span class="numeric">
            <b>{format.usd(cost.usd)}</b> {t("budget.of", { usd: format.usd(limit) })} · {said}
            {cost.unknown_sessions > 0 && <small> {t("more-unknown")}</small>}
          </span>
        </div>
        <div
          class="meter-bar"
          role="meter"
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={Math.max(limit, usd)}
          aria-valuenow={usd}
          aria-valuetext={`${format.usd(cost.usd)} ${t("budget.of", { usd: format.usd(limit) })}, ${said}`}
        >
          <i style={{ width: `${Math.min(100, Math.max(share * 100, usd > 0 ? 1 : 0))}%` }} />
        </div>
      </div>
    );
  }

  /** Where the month is heading; on its first day nobody can tell. */
  function projection({ month }: Costs, limit: number): string {
    if (month.cost.usd === null || month.elapsed_days < 1) return t("budget.early");
    const usd = (month.cost.usd / month.elapsed_days) * month.days;
    return t(usd > limit ? "budget.projection.over" : "budget.projection.left", {
      usd: format.usd(usd),
      by: format.usd(Math.abs(usd - limit)),
    });
  }
}
