import { h } from "preact";
import { useRef } from "preact/hooks";
import { useClient } from "./context.ts";
import { panelTitle } from "./panel.tsx";
import type { PanelEntry } from "./protocol.ts";
import { Icon, type IconName } from "./ui/icon.tsx";

const icons: Record<string, IconName> = { overview: "overview", memory: "memory", sessions: "sessions" };

/** The tab list: arrows, Home and End move and select; one tab stop. */
export function Tabs(props: { panels: readonly PanelEntry[]; selected: string; choose: (name: string) => void }) {
  const { texts } = useClient();
  const list = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent) => {
    const names = props.panels.map(({ name }) => name);
    const at = names.indexOf(props.selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    const name = to === undefined ? undefined : names[(to + names.length) % names.length];
    if (name === undefined) return;
    event.preventDefault();
    props.choose(name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(name)}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={texts.t("hud.panels")} ref={list} onKeyDown={go}>
      {props.panels.map((panel) => {
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
            <Icon name={icons[panel.name] ?? "panel"} size={15} />
            <span>{panelTitle(texts, panel)}</span>
          </button>
        );
      })}
    </div>
  );
}
