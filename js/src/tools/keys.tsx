import { h } from "preact";
import type { Translate } from "../i18n.ts";

/** What the keys do. */
export function Keys({ t }: { t: Translate }) {
  const control = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  const rows: [string[], string][] = [
    [[control, "K"], "keys.palette"],
    [["1", "…", "9", "0"], "keys.numbers"],
    [["/"], "keys.search"],
    [["←", "→"], "keys.arrows"],
    [["Esc"], "keys.escape"],
    [["?"], "keys.help.key"],
  ];
  return (
    <div class="keys">
      <p class="dim">{t("keys.help")}</p>
      <dl>
        {rows.map(([keys, words]) => (
          <div key={words}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
