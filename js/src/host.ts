// What the page around a HUD says about it, and keeps for it.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Arrangement } from "./arrangement.ts";
import type { Client } from "./client.ts";
import { Memory } from "./remember.ts";
import { type Appearance, detectTheme, onThemeChange } from "./theme.ts";

type Ref = { current: HTMLElement | null };

/** At most so many CSS pixels wide, it has no room for two rows of tabs; as in hud.css. */
const NARROW = 560;

/** What the viewer chose, kept beyond this page. */
export function useArrangement({ options }: Client, element: HTMLElement) {
  const memory = useRef<Memory | null>(null);
  const [arrangement, setArrangement] = useState<Arrangement>({});
  const latest = useRef(arrangement);
  useLayoutEffect(() => {
    const recall = () => {
      if (memory.current || !element.isConnected) return;
      memory.current = new Memory(options, element);
      latest.current = memory.current.read() ?? {};
      setArrangement(latest.current);
    };
    recall();
    // JupyterLab draws an output before it puts it into the notebook, whose path nobody knows until then.
    const observer = new ResizeObserver(recall);
    observer.observe(element);
    return () => observer.disconnect();
  }, [options, element]);
  const set = (next: Arrangement) => {
    latest.current = next;
    setArrangement(next);
    memory.current?.write(next);
  };
  return {
    arrangement,
    // Another HUD of this notebook may have stored something since.
    arrange: (change: Arrangement) => set({ ...(memory.current?.read() ?? latest.current), ...change }),
    forget: () => set({}),
  };
}

/** The host's theme, or the one that was chosen. */
export function useAppearance(theme: string, element: HTMLElement): Appearance {
  const [appearance, setAppearance] = useState(() => detectTheme(theme, element));
  // Before it is painted: what the viewer chose is known only after the first drawing.
  useLayoutEffect(() => {
    const update = () => {
      const next = detectTheme(theme, element);
      setAppearance((now) => (now.theme === next.theme && now.palette === next.palette ? now : next));
    };
    update();
    const controller = new AbortController();
    onThemeChange(update, controller.signal);
    return () => controller.abort();
  }, [theme, element]);
  return appearance;
}

/** Whether somebody can see this view: its tab is in front and it isn't scrolled away. */
export function useVisible(client: Client, root: Ref, signal: AbortSignal): boolean {
  const [isOnScreen, setOnScreen] = useState(true);
  const [isInFront, setInFront] = useState(() => document.visibilityState !== "hidden");
  useEffect(() => {
    document.addEventListener("visibilitychange", () => setInFront(document.visibilityState !== "hidden"), { signal });
    if (!root.current || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((entries) => setOnScreen(entries.at(-1)?.isIntersecting ?? true));
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [root, signal]);
  const isVisible = isOnScreen && isInFront;
  useLayoutEffect(() => {
    const view = {};
    client.setVisible(view, isVisible);
    return () => client.setVisible(view, false);
  }, [client, isVisible]);
  return isVisible;
}

/** Whether there is too little room for two rows of tabs. */
export function useNarrow(root: Ref): boolean {
  const [isNarrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    const look = () => setNarrow(element.offsetWidth > 0 && element.offsetWidth <= NARROW);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [root]);
  return isNarrow;
}
