import type {
  ErrorFrame,
  Hello,
  Inbound,
  Look,
  ModuleFrame,
  Outbound,
  PanelFrame,
  ProfileFrame,
  Query,
} from "./protocol.ts";
import { keyOf, withoutDefaults } from "./query.ts";

/** A push is on its way when versions move over the comm; only when it stays away do we ask. */
const PUSH_GRACE_MS = 500;
/** How long to wait when an answer was older than what was announced. */
const NO_PROGRESS_MS = 1_000;
/** A request that was not answered for so long may be lost, on its way there or back. */
const LOST_MS = 2_000;
/** Snapshots kept of what nobody looks at any more: another tab, the page before. */
const KEPT_UNSEEN = 40;

/** The kernel's comm, or one of two sockets: over those we ask, over the comm the kernel pushes. */
export type Way = "comm" | "direct" | "proxied";

/** What the server said last about one (panel, query). */
export interface Snapshot {
  panel: string;
  query: Query;
  version: number;
  /** Versions of different servers do not compare. */
  serverId: string;
  status: PanelFrame["status"];
  error: PanelFrame["error"];
  progress: PanelFrame["progress"];
  data: unknown;
}

/** What a viewer of one (panel, query) gets to see. */
export interface Reading {
  snapshot: Snapshot | null;
  /** False when the drawn snapshot is of a server that is gone, and not yet asked for again. */
  isOfThisServer: boolean;
  /** The server's answer when it could not answer. */
  refusal: ErrorFrame | null;
  /** When the question that is still open was asked, in ms since the epoch. */
  askedAt: number | null;
  /** True while the server has, or is expected to have, something newer. */
  isBehind: boolean;
}

export interface ModuleReading {
  text: string | null;
  refusal: ErrorFrame | null;
}

interface Request {
  id: number;
  /** In ms since the epoch. */
  sentAt: number;
}

interface Entry {
  panel: string;
  query: Query;
  snapshot: Snapshot | null;
  refusal: ErrorFrame | null;
  /** What was announced when the server refused: it is asked again when that moves. */
  refusedAt: number;
  request: (Request & { have: number | null }) | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  watchers: number;
  lastSeen: number;
}

/** Another profile of the same root, whose home is to be shown in the place of the model's own. */
interface Profile {
  name: string;
  request: Request | null;
  settle: { done: () => void; fail: (error: Error) => void } | null;
}

/**
 * What this client holds of one home, revalidated while it is looked at.
 *
 * Old rows stay until new ones arrive; one request is in flight per (panel, query); answers that come late
 * are told by their version. Time comes from `Date.now` and `setTimeout` only, chance from `Math.random`.
 *
 * @param home Id of the home.
 * @param send Sends a request on the way that is open; false when there is none.
 */
export class Store {
  hello: Hello | null = null;
  #way: Way | null = null;
  #graceUntil = 0;
  /** Pages that show the same model hear each other's answers: ids must not meet. */
  #lastId = Math.floor(Math.random() * 2 ** 40);
  #sightings = 0;
  readonly #announced = new Map<string, number>();
  readonly #entries = new Map<string, Entry>();
  readonly #requests = new Map<number, Entry>();
  readonly #modules = new Map<string, ModuleReading & { isWanted: boolean; request: Request | null }>();
  readonly #listeners = new Set<() => void>();
  readonly #lookListeners = new Set<() => void>();

  /** Id of the home that is shown: the model's own, or another profile's. */
  #home: string;
  #profile: Profile | null = null;

  constructor(
    private readonly own: string,
    private readonly send: (frame: Inbound) => boolean,
  ) {
    this.#home = own;
  }

  /** Id of the home that is shown. */
  get home(): string {
    return this.#home;
  }

  /**
   * Shows the home of another profile of the same root from now on; `default` is the root home.
   *
   * The promise is kept when that home is open, and broken with the server's words when it refuses. It is kept, too,
   * when another profile is chosen meanwhile: whoever chose again knows, and what becomes of that is told there.
   */
  showProfile(name: string): Promise<void> {
    this.#profile?.settle?.done();
    return new Promise((done, fail) => {
      this.#profile = { name, request: null, settle: { done, fail } };
      this.#askProfile();
    });
  }

