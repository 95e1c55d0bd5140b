// A fake notebook: a model whose kernel answers from tests/golden/messages.json.
// Serve the repository's root (python -m http.server) and open /js/dev/host.html?theme=dark&language=zh&home=none
import widget from "../../src/hermes_hud_widget/static/widget.js";

const asked = new URLSearchParams(location.search);
const golden = await (await fetch("../../tests/golden/messages.json")).json();
const [hello] = golden.outbound;
const home = Object.keys(hello.watching)[0];
const frames = golden.outbound.filter(
  ({ type, status }) => type === "panel" && (status === "ok" || asked.get("status") === status),
);

const listeners = new Map();
const sent = [];
const model = {
  get: () => ({
    home,
    panels: asked.get("panels")?.split(",") ?? [],
    theme: asked.get("theme") ?? "auto",
    height: Number(asked.get("height") ?? 480),
    language: asked.get("language") ?? "en",
  }),
  on: (event, listener) => listeners.set(event, listener),
  off: (event) => listeners.delete(event),
  send(message) {
    sent.push(message);
    if (window.isKernelGone) throw new Error("Cannot send");
    if (message.type === "relay") setTimeout(() => answer(message.frame), 5);
  },
};

async function answer({ type, id, name, panel, query }) {
  if (type === "module") {
    const text = await (await fetch(`../../src/hermes_hud_widget/static/${name}.js`)).text();
    relay({ type: "module", id, name, text });
  } else if (type === "get") {
    const found = frames.findLast(
      (frame) => frame.panel === panel && frame.query.session === query.session && !frame.unchanged,
    );
    if (found) relay({ ...found, id, query });
    else relay({ type: "error", id, code: "internal", message: "not in the golden file" });
  }
}

const tell = (message) => listeners.get("msg:custom")?.(message);
const relay = (frame) => tell({ type: "relay", frame });

const { initialize, render } = widget();
const el = document.createElement("div");
document.getElementById("cell").append(el);
const { signal } = new AbortController();
initialize({ model, signal });
render({ model, el, signal });
setTimeout(() => {
  tell({ ...golden.kernel_to_model[0], url: "ws://127.0.0.1:9/ws" });
  relay(hello);
}, 20);
Object.assign(window, { relay, tell, sent, listeners, golden });
