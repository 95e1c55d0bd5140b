// The ways to the server past the kernel: a socket to the page's own computer, and one through a proxy of the page's
// own origin.
import {
  asFrame,
  type Hello,
  type Inbound,
  type Outbound,
  type ServerNote,
  SUBPROTOCOL,
  type Try,
} from "./protocol.ts";

/** A socket that opens proves nothing (a proxy opens for a dead port); only `hello` from the right server does. */
const VERIFY_MS = 1_500;
/** A proxy may have to start what it is asked for. */
const PROBE_MS = 10_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Each failed dial leaves a line in the browser's console, so what never answered is left alone. */
const ROUNDS_WITHOUT_ANSWER = 6;
/** A socket may be dead without saying so: after so long a silence it has to show that it lives. */
const HEARTBEAT_MS = 15_000;
/** So long it may take to: with the next dial, what a sleep has missed is on screen within 2 s. */
const PONG_MS = 1_000;

export type SocketWay = "direct" | "proxied";
export type Outcome = Try["outcome"];

/** The part of a WebSocket that is used here. */
export interface Socket {
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
  send(text: string): void;
  close(): void;
}

/** Where a page is. */
export interface Place {
  /** `location.hostname` of the page. */
  hostname: string;
  /** `location.protocol`. */
  protocol: string;
  /** `location.origin`. */
  origin: string;
  /** What addresses within the page are relative to. */
  address: string;
  /** Jupyter's base URL, where the page is Jupyter's. */
  baseUrl: string | null;
}

/** What the browser provides. */
export interface Network extends Place {
  /** From 0 to 1. */
  random(): number;
  openSocket(url: string, protocols: string[]): Socket;
  /** The status of what a GET of this address answers; fails where nothing does. */
  answers(url: string): Promise<number>;
  /** Whether somebody is there: the page is in front, and was touched not long ago. */
  isAttended(): boolean;
}

/** Who gets what comes over a socket. */
interface Owner {
  /** The right server said hello; frames follow. */
  opened(hello: Hello): void;
  heard(frame: Outbound, serverId: string): void;
  /** A socket that was open is closed. */
  closed(): void;
  /** All ways were tried, and none is open; returns whether it makes sense to go on. */
  failed(): boolean;
}

/** A way that may be tried, or what became of it before it was. */
type Candidate = { way: SocketWay } & (
  | { url: string; probe: string | null; outcome?: never }
  | { outcome: Outcome | null }
);

/** What a page may try, in this order; an outcome of null: not yet, another note follows. */
export function candidates(note: ServerNote, place: Place): Candidate[] {
  return [
    { way: "direct", ...directly(note, place) },
    { way: "proxied", ...throughProxy(note, place) },
  ];
}

function directly({ url, transport }: ServerNote, place: Place) {
  if (transport === "comm" || transport === "proxy") return { outcome: "switched-off" as const };
  return url === null || !mayDial(url, place) ? { outcome: "not-local" as const } : { url, probe: null };
}

function throughProxy({ url, transport, proxy_url, token, origins }: ServerNote, place: Place) {
  if (transport === "comm" || transport === "direct") return { outcome: "switched-off" as const };
  const port = url && new URL(url).port;
  const path = proxy_url ?? (port && place.baseUrl && `${place.baseUrl}proxy/${port}/`);
  const base = path && URL.canParse(path, place.address) && new URL(path.replace(/\/?$/, "/"), place.address).href;
  if (!base) return { outcome: "no-proxy" as const };
  if (!mayDial(base, place)) return { outcome: "not-local" as const };
  // A server with a token refuses the names of pages that it does not know.
  if (token !== null && !isLoopback(place.hostname) && !origins.includes(place.origin)) return { outcome: null };
  // Of another origin a page may open a socket, but not read what a GET answers.
  const isOwn = base.startsWith(`${place.origin}/`);
  return { url: `${base.replace(/^http/, "ws")}ws`, probe: isOwn ? `${base}healthz` : null };
}

/** From a page of another machine, loopback would be the viewer's own computer. */
function mayDial(url: string, { hostname, protocol }: Place): boolean {
  return !isLoopback(new URL(url).hostname) || isLoopback(hostname) || protocol === "vscode-webview:";
}

/** Whether a page's host name means the very computer that the browser runs on. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
}

/** Trying again may help where it `refused` or was `silent`; all else holds until there is another note. */
const passing: ReadonlySet<Outcome | undefined> = new Set(["refused", "silent", "live", undefined]);

/**
 * Keeps a socket open to the server that the last note told of: one way after another is tried, all of them again and
 * again, until one is verified.
 *
 * @param isOnly Whether the page has no other way.
 */
export class Sockets {
  /** The way of the socket that is open. */
  way: SocketWay | null = null;
  #note: ServerNote | null = null;
  #candidates: Candidate[] = [];
  readonly #outcomes = new Map<SocketWay, Outcome>();
  #socket: Socket | null = null;
  /** Undone by whatever ends the attempt. */
  #attempt: AbortController | null = null;
  #retry: Timer;
  #rounds = 0;
  #wasOpen = false;
  #isResting = false;
  #heardAt = 0;
  #stopWaiting: (() => void) | null = null;

  constructor(
    private readonly network: Network,
    private readonly owner: Owner,
    private readonly isOnly: boolean,
  ) {}

