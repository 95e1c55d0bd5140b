// Notices that the server was started again: the new one does not know what let this tab in.
import { enter, type Tab } from "./access.ts";

/** Between two questions; each time twice as long, up to the longest. */
const ASK_MIN_MS = 1_000;
const ASK_MAX_MS = 30_000;

/**
 * Asks the server, whenever the HUD is without one and the page in front, whether it still lets this tab in.
 *
 * The HUD itself cannot tell: a WebSocket that is refused looks to a page like one that nobody answers.
 *
 * @param hud The HUD's element that says its state.
 * @param tab What the tab was let in by.
 * @param refused Called once, when the server does not take it any more.
 * @param signal Ends it.
 */
export function watchAccess(hud: Element, tab: Tab, refused: () => void, signal: AbortSignal): void {
  let pause = ASK_MIN_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  const needsServer = () => hud.getAttribute("data-state") !== "live" && document.visibilityState !== "hidden";
  const askLater = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  };
  async function ask(): Promise<void> {
    if (isAsking || !needsServer()) return;
    clearTimeout(timer);
    isAsking = true;
    const access = await enter(tab, null);
    isAsking = false;
    if (signal.aborted) return;
    if ("denial" in access && access.denial === "refused") {
      refused();
      return;
    }
    pause = Math.min(ASK_MAX_MS, pause * 2);
    askLater();
  }
  const observer = new MutationObserver(() => {
    pause = ASK_MIN_MS;
    askLater();
  });
  observer.observe(hud, { attributeFilter: ["data-state"] });
  askLater();
  // Whoever comes back from the terminal should not have to wait.
  for (const type of ["focus", "online", "pageshow"]) addEventListener(type, ask, { signal });
  document.addEventListener("visibilitychange", ask, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
}
