import { h } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Client } from "./client.ts";
import { ClientProvider, useClient, useSelected } from "./context.ts";
import { Footer } from "./footer.tsx";
import { PanelView } from "./panel.tsx";
import type { HomeEntry, PanelEntry, Progress, Query } from "./protocol.ts";
import { Tabs } from "./tabs.tsx";
import { type Appearance, detectTheme, onThemeChange } from "./theme.ts";
import { Icon } from "./ui/icon.tsx";
import { Empty, Skeleton } from "./ui/parts.tsx";

/** One view of a model: its own tab, queries and theme on the shared client. */
export function Hud(props: { client: Client; element: HTMLElement; signal: AbortSignal }) {
  return (
    <ClientProvider value={props.client}>
      <Frame {...props} />
    </ClientProvider>
  );
}

function Frame({ client, element, signal }: { client: Client; element: HTMLElement; signal: AbortSignal }) {
  const root = useRef<HTMLDivElement>(null);
  const appearance = useAppearance(client, element, signal);
  const isVisible = useVisible(client, root, signal);
  const [status, hello] = useSelected(({ connection, store, modulesLoaded }) => [
    connection.status,
    store.hello,
    modulesLoaded,
  ]);
  const panels = chosenPanels(hello?.panels ?? [], client.options.panels);
  const [chosen, choose] = useState<string | null>(null);
  const selected = panels.find(({ name }) => name === chosen) ?? panels[0];
  const [queries, setQueries] = useState<Record<string, Query>>({});
  const [progress, setProgress] = useState<Progress | null>(null);
  const open = (panel: string, query?: Query) => {
    if (!panels.some(({ name }) => name === panel)) return;
    if (query) setQueries((before) => ({ ...before, [panel]: query }));
    choose(panel);
  };
  const home = hello?.homes.find(({ id }) => id === client.store.home) ?? null;
  const { t } = client.texts;
  return (
    <div
      ref={root}
      class="hud"
      role="region"
      aria-label={t("hud.label")}
      lang={client.texts.language}
      data-hermes-hud=""
      data-transport={status.transport}
      data-state={status.state}
      data-theme={appearance.theme}
      data-palette={appearance.palette}
      style={{ height: `${client.options.height}px` }}
    >
      <div class="top">
        <Brand home={home} />
        {panels.length > 0 && <Tabs panels={panels} selected={selected?.name ?? ""} choose={choose} />}
      </div>
      <div class="stage">
        {selected ? (
          <PanelView
            key={selected.name}
            panel={selected}
            home={home}
            query={queries[selected.name] ?? noQuery}
            setQuery={(query) => setQueries((before) => ({ ...before, [selected.name]: query }))}
            open={open}
            setProgress={setProgress}
            isVisible={isVisible}
          />
        ) : (
          <div class="panel">
            {hello ? <NoPanels chosen={client.options.panels} offered={hello.panels} /> : <Skeleton />}
          </div>
        )}
      </div>
      <Footer progress={progress} />
    </div>
  );
}

const noQuery: Query = {};

function Brand({ home }: { home: HomeEntry | null }) {
  const { t } = useClient().texts;
  return (
    <div class="brand" title={home?.path}>
      <Icon name="wing" size={18} />
      <b>Hermes</b>
      {home && <span class="home">{shortPath(home.path)}</span>}
      {home?.profile && <span class="badge accent">{t("hud.profile", { name: home.profile })}</span>}
    </div>
  );
}

/** The server has none of the panels that the options name, or none at all. */
function NoPanels({ chosen, offered }: { chosen: readonly string[]; offered: readonly PanelEntry[] }) {
  const { t } = useClient().texts;
  const list = (names: readonly string[]) => names.join(", ") || t("list.none");
  return (
    <Empty icon="panel" title={t("hud.no-panels")}>
      {t("hud.no-panels.help", { chosen: list(chosen), offered: list(offered.map(({ name }) => name)) })}
    </Empty>
  );
}

/** The end of a path, which is what tells homes apart. */
function shortPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean);
  return parts.length > 2 ? `…/${parts.slice(-2).join("/")}` : path;
}

/** The panels to show, in the order that the options name them; all when they name none. */
function chosenPanels(all: readonly PanelEntry[], names: readonly string[]): readonly PanelEntry[] {
  if (names.length === 0) return all;
  return names.flatMap((name) => all.filter((panel) => panel.name === name));
}

function useAppearance(client: Client, element: HTMLElement, signal: AbortSignal): Appearance {
  const [appearance, setAppearance] = useState(() => detectTheme(client.options.theme, element));
  useEffect(() => {
    const update = () => {
      const next = detectTheme(client.options.theme, element);
      setAppearance((now) => (now.theme === next.theme && now.palette === next.palette ? now : next));
    };
    update();
    onThemeChange(update, signal);
  }, [client, element, signal]);
  return appearance;
}

/** Whether somebody can see this view: its tab is in front and it isn't scrolled away. */
function useVisible(client: Client, root: { current: HTMLElement | null }, signal: AbortSignal): boolean {
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
