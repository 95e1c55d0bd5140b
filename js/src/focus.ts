/** Moves the focus into a panel, and shows it where it is scrolled away. */
export function focusPanel(root: HTMLElement | null, name: string | null): void {
  const panel = name === null ? null : root?.querySelector<HTMLElement>(`[data-panel="${CSS.escape(name)}"]`);
  if (!panel) return;
  const cell = panel.closest<HTMLElement>("[data-cell]");
  // `scrollIntoView` would scroll the notebook, too.
  if (cell?.parentElement) cell.parentElement.scrollTop = cell.offsetTop - cell.parentElement.offsetTop;
  panel.focus({ preventScroll: true });
}

/** Puts the cursor into the search field of the panel that has the focus, or of the one in front. */
export function focusSearch(root: HTMLElement | null, selected: string): boolean {
  const active = (root?.getRootNode() as ShadowRoot | undefined)?.activeElement;
  const name = active?.closest<HTMLElement>("[data-panel]")?.dataset.panel ?? selected;
  const field = root?.querySelector<HTMLInputElement>(`[data-panel="${CSS.escape(name)}"] [data-search]`);
  field?.focus();
  field?.select();
  return Boolean(field);
}
