import type { ConnectionStatus } from "./connection.ts";
import type { Format } from "./format.ts";
import type { Translate } from "./i18n.ts";

/** How the data come here, or since when they don't, in a few words. */
export function chipText(status: ConnectionStatus, t: Translate, format: Format): string {
  if (status.state === "live") return t(`chip.live.${status.transport}`);
  if (status.state === "busy") return t("chip.busy");
  if (status.state === "gone") return t(status.reason === "closed" ? "chip.closed" : "chip.gone");
  if (status.reason === "kernel-lost") return t("chip.lost");
  if (status.since !== null) return t("chip.stale", { time: format.time(status.since) });
  return t(
    status.reason === "connecting" ? "chip.connecting" : `chip.${status.hasKernel ? "connecting" : "unreachable"}`,
  );
}
