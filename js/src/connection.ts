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
  type Try,
} from "./protocol.ts";
import { type Network, Sockets } from "./sockets.ts";
import type { Way } from "./store.ts";

/** A request may wait for a running cell, so it is repeated rarely, and only while nothing came back at all. */
const ATTACH_AGAIN_MS = [1_000, 3_000, 8_000, 20_000, 60_000];
/** A kernel that has not answered for so long is busy with a cell. */
const BUSY_MS = 2_000;
/** Whoever comes back asks the kernel whether it still is there, unless it was heard so shortly before. */
const HEARD_LATELY_MS = 15_000;
/** What is looked at may be announced in the same moment, and answered without being asked for. */
const ASK_AFTER_MS = 500;
/** No answer for so long after that: nobody knows whether the kernel is busy or gone. */
const SILENT_MS = 10_000;
const TICK_MS = 1_000;
/** A clock that comes so late stood still: the computer slept. */
const SLEPT_MS = 5_000;
/** A page that nobody has looked at for so long lets go of its socket. */
const REST_MS = 30_000;

/** The part of anywidget's model that is used here. */
export interface Model {
  send(content: unknown): void;
  on(event: string, listener: (content: unknown) => void): void;
  off(event: string, listener: (content: unknown) => void): void;
  /** Not in anywidget's model; JupyterLab's own has it. */
  comm_live?: boolean | undefined;
}

/** What the browser provides. */
export interface Environment extends Network {
  /** What the page is of, as far as it can tell: `jupyterlab`, `colab`, … */
  host: string | null;
  /** Calls back when somebody may be back (online, in front, awake, first touch after a while) until `signal` aborts. */
  onWake(listener: () => void, signal: AbortSignal): void;
}

/** Who gets the frames. */
export interface Receiver {
  receive(frame: Outbound, serverId: string): void;
  setWay(way: Way | null): void;
  look(): Look;
  /** Asks whether what is looked at is still the newest. */
  revalidate(): void;
  /** Shows the HUD in the page's side bar; false where there is none. */
  showInSideBar(): boolean;
}

export type Reason =
  | "connecting"
  | "kernel-silent"
  | "kernel-busy"
  | "kernel-lost"
  | "server-down"
  | "closed"
  | "kernel-gone"
  | "no-server"
  | "unreachable";

export interface ConnectionStatus {
  transport: "none" | Way;
  /** `busy`: live, but what is asked for waits for the kernel. */
  state: "live" | "busy" | "stale" | "gone";
  /** When it stopped being live, in ms since the epoch. */
  since: number | null;
  /** Why it isn't live. */
  reason: Reason | null;
  /** The kernel's own words, if it said any. */
  message: string | null;
  /** What came of the ways past the kernel. */
  tried: readonly Try[];
  /** Without a kernel, sockets are all there is. */
  hasKernel: boolean;
}

/**
 * The ways from this model to the server: the comm at first, a socket of our own as soon as one is verified, and the
 * comm again at once when that closes.
 *
 * @param hasKernel Whether anybody is at the comm's other end.
 */
