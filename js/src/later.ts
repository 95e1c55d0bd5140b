// What the core's further modules (src/modules/) import of the core itself: a copy of their own would have another
// Preact and another context. build.mjs leaves them what is imported here, by these very names.
import * as preact from "preact";
import * as hooks from "preact/hooks";
import * as arrangement from "./arrangement.ts";
import * as context from "./context.ts";
import * as format from "./format.ts";
import * as tabs from "./tabs.tsx";
import * as text from "./text.ts";
import * as theme from "./theme.ts";
import * as blank from "./ui/blank.tsx";
import * as icon from "./ui/icon.tsx";
import * as line from "./ui/text.tsx";

const shared: Record<string, unknown> = {
  preact: { Fragment: preact.Fragment, h: preact.h },
  "preact/hooks": hooks,
  "./arrangement.ts": arrangement,
  "./context.ts": context,
  "./format.ts": format,
  "./tabs.tsx": tabs,
  "./text.ts": text,
  "./theme.ts": theme,
  "./ui/blank.tsx": blank,
  "./ui/icon.tsx": icon,
  "./ui/text.tsx": line,
};

/** What each further module exports. */
export interface Later {
  parts: typeof import("./modules/parts.ts");
  charts: typeof import("./modules/charts.ts");
  tools: typeof import("./modules/tools.tsx");
  themes: typeof import("./modules/themes.ts");
  layouts: typeof import("./modules/layouts.ts");
  status: typeof import("./modules/status.ts");
}

/** Answers a further module's imports. */
export function answer(name: string): unknown {
  if (!Object.hasOwn(shared, name)) throw new TypeError(`the core has no module ${name}`);
  return shared[name];
}
