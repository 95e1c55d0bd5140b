import { type ComponentChildren, h } from "preact";
import { useClient } from "./context.ts";
import type { Sheet } from "./hud.tsx";
import type { HomeEntry } from "./protocol.ts";
import { Icon, type IconName } from "./ui/icon.tsx";

/** Whose home is shown, tabs if there are any, and what opens over the HUD. */
export function Top(props: {
  home: HomeEntry | null;
  sheet: Sheet | null;
  show: (sheet: Sheet | null) => void;
  children?: ComponentChildren;
}) {
  const { t } = useClient().texts;
  const { home, sheet, show } = props;
  return (
    <div class="top">
      <Brand home={home} />
      {props.children}
      <div class="tools">
        <ToolButton icon="search" label={t("hud.palette")} sheet="palette" now={sheet} show={show} />
        <ToolButton icon="sliders" label={t("hud.menu")} sheet="menu" now={sheet} show={show} />
      </div>
    </div>
  );
}

function Brand({ home }: { home: HomeEntry | null }) {
  const { t } = useClient().texts;
  return (
    <div class="brand" title={home?.path}>
      <Icon name="wing" size={18} />
      <b>Hermes</b>
      {home && <span class="home">{shortPath(home.path)}</span>}
      {home?.profile && <span class="badge accent">{t("hud.profile", { name: home.profile })}</span>}
    </div>
  );
}

/** The end of a path, which is what tells homes apart. */
function shortPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean);
  return parts.length > 2 ? `…/${parts.slice(-2).join("/")}` : path;
}

function ToolButton({
  icon,
  label,
  sheet,
  now,
  show,
}: {
  icon: IconName;
  label: string;
  sheet: Sheet;
  now: Sheet | null;
  show: (sheet: Sheet | null) => void;
}) {
  return (
    <button
      type="button"
      class="tool"
      aria-label={label}
      title={label}
      aria-haspopup="dialog"
      aria-expanded={now === sheet}
      data-tool={sheet}
      onClick={() => show(now === sheet ? null : sheet)}
    >
      <Icon name={icon} size={15} />
    </button>
  );
}
