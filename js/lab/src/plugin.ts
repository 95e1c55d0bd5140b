// The extension: a panel in the right side bar, the commands that open it, and what notebooks' HUDs want of the page.
import { addStyles } from "./elements.ts";
import { complain, guarded } from "./guard.ts";
import { makeIcon } from "./icon.ts";
import type {
  Application,
  Launcher,
  NotebookTracker,
  Packages,
  Palette,
  Plugin,
  Restorer,
  SettingRegistry,
  Settings,
  Token,
} from "./lab.ts";
import { DEFAULTS, optionsOf } from "./options.ts";
import { Panel } from "./panel.ts";
import { showSnapshots } from "./saved.ts";
import { makeSideBar, offer } from "./side-bar.ts";
import { t } from "./texts.ts";

const ID = "hermes-hud-widget:plugin";
const PANEL = "hermes-hud";
const OPEN = "hermes-hud:open";
const OPEN_HOME = "hermes-hud:open-home";
const RANK = 900;

/** What JupyterLab hands over, as far as this page has it. */
interface Services {
  restorer?: Restorer;
  launcher?: Launcher;
  palette?: Palette;
  settings?: SettingRegistry;
  notebooks?: NotebookTracker;
}

/**
 * @param packages JupyterLab's.
 * @param address Address of this script.
 */
export function makePlugin(packages: Packages, address: string): Plugin {
  const tokens: [keyof Services, Token | undefined][] = [
    ["restorer", packages["@jupyterlab/application"]?.ILayoutRestorer],
    ["launcher", packages["@jupyterlab/launcher"]?.ILauncher],
    ["palette", packages["@jupyterlab/apputils"]?.ICommandPalette],
    ["settings", packages["@jupyterlab/settingregistry"]?.ISettingRegistry],
    ["notebooks", packages["@jupyterlab/notebook"]?.INotebookTracker],
  ];
  const known = tokens.filter((each): each is [keyof Services, Token] => each[1] !== undefined);
  return {
    id: ID,
    description: "The Hermes HUD in the side bar.",
    autoStart: true,
    requires: [],
    optional: known.map(([, token]) => token),
    activate(app, ...given) {
      // A service that nobody provides is null.
      const named = known.map(([name], index) => [name, given[index] ?? undefined]);
      guarded("starting", () => activate(app, Object.fromEntries(named), packages, address));
    },
  };
}

function activate(app: Application, services: Services, packages: Packages, address: string): void {
  const icon = guarded("the icon", () => makeIcon(packages));
  guarded("the styles", addStyles);
  guarded("the side bar for notebooks", () => {
    const sideBar = makeSideBar(app, packages, icon);
    if (sideBar) offer(sideBar);
  });
  guarded("snapshots in notebooks", () => services.notebooks && showSnapshots(services.notebooks));
  guarded("the side panel", () => addPanel(app, services, packages, icon, address));
}

function addPanel(
  app: Application,
  { restorer, launcher, palette, settings }: Services,
  packages: Packages,
  icon: unknown,
  address: string,
): void {
  const Widget = packages["@lumino/widgets"]?.Widget;
  if (!Widget) throw new Error("this page has no @lumino/widgets");
  const widget = new Widget();
  widget.id = PANEL;
  widget.title.caption = "Hermes";
  if (icon) widget.title.icon = icon;
  else widget.title.label = "Hermes";
  widget.node.setAttribute("role", "region");
  widget.node.setAttribute("aria-label", "Hermes");

  let kept: Settings | null = null;
  /** How many homes are being written to the settings, which say half of it meanwhile. */
  let saving = 0;
  let options = DEFAULTS;
  const choose = () => void app.commands.execute(OPEN_HOME).catch((error) => complain("choosing a home", error));
  const panel = new Panel(widget.node, { baseUrl: baseUrl(), address, choose });
  const set = (next: typeof options) => {
    options = next;
    panel.update(next);
  };
  const take = () => guarded("taking the settings", () => kept && saving === 0 && set(optionsOf(kept.composite)));

  app.shell.add(widget, "right", { rank: RANK });
  guarded("restoring the layout", () => restorer?.add(widget, PANEL));
  const open = () => app.shell.activateById(PANEL);
  app.commands.addCommand(OPEN, {
    label: ({ isLauncher }) => (isLauncher ? t("name") : t("open.label")),
    caption: t("open.caption"),
    icon,
    execute: open,
  });
  app.commands.addCommand(OPEN_HOME, {
    label: t("open-home.label"),
    caption: t("open-home.caption"),
    icon,
    /** `home`: the directory, which is asked for if it is not given. */
    execute: async ({ home }) => {
      const path = typeof home === "string" ? home : await ask(packages, options.home);
      if (path === null) return;
      saving += 1;
      try {
        // A profile is one of the home before.
        set({ ...options, home: path.trim(), profile: "" });
        open();
        await reading;
        if (kept?.composite.profile) await kept.set("profile", "");
        await kept?.set("home", path.trim());
      } finally {
        saving -= 1;
      }
      take();
    },
  });
  guarded("the launcher card", () =>
    launcher?.add({ command: OPEN, args: { isLauncher: true }, category: "Other", rank: 50 }),
  );
  guarded("the palette", () => {
    for (const command of [OPEN, OPEN_HOME]) palette?.addItem({ command, category: "Hermes" });
  });

  if (!settings) set(DEFAULTS);
  const reading = settings?.load(ID).then(
    (loaded) => {
      kept = loaded;
      loaded.changed.connect(take);
      take();
    },
    (error) => {
      complain("reading the settings", error);
      if (saving === 0) set(DEFAULTS);
      panel.warn();
    },
  );
}

async function ask(packages: Packages, before: string): Promise<string | null> {
  const dialog = packages["@jupyterlab/apputils"]?.InputDialog;
  const title = t("dialog.title");
  if (!dialog) return window.prompt(t("dialog.label"), before);
  const { button, value } = await dialog.getText({
    title,
    label: t("dialog.label"),
    placeholder: "~/.hermes",
    text: before,
  });
  return button.accept ? (value ?? "") : null;
}

function baseUrl(): string {
  const config: { baseUrl?: string } = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  return config.baseUrl ?? "/";
}
