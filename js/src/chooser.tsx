import { h } from "preact";
import { useClient } from "./context.ts";
import { PanelIcon, type TabsProps, useTitle } from "./tabs.tsx";
import { Icon } from "./ui/icon.tsx";

/**
 * Where there is no room for two rows of tabs: the panel's name, which opens a list of all, between buttons for the
 * one before and the one behind.
 */
export function Chooser({
  groups,
  selected,
  choose,
  isOpen,
  setOpen,
}: TabsProps & {
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
}) {
  const { t } = useClient().texts;
  const title = useTitle();
  const panels = groups.flatMap((group) => group.panels);
  const at = panels.findIndex(({ name }) => name === selected);
  const panel = panels[at];
  if (!panel) return null;
  const step = (by: number) => () => choose(panels[(at + by + panels.length) % panels.length]?.name ?? selected);
  return (
    <div class="chooser">
      <button type="button" class="tool" aria-label={t("hud.previous")} title={t("hud.previous")} onClick={step(-1)}>
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="chosen"
        data-chooser=""
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <PanelIcon panel={panel} />
        <span>{title(panel)}</span>
        <Icon name="fold" size={14} />
      </button>
      <button type="button" class="tool" aria-label={t("hud.next")} title={t("hud.next")} onClick={step(1)}>
        <Icon name="next" />
      </button>
    </div>
  );
}
