/* In every page: finds HUDs through shadow roots, and times what becomes visible. */
(() => {
  const probe = { sockets: [], addresses: [], tokens: [], blockSockets: false, relayPort: null };
  window.probe = probe;

  const PROXIED = /(\/proxy\/)(\d+)(\/.*)$/;

  /* `blockSockets`: true: all; "direct": those to the server's own port. */
  const address = (url) => {
    const { port, pathname } = new URL(url, location.href);
    const isProxied = PROXIED.test(pathname);
    // Nothing listens on port 1: refused, as on a host that cannot be reached.
    if (probe.blockSockets === true || (probe.blockSockets === "direct" && !isProxied)) return "ws://127.0.0.1:1/";
    if (!probe.relayPort) return url;
    if (isProxied) return String(url).replace(PROXIED, `$1${probe.relayPort}/$2$3`);
    return `ws://127.0.0.1:${probe.relayPort}/${port}${pathname}`;
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, protocols) {
      const [own, token] = [].concat(protocols ?? []);
      const ours = own === "hermes-hud.v1";
      super(ours ? address(url) : url, protocols);
      if (ours) {
        probe.sockets.push(this);
        probe.addresses.push(String(url));
        probe.tokens.push(token);
      }
    }
  };

  probe.all = (selector, root = document) => {
    const found = [];
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(selector)) found.push(element);
      if (element.shadowRoot) found.push(...probe.all(selector, element.shadowRoot));
    }
    return found;
  };
  probe.huds = () => probe.all("[data-hermes-hud]");

  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  /* Milliseconds (performance.now) of the second frame after `fact` became true; null after `limit` ms. */
  probe.when = async (fact, limit) => {
    const end = performance.now() + limit;
    while (!fact()) {
      if (performance.now() > end) return null;
      await frame();
    }
    await frame();
    await frame();
    return performance.now();
  };

  probe.panel = (path) => {
    for (const widget of window.jupyterapp.shell.widgets("main")) {
      if (widget.context?.path === path) return widget;
    }
    return null;
  };

  /* Runs one cell; `done` also waits for its end. Resolves with the time at which the request was sent. */
  probe.run = async (path, index, done) => {
    const panel = probe.panel(path);
    window.jupyterapp.shell.activateById(panel.id);
    panel.content.activeCellIndex = index;
    panel.content.deselectAll();
    const sent = probe.nextRequest(panel);
    const run = window.jupyterapp.commands.execute("notebook:run-cell");
    const at = await sent;
    if (done) await run;
    return at;
  };

  probe.nextRequest = (panel) =>
    new Promise((resolve) => {
      const kernel = panel.sessionContext.session.kernel;
      const listen = (_, { msg, direction }) => {
        if (direction === "send" && msg.header.msg_type === "execute_request") {
          kernel.anyMessage.disconnect(listen);
          resolve(performance.now());
        }
      };
      kernel.anyMessage.connect(listen);
    });

  /* Run All; resolves when number and direct transport are there, in ms after the first request. */
  probe.runAll = async (path, pattern, limit) => {
    const panel = probe.panel(path);
    window.jupyterapp.shell.activateById(panel.id);
    const request = probe.nextRequest(panel);
    const shows = () => probe.huds().some((hud) => new RegExp(pattern).test(hud.innerText));
    const direct = () => probe.huds().some((hud) => hud.dataset.transport === "direct");
    window.jupyterapp.commands.execute("notebook:run-all-cells");
    const sent = await request;
    const [number, upgraded] = await Promise.all([probe.when(shows, limit), probe.when(direct, limit)]);
    return {
      number_ms: number === null ? null : number - sent,
      direct_ms: upgraded === null ? null : upgraded - sent,
    };
  };
})();
