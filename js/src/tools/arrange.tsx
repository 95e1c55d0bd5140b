import { Fragment, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { grouped, inOrder, type Shown } from "../arrangement.ts";
import type { Translate } from "../i18n.ts";
import type { ToolsProps } from "../modules/tools.tsx";
import { PanelIcon, useTitle } from "../tabs.tsx";
import { Icon } from "../ui/icon.tsx";

/** What was moved last: where it is now, which way it went, and what is said of it. */
interface Move {
  selector: string;
  by: number;
  words: string;
}

/** Which panels the layout shows, and in which order: groups among groups, panels within theirs. */
export function Arrange({
  t,
  panels: { all },
  arrangement: { layout, shown },
  arrange,
}: ToolsProps & { t: Translate }) {
  const title = useTitle();
  const list = useRef<HTMLDivElement>(null);
  const [move, setMove] = useState<Move | null>(null);
  const chosen = useRef<string | null>(null);
  const panels = inOrder(all, shown.order);
  const hidden = panels.map(({ name }) => name).filter((name) => shown.hidden.includes(name));
  // The tabs stand by groups; so that a move is seen, so does this list.
  const groups = layout === "tabs" ? grouped(panels, all.length - hidden.length) : [{ group: "", panels }];
  const namesOf = (all: typeof groups) => all.flatMap(({ panels }) => panels.map(({ name }) => name));
  const order = namesOf(groups);
  const set = (change: Partial<Shown>) => arrange({ [layout]: { order, hidden, ...change } });
  // What moved has lost the focus; at the end of the list its other button gets it.
  useEffect(() => {
    if (!move) return;
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>(`${move.selector} > button`) ?? [])];
    const [wanted, other] = move.by < 0 ? buttons : buttons.toReversed();
    (wanted?.disabled ? other : wanted)?.focus();
  }, [move]);
  // With one panel more or less they may stand in groups, or not any more: then the box is another one.
  useEffect(() => {
    const input =
      chosen.current === null
        ? null
        : list.current?.querySelector<HTMLElement>(`[data-arrange="${CSS.escape(chosen.current)}"] input`);
    chosen.current = null;
    if (input && !list.current?.contains((input.getRootNode() as Document | ShadowRoot).activeElement)) input.focus();
  });
  return (
    <div class="arrange" ref={list}>
      <p class="dim">{t(`arrange.${layout}`)}</p>
      {groups.map(({ group, panels }, place) => (
        <section key={group}>
          {group !== "" && (
            <div class="arrange-head" data-arrange-group={group}>
              <h3>{t(`group.${group}`)}</h3>
              <Movers
                t={t}
                title={t("arrange.group", { title: t(`group.${group}`) })}
                at={place}
                count={groups.length}
                // Groups stand as their first panels do.
                step={(by) => set({ order: namesOf(moved(groups, place, by)) })}
                tell={(by, words) => setMove({ selector: `[data-arrange-group="${CSS.escape(group)}"]`, by, words })}
              />
            </div>
          )}
          <ul>
            {panels.map((panel, at) => {
              const isHidden = hidden.includes(panel.name);
              return (
                <li key={panel.name} data-arrange={panel.name}>
                  <label>
                    <input
                      type="checkbox"
                      checked={!isHidden}
                      // Something must be shown.
                      disabled={!isHidden && hidden.length === order.length - 1}
                      onChange={() => {
                        chosen.current = panel.name;
                        set({
                          hidden: isHidden ? hidden.filter((name) => name !== panel.name) : [...hidden, panel.name],
                        });
                      }}
                    />
                    <PanelIcon panel={panel} />
                    <span>{title(panel)}</span>
                  </label>
                  <Movers
                    t={t}
                    title={title(panel)}
                    at={at}
                    count={panels.length}
                    step={(by) => {
                      const within = { group, panels: moved(panels, at, by) };
                      set({ order: namesOf(groups.map((each) => (each.group === group ? within : each))) });
                    }}
                    tell={(by, words) => setMove({ selector: `[data-arrange="${CSS.escape(panel.name)}"]`, by, words })}
                  />
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      <p class="hidden" role="status">
        {move?.words}
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

/** The same with the one at a place so many places further on, and what it passes moved back. */
export function moved<One>(all: readonly One[], place: number, by: number): readonly One[] {
  const one = all.slice(place, place + 1);
  return all.toSpliced(place, 1).toSpliced(place + by, 0, ...one);
}

/** The buttons that move one of so many up and down. */
function Movers(props: {
  t: Translate;
  title: string;
  at: number;
  count: number;
  step: (by: number) => void;
  /** Is told what was done. */
  tell: (by: number, words: string) => void;
}) {
  const { t, title, at, count, step, tell } = props;
  const mover = (way: "up" | "down", by: number, isAtEnd: boolean) => (
    <button
      type="button"
      class="tool"
      aria-label={t(`arrange.${way}`, { title })}
      title={t(`arrange.${way}`, { title })}
      disabled={isAtEnd}
      onClick={() => {
        step(by);
        tell(by, t("arrange.moved", { title, place: at + by + 1, count }));
      }}
    >
      <Icon name={way} size={14} />
    </button>
  );
  return (
    <Fragment>
      {mover("up", -1, at === 0)}
      {mover("down", 1, at === count - 1)}
    </Fragment>
  );
}
