// The stand-alone page: `hermes-hud serve --open`. A module of its own: the HUD's core is the same as in a notebook.
import { enter, keep, type Tab, takeTicket } from "./access.ts";
import { shimModel, show, type WidgetModule } from "./shim.ts";
import { type Trouble, told } from "./told.ts";
import { watchAccess } from "./watch.ts";

const tab: Tab = { location, history, storage: sessionStorage, fetch: (url, init) => fetch(url, init) };
// Before anything else, so that nothing that fails or is slow leaves it there.
const ticket = takeTicket(tab);
const main = document.querySelector("main") ?? document.body.appendChild(document.createElement("main"));

open(ticket);

async function open(ticket: string | null): Promise<void> {
  const access = await enter(tab, ticket);
  if ("denial" in access) {
    say(access.denial);
    return;
  }
  try {
    await showHud(access.token, access.home);
  } catch (error) {
    console.error("[hermes-hud] the page could not be loaded", error);
    say("unloaded");
  }
}

async function showHud(token: string, home: string): Promise<void> {
  const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
  const note = { type: "server", url, server_id: null, token, home, transport: "direct" } as const;
  const module: WidgetModule = await import(new URL("../widget.js", import.meta.url).href);
  const element = document.createElement("div");
  element.id = "hud";
  main.replaceChildren(element);
  const model = shimModel({ home }, { ...note, proxy_url: null, origins: [] });
  const life = new AbortController();
  show(module, model, element, life.signal);
  const hud = element.shadowRoot?.querySelector("[data-hermes-hud]");
  const refused = () => {
    life.abort();
    say("refused");
  };
  if (hud) watchAccess(hud, tab, refused, life.signal);
}

function say(trouble: Trouble): void {
  main.replaceChildren(
    told(trouble, navigator.language, {
      // A browser may keep a module that it could not load as long as the page is there.
      tryAgain: () => (trouble === "unloaded" ? location.reload() : void open(null)),
      useToken: (token) => {
        keep(tab, token);
        void open(null);
      },
    }),
  );
}