  #askProfile(): void {
    const profile = this.#profile;
    // A server that was started anew has only the model's own home open.
    if (!profile || profile.request || !(profile.settle || !this.#isOpen()) || !this.hello) return;
    const id = ++this.#lastId;
    if (this.send({ type: "profile", id, home: this.own, profile: profile.name })) {
      profile.request = { id, sentAt: Date.now() };
    } else {
      profile.settle?.fail(new Error("There is no connection."));
      profile.settle = null;
    }
  }

  #keepProfile(frame: ProfileFrame): void {
    const profile = this.#profile;
    if (!profile || profile.request?.id !== frame.id) return;
    const { settle } = profile;
    profile.request = profile.settle = null;
    this.#moveTo(frame.home);
    settle?.done();
  }

  /** Everything that is held is of the home before. */
  #moveTo(home: string): void {
    if (home === this.#home) return;
    this.send({ type: "look", home: this.#home, panels: [], queries: {} });
    this.#home = home;
    this.#dropRequests();
    this.#announced.clear();
    for (const entry of this.#entries.values()) Object.assign(entry, { snapshot: null, refusal: null });
    if (this.hello) this.#announce(this.hello.versions);
    this.#tellLook();
    this.#askAll(this.#graceMs);
  }

  /** Calls `listener` after every change; returns its undo. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` when `look()` may have changed; returns its undo. */
  onLook(listener: () => void): () => void {
    this.#lookListeners.add(listener);
    return () => this.#lookListeners.delete(listener);
  }

  /** Somebody sees this (panel, query) from now on; returns the undo. */
  watch(panel: string, query: Query): () => void {
    const entry = this.#entry(panel, query);
    entry.watchers += 1;
    if (entry.watchers === 1) {
      entry.refusal = null;
      this.#tellLook();
      this.#ask(entry, Math.max(0, this.#graceUntil - Date.now()));
    }
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      entry.watchers -= 1;
      entry.lastSeen = ++this.#sightings;
      if (entry.watchers === 0) {
        clearTimeout(entry.timer);
        entry.timer = undefined;
        this.#forgetUnseen();
        this.#tellLook();
      }
    };
  }

  read(panel: string, query: Query): Reading {
    const entry = this.#entries.get(keyOf(panel, query));
    return {
      snapshot: entry?.snapshot ?? null,
      isOfThisServer: !entry?.snapshot || entry.snapshot.serverId === this.hello?.server_id,
      refusal: entry?.refusal ?? null,
      askedAt: entry?.request?.sentAt ?? null,
      isBehind: !entry || this.#isBehind(entry),
    };
  }

  /**
   * Of what is looked at of a panel and is not there: why, in the server's words, once nothing of it is on its way any
   * more; null as long as something is, or if nothing is missing.
   */
  refused(panel: string): string | null {
    const missing = [...this.#entries.values()].filter(
      (entry) => entry.panel === panel && entry.watchers > 0 && (entry.snapshot?.data ?? null) === null,
    );
    const words = missing.map(({ snapshot, refusal }) => refusal?.message ?? snapshot?.error?.message ?? null);
    return words.includes(null) ? null : (words[0] ?? null);
  }

  /** Asks again for what the server refused of a panel, or could not read. */
  askAgain(panel: string): void {
    for (const entry of this.#entries.values()) {
      const isWithoutData = entry.watchers > 0 && entry.snapshot?.error && entry.snapshot.data === null;
      if (entry.panel !== panel || !(entry.refusal || isWithoutData)) continue;
      entry.refusal = null;
      if (isWithoutData) entry.snapshot = null;
      this.#ask(entry, 0);
    }
    this.#tell();
  }

  /** The text of a module, if it was asked for and came. */
  module(name: string): ModuleReading {
    return this.#modules.get(name) ?? { text: null, refusal: null };
  }

  /** Asks again for a module that was refused, or whose text was of no use. */
  renewModule(name: string): void {
    this.#modules.delete(name);
    this.wantModule(name);
  }

  wantModule(name: string): void {
    const module = this.#module(name);
    if (module.isWanted) return;
    module.isWanted = true;
    this.#askModules(Math.max(0, this.#graceUntil - Date.now()));
  }

  /** What is looked at now, with the queries on show. */
  look(): Look {
    const queries: Look["queries"] = {};
    for (const entry of this.#entries.values()) {
      if (entry.watchers > 0) {
        queries[entry.panel] ??= [];
        queries[entry.panel]?.push(entry.query);
      }
    }
    // The server would refuse a home that it does not have.
    if (!this.#isOpen()) return { type: "look", home: this.own, panels: [], queries: {} };
    return { type: "look", home: this.home, panels: Object.keys(queries), queries };
  }

  /** The way changed (null: none is open): what was asked on the old one may never be answered. */
  setWay(way: Way | null): void {
    if (way === this.#way) return;
    this.#way = way;
    this.#dropRequests();
    if (this.#graceMs === 0) this.#graceUntil = 0;
    if (way !== null) this.#askAll(this.#graceMs);
    this.#tell();
  }

  /** How long to wait for a push before asking. */
  get #graceMs(): number {
    return this.#way === "direct" || this.#way === "proxied" ? 0 : PUSH_GRACE_MS;
  }

  /** Asks whether what is looked at is still the newest: what was pushed, asked or answered may have been lost. */
  revalidate(): void {
    this.#dropRequests(Date.now() - LOST_MS);
    this.#askAll(0);
    for (const entry of this.#entries.values()) this.#ask(entry, 0, true);
  }

  /**
   * Takes a frame in.
   *
   * @param serverId The server that speaks on the way by which the frame came.
   */
  receive(frame: Outbound, serverId: string): void {
    if (frame.type === "hello") this.#welcome(frame);
    else if (serverId !== this.hello?.server_id) return;
    else if (frame.type === "versions") this.#announce(frame.versions);
    else if (frame.type === "panel") this.#keep(frame);
    else if (frame.type === "module") this.#keepModule(frame);
    else if (frame.type === "profile") this.#keepProfile(frame);
    else if (frame.type === "error") this.#refuse(frame);
    this.#tell();
  }

  dispose(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    clearTimeout(this.#moduleTimer);
    this.#listeners.clear();
    this.#lookListeners.clear();
  }

  #welcome(hello: Hello): void {
    const isNew = hello.server_id !== this.hello?.server_id;
    if (isNew) {
      this.#announced.clear();
      this.#dropRequests();
      for (const module of this.#modules.values()) module.refusal = null;
    }
    for (const entry of this.#entries.values()) {
      // Where no kernel opens it, the home may be opened after this page was told of the server.
      if (isNew || entry.refusal?.code === "unknown-home") entry.refusal = null;
    }
    this.hello = hello;
    if (this.#graceMs > 0) {
      // The kernel may have reconnected to the same server: what the old connection owed never comes.
      this.#dropRequests();
      this.#graceUntil = Date.now() + PUSH_GRACE_MS;
    }
    this.#announce(hello.versions);
    // Panels that were never announced have no version to be behind of, but may have been asked for.
    this.#askAll(this.#graceMs);
  }

  #announce(versions: Hello["versions"]): void {
    for (const [panel, version] of Object.entries(versions[this.home] ?? {})) {
      if (version > (this.#announced.get(panel) ?? 0)) this.#announced.set(panel, version);
    }
    this.#askAll(this.#graceMs);
  }

  #keep(frame: PanelFrame): void {
    if (frame.home !== this.home) return;
    // The server may echo a plugin's query with its defaults filled in: the id knows better who asked.
    const found = frame.id === null ? undefined : this.#requests.get(frame.id);
    const asked = found?.panel === frame.panel ? found : undefined;
    const entry = asked ?? this.#entry(frame.panel, frame.query);
    const request = asked?.request;
    if (asked && frame.id !== null) this.#requests.delete(frame.id);
    if (asked) asked.request = null;
    const serverId = this.hello?.server_id ?? "";
    const held = entry.snapshot?.serverId === serverId ? entry.snapshot : null;
    if (!held || frame.version > held.version) {
      if (!frame.unchanged) {
        entry.snapshot = { ...shown(entry, frame), serverId, data: frame.data };
        entry.refusal = null;
      } else if (held && request?.have === held.version) {
        // Unchanged since the version that we said we have, not since another page's.
        entry.snapshot = { ...shown(entry, frame), serverId, data: held.data };
        entry.refusal = null;
      }
    }
    if (frame.version > (this.#announced.get(entry.panel) ?? 0)) this.#announced.set(entry.panel, frame.version);
    if (entry.request && !this.#isBehind(entry)) {
      this.#requests.delete(entry.request.id);
      entry.request = null;
    }
    const isNoProgress = request !== undefined && frame.version <= (request?.have ?? 0);
    this.#ask(entry, isNoProgress ? NO_PROGRESS_MS : request ? 0 : this.#graceMs);
    this.#forgetUnseen();
  }

  /** True once the server has the shown home open. */
  #isOpen(): boolean {
    return this.#home === this.own || (this.hello?.homes.some(({ id }) => id === this.#home) ?? false);
  }

  #refuse(frame: ErrorFrame): void {
    if (frame.id === null) return;
    if (this.#profile?.request?.id === frame.id) {
      const { settle } = this.#profile;
      this.#profile = null;
      // The profile may be gone since; the model's own home never is.
      if (!this.#isOpen()) this.#moveTo(this.own);
      settle?.fail(new Error(frame.message));
      return;
    }
    const entry = this.#requests.get(frame.id);
    this.#requests.delete(frame.id);
    if (entry) {
      entry.request = null;
      entry.refusal = frame;
      entry.refusedAt = this.#announced.get(entry.panel) ?? 0;
    }
    for (const module of this.#modules.values()) {
      if (module.request?.id === frame.id) Object.assign(module, { request: null, refusal: frame });
    }
  }

  #isBehind(entry: Entry): boolean {
    const held = entry.snapshot;
    const announced = this.#announced.get(entry.panel) ?? 0;
    if (entry.refusal && announced <= entry.refusedAt) return false;
    return !held || held.serverId !== this.hello?.server_id || held.version < announced;
  }

  #askAll(delayMs: number): void {
    for (const entry of this.#entries.values()) this.#ask(entry, delayMs);
    this.#askModules(delayMs);
    if (this.#way !== null) this.#askProfile();
  }

  /** Asks for what is behind, unless an answer is on its way; in `delayMs` at the latest. */
  #ask(entry: Entry, delayMs: number, isDoubted = false): void {
    if (this.#way === null || !this.hello || entry.watchers === 0 || entry.request) return;
    if (!isDoubted && !this.#isBehind(entry)) return;
    if (!this.#isOpen()) return;
    if (delayMs > 0) {
      entry.timer ??= setTimeout(() => {
        entry.timer = undefined;
        this.#ask(entry, 0);
      }, delayMs);
      return;
    }
    clearTimeout(entry.timer);
    entry.timer = undefined;
    const have = entry.snapshot?.serverId === this.hello.server_id ? entry.snapshot.version : null;
    const id = ++this.#lastId;
    const { panel, query } = entry;
    if (this.send({ type: "get", id, home: this.home, panel, query, have })) {
      entry.request = { id, sentAt: Date.now(), have };
      this.#requests.set(id, entry);
      this.#tell();
    }
  }

  #moduleTimer: ReturnType<typeof setTimeout> | undefined;

  #askModules(delayMs: number): void {
    if (this.#way === null || !this.hello) return;
    const missing = [...this.#modules].filter(
      ([, { isWanted, text, request, refusal }]) => isWanted && text === null && request === null && refusal === null,
    );
    if (missing.length === 0) return;
    if (delayMs > 0) {
      this.#moduleTimer ??= setTimeout(() => {
        this.#moduleTimer = undefined;
        this.#askModules(0);
      }, delayMs);
      return;
    }
    for (const [name, module] of missing) {
      const id = ++this.#lastId;
      if (this.send({ type: "module", id, name })) module.request = { id, sentAt: Date.now() };
    }
  }

  #keepModule(frame: ModuleFrame): void {
    const module = this.#module(frame.name);
    Object.assign(module, { text: module.text ?? frame.text, request: null, refusal: null });
  }

  /** Waits no longer for what was asked until then. */
  #dropRequests(until = Number.POSITIVE_INFINITY): void {
    const profile = this.#profile ? [this.#profile] : [];
    for (const each of [...this.#entries.values(), ...this.#modules.values(), ...profile]) {
      if (each.request && each.request.sentAt <= until) each.request = null;
    }
    for (const [id, { request }] of this.#requests) if (request?.id !== id) this.#requests.delete(id);
  }

  #module(name: string) {
    const module = this.#modules.get(name) ?? { text: null, refusal: null, isWanted: false, request: null };
    this.#modules.set(name, module);
    return module;
  }

  #entry(panel: string, query: Query): Entry {
    const key = keyOf(panel, query);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = {
        panel,
        query: withoutDefaults(panel, query),
        snapshot: null,
        refusal: null,
        refusedAt: 0,
        request: null,
        timer: undefined,
        watchers: 0,
        lastSeen: ++this.#sightings,
      };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #forgetUnseen(): void {
    const unseen = [...this.#entries].filter(([, { watchers, request }]) => watchers === 0 && request === null);
    unseen.sort(([, a], [, b]) => b.lastSeen - a.lastSeen);
    for (const [key] of unseen.slice(KEPT_UNSEEN)) this.#entries.delete(key);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #tellLook(): void {
    for (const listener of [...this.#lookListeners]) listener();
  }
}

function shown(entry: Entry, { version, status, error, progress }: PanelFrame) {
  return { panel: entry.panel, query: entry.query, version, status, error, progress };
}
