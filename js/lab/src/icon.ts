// The icon of the side panel, coloured by JupyterLab's own classes.
import type { Packages } from "./lab.ts";

/** The HUD's own sign, `wing` in src/ui/icon.tsx. `jp-icon3[fill]` would fill it: no such attribute. */
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><path class="jp-icon3" style="fill:none"
stroke="#616161" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"
d="M3 12c5 0 8-3 10-8-4 .4-7 1.6-8.6 4M4.5 8.5C7 8.8 9 8.6 11 7.6M3 12c2.6.4 5.4.2 7.6-1"/></svg>`;

/** Undefined where the page has no icons of this kind: the tab is drawn with its title. */
export function makeIcon({ "@jupyterlab/ui-components": components }: Packages): unknown {
  return components && new components.LabIcon({ name: "hermes-hud-widget:icon", svgstr: SVG });
}
