// The side panel: finds the server, and shows the HUD in a page that has no kernel.
import { browser } from "../../src/browser.ts";
import type { ServerNote } from "../../src/protocol.ts";
import { shimModel, show, type WidgetModule } from "../../src/standalone/shim.ts";
import { Door, type State, type Trouble } from "./door.ts";
import { button, element, reload } from "./elements.ts";
import { complain } from "./guard.ts";
import type { Options } from "./options.ts";
import { t } from "./texts.ts";
import { versionWords } from "./version.ts";

/** Address of the HUD's module beside this one. */
declare const HUD_FILE: string;

export interface Surroundings {
  /** Jupyter's base URL, `/user/me/`. */
  baseUrl: string;
  /** Address of the extension's own script. */
  address: string;
  /** Asks for another home. */
  choose(): void;
}

/** Shows a home in `node` from the first `update` on, which says which; nothing is asked while nobody sees it. */
export class Panel {
  readonly #note = element("div", "note");
  readonly #body = element("div", "body");
  readonly #base: string;
  #options: Options | null = null;
  #isOnScreen = false;
  #isSeen = false;
  /** Ends what is known of the server: that is asked anew by whoever looks. */
  #door: AbortController | null = null;
  #shown: { home: string; ending: AbortController } | null = null;
  #settingsTrouble: string | null = null;
  #words: Node[] = [];

  constructor(
    node: HTMLElement,
    private readonly surroundings: Surroundings,
  ) {
    this.#base = `${surroundings.baseUrl.replace(/\/?$/, "/")}hermes-hud/`;
    this.#note.setAttribute("role", "status");
    node.classList.add("hermes-hud-side");
    node.replaceChildren(this.#note, this.#body);
    // A collapsed side bar is not in the layout at all.
    new IntersectionObserver((entries) => {
      this.#isOnScreen = entries.at(-1)?.isIntersecting ?? false;
      this.#look();
    }).observe(node);
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** Shows what these say from now on. */
  update(options: Options): void {
    if (JSON.stringify(options) === JSON.stringify(this.#options)) return;
    this.#options = options;
    this.#hide();
    this.#knock();
  }

  /** Says that the settings are of no use, above whatever else there is. */
  warn(): void {
    this.#settingsTrouble = t("bad-settings");
    this.#draw();
  }

  #look(): void {
    const isSeen = this.#isOnScreen && document.visibilityState !== "hidden";
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    this.#knock();
  }

  /** Asks the server for the home, and goes on asking, if anybody looks. */
  #knock(): void {
    this.#door?.abort();
    if (!this.#options || !this.#isSeen) return;
    const { home, profile } = this.#options;
    const wanted = { path: home || null, profile: profile || null };
    if (!this.#shown) this.#tell(null);
    this.#door = new AbortController();
    const { signal } = this.#door;
    new Door(this.#base, wanted, (state) => this.#tell(state), browser(signal), signal);
  }

  #tell(state: State): void {
    if (state === null) this.#say(element("p", "", t("connecting")));
    else if ("trouble" in state) this.#complain(state.trouble);
    else {
      this.#say(...versionWords("server", state.version));
      if (this.#shown?.home === state.home || !this.#options) return;
      this.#hide();
      void this.#show(state.home, this.#options);
    }
  }

  #complain(trouble: Trouble): void {
    // What was there already says by itself that it has no connection.
    const isPassing = ["unreachable", "no-socket", "server-failed"].includes(trouble.kind);
    if (isPassing && this.#shown) return;
    this.#hide();
    const words: Node[] = [element("p", "", t(trouble.kind))];
    if (trouble.kind === "no-proxy") words.push(element("code", "", 'pip install "hermes-hud-widget[lab]"'));
    if ("words" in trouble && trouble.words) words.push(element("p", "", trouble.words));
    if (trouble.kind === "logged-out") words.push(reload());
    else if (trouble.kind === "bad-home") words.push(button(t("choose"), () => this.surroundings.choose()));
    else words.push(button(t("again"), () => this.#knock()));
    this.#say(...words);
  }

  /** Replaces what is said above the HUD. */
  #say(...words: Node[]): void {
    this.#words = words;
    this.#draw();
  }

  #draw(): void {
    const settings = this.#settingsTrouble === null ? [] : [element("p", "", this.#settingsTrouble)];
    this.#note.replaceChildren(...settings, ...this.#words);
  }

  async #show(home: string, { panels, theme }: Options): Promise<void> {
    const ending = new AbortController();
    this.#shown = { home, ending };
    const note: ServerNote = {
      type: "server",
      url: null,
      server_id: null,
      token: null,
      home,
      transport: "proxy",
      proxy_url: this.#base,
      origins: [],
    };
    try {
      const module: WidgetModule = await import(new URL(HUD_FILE, this.surroundings.address).href);
      if (ending.signal.aborted) return;
      const host = element("div", "hermes-hud-host");
      Object.assign(host.style, { position: "absolute", inset: "0" });
      this.#body.replaceChildren(host);
      show(module, shimModel({ home, panels, theme }, note), host, ending.signal);
    } catch (error) {
      complain("showing the HUD", error);
      this.#hide();
      this.#say(element("p", "", t("no-module")), reload());
    }
  }

  #hide(): void {
    this.#shown?.ending.abort();
    this.#shown = null;
    this.#body.replaceChildren();
  }
}
