/** What a grid and a narrow HUD say (`core/layouts`), which comes with them. */
export const englishOfLayouts: Record<string, string> = {
  "hud.previous": "Previous panel",
  "hud.next": "Next panel",
  "grid.larger": "Open {title} large",
  "grid.smaller": "Back to the grid from {title}",
};
