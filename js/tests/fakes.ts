import messages from "../../tests/golden/messages.json";
import type { Environment, Model } from "../src/connection.ts";
import type {
  Get,
  Hello,
  Inbound,
  KernelToModel,
  ModelToKernel,
  Outbound,
  PanelFrame,
  ServerNote,
} from "../src/protocol.ts";
import type { Socket } from "../src/sockets.ts";

export interface Golden {
  now: string;
  outbound: Outbound[];
  inbound: Inbound[];
  kernel_to_model: KernelToModel[];
  model_to_kernel: ModelToKernel[];
}

/** One example of every message: the file that the server's tests read too. */
export const golden = messages as unknown as Golden;

export const HOME = "home-1";

export function hello(versions: Record<string, number> = {}, serverId = "server-1"): Hello {
  return {
    type: "hello",
    protocol: 1,
    version: "",
    server_id: serverId,
    homes: [{ id: HOME, path: "/home/ada/.hermes", profile: null }],
    panels: ["overview", "memory", "sessions"].map((name) => ({
      name,
      title: name,
      titles: {},
      icon: "panel",
      group: "more",
      module: `views/${name}`,
      payload_schema: null,
    })),
    watching: { [HOME]: { by: "events", reason: null } },
    versions: { [HOME]: versions },
  };
}

export function versions(of: Record<string, number>, seq = 1): Outbound {
  return { type: "versions", seq, versions: { [HOME]: of } };
}

export function panel(name: string, version: number, over: Partial<PanelFrame> = {}): PanelFrame {
  return {
    type: "panel",
    id: null,
    home: HOME,
    panel: name,
    query: {},
    version,
    status: "ok",
    error: null,
    progress: null,
    unchanged: false,
    data: { version },
    ...over,
  };
}

/** A kernel's end of the comm, played by hand. */
export class FakeModel implements Model {
  sent: ModelToKernel[] = [];
  isGone = false;
  comm_live: boolean | undefined;
  readonly #listeners = new Map<string, Set<(content: unknown) => void>>();

  constructor(private readonly options: Record<string, unknown> = { home: HOME }) {}

  get(_: "options") {
    return this.options;
  }

  on(event: string, listener: (content: unknown) => void) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: (content: unknown) => void) {
    this.#listeners.get(event)?.delete(listener);
  }

  send(content: unknown) {
    if (this.isGone) throw new Error("Cannot send");
    this.sent.push(structuredClone(content) as ModelToKernel);
  }

  /** The kernel says something. */
  push(message: KernelToModel) {
    this.emit("msg:custom", message);
  }

  relay(frame: Outbound) {
    this.push({ type: "relay", frame: { ...frame } });
  }

  emit(event: string, content?: unknown) {
    for (const listener of this.#listeners.get(event) ?? []) listener(content);
  }

  /** Kernel and server greet, as they do at display. */
  greet(versions: Record<string, number> = {}, serverId = "server-1") {
    this.push(note(serverId));
    this.relay(hello(versions, serverId));
  }

  of<Type extends ModelToKernel["type"]>(type: Type) {
    return this.sent.filter((message): message is Extract<ModelToKernel, { type: Type }> => message.type === type);
  }

  /** The frames that were to be relayed. */
  get relayed(): Inbound[] {
    return this.of("relay").map(({ frame }) => frame as unknown as Inbound);
  }

  get gets() {
    return this.relayed.filter(({ type }) => type === "get");
  }

  #taken = 0;

  /** The questions that were not taken before. */
  takeGets(): Get[] {
    const fresh = this.gets.slice(this.#taken) as Get[];
    this.#taken += fresh.length;
    return fresh;
  }
}

export function note(serverId: string | null = "server-1", over: Partial<ServerNote> = {}): ServerNote {
  return {
    type: "server",
    url: "ws://127.0.0.1:4000/ws",
    server_id: serverId,
    token: "secret",
    home: HOME,
    transport: "auto",
    proxy_url: null,
    origins: [],
    ...over,
  };
}

/** A server's end of a socket, played by hand. */
export class FakeSocket implements Socket {
  sent: Inbound[] = [];
  isClosed = false;
  /** Dead without saying so: pings stay unanswered. */
  isMute = false;
  readonly #listeners: Record<string, ((event: { data: unknown }) => void)[]> = {};

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  addEventListener(type: string, listener: (event: { data: unknown }) => void) {
    this.#listeners[type] = [...(this.#listeners[type] ?? []), listener];
  }

  send(text: string) {
    if (this.isClosed) throw new Error("socket is closed");
    const frame: Inbound = JSON.parse(text);
    this.sent.push(frame);
    if (frame.type === "ping" && !this.isMute) this.say({ type: "pong", id: frame.id });
  }

  close() {
    this.isClosed = true;
  }

  say(frame: Outbound) {
    for (const listener of this.#listeners.message ?? []) listener({ data: JSON.stringify(frame) });
  }

  die() {
    this.isClosed = true;
    for (const listener of this.#listeners.close ?? []) listener({ data: null });
  }

  get gets() {
    return this.sent.filter((frame) => frame.type === "get");
  }

  /** How many of the questions were taken. */
  answered = 0;

  /** The questions that were not taken before. */
  takeGets(): Get[] {
    const fresh = this.gets.slice(this.answered);
    this.answered += fresh.length;
    return fresh;
  }

  get looks() {
    return this.sent.filter((frame) => frame.type === "look");
  }
}

/** A page and its network, played by hand: no proxy answers unless `proxy` says what. */
export class FakeBrowser implements Environment {
  language = "en";
  host: string | null = null;
  protocol = "http:";
  baseUrl: string | null = null;
  sockets: FakeSocket[] = [];
  /** The status of each GET; null: it is not answered. */
  proxy: number | null = 404;
  probes: string[] = [];
  attended = true;
  #wake = () => {};

  constructor(
    readonly hostname = "localhost",
    private readonly chance = 1,
  ) {}

  get origin() {
    return `${this.protocol}//${this.hostname}`;
  }

  get address() {
    return `${this.origin}/lab/tree/a.ipynb`;
  }

  random() {
    return this.chance;
  }

  openSocket(url: string, protocols: string[]) {
    const socket = new FakeSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  }

  answers(url: string): Promise<number> {
    this.probes.push(url);
    return this.proxy === null ? new Promise(() => {}) : Promise.resolve(this.proxy);
  }

  isAttended() {
    return this.attended;
  }

  onWake(listener: () => void) {
    this.#wake = listener;
  }

  wake() {
    this.#wake();
  }

  get socketOrNull(): FakeSocket | null {
    return this.sockets.at(-1) ?? null;
  }

  get socket(): FakeSocket {
    const last = this.socketOrNull;
    if (!last) throw new Error("no socket was opened");
    return last;
  }
}
