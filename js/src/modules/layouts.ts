// What stands in the place of rows of tabs: a grid, or in a narrow HUD the name of the panel; comes where it is needed.
import { englishOfLayouts } from "../i18n/en-layouts.ts";
import css from "../layouts.css";

export { Chooser } from "../chooser.tsx";
export { Grid } from "../grid.tsx";
export { css, englishOfLayouts as english };
