// The larger charts; come when one of them is first drawn.
import css from "../ui/charts-later.css";

export { Bars } from "../ui/bars.tsx";
export { Columns } from "../ui/columns.tsx";
export { TimeLine } from "../ui/timeline.tsx";
export { css };
