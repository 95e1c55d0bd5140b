import { type ComponentType, Fragment, h } from "preact";
import * as preactHooks from "preact/hooks";
import type { Client } from "./client.ts";
import { useTick } from "./context.ts";
import type { Format } from "./format.ts";
import type { Translate } from "./i18n.ts";
import type { HomeEntry, PanelFrame, Query } from "./protocol.ts";
import { ui } from "./ui/index.ts";

/**
 * What a view's module gets: `export default function define(api) { return View }`.
 *
 * The module imports nothing. In plain JavaScript, without JSX:
 *
 *     export default function define({ h, ui, t }) {
 *       return ({ data }) => h("ul", null, data.jobs.map((job) => h("li", null, job.name, " ", h(ui.Ago, { at: job.next_run_at }))));
 *     }
 */
export interface Api {
  /** Of this interface; it grows when something is taken away, not when something is added. */
  version: 1;
  /** Makes an element: `h(tag or component, properties, …children)`. */
  h: typeof h;
  Fragment: typeof Fragment;
  /** Preact's hooks, and `useTick(ms)`: draws again about every so many milliseconds while visible. */
  hooks: typeof preactHooks & { useTick: (periodMs: number | null) => void };
  /** Parts that look like the rest of the HUD. */
  ui: typeof ui;
  /** A text of the catalogue in the viewer's language; plain words come back as they are. */
  t: Translate;
  format: Format;
}

/** One more query of the same panel, as `useSnapshots` gives it. */
export interface ViewSnapshot<Data = unknown> {
  query: Query;
  /** Null until the first answer. */
  data: Data | null;
  version: number | null;
  status: PanelFrame["status"] | "loading";
  /** In words, when `status` is `unavailable` or `stale`. */
  error: string | null;
  /** True while the answer to this very query is still on its way. */
  isPending: boolean;
}

export interface ViewProps<Data = unknown> {
  data: Data;
  version: number;
  status: PanelFrame["status"];
  /** Already shown above the view. */
  error: PanelFrame["error"];
  /** What was asked for; fields that have their default value may be left out. */
  query: Query;
  /** Asks for something else (a page, an order). The old `data` stay until the answer is here. */
  setQuery: (query: Query) => void;
  /** True while `data` are still those of the query before and the answer to this one is on its way. */
  isPending: boolean;
  /** A hook for further queries of the same panel, kept up to date as long as they are listed. */
  useSnapshots: (queries: readonly Query[]) => ViewSnapshot<Data>[];
  /** When this was drawn, in ms since the epoch; `useTick` makes it move. */
  now: number;
  /** Aborted when the view leaves the page. */
  signal: AbortSignal;
  home: HomeEntry | null;
}

/** A component; its style sheet, if it has one, applies within the HUD only. */
export type View = ComponentType<ViewProps> & { css?: string };

export function makeApi({ texts, format }: Client): Api {
  return { version: 1, h, Fragment, hooks: { ...preactHooks, useTick }, ui, t: texts.t, format };
}
