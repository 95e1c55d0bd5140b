// Why the data come as they do, what is wrong with them, and what those are told of both who do not see the page; comes
// once the HUD is drawn, or when something is wrong.
import { englishOfStatus } from "../i18n/en-status.ts";
import css from "../status.css";

export { Aloud } from "../aloud.tsx";
export { Banner, Problem, troubleOf } from "../problems.tsx";
export { Chip, NoPanels, Slow } from "../why.tsx";
export { css, englishOfStatus as english };
