// What JupyterLab loads: a container of webpack's module federation, written by hand. If anything in here fails, the
// page has to start all the same: an error that reaches it leaves it blank.
import { complain } from "./guard.ts";
import { makePlugin } from "./plugin.ts";
import { packagesOf, type ShareScope } from "./scope.ts";

const NAME = "hermes-hud-widget";
/** Known only while this script runs. */
const address = (document.currentScript as HTMLScriptElement | null)?.src ?? "";

let scope: ShareScope = {};

const container = {
  init(shared: ShareScope): void {
    scope = shared;
  },
  /** JupyterLab asks for `./extension` only. */
  async get(): Promise<() => unknown> {
    try {
      const plugin = makePlugin(await packagesOf(scope), address);
      return () => ({ __esModule: true, default: plugin });
    } catch (error) {
      complain("the extension", error);
      return () => ({ __esModule: true, default: [] });
    }
  },
};

const page = window as { _JUPYTERLAB?: Record<string, typeof container> };
page._JUPYTERLAB ??= {};
page._JUPYTERLAB[NAME] = container;
