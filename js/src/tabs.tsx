import { h } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useClient } from "./context.ts";
import type { PanelEntry } from "./protocol.ts";
import { Icon, isIcon } from "./ui/icon.tsx";

/** How much of the next tab stays in view beside the selected one, in CSS pixels: more than the fade takes. */
const NEIGHBOUR = 44;

/**
 * The tab list, on one line that scrolls where it is too long: arrows, Home and End move and select; one tab stop.
 * What lies beyond an edge fades out, with a button for those who point.
 */
export function Tabs(props: { panels: readonly PanelEntry[]; selected: string; choose: (name: string) => void }) {
  const { texts } = useClient();
  const list = useRef<HTMLDivElement>(null);
  const titles = props.panels.map((panel) => panel.titles[texts.language] ?? panel.title);
  const more = useMore(list, titles.join("\n"));
  useLayoutEffect(() => reveal(list.current), [props.selected, titles.join("\n")]);
  const go = (event: KeyboardEvent) => {
    const names = props.panels.map(({ name }) => name);
    const at = names.indexOf(props.selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    const name = to === undefined ? undefined : names[(to + names.length) % names.length];
    if (name === undefined) return;
    event.preventDefault();
    props.choose(name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  };
  return (
    <div class="tabs">
      <div
        class="tab-list"
        role="tablist"
        aria-label={texts.t("hud.panels")}
        data-more={more.join(" ")}
        ref={list}
        onKeyDown={go}
      >
        {props.panels.map((panel, index) => {
          const isSelected = panel.name === props.selected;
          return (
            <button
              key={panel.name}
              type="button"
              role="tab"
              id={`tab-${panel.name}`}
              aria-controls={isSelected ? `panel-${panel.name}` : undefined}
              aria-selected={isSelected}
              tabIndex={isSelected ? 0 : -1}
              data-tab={panel.name}
              onClick={() => props.choose(panel.name)}
            >
              <Icon name={isIcon(panel.icon) ? panel.icon : "panel"} size={15} />
              <span>{titles[index]}</span>
            </button>
          );
        })}
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
