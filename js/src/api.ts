import { type ComponentChildren, type ComponentType, Fragment, h } from "preact";
import * as preactHooks from "preact/hooks";
import { useTick } from "./context.ts";
import type { Format } from "./format.ts";
import { useFresh, useOpened } from "./hooks.ts";
import type { Catalogues, Texts, Translate } from "./i18n.ts";
import type { HomeEntry, PanelFrame, Query } from "./protocol.ts";
import { ui } from "./ui/index.ts";

/**
 * What a view's ES module exports. It imports nothing; in plain JavaScript, without JSX:
 *
 *     export default function define({ h, ui, t }) {
 *       return ({ data }) =>
 *         h("section", null,
 *           h("h3", null, t("jobs", { count: data.jobs.length })),
 *           h("ul", null, data.jobs.map((job) =>
 *             h("li", { key: job.id }, h(ui.Text, { text: job.name }), " ", h(ui.Ago, { at: job.last_run_at })))));
 *     }
 *
 *     export const texts = {
 *       en: { empty: "No jobs yet", "empty.help": "Ask Hermes to do something every day.", jobs: "{count} job|{count} jobs" },
 *       zh: { empty: "还没有任务", "empty.help": "让 Hermes 每天做点什么吧。", jobs: "{count} 个任务" },
 *     };
 *
 * The panel's title and its icon are the server's: `Panel(name, title, …, titles={"zh": "…"}, icon="cron")`.
 */
export interface ViewModule {
  default: (api: Api) => View;
  /**
   * What the view says, by language and key; what the viewer's language lacks is said in English.
   *
   * `{name}` is filled in by `t`, `one|many` is chosen by its `count`. `empty` and `empty.help` are what the panel
   * says while there is nothing to draw. A key of the core (`time.now`, `activity.running`, `cost.estimated`,
   * `tokens.input`, …) need not be here; one that is goes before the core's.
   */
  texts?: Catalogues;
}

/** What a view's module gets. */
export interface Api {
  /** Of this interface; it grows when something is taken away, not when something is added. */
  version: 1;
  /** Makes an element: `h(tag or component, properties, …children)`. */
  h: typeof h;
  Fragment: typeof Fragment;
  /**
   * Preact's hooks; `useTick(ms)` draws again about every so many milliseconds while visible; `useFresh` says what
   * changed just now, `useOpened` what is opened of a list (`hooks.ts`).
   */
  hooks: typeof preactHooks & { useTick: typeof useTick; useFresh: typeof useFresh; useOpened: typeof useOpened };
  /** Parts that look like the rest of the HUD: `ui/index.ts` lists them. */
  ui: typeof ui;
  /** A text of the module's `texts`, else of the core's, in the viewer's language; plain words come back as they are. */
  t: Translate;
  /**
   * A text with elements at the places of its `{name}`s: `sentence("ran", { when: h(ui.Ago, { at }) })`; `one|many` is
   * chosen by its `count`.
   */
  sentence: (key: string, parts: Record<string, ComponentChildren>) => ComponentChildren;
  /** The text `family.written` for a word that another program wrote, which is returned as it is if there is none. */
  word: (family: string, written: string) => string;
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
  /** As in `ViewProps`. */
  progress: PanelFrame["progress"];
  /** True while the answer to this very query is still on its way. */
  isPending: boolean;
  /** True while `data` are kept from before and the server has newer ones, which are then on their way. */
  isBehind: boolean;
}

export interface ViewProps<Data = unknown> {
  data: Data;
  version: number;
  status: PanelFrame["status"];
  /** Already shown above the view. */
  error: PanelFrame["error"];
  /**
   * How far the reading has come while `data` are of a part only, which the HUD says by itself: what is not
   * among them may still come, so nothing is "none" or "missing" yet. Null: they are of all that there is.
   */
  progress: PanelFrame["progress"];
  /** What was asked for; fields that have their default value may be left out. */
  query: Query;
  /** Asks for something else (a page, an order). The old `data` stay until the answer is here. */
  setQuery: (query: Query) => void;
  /**
   * Shows another panel, with a query of its own if one is given: `open("sessions", { session: id })`. In the grid it
   * is scrolled to, or opened large if it stands in no cell. A name that the server does not have changes nothing.
   */
  open: (panel: string, query?: Query) => void;
  /**
   * Shows another profile's home of the same root, in all panels of this page, until another one is chosen; `default` is
   * the root home. The promise is broken, with the server's words, where there is none of that name; choosing again
   * before it is there breaks nothing.
   */
  showProfile: (name: string) => Promise<void>;
  /** True while `data` are still those of the query before and the answer to this one is on its way. */
  isPending: boolean;
  /** A hook for further queries of the same panel, kept up to date as long as they are listed. */
  useSnapshots: (queries: readonly Query[]) => ViewSnapshot<Data>[];
  /** When this was drawn, in ms since the epoch; `useTick` makes it move. */
  now: number;
  /** Aborted when the view leaves the page. */
  signal: AbortSignal;
  home: HomeEntry | null;
  /** The payload's JSON schema; null for a panel that brings its own view. */
  schema: Record<string, unknown> | null;
}

/** A component; its style sheet, if it has one, applies within the HUD only. */
export type View = ComponentType<ViewProps> & { css?: string };

/** @param texts Of the view that it is for. */
export function makeApi(texts: Texts, format: Format): Api {
  const { t } = texts;
  return {
    version: 1,
    h,
    Fragment,
    hooks: { ...preactHooks, useTick, useFresh, useOpened },
    ui,
    t,
    sentence: (key, parts) =>
      t(key, typeof parts.count === "number" ? { count: parts.count } : {})
        .split(/\{(\w+)\}/)
        // Every second piece is a name.
        .map((piece, index) => (index % 2 === 0 ? piece : Object.hasOwn(parts, piece) ? parts[piece] : `{${piece}}`)),
    word: (family, written) => (texts.has(`${family}.${written}`) ? t(`${family}.${written}`) : written),
    format,
  };
}
