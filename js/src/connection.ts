import {
  asFrame,
  type Hello,
  type Inbound,
  isRecord,
  type KernelToModel,
  type Look,
  type ModelToKernel,
  type Outbound,
  type ServerNote,
  SUBPROTOCOL,
} from "./protocol.ts";
import type { Way } from "./store.ts";

/** A request may wait for a running cell, so it is repeated rarely, and only while nothing came back at all. */
const ATTACH_AGAIN_MS = [1_000, 3_000, 8_000, 20_000, 60_000];
/** A socket that opens proves nothing (a proxy opens for a dead port); only `hello` from the right server does. */
const VERIFY_MS = 1_500;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Each failed dial leaves a line in the browser's console, so a port that never answered is left alone. */
const DIALS_WITHOUT_ANSWER = 6;

/** The part of anywidget's model that is used here. */
export interface Model {
  send(content: unknown): void;
  on(event: string, listener: (content: unknown) => void): void;
  off(event: string, listener: (content: unknown) => void): void;
  /** Not in anywidget's model; JupyterLab's own has it. */
  comm_live?: boolean | undefined;
}

/** The part of a WebSocket that is used here. */
export interface Socket {
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
  send(text: string): void;
  close(): void;
}

/** What the browser provides. */
export interface Environment {
  /** `location.hostname` of the page. */
  hostname: string;
  /** From 0 to 1. */
  random(): number;
  openSocket(url: string, protocols: string[]): Socket;
  /** Calls back when trying again is worth it (back online, tab visible again) until `signal` aborts. */
  onWake(listener: () => void, signal: AbortSignal): void;
}

/** Who gets the frames. */
export interface Receiver {
  receive(frame: Outbound, serverId: string): void;
  setWay(way: Way | null): void;
  look(): Look;
}

export type Reason = "connecting" | "kernel-silent" | "server-down" | "closed" | "kernel-gone";

export interface ConnectionStatus {
  transport: "none" | "comm" | "direct";
  state: "live" | "stale" | "gone";
  /** When it stopped being live, in ms since the epoch. */
  since: number | null;
  /** Why it isn't live. */
  reason: Reason | null;
  /** The kernel's own words, if it said any. */
  message: string | null;
  /** Why the way is not direct. */
  notDirect: "not-local" | "refused" | "other-server" | null;
}

/**
 * The ways from this model to the server: the comm at first, a socket of our own where the page's computer is
 * the server's, and the comm again at once when that closes.
 */
