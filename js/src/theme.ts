export type Theme = "light" | "dark";

/** Dark themes with colours of their own, which `core/themes` brings. */
const LOOKS = ["neural-awakening", "blade-runner", "fsociety", "anime"] as const;
/** Every value of the option `theme`. */
export const THEMES = ["auto", "light", "dark", ...LOOKS] as const;

/** How the HUD is coloured: its own colours, the host's variables with its own as fallbacks, or a named theme's. */
export interface Appearance {
  theme: Theme;
  palette: "own" | "host" | (typeof LOOKS)[number];
}

/** What a host says about its theme, most certain first; an option other than "auto" overrules it. */
export function detectTheme(option: unknown, element: Element): Appearance {
  if (option === "light" || option === "dark") return { theme: option, palette: "own" };
  const look = LOOKS.find((name) => name === option);
  if (look) return { theme: "dark", palette: look };
  const jupyter = document.body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return { theme: jupyter === "false" ? "dark" : "light", palette: hostPalette(element) };
  const code = codeTheme(window);
  if (code !== null) return { theme: code.includes("light") ? "light" : "dark", palette: "own" };
  if (element.closest(".dark") || document.body.classList.contains("dark")) return { theme: "dark", palette: "own" };
  return {
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    palette: hostPalette(element),
  };
}

/** Calls `listener` when the host's theme may have changed, until `signal` aborts. */
export function onThemeChange(listener: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(listener);
  for (const node of [document.body, document.documentElement]) {
    observer.observe(node, {
      attributes: true,
      attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind", "class"],
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}

function hostPalette(element: Element): Appearance["palette"] {
  return getComputedStyle(element).getPropertyValue("--jp-layout-color1").trim() === "" ? "own" : "host";
}

/** VS Code marks the body of its web view, and a cell's output may be a frame within. */
function codeTheme(start: Window): string | null {
  for (let frame = start; ; frame = frame.parent) {
    try {
      const found = frame.document.querySelector("[data-vscode-theme-kind]")?.getAttribute("data-vscode-theme-kind");
      if (found) return found;
    } catch {
      return null; // a frame of another origin: nothing to be learnt further up
    }
    if (frame.parent === frame) return null;
  }
}
