// The few parts of JupyterLab that are used here, as its 4.2 and later have them. Their packages are not installed: all
// of it comes from the page at run time, and whatever is not there is done without.

/** Names a service of JupyterLab; compared by identity. */
export type Token = object;

export interface Signal<Sender, Args> {
  connect(slot: (sender: Sender, args: Args) => void): boolean;
}

/** Lumino's. */
export interface Widget {
  id: string;
  readonly node: HTMLElement;
  readonly isDisposed: boolean;
  readonly title: { caption: string; label: string; icon: unknown };
  readonly disposed: Signal<Widget, void>;
  dispose(): void;
}

export interface Shell {
  add(widget: Widget, area: string, options: { rank: number }): void;
  activateById(id: string): void;
}

export interface Commands {
  addCommand(
    id: string,
    options: {
      label: string | ((args: Record<string, unknown>) => string);
      caption: string;
      icon?: unknown;
      execute(args: Record<string, unknown>): unknown;
    },
  ): unknown;
  execute(id: string, args?: Record<string, unknown>): Promise<unknown>;
}

export interface Application {
  readonly shell: Shell;
  readonly commands: Commands;
}

export interface Plugin {
  id: string;
  description: string;
  autoStart: true;
  requires: Token[];
  optional: Token[];
  activate(app: Application, ...services: unknown[]): void;
}

export interface Restorer {
  add(widget: Widget, name: string): void;
}

export interface Launcher {
  add(item: { command: string; args: Record<string, unknown>; category: string; rank: number }): unknown;
}

export interface Palette {
  addItem(item: { command: string; category: string }): unknown;
}

export interface Settings {
  readonly composite: Readonly<Record<string, unknown>>;
  readonly changed: Signal<Settings, void>;
  set(key: string, value: unknown): Promise<void>;
}

export interface SettingRegistry {
  load(plugin: string): Promise<Settings>;
}

/** What an output is made of: one content in several types. */
export interface MimeModel {
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Renderer extends Widget {
  renderModel(model: MimeModel): Promise<void>;
}

export interface RendererFactory {
  readonly safe: boolean;
  readonly mimeTypes: readonly string[];
  createRenderer(options: { mimeType: string }): Renderer;
}

export interface RenderMime {
  addFactory(factory: RendererFactory, rank: number): void;
  getFactory(mimeType: string): RendererFactory | undefined;
  createRenderer(mimeType: string): Renderer;
  createModel(options: { data: Record<string, unknown>; trusted: boolean }): MimeModel;
}

export interface NotebookPanel {
  readonly content: { readonly rendermime: RenderMime };
}

export interface NotebookTracker {
  forEach(callback: (panel: NotebookPanel) => void): void;
  readonly widgetAdded: Signal<NotebookTracker, NotebookPanel>;
}

export interface InputDialog {
  getText(options: {
    title: string;
    label: string;
    placeholder: string;
    text: string;
  }): Promise<{ button: { accept: boolean }; value: string | null }>;
}

/** What is used of JupyterLab's packages, by their names; missing: this page does without. */
export interface Packages {
  "@lumino/widgets"?: { Widget: new () => Widget };
  "@jupyterlab/application"?: { ILayoutRestorer?: Token };
  "@jupyterlab/apputils"?: { ICommandPalette?: Token; InputDialog?: InputDialog };
  "@jupyterlab/launcher"?: { ILauncher?: Token };
  "@jupyterlab/notebook"?: { INotebookTracker?: Token };
  "@jupyterlab/settingregistry"?: { ISettingRegistry?: Token };
  "@jupyterlab/ui-components"?: { LabIcon: new (options: { name: string; svgstr: string }) => unknown };
}
