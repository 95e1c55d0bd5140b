import { h } from "preact";
import type { Translate } from "../i18n.ts";
import type { ToolsProps } from "../modules/tools.tsx";
import { THEMES } from "../theme.ts";
import { Icon } from "../ui/icon.tsx";

/** Layout and looks. */
export function Menu({ t, arrangement, arrange, forget, show }: ToolsProps & { t: Translate }) {
  const { layout, theme, scanlines } = arrangement;
  return (
    <div class="menu">
      <fieldset class="choices">
        <legend>{t("layout")}</legend>
        {(["tabs", "grid"] as const).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="layout"
              value={name}
              checked={layout === name}
              data-first={layout === name || undefined}
              onChange={() => arrange({ layout: name })}
            />
            <Icon name={name === "grid" ? "grid" : "panel"} size={14} />
            {t(`layout.${name}`)}
          </label>
        ))}
      </fieldset>
      <fieldset class="themes">
        <legend>{t("theme")}</legend>
        {THEMES.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="theme"
              value={name}
              checked={theme === name}
              onChange={() => arrange({ theme: name })}
            />
            <i class="theme-sample" data-sample={name} aria-hidden="true" />
            {t(`theme.${name}`)}
          </label>
        ))}
        <label title={t("scanlines.help")}>
          <input type="checkbox" checked={scanlines} onChange={() => arrange({ scanlines: !scanlines })} />
          <i class="theme-sample" data-sample="scanlines" aria-hidden="true" />
          {t("scanlines")}
        </label>
      </fieldset>
      <ul class="more">
        <li>
          <button type="button" onClick={() => show("arrange")}>
            {t("palette.arrange")}
          </button>
        </li>
        <li>
          <button type="button" onClick={() => show("keys")}>
            {t("palette.keys")} <kbd>?</kbd>
          </button>
        </li>
        <li>
          <button type="button" data-reset="" onClick={forget}>
            {t("palette.reset")}
          </button>
        </li>
      </ul>
      <small class="dim">{t("menu.kept")}</small>
    </div>
  );
}
