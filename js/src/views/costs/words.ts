import type { Api } from "../../api.ts";
import { allTokens } from "../../format.ts";
import type { Cost, CostFigures, CostKind } from "../../protocol.ts";
import type { Kind } from "../../ui/columns.tsx";

export type Measure = "usd" | "tokens";

/** How figures read, wherever they stand. */
export function makeWords({ t, format }: Api) {
  return { price, tokensOf, about, part };

  /** Dollars as far as they are known; what a subscription includes is not $0.00, and neither is the unknown. */
  function price({ usd, status }: Cost): string {
    return status === "included" ? t("cost.included") : format.usd(usd);
  }

  function tokensOf({ tokens }: CostFigures): string {
    return `${format.compact(allTokens(tokens))} ${t("tokens")}`;
  }

  function about(figures: CostFigures): string {
    return [
      t("sessions", { count: figures.sessions }),
      t("calls.count", { count: figures.api_calls }),
      tokensOf(figures),
    ].join(" · ");
  }

  /** A share that says neither "all" nor "none" of what is only nearly so. */
  function part(share: number): string {
    return share > 0 && share < 0.01 ? t("under", { share: format.percent(0.01) }) : format.percent(share);
  }
}

export function find(amounts: readonly CostKind[], status: string): CostKind | undefined {
  return amounts.find((amount) => amount.status === status);
}

export function swatch({ pattern }: Kind): string {
  return `chart-swatch ${pattern}`;
}

/** The colour that a chart gives the kind at this place. */
export function series(place: number): string {
  return `var(--series-${place + 1})`;
}
