import { h } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useClient, useSelected } from "../context.ts";
import type { Translate } from "../i18n.ts";
import type { ToolsProps } from "../modules/tools.tsx";
import type { Session, Sessions } from "../protocol.ts";
import { PanelIcon, useTitle } from "../tabs.tsx";
import { cleanLine } from "../text.ts";
import { THEMES } from "../theme.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Ago } from "../ui/time.tsx";
import { fuzzy } from "./fuzzy.ts";

/** So many sessions are offered before anything is typed. */
const RECENT = 6;

interface Item {
  id: string;
  family: "panels" | "sessions" | "actions";
  title: string;
  /** Other words by which it is found. */
  also: string;
  icon: preact.ComponentChildren;
  aside?: preact.ComponentChildren;
  run: () => void;
}

/** Finds panels, recent sessions and commands by some of their letters. */
export function Palette(props: ToolsProps & { t: Translate }) {
  const { t, show } = props;
  const [typed, type] = useState("");
  const [wanted, want] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const items = found(typed, [...usePanels(props), ...useSessions(props, typed !== ""), ...actions(props)]);
  // By its id: what comes meanwhile must not push another one to its place.
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === wanted),
  );
  const chosen = items[at];
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView?.({ block: "nearest" });
  }, [chosen?.id]);
  const run = (item: Item | undefined) => {
    if (!item) return;
    show(null);
    item.run();
  };
  const go = (event: KeyboardEvent) => {
    // An input method chooses its words with these keys.
    if (event.isComposing) return;
    const last = items.length - 1;
    const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1 }[event.key];
    if (event.key === "Enter") run(chosen);
    else if (to !== undefined) want(items[to]?.id ?? null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="palette">
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={t("palette.type")}
          placeholder={t("palette.type")}
          aria-expanded="true"
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={chosen && `palette-${chosen.id}`}
          autoComplete="off"
          spellcheck={false}
          value={typed}
          data-first=""
          onInput={({ currentTarget }) => {
            type(currentTarget.value);
            want(null);
          }}
          onKeyDown={go}
        />
      </div>
      <div class="palette-list" role="listbox" id="palette-list" aria-label={t("tool.palette")} ref={list}>
        {(["panels", "sessions", "actions"] as const).map((family) => {
          const members = items.filter((item) => item.family === family);
          return (
            members.length > 0 && (
              <div key={family} role="group" aria-label={t(`palette.${family}`)}>
                <p aria-hidden="true">{t(`palette.${family}`)}</p>
                {members.map((item) => (
                  <div
                    key={item.id}
                    id={`palette-${item.id}`}
                    role="option"
                    aria-selected={item === chosen}
                    tabIndex={-1}
                    onPointerMove={() => want(item.id)}
                    onClick={() => run(item)}
                    onKeyDown={go}
                  >
                    {item.icon}
                    <span class="palette-title">{item.title}</span>
                    {item.aside !== undefined && <small>{item.aside}</small>}
                  </div>
                ))}
              </div>
            )
          );
        })}
        {items.length === 0 && <p class="none">{t("palette.none")}</p>}
      </div>
    </div>
  );
}

/** The items that have the letters, the best of each family first. */
function found(typed: string, items: readonly Item[]): readonly Item[] {
  if (typed.trim() === "") return items;
  const scored = items.flatMap((item) => {
    const scores = [fuzzy(typed, item.title), fuzzy(typed, item.also)].filter((score) => score !== null);
    return scores.length > 0 ? [{ item, score: Math.max(...scores) }] : [];
  });
  const best = (family: Item["family"]) =>
    Math.max(...scored.filter(({ item }) => item.family === family).map(({ score }) => score));
  return (["panels", "sessions", "actions"] as const)
    .toSorted((one, other) => best(other) - best(one))
    .flatMap((family) =>
      scored
        .filter(({ item }) => item.family === family)
        .toSorted((one, other) => other.score - one.score)
        .map(({ item }) => item),
    );
}

function usePanels({ panels: { all, seen }, open, t }: ToolsProps & { t: Translate }): readonly Item[] {
  const title = useTitle();
  const ordered = [...seen, ...all.filter(({ name }) => !seen.some((panel) => panel.name === name))];
  return ordered.map((panel) => ({
    id: `panel-${panel.name}`,
    family: "panels",
    title: title(panel),
    also: `${panel.name} ${panel.title}`,
    icon: <PanelIcon panel={panel} />,
    aside: t(`group.${panel.group}`),
    run: () => open(panel.name),
  }));
}

/** The conversations of the sessions panel's first page, watched while the palette is open. */
function useSessions({ panels, open, t }: ToolsProps & { t: Translate }, isMore: boolean): readonly Item[] {
  const { store } = useClient();
  const isThere = panels.all.some(({ name }) => name === "sessions");
  useEffect(() => (isThere ? store.watch("sessions", {}) : undefined), [store, isThere]);
  const [snapshot] = useSelected(({ store }) => [store.read("sessions", {}).snapshot]);
  const rows = useMemo(() => (snapshot?.data as Sessions | null | undefined)?.list?.rows ?? [], [snapshot]);
  return (isMore ? rows : rows.slice(0, RECENT)).map((session: Session) => ({
    id: `session-${session.id}`,
    family: "sessions",
    title: cleanLine(session.title || session.preview) || t("session.untitled"),
    also: `${session.id} ${session.source} ${session.model ?? ""}`,
    icon: <Icon name="sessions" size={15} />,
    aside: <Ago at={session.last_active} />,
    run: () => open("sessions", { session: session.id }),
  }));
}

function actions({ arrangement, arrange, forget, show, t }: ToolsProps & { t: Translate }): readonly Item[] {
  const item = (id: string, icon: IconName, title: string, run: () => void): Item => ({
    id,
    family: "actions",
    title,
    also: id.replace(":", " "),
    icon: <Icon name={icon} size={15} />,
    run,
  });
  const { layout, theme, scanlines } = arrangement;
  const other = layout === "tabs" ? "grid" : "tabs";
  const lines = scanlines ? "off" : "on";
  return [
    item(
      `layout:${other}`,
      other === "grid" ? "grid" : "panel",
      t("palette.layout", { name: t(`layout.${other}`) }),
      () => arrange({ layout: other }),
    ),
    item("arrange", "sliders", t("palette.arrange"), () => show("arrange")),
    ...THEMES.filter((name) => name !== theme).map((name) =>
      item(`theme:${name}`, "assistant", t("palette.theme", { name: t(`theme.${name}`) }), () =>
        arrange({ theme: name }),
      ),
    ),
    item("scanlines", "log", t(`palette.scanlines.${lines}`), () => arrange({ scanlines: !scanlines })),
    item("keys", "info", t("palette.keys"), () => show("keys")),
    item("reset", "close", t("palette.reset"), forget),
  ];
}
