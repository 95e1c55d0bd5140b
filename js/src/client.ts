import type { View, ViewModule } from "./api.ts";
import type { Layout } from "./arrangement.ts";
import { Connection, type Environment, type Model } from "./connection.ts";
import { type Format, makeFormat } from "./format.ts";
import { type Catalogue, type Catalogues, chooseLanguage, type Language, Texts } from "./i18n.ts";
import { answer, type Later } from "./later.ts";
import { isRecord } from "./protocol.ts";
import { type ModuleReading, Store } from "./store.ts";
import type { THEMES } from "./theme.ts";
import { Ticker } from "./ticker.ts";

/** Evaluates the text of an ES module that has no imports. */
export type ImportText = (text: string) => Promise<Record<string, unknown>>;

export interface Options {
  home: string;
  /** Names in display order; empty: all, or in a grid those of `grid`. */
  panels: string[];
  grid: string[];
  layout: Layout;
  theme: (typeof THEMES)[number];
  scanlines: boolean;
  /** In CSS pixels. */
  height: number;
  language: "auto" | "en" | "zh";
  /** False: nobody is at the model's other end, as in a side bar or a page of its own. */
  kernel?: boolean;
}

/** A view with its own texts, why there is none, or null as long as it is on its way. */
export type LoadedView = { view: View; texts: Texts } | { failure: string } | null;

/** Everything that the views of one model share. */
export class Client {
  readonly store: Store;
  readonly connection: Connection;
  readonly texts = new Texts();
  readonly format: Format;
  readonly ticker = new Ticker();
  readonly language: Language;
  /** Counts modules that arrived, so that what waits for one draws again. */
  modulesLoaded = 0;
  readonly #views = new Map<string, LoadedView | "importing">();
  /** By the modules' names, as the views are. */
  readonly #later = new Map<string, unknown>();
  /** Style sheets that modules brought. */
  readonly styles: string[] = [];
  readonly #visible = new Set<object>();
  #formatInUse: Format;
  /** Shows this HUD in the page's side bar; false where there is none. */
  showInSideBar: () => boolean = () => false;

