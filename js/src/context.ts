import { createContext } from "preact";
import { useContext, useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import type { Client } from "./client.ts";

const ClientContext = createContext<Client | null>(null);
export const ClientProvider = ClientContext.Provider;
/** The name of the panel that something is drawn in. */
export const PanelContext = createContext<string | null>(null);

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("drawn outside of a HUD");
  return client;
}

/** What `select` returns, drawn again whenever one of its parts changes. */
export function useSelected<Parts extends readonly unknown[]>(select: (client: Client) => Parts): Parts {
  const client = useClient();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const selected = select(client);
  const latest = useRef({ select, selected });
  latest.current = { select, selected };
  useLayoutEffect(() => {
    const check = () => {
      const { select, selected } = latest.current;
      if (select(client).some((part, index) => part !== selected[index])) redraw(undefined);
    };
    check(); // what changed between drawing and now
    const undo = [client.store.subscribe(check), client.connection.subscribe(check), client.onLoaded(check)];
    return () => {
      for (const each of undo) each();
    };
  }, [client]);
  return selected;
}

/** Draws again about every `periodMs` milliseconds while the HUD is visible; null: not at all. */
export function useTick(periodMs: number | null): void {
  const { ticker } = useClient();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(
    () => (periodMs === null ? undefined : ticker.every(periodMs, () => redraw(undefined))),
    [ticker, periodMs],
  );
}
