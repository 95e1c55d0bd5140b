import type { PanelEntry } from "./protocol.ts";
import { isRecord } from "./protocol.ts";

export type Layout = "tabs" | "grid";

/** Which panels one layout shows, and in which order. */
export interface Shown {
  /** Names; a panel that is not among them stands beside its neighbour by default, within its group if that is there. */
  order: readonly string[];
  hidden: readonly string[];
}

/** What a viewer chose; what is left out is as the cell's options say. */
export interface Arrangement {
  layout?: Layout;
  theme?: string;
  scanlines?: boolean;
  /** The tab in front. */
  tab?: string;
  tabs?: Shown;
  grid?: Shown;
}

/** So many tabs need no groups. */
const UNGROUPED = 6;

/** What a layout shows if the viewer has not chosen: these, in this order. The others are there to be chosen. */
export function byDefault(panels: readonly PanelEntry[], names: readonly string[]): Shown {
  const others = panels.map(({ name }) => name).filter((name) => !names.includes(name));
  return { order: [...names, ...others], hidden: others };
}

/** What the viewer chose; a panel that was not there then is shown if it is by default. */
export function chosen(byDefault: Shown, choice: Shown | undefined): Shown {
  if (!choice) return byDefault;
  const later = byDefault.hidden.filter((name) => !choice.order.includes(name));
  return { order: choice.order, hidden: [...choice.hidden, ...later] };
}

/** The panels in the viewer's order, the hidden ones too. */
export function inOrder(panels: readonly PanelEntry[], order: readonly string[]): readonly PanelEntry[] {
  const names = [...new Set(order)].filter((name) => panels.some((panel) => panel.name === name));
  panels.forEach(({ name, group }, index) => {
    if (names.includes(name)) return;
    // Of its own group, wherever that was moved to; only a new group stands behind the one before.
    const isPlaced = (panel: PanelEntry) => panel.group === group && names.includes(panel.name);
    const before = panels.slice(0, index).findLast(isPlaced);
    const behind = before ? undefined : panels.find(isPlaced);
    const last = before ?? panels[index - 1];
    names.splice(behind ? names.indexOf(behind.name) : last ? names.indexOf(last.name) + 1 : 0, 0, name);
  });
  return names.flatMap((name) => panels.filter((panel) => panel.name === name));
}

/** The panels that are not hidden, in the viewer's order. */
export function visible(panels: readonly PanelEntry[], { order, hidden }: Shown): readonly PanelEntry[] {
  return inOrder(panels, order).filter(({ name }) => !hidden.includes(name));
}

/** Panels by group, in the order in which the groups first appear; one nameless group when there are few of them. */
export function grouped(
  panels: readonly PanelEntry[],
  count = panels.length,
): readonly { group: string; panels: readonly PanelEntry[] }[] {
  if (count <= UNGROUPED) return [{ group: "", panels }];
  const groups = new Map<string, PanelEntry[]>();
  for (const panel of panels) groups.set(panel.group, [...(groups.get(panel.group) ?? []), panel]);
  return [...groups].map(([group, panels]) => ({ group, panels }));
}

/** What was stored, as far as it makes sense. */
export function parseArrangement(text: string | null): Arrangement {
  const stored: unknown = parse(text);
  if (!isRecord(stored)) return {};
  const { layout, theme, scanlines, tab, tabs, grid } = stored;
  const arrangement: Arrangement = {};
  if (layout === "tabs" || layout === "grid") arrangement.layout = layout;
  if (typeof theme === "string") arrangement.theme = theme;
  if (typeof scanlines === "boolean") arrangement.scanlines = scanlines;
  if (typeof tab === "string") arrangement.tab = tab;
  if (isShown(tabs)) arrangement.tabs = tabs;
  if (isShown(grid)) arrangement.grid = grid;
  return arrangement;
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null; // written by somebody else
  }
}

function isShown(value: unknown): value is Shown {
  return isRecord(value) && [value.order, value.hidden].every(isNames);
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