export class Connection {
  status: ConnectionStatus = {
    transport: "none",
    state: "stale",
    since: null,
    reason: "connecting",
    message: null,
    notDirect: null,
  };
  #note: ServerNote | null = null;
  #commServerId: string | null = null;
  #isCommLive = false;
  /** The kernel's words about it; null while the server is up. */
  #serverDown: string | null = null;
  #isKernelGone = false;
  #isClosed = false;
  #socket: Socket | null = null;
  #isVerified = false;
  #wasVerified = false;
  #failedDials = 0;
  #attaches = 0;
  #attachTimer: Timer;
  #dialTimer: Timer;
  #verification: Timer;
  #lookTimer: Timer;
  #commLook: string | null = null;
  #directLook: string | null = null;
  /** Tells this page from others that show the same model: they share its comm. */
  readonly #client = randomId();
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly model: Model,
    private readonly environment: Environment,
    private readonly receiver: Receiver,
    signal: AbortSignal,
  ) {
    const onMessage = (content: unknown) => this.#hear(content);
    const onCommChange = () => this.#probeKernel();
    model.on("msg:custom", onMessage);
    model.on("comm_live_update", onCommChange);
    environment.onWake(() => this.#wake(), signal);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", onMessage);
      model.off("comm_live_update", onCommChange);
      this.#isClosed = true;
      this.#hangUp();
      this.#stopAttaching();
      clearTimeout(this.#lookTimer);
      this.#listeners.clear();
    });
    this.#attach();
  }

  /** Calls `listener` when `status` changed; returns its undo. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends by the best way; false when none is open. */
  send(frame: Inbound): boolean {
    if (this.#isVerified && this.#socket) {
      this.#socket.send(JSON.stringify(frame));
      return true;
    }
    return this.#isCommLive && this.#tell({ type: "relay", client: this.#client, frame: { ...frame } });
  }

  /** What is looked at may have changed. */
  lookChanged(): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#sendLook();
    }, 0);
  }

  // -- the comm

  #hear(content: unknown): void {
    if (this.#isClosed || !isRecord(content)) return;
    const message = content as unknown as KernelToModel;
    this.#isKernelGone = false;
    if (message.type === "server") this.#learn(message);
    else if (message.type === "relay") {
      const frame = asFrame(message.frame);
      if (frame?.type === "hello") this.#greet(frame);
      else if (frame && this.#commServerId) {
        this.#stopAttaching();
        this.receiver.receive(frame, this.#commServerId);
      }
    } else if (message.type === "trouble") {
      this.#stopAttaching();
      this.#isCommLive = false;
      this.#serverDown = message.message;
      if (message.kind === "closed") {
        this.#isClosed = true;
        this.#hangUp();
      }
      this.#settle(message.kind, message.message);
    }
  }

  /** The server said hello over the kernel's connection. */
  #greet(hello: Hello): void {
    // The note always comes first: this is a kept hello of a server that is gone.
    if (this.#note && hello.server_id !== this.#note.server_id) return;
    this.#stopAttaching();
    this.#commServerId = hello.server_id;
    this.#isCommLive = true;
    this.#serverDown = null;
    this.receiver.receive(hello, hello.server_id);
    this.#settle(null);
    // Without the note there is no way to a socket, and the kernel repeats both until it hears this.
    if (this.#note) this.#tell({ type: "ack", client: this.#client, direct: this.#isVerified });
    this.#sendLook();
  }

  #attach(): void {
    const look = this.receiver.look();
    this.#commLook = look.panels.length > 0 ? JSON.stringify(look) : null;
    this.#tell({ type: "attach", client: this.#client, look: this.#commLook === null ? null : look });
    clearTimeout(this.#attachTimer);
    const delay = ATTACH_AGAIN_MS[this.#attaches];
    if (delay === undefined || this.#isKernelGone) return;
    this.#attaches += 1;
    this.#attachTimer = setTimeout(() => this.#attach(), delay);
  }

  #stopAttaching(): void {
    clearTimeout(this.#attachTimer);
    this.#attaches = 0;
  }

  #tell(message: ModelToKernel): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      // JupyterLab throws "Cannot send" on the comm of a kernel that was restarted.
      this.#loseKernel();
      return false;
    }
  }

  #probeKernel(): void {
    if (this.#isClosed) return;
    if (this.model.comm_live === false) {
      this.#loseKernel();
      return;
    }
    if (this.#isKernelGone) {
      this.#isKernelGone = false;
      this.#settle("kernel-silent");
    }
    if (this.#isVerified) this.#tell({ type: "ack", client: this.#client, direct: true });
    else {
      this.#stopAttaching();
      this.#attach();
    }
  }

  #loseKernel(): void {
    this.#isKernelGone = true;
    this.#isCommLive = false;
    this.#stopAttaching();
    this.#settle("kernel-gone");
  }

  // -- the socket

  #learn(note: ServerNote): void {
    const isNew = JSON.stringify(note) !== JSON.stringify(this.#note);
    this.#note = note;
    if (!isNew && (this.#isVerified || this.#socket || this.#dialTimer !== undefined)) return;
    if (isNew) {
      this.#hangUp();
      // The hello of the server before says nothing of this one; its own follows.
      if (note.server_id !== this.#commServerId) this.#isCommLive = false;
      this.#failedDials = 0;
      this.#wasVerified = false;
      this.#settle(null);
    }
    if (!isLoopback(this.environment.hostname)) this.status = { ...this.status, notDirect: "not-local" };
    else if (isNew || this.#mayDial()) this.#dial();
  }

  #dial(): void {
    clearTimeout(this.#dialTimer);
    this.#dialTimer = undefined;
    const note = this.#note;
    if (!note || this.#socket || this.#isClosed) return;
    let socket: Socket;
    try {
      socket = this.environment.openSocket(note.url, [SUBPROTOCOL, note.token]);
    } catch {
      this.#failed("refused");
      return;
    }
    this.#socket = socket;
    let serverId: string | null = null;
    this.#verification = setTimeout(() => end("refused"), VERIFY_MS);
    const end = (why: "refused" | "other-server") => {
      if (this.#socket !== socket) return;
      const wasVerified = this.#isVerified;
      this.#hangUp();
      if (wasVerified) this.#fallBack();
      this.#failed(why);
    };
    socket.addEventListener("close", () => end("refused"));
    socket.addEventListener("error", () => end("refused"));
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket !== socket) return;
      const frame = asFrame(parsed(data));
      if (!frame) return;
      if (frame.type === "hello") {
        if (frame.server_id !== note.server_id) return end("other-server");
        clearTimeout(this.#verification);
        serverId = frame.server_id;
        this.#verified(frame);
      } else if (serverId) {
        this.receiver.receive(frame, serverId);
      }
    });
  }

  #verified(hello: Hello): void {
    this.#isVerified = true;
    this.#wasVerified = true;
    this.#failedDials = 0;
    this.#serverDown = null;
    this.#directLook = null;
    this.#stopAttaching();
    this.status = { ...this.status, notDirect: null };
    this.receiver.receive(hello, hello.server_id);
    this.#sendLook();
    this.#settle(null);
    this.#tell({ type: "ack", client: this.#client, direct: true });
  }

  /** The socket died: the kernel is asked to relay again, which it may do only after the running cell. */
  #fallBack(): void {
    this.#isCommLive = false;
    if (this.#isKernelGone) this.#settle("kernel-gone");
    else if (this.#serverDown !== null) this.#settle("server-down", this.#serverDown);
    else this.#settle("kernel-silent");
    if (this.#isKernelGone) return;
    this.#stopAttaching();
    this.#attach();
  }

  #failed(why: "refused" | "other-server"): void {
    this.status = { ...this.status, notDirect: why };
    this.#failedDials = why === "other-server" ? Number.POSITIVE_INFINITY : this.#failedDials + 1;
    this.#tellListeners();
    if (this.#isKernelGone) return;
    // The kernel stopped relaying when it heard that this page has a socket.
    if (!this.#isCommLive && this.#attaches === 0) this.#attach();
    if (!this.#mayDial()) return;
    const ceiling = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#failedDials, 10));
    this.#dialTimer = setTimeout(() => this.#dial(), this.environment.random() * ceiling);
  }

  #mayDial(): boolean {
    if (this.#isClosed || this.#failedDials === Number.POSITIVE_INFINITY) return false;
    return this.#wasVerified || this.#failedDials < DIALS_WITHOUT_ANSWER;
  }

  #wake(): void {
    if (this.#isClosed || this.#isKernelGone || !this.#note || this.#socket) return;
    if (this.#failedDials === Number.POSITIVE_INFINITY) return;
    if (isLoopback(this.environment.hostname)) this.#dial();
  }

  #hangUp(): void {
    const socket = this.#socket;
    clearTimeout(this.#verification);
    clearTimeout(this.#dialTimer);
    this.#dialTimer = undefined;
    this.#socket = null;
    this.#isVerified = false;
    socket?.close();
  }

  // -- both

  #sendLook(): void {
    const look = this.receiver.look();
    const text = JSON.stringify(look);
    if (this.#isVerified) {
      // Over our own socket we ask; the server only announces.
      if (text !== this.#directLook && this.send({ ...look, queries: {} })) this.#directLook = text;
    } else if (this.#isCommLive && (this.#commLook !== null || look.panels.length > 0)) {
      if (text !== this.#commLook && this.send(look)) this.#commLook = text;
    }
  }

  #settle(why: Reason | null, message: string | null = null): void {
    const before = this.status;
    const way: Way | null = this.#isVerified ? "direct" : this.#isCommLive ? "comm" : null;
    if (way) {
      this.status = { ...before, transport: way, state: "live", since: null, reason: null, message: null };
    } else {
      const isGone = this.#isClosed || this.#isKernelGone;
      this.status = {
        ...before,
        // Without a socket only the comm can bring it back.
        transport: isGone ? "none" : before.transport === "direct" ? "comm" : before.transport,
        state: isGone ? "gone" : "stale",
        since: before.since ?? (before.reason === "connecting" && !isGone ? null : Date.now()),
        reason: why ?? before.reason ?? "kernel-silent",
        message: why ? message : before.message,
      };
    }
    this.receiver.setWay(way);
    this.#tellListeners();
  }

  #tellListeners(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/** `crypto.randomUUID` is there only on https and localhost; this is everywhere. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether a page's host name means the very computer that the browser runs on. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function parsed(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}
