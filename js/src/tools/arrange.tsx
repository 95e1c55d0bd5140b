import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { grouped, inOrder, type Shown, swapped } from "../arrangement.ts";
import type { Translate } from "../i18n.ts";
import type { ToolsProps } from "../modules/tools.tsx";
import { PanelIcon, useTitle } from "../tabs.tsx";
import { Icon } from "../ui/icon.tsx";

/** Which panels the layout shows, and in which order. */
export function Arrange({
  t,
  panels: { all },
  arrangement: { layout, shown },
  arrange,
}: ToolsProps & { t: Translate }) {
  const title = useTitle();
  const list = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState<{ name: string; by: number; words: string } | null>(null);
  const panels = inOrder(all, shown.order);
  const hidden = panels.map(({ name }) => name).filter((name) => shown.hidden.includes(name));
  // The tabs stand by groups; so that a move is seen, so does this list.
  const groups = layout === "tabs" ? grouped(panels, all.length - hidden.length) : [{ group: "", panels }];
  const order = groups.flatMap((group) => group.panels.map(({ name }) => name));
  const set = (change: Partial<Shown>) => arrange({ [layout]: { order, hidden, ...change } });
  // A row that moved has lost the focus; at the end of the list its other button gets it.
  useEffect(() => {
    if (!moved) return;
    const row = list.current?.querySelector(`[data-arrange="${CSS.escape(moved.name)}"]`);
    const buttons = [...(row?.querySelectorAll<HTMLButtonElement>("button") ?? [])];
    const [wanted, other] = moved.by < 0 ? buttons : buttons.toReversed();
    (wanted?.disabled ? other : wanted)?.focus();
  }, [moved]);
  return (
    <div class="arrange" ref={list}>
      <p class="dim">{t(`arrange.${layout}`)}</p>
      {groups.map(({ group, panels }) => (
        <section key={group}>
          {group !== "" && <h3>{t(`group.${group}`)}</h3>}
          <ul>
            {panels.map((panel, at) => {
              const isHidden = hidden.includes(panel.name);
              const step = (by: number) => () => {
                const other = panels[at + by];
                if (!other) return;
                set({ order: swapped(order, panel.name, other.name) });
                const words = t("arrange.moved", { title: title(panel), place: at + by + 1, count: panels.length });
                setMoved({ name: panel.name, by, words });
              };
              return (
                <li key={panel.name} data-arrange={panel.name}>
                  <label>
                    <input
                      type="checkbox"
                      checked={!isHidden}
                      // Something must be shown.
                      disabled={!isHidden && hidden.length === order.length - 1}
                      onChange={() =>
                        set({
                          hidden: isHidden ? hidden.filter((name) => name !== panel.name) : [...hidden, panel.name],
                        })
                      }
                    />
                    <PanelIcon panel={panel} />
                    <span>{title(panel)}</span>
                  </label>
                  <button
                    type="button"
                    class="tool"
                    aria-label={t("arrange.up", { title: title(panel) })}
                    disabled={at === 0}
                    onClick={step(-1)}
                  >
                    <Icon name="up" size={14} />
                  </button>
                  <button
                    type="button"
                    class="tool"
                    aria-label={t("arrange.down", { title: title(panel) })}
                    disabled={at === panels.length - 1}
                    onClick={step(1)}
                  >
                    <Icon name="down" size={14} />
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      <p class="hidden" role="status">
        {moved?.words}
      </p>
      <button
        type="button"
        class="quiet"
        data-reset=""
        // The default is what an arrangement without an entry shows.
        onClick={() => arrange({ [layout]: undefined })}
      >
        {t("menu.reset")}
      </button>
    </div>
  );
}
