// The server behind Jupyter's login: says what is missing, and has the home open that is to be shown.
import type { Environment } from "../../src/connection.ts";
import type { Outbound } from "../../src/protocol.ts";
import { Sockets } from "../../src/sockets.ts";

export type Trouble =
  | { kind: "no-proxy" | "logged-out" | "unreachable" | "no-socket" }
  | { kind: "server-failed" | "bad-home"; words: string };

/** What there is to show: a home by its id, why not, or null as long as nobody knows. */
export type State = { home: string; version: string } | { trouble: Trouble } | null;

const TICK_MS = 1_000;
/** A server that ended is started again at once, and answers soon; one that cannot be started never does. */
const FAILED_STARTS = 5;
/** A server that ends just when it is dialled is no sign that no socket ever gets there. */
const FAILED_SOCKETS = 3;

/**
 * Keeps a socket open to the server until `signal` aborts, over which the home was asked for: a server that was started
 * anew has only the default one, and whoever shows another has it opened again.
 */
export class Door {
  readonly #sockets: Sockets;
  /** What the last GET came to; null: it led to the server. */
  #trouble: Trouble | null = null;
  #failures = 0;
  #version = "";

  /**
   * @param base Where the server is, `/user/me/hermes-hud/`.
   * @param wanted The home to open; null: the default one, and the profile that Hermes uses.
   * @param tell Gets each state.
   */
  constructor(
    base: string,
    wanted: { path: string | null; profile: string | null },
    private readonly tell: (state: State) => void,
    environment: Environment,
    private readonly signal: AbortSignal,
  ) {
    this.#sockets = new Sockets(
      { ...environment, answers: (url) => this.#ask(url) },
      {
        opened: ({ version }) => {
          this.#version = version;
          this.#failures = 0;
          this.#sockets.send({ type: "home", id: 1, ...wanted });
        },
        heard: (frame) => this.#hear(frame),
        closed: () => {},
        failed: () => this.#failed(),
      },
      true,
    );
    environment.onWake(() => this.#sockets.wake(), signal);
    const ticking = setInterval(() => this.#sockets.tick(), TICK_MS);
    signal.addEventListener("abort", () => {
      clearInterval(ticking);
      this.#sockets.hangUp();
    });
    const nothing = { url: null, server_id: null, token: null, origins: [] };
    this.#sockets.learn({ type: "server", home: "", transport: "proxy", proxy_url: base, ...nothing });
  }

  /** A GET says why nobody is there; a WebSocket does not. It starts the server, too. */
  async #ask(url: string): Promise<number> {
    this.#trouble = { kind: "unreachable" };
    // Followed, a redirection leads to a page for logging in, which answers 200.
    const response = await fetch(url, { redirect: "manual", cache: "no-store", signal: this.signal });
    this.#trouble = await troubleOf(response);
    return response.status;
  }

  #hear(frame: Outbound): void {
    if (frame.type === "home") this.tell({ home: frame.home, version: this.#version });
    else if (frame.type === "error" && frame.id === 1) {
      this.tell({ trouble: { kind: "bad-home", words: frame.message } });
    }
  }

  /** Returns whether to go on by itself: much waits for somebody to mend it. */
  #failed(): boolean {
    this.#failures += 1;
    const trouble = this.#trouble ?? (this.#failures < FAILED_SOCKETS ? null : { kind: "no-socket" as const });
    if (trouble === null) return true;
    this.tell({ trouble });
    if (trouble.kind === "server-failed") return this.#failures < FAILED_STARTS;
    return trouble.kind === "unreachable" || trouble.kind === "no-socket";
  }
}

async function troubleOf(response: Response): Promise<Trouble | null> {
  const { status, type } = response;
  if (response.ok) return null;
  if (status === 404) return { kind: "no-proxy" };
  if (type === "opaqueredirect" || status === 401 || status === 403) return { kind: "logged-out" };
  return { kind: "server-failed", words: wordsOf(status, await response.text()) };
}

/** What Jupyter's page about an error says, without its frame. */
function wordsOf(status: number, html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const other of page.querySelectorAll("script, style, noscript, header")) other.remove();
  const text = (page.body.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 300);
  return text.includes(String(status)) ? text : `${status} ${text}`.trim();
}