  /** What came of each way, in the order tried. */
  get tried(): Try[] {
    return this.#candidates.flatMap(({ way, outcome = this.#outcomes.get(way) }) =>
      outcome ? [{ way, outcome }] : [],
    );
  }

  /** Takes in where the server is: what is open stays if that leads to it. */
  learn(note: ServerNote): void {
    if (JSON.stringify(note) === JSON.stringify(this.#note)) {
      // The kernel repeats itself; what was given up while it was gone is tried again.
      if (!this.way && !this.#attempt && this.#retry === undefined && this.#isWorthIt()) this.#round();
      return;
    }
    const before = this.#note;
    const route = (of: Candidate[]) => JSON.stringify(of.find(({ way }) => way === this.way));
    const next = candidates(note, this.network);
    const isSame = before?.server_id === note.server_id && before?.token === note.token;
    const isKept = this.way !== null && isSame && route(next) === route(this.#candidates);
    this.#note = note;
    this.#candidates = next;
    if (isKept) return;
    this.hangUp();
    this.#outcomes.clear();
    this.#rounds = 0;
    this.#wasOpen = false;
    this.#round();
  }

  send(frame: Inbound): boolean {
    if (!this.way) return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /** Hangs up, and dials nothing until it is woken. */
  rest(): void {
    this.#isResting = true;
    this.hangUp();
  }

  /** Somebody may be back: an open socket has to show that it lives, a closed one is tried at once. */
  wake(): void {
    this.#isResting = false;
    if (this.way) this.#ping();
    else if (this.#note && !this.#attempt) this.#round();
  }

  /** To be called about every second. */
  tick(): void {
    if (this.way && Date.now() - this.#heardAt >= HEARTBEAT_MS && this.network.isAttended()) this.#ping();
  }

  hangUp(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#attempt?.abort();
    this.#attempt = null;
    this.#stopWaiting?.();
    const socket = this.#socket;
    this.#socket = null;
    this.way = null;
    socket?.close();
  }

  /** Tries each way once. */
  #round(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (!this.#isResting) this.#try(0);
  }

  #try(index: number): void {
    const candidate = this.#candidates[index];
    if (!candidate) {
      this.#failed();
      return;
    }
    if (!this.#mayTry(candidate)) {
      this.#try(index + 1);
      return;
    }
    const { way } = candidate;
    const attempt = new AbortController();
    const end = (outcome: Outcome) => {
      if (attempt.signal.aborted) return;
      const wasOpen = this.way === way;
      this.hangUp();
      this.#outcomes.set(way, outcome);
      if (wasOpen) this.owner.closed();
      // What was open is tried again soon, not in the very moment in which it failed.
      if (wasOpen) this.#failed();
      else this.#try(index + 1);
    };
    this.#attempt = attempt;
    if (candidate.probe === null) this.#dial(way, candidate.url, attempt.signal, end);
    else this.#probe(candidate.probe, attempt.signal, end, () => this.#dial(way, candidate.url, attempt.signal, end));
  }

  /** Asks whether there is a proxy at all: a failed GET costs less than a failed socket. */
  #probe(url: string, signal: AbortSignal, end: (outcome: Outcome) => void, found: () => void): void {
    this.#wait(PROBE_MS, () => end("silent"));
    this.network.answers(url).then(
      (status) => {
        if (signal.aborted) return;
        if (status === 200) found();
        else end(status === 404 ? "no-proxy" : "refused");
      },
      () => end("refused"),
    );
  }

  #dial(way: SocketWay, url: string, signal: AbortSignal, end: (outcome: Outcome) => void): void {
    const { token, server_id } = this.#note as ServerNote;
    let socket: Socket;
    try {
      socket = this.network.openSocket(url, token === null ? [SUBPROTOCOL] : [SUBPROTOCOL, token]);
    } catch {
      end("refused");
      return;
    }
    this.#socket = socket;
    let serverId: string | null = null;
    this.#wait(VERIFY_MS, () => end("silent"));
    socket.addEventListener("close", () => end("refused"));
    socket.addEventListener("error", () => end("refused"));
    socket.addEventListener("message", ({ data }) => {
      if (signal.aborted) return;
      const frame = asFrame(parsed(data));
      if (!frame) return;
      if (frame.type === "hello") {
        if (frame.server_id !== (server_id ?? frame.server_id)) {
          end("other-server");
          return;
        }
        serverId = frame.server_id;
      }
      if (!serverId) return;
      this.#heardAt = Date.now();
      this.#stopWaiting?.();
      if (frame.type === "hello" && !this.way) {
        this.way = way;
        this.#wasOpen = true;
        this.#rounds = 0;
        this.#outcomes.set(way, "live");
        this.owner.opened(frame);
      } else this.owner.heard(frame, serverId);
    });
    this.#lost = () => end("silent");
  }

  #lost = () => {};

  #ping(): void {
    if (this.#stopWaiting) return;
    this.#wait(PONG_MS, this.#lost);
    this.send({ type: "ping", id: 0 });
  }

  /** Calls `then` unless something is heard within `ms`; where the page itself stood still, as long again. */
  #wait(ms: number, then: () => void): void {
    this.#stopWaiting?.();
    const due = Date.now() + ms;
    let timer = setTimeout(() => {
      if (Date.now() - due < ms) then();
      // What came meanwhile is read after this.
      else timer = setTimeout(then, ms);
    }, ms);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      this.#stopWaiting = null;
    };
  }

  #failed(): void {
    this.#rounds += 1;
    if (!this.owner.failed() || !this.#isWorthIt()) return;
    const ceiling = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#rounds - 1, 10));
    this.#retry = setTimeout(() => this.#round(), this.network.random() * ceiling);
  }

  #isWorthIt(): boolean {
    const isStubborn = this.isOnly || this.#wasOpen || this.#rounds < ROUNDS_WITHOUT_ANSWER;
    return isStubborn && this.#candidates.some((candidate) => this.#mayTry(candidate));
  }

  #mayTry(candidate: Candidate): candidate is Extract<Candidate, { url: string }> {
    return candidate.outcome === undefined && passing.has(this.#outcomes.get(candidate.way));
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function parsed(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}
