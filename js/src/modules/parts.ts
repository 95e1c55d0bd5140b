// What views get and are made of; comes with the first view.
import { englishOfParts } from "../i18n/en-parts.ts";
import charts from "../ui/charts.css";
import parts from "../ui/parts.css";

export { makeApi } from "../api.ts";
export { englishOfParts as english };
export const css = parts + charts;
