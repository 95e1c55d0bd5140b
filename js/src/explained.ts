import type { ConnectionStatus } from "./connection.ts";
import type { Translate } from "./i18n.ts";

/** Why the data come as they do; and while they come, why not by a better way. */
export function explained(status: ConnectionStatus, t: Translate): string {
  const [now, ...others] = reasons(status, t);
  const isComing = status.state === "live" || status.state === "busy";
  return [now, ...(isComing ? others : [])].join(" ");
}

/** The same, sentence by sentence; while nothing comes, what became of each way, too. */
export function reasons({ transport, reason, tried, hasKernel }: ConnectionStatus, t: Translate): string[] {
  // Without a kernel there is one way only; direct is the best.
  const isBest = !hasKernel || (reason === null && transport === "direct");
  const others = isBest ? [] : tried.filter(({ outcome }) => outcome !== "live");
  return [
    t(`reason.${reason ?? transport}`),
    ...others.map(({ way, outcome }) => t(`not.${way}`, { why: t(`not.${outcome}`) })),
  ];
}
