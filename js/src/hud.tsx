import { type ComponentChildren, Fragment, h } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { byDefault, chosen, grouped, type Layout, visible } from "./arrangement.ts";
import type { Client, Options } from "./client.ts";
import { ClientProvider, useClient, useSelected } from "./context.ts";
import { focusPanel, focusSearch } from "./focus.ts";
import { Footer } from "./footer.tsx";
import { useAppearance, useArrangement, useNarrow, useVisible } from "./host.ts";
import { isPaletteKey, isTyping } from "./keys.ts";
import type { Later } from "./later.ts";
import { type PanelName, PanelView, type Report } from "./panel.tsx";
import type { PanelEntry, Query } from "./protocol.ts";
import { Groups, Tabs, useTitle } from "./tabs.tsx";
import { Top } from "./top.tsx";
import { Empty, Retry, Said, Skeleton } from "./ui/blank.tsx";

/** What nobody needs at first is loaded so long after there is something to see. */
const SETTLED_MS = 1_000;

/** What may lie over the HUD. */
export type Sheet = "panels" | "palette" | "menu" | "arrange" | "keys";

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
  const { arrangement, arrange, forget } = useArrangement(client, element);
  const { options, texts } = client;
  const theme = arrangement.theme ?? options.theme;
  const appearance = useAppearance(theme, element);
  const isVisible = useVisible(client, root, signal);
  const isNarrow = useNarrow(root);
  const [status, hello] = useSelected((client) => [
    client.connection.status,
    client.store.hello,
    client.store.home,
    client.modulesLoaded,
    // Of a named theme the colours come as a module.
    appearance.palette !== "own" && appearance.palette !== "host" && client.later("themes"),
  ]);
  const [queries, setQueries] = useState<Record<string, Query>>({});
  // They may name what only the home before has.
  useEffect(() => setQueries({}), [client.store.home]);
  const [reported, setReported] = useState<Record<string, Report | null>>({});
  const report = useCallback(
    (panel: string, report: Report | null) => setReported((before) => ({ ...before, [panel]: report })),
    [],
  );
  const reports = Object.values(reported).filter((report) => report !== null);
  /** A panel that was opened from another one although it has no tab or cell. */
  const [guest, setGuest] = useState<string | null>(null);
  const [large, setLarge] = useState<string | null>(null);
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const title = useTitle();

  const all = hello?.panels ?? [];
  const layout = arrangement.layout ?? options.layout;
  const shown = chosen(byDefault(all, namesOf(options, layout, all)), arrangement[layout]);
  const seen = visible(all, shown);
  const panels = [...seen, ...all.filter(({ name }) => name === guest && !seen.some((panel) => panel.name === name))];
  const selected =
    panels.find(({ name }) => name === guest) ?? panels.find(({ name }) => name === arrangement.tab) ?? panels[0];
  const groups = grouped(panels, seen.length);
  const home = hello?.homes.find(({ id }) => id === client.store.home) ?? null;
  const { t } = texts;
  const isCompact = isNarrow && groups.length > 1;
  const isSettled = useSettled(hello !== null);
  // Drawn again when their texts are there.
  const [layouts, told] = useSelected((client) => [
    layout === "grid" || isCompact ? client.later("layouts") : null,
    isSettled || (hello && panels.length === 0) ? client.later("status") : null,
  ]);
  const words = told && !("failure" in told) ? told : null;

  const choose = (panel: string) => {
    const isGuest = !seen.some(({ name }) => name === panel);
    setGuest(isGuest ? panel : null);
    if (!isGuest) arrange({ tab: panel });
  };
  const openLarge = (panel: string | null) => {
    if (panel === null && guest !== null) {
      setGuest(null);
      // Its cell goes with what had the focus; the keys stay.
      root.current?.focus({ preventScroll: true });
    }
    setLarge(panel);
  };
  const [focused, focus] = useState<{ panel: string } | null>(null);
  useEffect(() => focusPanel(root.current, focused?.panel ?? null), [focused]);
  const open = (panel: string, query?: Query) => {
    if (!all.some(({ name }) => name === panel)) return;
    if (query) setQueries((before) => ({ ...before, [panel]: query }));
    if (layout === "tabs") choose(panel);
    else if (!seen.some(({ name }) => name === panel)) {
      setGuest(panel);
      setLarge(panel);
    } else if (large !== null) setLarge(panel);
    focus({ panel });
  };
  const draw = (panel: PanelEntry, name: PanelName, isVisible: boolean) => (
    <PanelView
      // Of another profile's home nothing must be left on show.
      key={`${client.store.home} ${panel.name}`}
      panel={panel}
      name={name}
      home={home}
      query={queries[panel.name] ?? noQuery}
      setQuery={(query) => setQueries((before) => ({ ...before, [panel.name]: query }))}
      open={open}
      report={report}
      words={words}
      isVisible={isVisible}
    />
  );
  const closeSheet = () => setSheet(null);
  const hasTabs = layout === "tabs" && !isCompact;
  const tabs = { groups, selected: selected?.name ?? "", choose };
  const row = groups.find((group) => group.panels.some(({ name }) => name === selected?.name))?.panels ?? [];
  const keys = (event: KeyboardEvent) => {
    if (isPaletteKey(event)) setSheet(sheet === "palette" ? null : "palette");
    // What is open handles this itself; what is still to come cannot.
    else if (event.key === "Escape" && sheet !== null && client.later("tools") === null) closeSheet();
    else if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || sheet !== null) return;
    else if (event.key === "?") setSheet("keys");
    else if (event.key === "/") {
      // Where a panel has nothing to search in, all of it is.
      if (!focusSearch(root.current, selected?.name ?? "")) setSheet("palette");
    } else {
      const at = "1234567890".indexOf(event.key);
      const panel = event.key.length === 1 ? (layout === "tabs" ? row : seen)[at] : undefined;
      if (!panel) return;
      // Not only chosen: what had the focus may be gone, and with it the keys.
      open(panel.name);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={root}
      class="hud"
      role="region"
      aria-label={t("hud.label")}
      lang={texts.language}
      data-hermes-hud=""
      data-transport={status.transport}
      data-state={status.state}
      data-theme={appearance.theme}
      data-palette={appearance.palette}
      data-layout={layout}
      data-scanlines={(arrangement.scanlines ?? options.scanlines) || undefined}
      style={{ height: `${options.height}px` }}
      // A click on nothing in particular gives the HUD the focus, and so its keys.
      tabIndex={-1}
      onKeyDown={keys}
    >
      <Top home={home} sheet={sheet} show={setSheet}>
        {hasTabs && (groups.length > 1 ? <Groups {...tabs} /> : <Tabs {...tabs} panels={row} />)}
      </Top>
      {hasTabs && groups.length > 1 && (
        <div class="row" role="tabpanel" id="group" aria-labelledby={`group-${row[0]?.group}`}>
          <Tabs {...tabs} panels={row} />
        </div>
      )}
      {layout === "tabs" && isCompact && layouts && "Chooser" in layouts && (
        <layouts.Chooser
          {...tabs}
          isOpen={sheet === "panels"}
          setOpen={(isOpen) => setSheet(isOpen ? "panels" : null)}
        />
      )}
      <div class="stage">
        {panels.length === 0 && (
          <div class="panel">
            {!hello ? (
              <Waiting />
            ) : words ? (
              <words.NoPanels chosen={options.panels} offered={all} />
            ) : told && "failure" in told ? (
              <Unloaded failure={told.failure} name="core/status" />
            ) : (
              <Skeleton />
            )}
          </div>
        )}
        {layout === "grid" && panels.length > 0 && !(layouts && "Grid" in layouts) && (
          <div class="panel">{layouts ? <Unloaded failure={layouts.failure} name="core/layouts" /> : <Skeleton />}</div>
        )}
        {layout === "grid" && layouts && "Grid" in layouts && (
          <layouts.Grid
            panels={panels}
            large={panels.some(({ name }) => name === large) ? large : null}
            setLarge={openLarge}
            isVisible={isVisible}
            draw={(panel, isVisible) => draw(panel, { heading: `title-${panel.name}` }, isVisible)}
          />
        )}
        {layout === "tabs" &&
          selected &&
          draw(selected, isCompact ? { text: title(selected) } : { tab: `tab-${selected.name}` }, isVisible)}
        {sheet === "panels" && (
          <Opened
            close={closeSheet}
            draw={({ PanelMenu }) => (
              <PanelMenu
                {...tabs}
                close={() => {
                  closeSheet();
                  root.current?.querySelector<HTMLElement>("[data-chooser]")?.focus();
                }}
              />
            )}
          />
        )}
      </div>
      <Footer progress={reports.find(({ progress }) => progress !== null)?.progress ?? null} words={words} />
      {words && <words.Aloud troubles={reports.flatMap(({ trouble }) => trouble ?? [])} />}
      {sheet !== null && sheet !== "panels" && (
        <Opened
          key={sheet}
          close={closeSheet}
          draw={({ Tools }) => (
            <Tools
              sheet={sheet}
              show={setSheet}
              panels={{ all, seen }}
              arrangement={{ layout, theme, scanlines: arrangement.scanlines ?? options.scanlines, shown }}
              arrange={arrange}
              forget={forget}
              open={open}
            />
          )}
        />
      )}
    </div>
  );
}

