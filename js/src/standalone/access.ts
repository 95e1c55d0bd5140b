// What lets this tab in: a ticket from its address, once, and then a token that the tab alone keeps.
import { isRecord } from "../protocol.ts";

/** Not a cookie, which other servers of this machine would be sent, too; nor kept beyond the tab. */
const KEPT = "hermes-hud.token";

/** Why a page shows no HUD. `gone`: nobody answers; `no-home`: the server has none open. */
export type Denial = "no-token" | "used" | "refused" | "gone" | "no-home";

/** What a HUD needs to know, or why there is none. */
export type Access = { token: string; home: string } | { denial: Denial };

/** The part of the browser that is used here. */
export interface Tab {
  location: Pick<Location, "hash" | "pathname">;
  history: Pick<History, "replaceState">;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** Takes the ticket out of the page's address, so that neither the tab's history nor a bookmark has it. */
export function takeTicket({ location, history }: Tab): string | null {
  const ticket = /^#ticket=(.+)$/.exec(location.hash)?.[1] ?? null;
  if (location.hash) history.replaceState(null, "", location.pathname);
  return ticket;
}

/** Asks the server to let this tab in, by the ticket or by what the tab has kept. */
export async function enter(tab: Tab, ticket: string | null): Promise<Access> {
  try {
    if (ticket !== null) {
      const answer = await tab.fetch("/api/ticket", { method: "POST", body: JSON.stringify({ ticket }) });
      const body: unknown = answer.ok ? await answer.json() : null;
      if (isRecord(body) && typeof body.token === "string") keep(tab, body.token);
      // Somebody went back to it, say: what the tab has kept may be good all the same.
      else if (kept(tab) === null) return { denial: "used" };
    }
    const token = kept(tab);
    return token === null ? { denial: "no-token" } : await homeOf(tab, token);
  } catch {
    return { denial: "gone" };
  }
}

/** Keeps a token that the user has typed for as long as the tab lives. */
export function keep({ storage }: Tab, token: string): void {
  storage.setItem(KEPT, token);
}

function kept({ storage }: Tab): string | null {
  return storage.getItem(KEPT);
}

async function homeOf(tab: Tab, token: string): Promise<Access> {
  const answer = await tab.fetch("/api/homes", { headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 401) {
    tab.storage.removeItem(KEPT);
    return { denial: "refused" };
  }
  const body: unknown = await answer.json();
  const [home]: unknown[] = isRecord(body) && Array.isArray(body.homes) ? body.homes : [];
  return isRecord(home) && typeof home.id === "string" ? { token, home: home.id } : { denial: "no-home" };
}
