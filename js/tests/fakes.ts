import messages from "../../tests/golden/messages.json";
import type { Environment, Model, Socket } from "../src/connection.ts";
import type { Hello, Inbound, KernelToModel, ModelToKernel, Outbound, PanelFrame } from "../src/protocol.ts";

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
}

export function note(serverId = "server-1"): KernelToModel {
  return { type: "server", url: "ws://127.0.0.1:4000/ws", server_id: serverId, token: "secret", home: HOME };
}

/** A server's end of a socket, played by hand. */
export class FakeSocket implements Socket {
  sent: Inbound[] = [];
  isClosed = false;
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
    this.sent.push(JSON.parse(text));
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

  get looks() {
    return this.sent.filter((frame) => frame.type === "look");
  }
}

export class FakeBrowser implements Environment {
  language = "en";
  sockets: FakeSocket[] = [];
  #wake = () => {};

  constructor(
    readonly hostname = "localhost",
    private readonly chance = 1,
  ) {}

  random() {
    return this.chance;
  }

  openSocket(url: string, protocols: string[]) {
    const socket = new FakeSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  }

  onWake(listener: () => void) {
    this.#wake = listener;
  }

  wake() {
    this.#wake();
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }
}