/** The panels that a layout shows by the cell's options. */
function namesOf({ panels, grid }: Options, layout: Layout, all: readonly PanelEntry[]): readonly string[] {
  if (panels.length > 0) return panels;
  return layout === "grid" && grid.length > 0 ? grid : all.map(({ name }) => name);
}

/** What opens over the HUD, once it is loaded. */
function Opened({ close, draw }: { close: () => void; draw: (tools: Later["tools"]) => ComponentChildren }) {
  const client = useClient();
  const [tools] = useSelected((client) => [client.later("tools"), client.modulesLoaded]);
  // Whoever opens it again hopes for better.
  useLayoutEffect(() => client.retry("core/tools"), [client]);
  if (tools === null)
    return (
      <div class="over">
        <Skeleton />
      </div>
    );
  if ("failure" in tools) return <NotOpened failure={tools.failure} close={close} />;
  return <>{draw(tools)}</>;
}

/** What was to open over the HUD could not be loaded. */
function NotOpened({ failure, close }: { failure: string; close: () => void }) {
  const client = useClient();
  const { t } = client.texts;
  const dialog = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const hud = dialog.current?.closest<HTMLElement>("[data-hermes-hud]");
    dialog.current?.focus({ preventScroll: true });
    return () => hud?.focus({ preventScroll: true });
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return (
    <div
      class="over"
      role="alertdialog"
      aria-label={t("hud.unloaded")}
      tabIndex={-1}
      ref={dialog}
      onKeyDown={onKeyDown}
    >
      <Unloaded failure={failure} name="core/tools">
        <button type="button" class="retry" onClick={close}>
          {t("hud.close")}
        </button>
      </Unloaded>
    </div>
  );
}

/** A part of the core could not be loaded. */
function Unloaded({ failure, name, children }: { failure: string; name: string; children?: ComponentChildren }) {
  const client = useClient();
  return (
    <Empty icon="warning" title={client.texts.t("hud.unloaded")}>
      <Said text={failure} />
      <Retry retry={() => client.retry(name)} />
      {children}
    </Empty>
  );
}

/** True some time after something was there for the first time. */
function useSettled(isThere: boolean): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => {
    if (!isThere) return;
    const timer = setTimeout(() => setSettled(true), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [isThere]);
  return isSettled;
}

const noQuery: Query = {};

/** Nothing came yet; without a kernel whose cell could be run again, why. */
function Waiting() {
  const { texts, connection } = useClient();
  const { reason } = connection.status;
  if (reason !== "unreachable" && reason !== "no-server") return <Skeleton />;
  return (
    <Empty icon="warning" title={texts.t("chip.unreachable")}>
      {texts.t(`reason.${reason}`)}
    </Empty>
  );
}
