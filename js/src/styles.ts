/**
 * Puts a style sheet into a root; returns its undo. Not as an element, which a page's policy may refuse: whatever
 * browser reads the nested rules of the views has constructable sheets, too.
 *
 * @param isFirst Whether those that are there win over it; else it wins over them.
 */
export function addStyle(root: ShadowRoot, css: string, isFirst = false): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const others = root.adoptedStyleSheets;
  root.adoptedStyleSheets = isFirst ? [sheet, ...others] : [...others, sheet];
  return () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((each) => each !== sheet);
  };
}
