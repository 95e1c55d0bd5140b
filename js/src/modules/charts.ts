// The charts; come when one of them is first drawn.
import figure from "../charts/figure.css";
import { englishOfCharts } from "../i18n/en-charts.ts";
import charts from "../ui/charts-later.css";
import sparkline from "../ui/sparkline.css";

export { Bars } from "../ui/bars.tsx";
export { Columns } from "../ui/columns.tsx";
export { Sparkline } from "../ui/sparkline.tsx";
export { TimeLine } from "../ui/timeline.tsx";
export { englishOfCharts as english };
export const css = figure + charts + sparkline;
