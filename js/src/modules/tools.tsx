// What opens over the HUD: command palette, list of panels, layout and looks, the order of the panels, the keys.
import { Fragment, h } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Arrangement, Layout, Shown } from "../arrangement.ts";
import { useClient } from "../context.ts";
import type { Sheet } from "../hud.tsx";
import type { PanelEntry, Query } from "../protocol.ts";
import { Arrange } from "../tools/arrange.tsx";
import { Keys } from "../tools/keys.tsx";
import { Menu } from "../tools/menu.tsx";
import { Palette } from "../tools/palette.tsx";
import { texts } from "../tools/texts.ts";
import css from "../tools/tools.css";
import { Icon } from "../ui/icon.tsx";

export { PanelMenu } from "../tools/panels.tsx";
export { css };

export interface ToolsProps {
  sheet: Exclude<Sheet, "panels">;
  show: (sheet: Sheet | null) => void;
  panels: {
    /** Those that the server has. */
    all: readonly PanelEntry[];
    /** Those that stand in tabs or cells. */
    seen: readonly PanelEntry[];
  };
  /** As it is now, chosen or not. */
  arrangement: { layout: Layout; theme: string; scanlines: boolean; shown: Shown };
  arrange: (change: Arrangement) => void;
  /** Back to what the cell asks for. */
  forget: () => void;
  open: (panel: string, query?: Query) => void;
}

/** A dialog over the HUD: it has the focus until it is closed, which then goes back where it was. */
export function Tools(props: ToolsProps) {
  const { sheet, show } = props;
  const client = useClient();
  const { t } = useMemo(() => client.texts.above(texts), [client]);
  const dialog = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const root = dialog.current?.getRootNode() as Document | ShadowRoot | undefined;
    const before = root?.activeElement as HTMLElement | null | undefined;
    const hud = dialog.current?.closest<HTMLElement>("[data-hermes-hud]");
    return () => (before?.isConnected && before !== document.body ? before : hud)?.focus({ preventScroll: true });
  }, []);
  // At once: whoever typed the key goes on typing.
  useLayoutEffect(() => {
    const first = dialog.current?.querySelector<HTMLElement>("[data-first]") ?? dialog.current;
    first?.focus({ preventScroll: true });
  }, [sheet]);
  const isBelowMenu = sheet === "arrange" || sheet === "keys";
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys of an input method.
    if (event.isComposing) return;
    if (event.key === "Tab") {
      keepWithin(dialog.current, event);
      return;
    }
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    show(null);
  };
  const tool = { ...props, t };
  return (
    <Fragment>
      <div class="veil" aria-hidden="true" onClick={() => show(null)} />
      <div
        class={`sheet ${sheet}`}
        role="dialog"
        aria-modal="true"
        aria-label={t(`tool.${sheet}`)}
        data-sheet={sheet}
        tabIndex={-1}
        ref={dialog}
        onKeyDown={onKeyDown}
      >
        {sheet !== "palette" && (
          <div class="sheet-head">
            {isBelowMenu && (
              <button
                type="button"
                class="tool"
                aria-label={t("tool.back")}
                title={t("tool.back")}
                onClick={() => show("menu")}
              >
                <Icon name="back" size={14} />
              </button>
            )}
            <h2>{t(`tool.${sheet}`)}</h2>
            <button
              type="button"
              class="tool"
              aria-label={t("tool.close")}
              title={t("tool.close")}
              onClick={() => show(null)}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
        )}
        {sheet === "palette" && <Palette {...tool} />}
        {sheet === "menu" && <Menu {...tool} />}
        {sheet === "arrange" && <Arrange {...tool} />}
        {sheet === "keys" && <Keys t={t} />}
      </div>
    </Fragment>
  );
}

/** From the last element on to the first, and back. */
function keepWithin(dialog: HTMLElement | null, event: KeyboardEvent): void {
  const reachable = [
    ...(dialog?.querySelectorAll<HTMLElement>("button:not(:disabled), input:not(:disabled)") ?? []),
  ].filter((element) => element.tabIndex >= 0 && !(isRadio(element) && !element.checked));
  const active = (dialog?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
  const [first, last] = [reachable[0], reachable.at(-1)];
  const isAtEdge = active === (event.shiftKey ? first : last) || active === dialog;
  if (!isAtEdge && reachable.length > 0) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

/** Of a group of radio buttons, Tab reaches the one that is on. */
function isRadio(element: HTMLElement): element is HTMLInputElement {
  return element instanceof HTMLInputElement && element.type === "radio";
}
