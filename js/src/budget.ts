// A viewer's budget: kept in the browser, by notebook. Nothing of it is written to the home.
import type { CostMonth } from "./protocol.ts";
import { isRecord } from "./protocol.ts";
import { pageOf } from "./remember.ts";

export interface Budget {
  /** US dollars, > 0. */
  usd: number;
  per: "day" | "month";
}

/** Dollars a day. */
export function daily({ usd, per }: Budget, { days }: CostMonth): number {
  return per === "day" ? usd : usd / days;
}

/** Dollars in this month. */
export function monthly({ usd, per }: Budget, { days }: CostMonth): number {
  return per === "month" ? usd : usd * days;
}

/** What was kept; null for nothing, or nothing that makes sense. */
export function readBudget(element: Element | null): Budget | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(element)) ?? "null");
    if (!isRecord(kept) || typeof kept.usd !== "number" || !(kept.usd > 0)) return null;
    return { usd: kept.usd, per: kept.per === "day" ? "day" : "month" };
  } catch {
    return null; // a page that may keep nothing, or what is no budget
  }
}

export function writeBudget(element: Element | null, budget: Budget | null): void {
  try {
    if (budget === null) localStorage.removeItem(keyOf(element));
    else localStorage.setItem(keyOf(element), JSON.stringify(budget));
  } catch {
    // It holds for as long as the view does.
  }
}

function keyOf(element: Element | null): string {
  const root = element?.getRootNode();
  const host = root instanceof ShadowRoot ? root.host : element;
  return `hermes-hud:${host ? pageOf(host) : location.pathname}:budget`;
}