  constructor(
    model: Model,
    readonly options: Options,
    environment: Environment & { language: string },
    private readonly importText: ImportText,
    signal: AbortSignal,
  ) {
    this.store = new Store(options.home, (frame) => this.connection.send(frame));
    this.#formatInUse = makeFormat("en", this.texts.t);
    this.format = forwarded(() => this.#formatInUse);
    this.language = chooseLanguage(options.language, environment.language);
    this.store.onLook(() => this.connection.lookChanged());
    signal.addEventListener("abort", () => {
      this.store.dispose();
      this.ticker.run(false);
    });
    this.connection = new Connection(
      model,
      environment,
      {
        receive: (frame, serverId) => this.store.receive(frame, serverId),
        setWay: (way) => this.store.setWay(way),
        look: () => this.store.look(),
        revalidate: () => this.store.revalidate(),
        showInSideBar: () => this.showInSideBar(),
      },
      signal,
      options.kernel !== false,
    );
    this.connection.subscribe(() => this.#runTicker());
    // Not before there is a view.
    this.connection.setSeen(false);
    if (this.language !== "en") this.#loadLanguage(this.language);
  }

  /** Says whether one view of this model can be seen. */
  setVisible(view: object, isVisible: boolean): void {
    if (isVisible) this.#visible.add(view);
    else this.#visible.delete(view);
    this.connection.setSeen(this.#visible.size > 0);
    this.#runTicker();
  }

  /** Durations stand still with the data when the kernel is gone. */
  #runTicker(): void {
    this.ticker.run(this.#visible.size > 0 && this.connection.status.state !== "gone");
  }

  /** The view that a panel's module defines; asks for the module if need be. */
  view(name: string): LoadedView {
    const known = this.#views.get(name);
    if (known !== undefined) return known === "importing" ? null : known;
    const { text, refusal } = this.#module(name);
    const parts = this.later("parts");
    if (refusal) return { failure: refusal.message };
    if (parts !== null && "failure" in parts) return parts;
    if (text !== null && parts !== null) this.#evaluate(name, text, parts);
    return null;
  }

  /** A part of the core that is loaded when it is needed, why it is not there, or null as long as it is on its way. */
  later<Name extends keyof Later>(name: Name): Later[Name] | { failure: string } | null {
    const path = `core/${name}`;
    if (this.#later.has(path)) return this.#later.get(path) as Later[Name] | null;
    const { text, refusal } = this.#module(path);
    if (refusal) return { failure: refusal.message };
    if (text === null) return null;
    this.#later.set(path, null);
    this.importText(text)
      .then((module) => {
        const loaded = (module.default as (required: typeof answer) => Later[Name])(answer);
        if ("css" in loaded) this.styles.push(loaded.css);
        if ("english" in loaded) this.texts.add("en", loaded.english);
        return loaded;
      })
      .catch((error: unknown) => {
        console.error(`[hermes-hud] ${path} could not be loaded`, error);
        return { failure: String(error) };
      })
      .then((loaded) => {
        this.#later.set(path, loaded);
        this.#tellLoaded();
      });
    return null;
  }

  /** Loads a module again that could not be loaded, as well as what views need. */
  retry(name: string): void {
    for (const each of [name, "core/parts"]) {
      const loaded = this.#later.get(each) ?? this.#views.get(each);
      const hasFailed = isRecord(loaded) && "failure" in loaded;
      if (!hasFailed && !this.store.module(each).refusal) continue;
      this.#later.delete(each);
      this.#views.delete(each);
      this.store.renewModule(each);
    }
    this.#tellLoaded();
  }

  /** The text of a module, which is asked for. */
  #module(name: string): ModuleReading {
    this.store.wantModule(name);
    return this.store.module(name);
  }

  #evaluate(name: string, text: string, { makeApi }: Later["parts"]): void {
    this.#views.set(name, "importing");
    this.importText(text)
      .then((module) => {
        if (!isViewModule(module)) throw new TypeError(`${name}: expected a default export, define(api)`);
        const texts = this.texts.above(isRecord(module.texts) ? (module.texts as Catalogues) : {});
        return { view: module.default(makeApi(texts, this.format)), texts };
      })
      .then(
        (loaded) => this.#loaded(name, loaded),
        (error: unknown) => {
          console.error(`[hermes-hud] the view ${name} could not be loaded`, error);
          this.#loaded(name, { failure: String(error) });
        },
      );
  }

  #loaded(name: string, view: LoadedView): void {
    this.#views.set(name, view);
    this.#tellLoaded();
  }

  #loadLanguage(language: Language): void {
    const name = `i18n/${language}`;
    const undo = this.store.subscribe(() => {
      const { text } = this.store.module(name);
      if (text === null) return;
      undo();
      this.importText(text)
        .then((module) => {
          if (!isRecord(module.default)) throw new TypeError(`${name}: expected a catalogue as default export`);
          this.texts.use(language, module.default as Catalogue);
          this.#formatInUse = makeFormat(language, this.texts.t);
          this.#tellLoaded();
        })
        .catch((error: unknown) => console.error(`[hermes-hud] the language ${name} could not be loaded`, error));
    });
    this.store.wantModule(name);
  }

  readonly #loadListeners = new Set<() => void>();

  /** Calls `listener` when a view or a language was loaded; returns its undo. */
  onLoaded(listener: () => void): () => void {
    this.#loadListeners.add(listener);
    return () => this.#loadListeners.delete(listener);
  }

  #tellLoaded(): void {
    this.modulesLoaded += 1;
    for (const listener of [...this.#loadListeners]) listener();
  }
}

function isViewModule(module: Record<string, unknown>): module is Record<string, unknown> & ViewModule {
  return typeof module.default === "function";
}

/** An object whose functions are always those of the format in use: views keep it across a change of language. */
function forwarded(current: () => Format): Format {
  return new Proxy({} as Format, { get: (_, name) => current()[name as keyof Format] });
}
