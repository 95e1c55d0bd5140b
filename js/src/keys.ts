/**
 * Keeps JupyterLab's own single-key commands (Enter edits the cell, arrows select another) away from the HUD's
 * controls, and hands it what has a modifier (Ctrl+S, Shift+Enter): it looks at the path of the event's target
 * for this attribute, in the capture phase, before we could stop anything.
 */
export function forwardHostShortcuts(element: HTMLElement, signal: AbortSignal): void {
  element.dataset.lmSuppressShortcuts = "true";
  element.addEventListener(
    "keydown",
    (event) => {
      const isHosts = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
      if (!isHosts || event.defaultPrevented || !element.parentElement) return;
      event.stopPropagation();
      if (!element.parentElement.dispatchEvent(new KeyboardEvent(event.type, event))) event.preventDefault();
    },
    { signal },
  );
}

/** Whether keys of an event are letters of a text somewhere, so that they mean nothing else. */
export function isTyping(event: Event): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** Whether it is Ctrl+K, or Cmd+K, which opens the command palette. */
export function isPaletteKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && ctrlKey !== metaKey && !altKey && !shiftKey;
}
