// A notebook that was opened again has outputs whose kernel is gone. Of ours, the snapshot saved beside the widget is shown
// then, instead of "Error displaying widget: model not found".
import { element } from "./elements.ts";
import { complain } from "./guard.ts";
import type { MimeModel, NotebookPanel, NotebookTracker, Renderer, RenderMime } from "./lab.ts";
import { t } from "./texts.ts";

/** Stands in the bundle of our outputs and no others'. */
const OURS = "application/vnd.hermes-hud+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";
/** Before the widgets' own, which is -10. */
const RANK = -20;
/** A live widget is there sooner; without a kernel, "Loading widget..." would stand there for ever. */
const PATIENCE_MS = 700;

export function showSnapshots(tracker: NotebookTracker): void {
  const take = ({ content }: NotebookPanel) => addTo(content.rendermime);
  tracker.forEach(take);
  tracker.widgetAdded.connect((_, panel) => take(panel));
}

function addTo(rendermime: RenderMime): void {
  rendermime.addFactory(
    {
      // As for any widget: in a notebook that is not trusted, JupyterLab shows the sanitized snapshot by itself.
      safe: false,
      mimeTypes: [OURS],
      createRenderer(options) {
        const widgets = rendermime.getFactory(WIDGET);
        if (!widgets) return htmlOnly(rendermime);
        // The very renderer that widgets have, since their manager looks for it among the outputs when the kernel is there.
        const renderer = widgets.createRenderer({ ...options, mimeType: WIDGET });
        try {
          withSnapshot(renderer, rendermime);
        } catch (error) {
          complain("preparing a snapshot", error);
        }
        return renderer;
      },
    },
    RANK,
  );
}

/** Without widgets, the snapshot is all there is. */
function htmlOnly(rendermime: RenderMime): Renderer {
  const renderer = rendermime.createRenderer("text/html");
  const render = renderer.renderModel.bind(renderer);
  renderer.renderModel = (model) => render(sanitized(model, rendermime));
  return renderer;
}

function withSnapshot(renderer: Renderer, rendermime: RenderMime): void {
  const render = renderer.renderModel.bind(renderer);
  let snapshot: Snapshot | null = null;
  renderer.renderModel = (model) => {
    snapshot?.end();
    snapshot = "text/html" in model.data ? new Snapshot(renderer.node, model, rendermime) : null;
    return WIDGET in model.data ? render(model) : Promise.resolve();
  };
  renderer.disposed.connect(() => snapshot?.end());
}

/** Stands in an output for as long as there is no widget in it. */
class Snapshot {
  readonly #element = element("div", "hermes-hud-snapshot");
  readonly #renderer: Renderer;
  readonly #observer: MutationObserver;
  readonly #timer: ReturnType<typeof setTimeout>;
  #isDue = false;

  constructor(
    private readonly output: HTMLElement,
    private readonly model: MimeModel,
    private readonly rendermime: RenderMime,
  ) {
    this.#renderer = rendermime.createRenderer("text/html");
    this.#element.append(element("div", "hermes-hud-saved", t("snapshot")), this.#renderer.node);
    this.#observer = new MutationObserver(() => this.#look());
    this.#observer.observe(output, { childList: true });
    this.#timer = setTimeout(() => this.#look(true), PATIENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    this.#element.remove();
    if (!this.#renderer.isDisposed) this.#renderer.dispose();
  }

  /** What the widgets' renderer writes is text; a widget is an element. */
  #look(isLate = false): void {
    const children = [...this.output.children];
    if (children.some((child) => child !== this.#element)) {
      this.end();
      return;
    }
    if (children.length > 0) return;
    if (!isLate && !this.#isDue && !/error/i.test(this.output.textContent ?? "")) return;
    if (!this.#isDue) {
      this.#isDue = true;
      this.#renderer
        .renderModel(sanitized(this.model, this.rendermime))
        .catch((error: unknown) => complain("drawing a snapshot", error));
    }
    this.output.replaceChildren(this.#element);
  }
}

function sanitized({ data }: MimeModel, rendermime: RenderMime): MimeModel {
  return rendermime.createModel({ data: { "text/html": data["text/html"] ?? "" }, trusted: false });
}
