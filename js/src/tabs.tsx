import { h } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useClient } from "./context.ts";
import type { PanelEntry } from "./protocol.ts";
import { Icon, isIcon } from "./ui/icon.tsx";

/** How much of the next tab stays in view beside the selected one, in CSS pixels: more than the fade takes. */
const NEIGHBOUR = 44;

interface Group {
  group: string;
  panels: readonly PanelEntry[];
}

export interface TabsProps {
  /** A nameless group stands alone. */
  groups: readonly Group[];
  selected: string;
  choose: (panel: string) => void;
}

/** A panel's title in the viewer's language. */
export function useTitle(): (panel: PanelEntry) => string {
  const { texts } = useClient();
  return (panel) => panel.titles[texts.language] ?? panel.title;
}

export function PanelIcon({ panel, size = 15 }: { panel: PanelEntry; size?: number }) {
  return <Icon name={isIcon(panel.icon) ? panel.icon : "panel"} size={size} />;
}

/** The groups, each with the tab that was last in front; nothing where there is one only. */
export function Groups({ groups, selected, choose }: TabsProps) {
  const { t } = useClient().texts;
  const last = useRef(new Map<string, string>());
  const current = groups.find(({ panels }) => panels.some(({ name }) => name === selected));
  if (current) last.current.set(current.group, selected);
  const turnTo = (name: string) => {
    const panels = groups.find(({ group }) => group === name)?.panels ?? [];
    const panel = panels.find((each) => each.name === last.current.get(name)) ?? panels[0];
    if (panel) choose(panel.name);
  };
  return (
    <Row
      kind="groups"
      label={t("hud.groups")}
      tabs={groups.map(({ group, panels }) => ({
        name: group,
        title: t(`group.${group}`),
        id: `group-${group}`,
        controls: "group",
        attributes: { "data-group": group, "data-panels": panels.map(({ name }) => name).join(" ") },
      }))}
      selected={current?.group ?? ""}
      choose={turnTo}
    />
  );
}

/** The panels of one group. */
export function Tabs({ panels, selected, choose }: Omit<TabsProps, "groups"> & { panels: readonly PanelEntry[] }) {
  const { t } = useClient().texts;
  const title = useTitle();
  return (
    <Row
      label={t("hud.panels")}
      tabs={panels.map((panel) => ({
        name: panel.name,
        title: title(panel),
        id: `tab-${panel.name}`,
        controls: `panel-${panel.name}`,
        panel,
        attributes: { "data-tab": panel.name },
      }))}
      selected={selected}
      choose={choose}
    />
  );
}

interface Tab {
  name: string;
  title: string;
  id: string;
  controls: string;
  panel?: PanelEntry;
  attributes: Record<string, string>;
}

/**
 * A tab list, on one line that scrolls where it is too long: arrows, Home and End move and select; one tab stop.
 * What lies beyond an edge fades out, with a button for those who point.
 */
function Row({
  kind = "",
  label,
  tabs,
  selected,
  choose,
}: {
  kind?: string;
  label: string;
  tabs: readonly Tab[];
  selected: string;
  choose: (name: string) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const titles = tabs.map(({ title }) => title).join("\n");
  const more = useMore(list, titles);
  useLayoutEffect(() => reveal(list.current), [selected, titles]);
  const go = (event: KeyboardEvent) => {
    const to = next(
      event.key,
      tabs.findIndex(({ name }) => name === selected),
      tabs.length,
      "Horizontal",
    );
    const tab = to === null ? undefined : tabs[to];
    if (!tab) return;
    event.preventDefault();
    choose(tab.name);
    list.current?.querySelector<HTMLElement>(`#${CSS.escape(tab.id)}`)?.focus({ preventScroll: true });
  };
  return (
    <div class={`tabs ${kind}`}>
      <div class="tab-list" role="tablist" aria-label={label} data-more={more.join(" ")} ref={list} onKeyDown={go}>
        {tabs.map(({ name, title, id, controls, panel, attributes }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={id}
            aria-controls={name === selected ? controls : undefined}
            aria-selected={name === selected}
            tabIndex={name === selected ? 0 : -1}
            {...attributes}
            onClick={() => choose(name)}
          >
            {panel && <PanelIcon panel={panel} />}
            <span>{title}</span>
          </button>
        ))}
      </div>
      {more.map((edge) => (
        <button key={edge} type="button" class={`beyond ${edge}`} aria-hidden="true" tabIndex={-1} onClick={turn(edge)}>
          <Icon name={edge === "start" ? "back" : "next"} size={14} />
        </button>
      ))}
    </div>
  );

  /** By keys the tabs are reached anyway. */
  function turn(edge: Edge) {
    return () => {
      const { current } = list;
      if (!current) return;
      const left = (current.clientWidth - NEIGHBOUR) * (edge === "start" ? -1 : 1);
      const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      current.scrollBy({ left, behavior: isCalm ? "instant" : "smooth" });
    };
  }
}

/** Which of a round of so many a key leads to; null: it leads nowhere. */
export function next(key: string, at: number, length: number, way: "Horizontal" | "Vertical"): number | null {
  const [back, on] = way === "Horizontal" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const to = { [back]: at - 1, [on]: at + 1, Home: 0, End: length - 1 }[key];
  return to === undefined || length === 0 ? null : (to + length) % length;
}

type Edge = "start" | "end";
/** The edges beyond which there are more tabs. */
function useMore(list: { current: HTMLElement | null }, titles: string): readonly Edge[] {
  const [more, setMore] = useState<readonly Edge[]>([]);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const look = () => {
      const { scrollLeft, scrollWidth, clientWidth } = element;
      const isMore = { start: scrollLeft > 1, end: scrollLeft + clientWidth < scrollWidth - 1 };
      const next = (["start", "end"] as const).filter((edge) => isMore[edge]);
      setMore((now) => (now.join() === next.join() ? now : next));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(() => {
      reveal(element);
      look();
    });
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [list, titles]);
  return more;
}

/** Scrolls the list so that the selected tab and a bit of its neighbours show; `scrollIntoView` would move the page. */
function reveal(list: HTMLElement | null): void {
  const tab = list?.querySelector('[aria-selected="true"]');
  if (!list || !tab) return;
  const [box, own] = [list.getBoundingClientRect(), tab.getBoundingClientRect()];
  const before = own.left - NEIGHBOUR - box.left;
  const after = own.right + NEIGHBOUR - box.right;
  if (before < 0) list.scrollLeft += before;
  else if (after > 0) list.scrollLeft += Math.min(after, before);
}
