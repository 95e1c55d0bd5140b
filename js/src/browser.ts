// What the page and its browser are to a connection.
import type { Environment } from "./connection.ts";

/** Whoever has not touched the page for so long is away. */
const AWAY_MS = 10 * 60_000;

/** What listens ends with `signal`. */
export function browser(signal: AbortSignal): Environment & { language: string } {
  const config = jupyterConfig();
  let touchedAt = Date.now();
  const wakers = new Set<() => void>();
  const wake = () => {
    for (const each of wakers) each();
  };
  const touched = () => {
    const wasAway = Date.now() - touchedAt > AWAY_MS;
    touchedAt = Date.now();
    if (wasAway) wake();
  };
  const isVisible = () => document.visibilityState !== "hidden";
  for (const type of ["pointermove", "pointerdown", "wheel", "keydown"]) {
    addEventListener(type, touched, { signal, passive: true, capture: true });
  }
  for (const type of ["online", "pageshow"]) addEventListener(type, wake, { signal });
  document.addEventListener("resume", wake, { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (!isVisible()) return;
      touchedAt = Date.now();
      wake();
    },
    { signal },
  );
  return {
    hostname: location.hostname,
    protocol: location.protocol,
    origin: location.origin,
    address: location.href,
    baseUrl: config.baseUrl ?? document.body.dataset.baseUrl ?? null,
    host: hostOf(config.appName),
    language: navigator.language,
    random: () => Math.random(),
    openSocket: (url, protocols) => new WebSocket(url, protocols),
    // Followed, a redirection would lead to a page for logging in, which answers 200.
    answers: async (url) => (await fetch(url, { redirect: "manual", cache: "no-store" })).status,
    isAttended: () => isVisible() && Date.now() - touchedAt < AWAY_MS,
    onWake: (listener, signal) => {
      wakers.add(listener);
      signal.addEventListener("abort", () => wakers.delete(listener));
    },
  };
}

/** Of JupyterLab, Notebook and Voilà. */
function jupyterConfig(): { baseUrl?: string; appName?: string } {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  } catch {
    return {};
  }
}

/** What the page is of, as far as it can tell. */
function hostOf(appName: unknown): string | null {
  if (typeof appName === "string") return appName.toLowerCase().replace(/\s/g, "");
  if (location.protocol === "vscode-webview:") return "vscode";
  if (/(^|-)colab\.googleusercontent\.com$/.test(location.hostname)) return "colab";
  return document.querySelector("marimo-filename") ? "marimo" : null;
}