export class Connection {
  status: ConnectionStatus;
  #note: ServerNote | null = null;
  #commServerId: string | null = null;
  #isCommLive = false;
  /** The kernel's words about it; null while the server is up. */
  #serverDown: string | null = null;
  #isKernelGone = false;
  #isClosed = false;
  /** Asked over the comm and not answered for a while; for so long that the kernel may be gone. */
  #isBusy = false;
  #isLost = false;
  #heardAt = 0;
  #tickedAt = Date.now();
  #isSeen = false;
  /** Nobody has looked for a while: no socket, no clock. */
  #isResting = false;
  #restedAt: number | null = null;
  #attaches = 0;
  #attachTimer: Timer;
  #busyTimer: Timer;
  #wakeTimer: Timer;
  #restTimer: Timer;
  #ticking: Timer;
  #lostTimer: Timer;
  #lookTimer: Timer;
  #commLook: string | null = null;
  #socketLook: string | null = null;
  /** What the kernel was told last of how this page is fed. */
  #acked: string | null = null;
  /** Tells this page from others that show the same model: they share its comm. */
  readonly #client = randomId();
  readonly #sockets: Sockets;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly model: Model,
    private readonly environment: Environment,
    private readonly receiver: Receiver,
    signal: AbortSignal,
    private readonly hasKernel = true,
  ) {
    this.status = {
      transport: "none",
      state: "stale",
      since: null,
      reason: "connecting",
      message: null,
      tried: [],
      hasKernel,
    };
    this.#sockets = new Sockets(
      environment,
      {
        opened: (hello) => this.#opened(hello),
        heard: (frame, serverId) => receiver.receive(frame, serverId),
        closed: () => this.#fallBack(),
        failed: () => this.#failed(),
      },
      !hasKernel,
    );
    const onMessage = (content: unknown) => this.#hear(content);
    const onCommChange = () => this.#probeKernel();
    model.on("msg:custom", onMessage);
    model.on("comm_live_update", onCommChange);
    environment.onWake(() => this.#wake(), signal);
    this.setSeen(true);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", onMessage);
      model.off("comm_live_update", onCommChange);
      this.#close(null);
      clearTimeout(this.#lookTimer);
      this.#listeners.clear();
    });
    if (hasKernel) this.#attach();
  }

  /** Calls `listener` when `status` changed; returns its undo. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends by the best way; false when none is open. */
  send(frame: Inbound): boolean {
    if (this.#sockets.send(frame)) return true;
    if (!this.#isCommLive) return false;
    const isSent = this.#tell({ type: "relay", client: this.#client, frame: { ...frame } });
    if (isSent && "id" in frame) this.#busyTimer ??= setTimeout(() => this.#becomeBusy(), BUSY_MS);
    return isSent;
  }

  /** What is looked at may have changed. */
  lookChanged(): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#sendLook();
    }, 0);
  }

  /**
   * Says whether anybody can see what comes. A page that nobody sees for a while has no socket, dials none and does not
   * ask the kernel for its data instead: a hub would take all of that for use, and never stop an idle machine.
   */
  setSeen(isSeen: boolean): void {
    if (isSeen === this.#isSeen || this.#isClosed) return;
    this.#isSeen = isSeen;
    clearInterval(this.#ticking);
    clearTimeout(this.#restTimer);
    if (isSeen) {
      this.#isResting = false;
      this.#ticking = setInterval(() => this.#tick(), TICK_MS);
      // The clock stood still, as if the computer had slept.
      if (this.hasKernel || this.#sockets.way) this.#tick();
      else this.#wake();
    } else if (this.hasKernel || this.#sockets.way) this.#restTimer = setTimeout(() => this.#rest(), REST_MS);
    else this.#rest();
  }

  // -- the comm

  #hear(content: unknown): void {
    if (this.#isClosed || !isRecord(content)) return;
    const message = content as unknown as KernelToModel;
    this.#isKernelGone = false;
    const frame = asFrame((message as { frame?: unknown }).frame);
    this.#answered(frame && !(frame as { id?: number | null }).id);
    if (message.type === "server") {
      this.#note = message;
      this.#learn(message);
    } else if (frame) {
      if (frame.type === "hello") this.#greet(frame);
      else if (this.#commServerId) {
        this.#stopAttaching();
        this.receiver.receive(frame, this.#commServerId);
      }
    } else if (message.type === "trouble") {
      this.#stopAttaching();
      this.#isCommLive = false;
      this.#serverDown = message.message;
      if (message.kind === "closed") this.#close(message.message);
      else this.#settle(message.kind, message.message);
    } else if (message.type === "side-panel") {
      this.#tell({ type: "side-panel", client: this.#client, shown: this.receiver.showInSideBar() });
    }
  }

  #learn(note: ServerNote): void {
    // The hello of the server before says nothing of this one; its own follows.
    if (this.#commServerId !== note.server_id) this.#isCommLive = false;
    this.#sockets.learn(note);
    this.#settle(null);
  }

  /** The server said hello over the kernel's connection. */
  #greet(hello: Hello): void {
    // The note always comes first: this is a kept hello of a server that is gone.
    if (this.#note && hello.server_id !== (this.#note.server_id ?? hello.server_id)) return;
    this.#stopAttaching();
    // What an earlier connection owed never comes; what still is wanted is asked for again.
    this.#answered();
    this.#commServerId = hello.server_id;
    this.#isCommLive = true;
    this.#serverDown = null;
    this.receiver.receive(hello, hello.server_id);
    this.#settle(null);
    // Without the note there is no way to a socket, and the kernel repeats both until it hears this.
    if (this.#note) this.#acknowledge(true);
    this.#sendLook();
  }

  /** Tells the kernel by which way the data come, and what became of the others: only what is news. */
  #acknowledge(isAsked: boolean): void {
    if (!this.hasKernel || this.#isKernelGone) return;
    const { way, tried } = this.#sockets;
    const how = { transport: way ?? ("comm" as const), host: this.environment.host, tried };
    const text = JSON.stringify(how);
    if (text === this.#acked && !isAsked) return;
    this.#acked = text;
    this.#tell({ type: "ack", client: this.#client, ...how });
  }

  #attach(): void {
    // Whatever it was told of this page before, the kernel relays for it now.
    this.#acked = null;
    const look = this.receiver.look();
    this.#commLook = look.panels.length > 0 ? JSON.stringify(look) : null;
    const { origin } = this.environment;
    this.#tell({ type: "attach", client: this.#client, look: this.#commLook === null ? null : look, origin });
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
    if (this.#isClosed || !this.hasKernel) return;
    if (this.model.comm_live === false) {
      this.#loseKernel();
      return;
    }
    if (this.#isKernelGone) {
      this.#isKernelGone = false;
      this.#settle("kernel-silent");
    }
    if (this.#sockets.way) this.#acknowledge(true);
    else this.#attachAnew();
  }

  #attachAnew(): void {
    this.#stopAttaching();
    this.#attach();
  }

  #loseKernel(): void {
    this.#isKernelGone = true;
    this.#isCommLive = false;
    this.#stopAttaching();
    this.#answered();
    this.#settle("kernel-gone");
  }

  /** What was asked over the comm waits for a running cell; what is pushed does not. */
  #becomeBusy(): void {
    this.#isBusy = true;
    this.#settle(null);
  }

  /** The kernel was heard, or is not asked any more. */
  #answered(isPush?: boolean | null): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#lostTimer);
    const wasWaiting = this.#isLost || this.#isBusy;
    this.#isLost = false;
    // A push comes past the running cell: it answers nothing that waits for the cell.
    if (!isPush) {
      clearTimeout(this.#busyTimer);
      this.#busyTimer = undefined;
      this.#isBusy = false;
    }
    if (wasWaiting) this.#settle(null);
  }

  /** Ends for good; the kernel's words if it was the kernel that closed the HUD. */
  #close(message: string | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isCommLive = false;
    this.#sockets.hangUp();
    this.#stopAttaching();
    clearTimeout(this.#wakeTimer);
    clearTimeout(this.#restTimer);
    clearInterval(this.#ticking);
    this.#answered();
    this.#settle("closed", message);
  }

  // -- sockets

  #opened(hello: Hello): void {
    this.#serverDown = null;
    this.#socketLook = null;
    this.#stopAttaching();
    this.#answered();
    this.receiver.receive(hello, hello.server_id);
    this.#sendLook();
    this.#settle(null);
    this.#acknowledge(false);
  }

  /** The socket died: the kernel is asked to relay again, which it may do only after the running cell. */
  #fallBack(): void {
    this.#isCommLive = false;
    if (!this.hasKernel) this.#settle("unreachable");
    else if (this.#isKernelGone) this.#settle("kernel-gone");
    else if (this.#serverDown !== null) this.#settle("server-down", this.#serverDown);
    else this.#settle("kernel-silent");
    if (this.hasKernel && !this.#isKernelGone) this.#attachAnew();
  }

  #failed(): boolean {
    if (!this.hasKernel) {
      const isThere = this.#sockets.tried.some(({ outcome }) => outcome === "refused" || outcome === "silent");
      this.#settle(isThere ? "unreachable" : "no-server");
      // Who asks starts the server again: not for a page that nobody sees.
      return this.#isSeen;
    }
    this.#settle(null);
    if (this.#isCommLive) this.#acknowledge(false);
    // The kernel stopped relaying when it heard that this page has a socket.
    else if (!this.#isKernelGone && this.#attaches === 0) this.#attach();
    // The server went with the kernel.
    return !this.#isKernelGone;
  }

  // -- both

  /** Somebody may be back, and nobody knows what was missed meanwhile. */
  #wake(): void {
    if (this.#isClosed || this.#isResting || (this.#isKernelGone && !this.#sockets.way)) return;
    this.#sockets.wake();
    this.#wakeTimer ??= setTimeout(() => {
      this.#wakeTimer = undefined;
      if (this.#sockets.way || this.#isKernelGone || this.#isResting) return;
      if (!this.#isCommLive) {
        this.#settle(this.status.reason ?? (this.hasKernel ? "kernel-silent" : "unreachable"), this.status.message);
        if (this.hasKernel) this.#attachAnew();
      } else if (Date.now() - this.#heardAt > HEARD_LATELY_MS) this.#askKernel();
    }, ASK_AFTER_MS);
  }

  #askKernel(): void {
    this.receiver.revalidate();
    // JupyterLab and Notebook say by themselves that a kernel is gone.
    if (this.#busyTimer === undefined || this.environment.host?.startsWith("jupyter")) return;
    clearTimeout(this.#lostTimer);
    this.#lostTimer = setTimeout(() => {
      this.#isLost = true;
      this.#settle("kernel-lost");
    }, SILENT_MS);
  }

  #tick(): void {
    const hasSlept = Date.now() - this.#tickedAt > SLEPT_MS;
    this.#tickedAt = Date.now();
    if (hasSlept) this.#wake();
    else this.#sockets.tick();
  }

  #rest(): void {
    this.#isResting = true;
    this.#restedAt = Date.now();
    // The kernel relays nothing for a page that it knows to have a socket.
    if (this.#sockets.way) this.#isCommLive = false;
    this.#sockets.rest();
    this.#stopAttaching();
    this.#settle(null);
  }

  #sendLook(): void {
    const look = this.receiver.look();
    const text = JSON.stringify(look);
    if (this.#sockets.way) {
      // Over our own socket we ask; the server only announces.
      if (text !== this.#socketLook && this.send({ ...look, queries: {} })) this.#socketLook = text;
    } else if (this.#isCommLive && (this.#commLook !== null || look.panels.length > 0)) {
      if (text !== this.#commLook && this.send(look)) this.#commLook = text;
    }
  }

  #settle(why: Reason | null, message: string | null = null): void {
    const before = this.status;
    const way: Way | null = this.#sockets.way ?? (this.#isCommLive ? "comm" : null);
    const isGone = this.#isClosed || this.#isKernelGone;
    if (this.#isResting && !way && !isGone) {
      // What was let go of is not lost: nobody is to be told so.
      this.receiver.setWay(null);
      return;
    }
    const shared = { ...before, tried: this.#sockets.tried };
    if (way && !(way === "comm" && this.#isLost)) {
      this.#restedAt = null;
      const isBusy = way === "comm" && this.#isBusy;
      const reason = isBusy ? "kernel-busy" : null;
      this.status = { ...shared, transport: way, state: isBusy ? "busy" : "live", since: null, reason, message: null };
    } else {
      this.status = {
        ...shared,
        // Without a socket only the comm can bring it back.
        transport: isGone || !this.hasKernel ? "none" : before.transport === "none" ? "none" : "comm",
        state: isGone ? "gone" : "stale",
        // Null as long as it never was live.
        since: before.since ?? (isGone || before.transport !== "none" ? (this.#restedAt ?? Date.now()) : null),
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
