// Small helpers for what is drawn without Preact: a side panel's frame.
import css from "./panel.css";
import { t } from "./texts.ts";

/** An element with text in it; text never becomes markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(label: string, press: () => void): HTMLButtonElement {
  const made = element("button", "", label);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

export function reload(): HTMLButtonElement {
  return button(t("reload"), () => location.reload());
}

/** Once in a page. */
export function addStyles(): void {
  const id = "hermes-hud-side-styles";
  if (document.getElementById(id)) return;
  const style = element("style", "", css);
  style.id = id;
  document.head.append(style);
}
