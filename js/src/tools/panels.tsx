import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useClient } from "../context.ts";
import { next, PanelIcon, type TabsProps, useTitle } from "../tabs.tsx";

/** The list that the chooser opens, over the panel. */
export function PanelMenu({ groups, selected, choose, close }: TabsProps & { close: () => void }) {
  const { t } = useClient().texts;
  const title = useTitle();
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>("[data-tab]") ?? [])];
  useLayoutEffect(() => menu.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus(), []);
  const go = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(event.target as HTMLElement);
    if (event.key === "Tab") return close();
    if (event.key === "Escape") close();
    else {
      const to = next(event.key, at, all.length, "Vertical") ?? startingWith(event, all, at);
      if (to === null) return;
      all[to]?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="over panel-menu" role="menu" aria-label={t("hud.panels")} ref={menu} onKeyDown={go}>
      {groups.map(({ group, panels }) => (
        <div key={group} role="group" aria-label={t(`group.${group}`)}>
          <p aria-hidden="true">{t(`group.${group}`)}</p>
          {panels.map((panel) => (
            <button
              key={panel.name}
              type="button"
              role="menuitemradio"
              aria-checked={panel.name === selected}
              tabIndex={panel.name === selected ? 0 : -1}
              data-tab={panel.name}
              onClick={() => {
                choose(panel.name);
                close();
              }}
            >
              <PanelIcon panel={panel} />
              <span>{title(panel)}</span>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

/** The next item that begins with the letter that was typed. */
function startingWith({ key, ctrlKey, metaKey, altKey }: KeyboardEvent, items: readonly HTMLElement[], at: number) {
  if (key.length !== 1 || ctrlKey || metaKey || altKey) return null;
  const from = items.map((_, index) => (at + 1 + index) % items.length);
  return from.find((index) => items[index]?.textContent?.trim().toLowerCase().startsWith(key.toLowerCase())) ?? null;
}
