// Made by `npm run types` from schema.json, which `python tools/schema.py` makes. Do not edit.

export type Outbound = Hello | Versions | PanelFrame | ModuleFrame | ErrorFrame;
export type Inbound = Look | Get | GetModule;
export type KernelToModel = ServerNote | Relayed | Trouble;
export type ModelToKernel = Attach | Ack | RelayRequest;

/**
 * Every message and every built-in panel's data.
 */
export interface Wire {
  Outbound: Outbound;
  Inbound: Inbound;
  KernelToModel: KernelToModel;
  ModelToKernel: ModelToKernel;
  Panels: Panels;
}
/**
 * Opens every connection. A `server_id` other than the last one drops all versions held.
 */
export interface Hello {
  type: "hello";
  protocol: number;
  server_id: string;
  homes: HomeEntry[];
  panels: PanelEntry[];
  /**
   * By home id
   */
  watching: {
    [k: string]: Watching;
  };
  /**
   * By home id, then panel
   */
  versions: {
    [k: string]: {
      [k: string]: number;
    };
  };
}
/**
 * One home that the server has open.
 */
export interface HomeEntry {
  id: string;
  path: string;
  profile: string | null;
}
/**
 * One registered panel, as a viewer needs it before it has seen any data.
 */
export interface PanelEntry {
  name: string;
  /**
   * In English
   */
  title: string;
  /**
   * In other languages, by language code
   */
  titles: {
    [k: string]: string;
  };
  /**
   * Name of an icon of the browser module; an unknown one is drawn as a plain panel
   */
  icon: string;
  /**
   * Name of its view's ES module, to be asked for; null: the generic view draws it
   */
  module: string | null;
  /**
   * JSON schema of `data` for the generic view; null when it has a module
   */
  payload_schema: {
    [k: string]: unknown;
  } | null;
}
/**
 * How changes of a home are noticed.
 */
export interface Watching {
  by: "events" | "timer";
  /**
   * Why native file events are not in use
   */
  reason: string | null;
}
/**
 * Some panels changed. Numbers only grow; a later one replaces an earlier one.
 */
export interface Versions {
  type: "versions";
  /**
   * Counts the frames of this connection, from 1
   */
  seq: number;
  versions: {
    [k: string]: {
      [k: string]: number;
    };
  };
}
/**
 * One snapshot: the answer to a `get` (with its `id`), or pushed for a looked-at query (`id` null).
 */
export interface PanelFrame {
  type: "panel";
  id: number | null;
  home: string;
  panel: string;
  /**
   * As asked; echoes what tells one snapshot of a panel from another
   */
  query: {
    [k: string]: unknown;
  };
  version: number;
  status: "ok" | "empty" | "unavailable" | "stale";
  error: Problem | null;
  /**
   * True: the viewer's `have` is the newest, `data` is left out
   */
  unchanged: boolean;
  data: unknown;
}
/**
 * Why a snapshot is not `ok`, in words for the viewer.
 */
export interface Problem {
  kind: "no-home" | "damaged" | "locked" | "unavailable" | "internal";
  /**
   * The file at fault, relative to the home where it lies in it
   */
  path: string | null;
  message: string;
}
/**
 * The text of an ES module without imports: a view or a language.
 */
export interface ModuleFrame {
  type: "module";
  id: number | null;
  name: string;
  text: string;
}
/**
 * A request that could not be answered.
 */
export interface ErrorFrame {
  type: "error";
  id: number | null;
  code: "bad-message" | "unknown-home" | "unknown-panel" | "unknown-module" | "bad-query" | "internal";
  message: string;
}
/**
 * What this viewer shows of one home from now on; replaces what it said of that home before.
 *
 * With `queries`, the server pushes those snapshots itself whenever their panel changes (used over the
 * comm, where asking may wait for a running cell); without, it only announces versions.
 */
export interface Look {
  type: "look";
  home: string;
  panels: string[];
  queries: {
    [k: string]: {
      [k: string]: unknown;
    }[];
  };
}
/**
 * Asks for one snapshot.
 */
export interface Get {
  type: "get";
  id: number;
  home: string;
  panel: string;
  query: {
    [k: string]: unknown;
  };
  /**
   * The version that the viewer holds for this query
   */
  have: number | null;
}
/**
 * Asks for a view or a language.
 */
export interface GetModule {
  type: "module";
  id: number;
  name: string;
}
/**
 * Kernel → model: where the server is. Never a synced trait: those are saved in notebooks.
 */
export interface ServerNote {
  type: "server";
  /**
   * ws://127.0.0.1:PORT/ws
   */
  url: string;
  server_id: string;
  token: string;
  /**
   * Id of this HUD's home
   */
  home: string;
}
/**
 * Kernel → model: a server frame that came over the kernel's own connection.
 */
export interface Relayed {
  type: "relay";
  frame: {
    [k: string]: unknown;
  };
}
/**
 * Kernel → model: the server is down (being restarted) or the HUD was closed.
 */
export interface Trouble {
  type: "trouble";
  kind: "server-down" | "closed";
  message: string;
}
/**
 * Model → kernel: send me the greeting (server note, hello, first snapshots) and relay for me.
 */
export interface Attach {
  type: "attach";
  /**
   * Tells the pages of one kernel apart; random, made by the page
   */
  client: string;
  look: Look | null;
}
/**
 * Model → kernel: the greeting arrived; `direct` true: I have a socket, stop relaying.
 */
export interface Ack {
  type: "ack";
  client: string;
  direct: boolean;
}
/**
 * Model → kernel: a viewer frame to be forwarded to the server.
 */
export interface RelayRequest {
  type: "relay";
  client: string;
  frame: {
    [k: string]: unknown;
  };
}
export interface Panels {
  overview: {
    payload: Overview;
    query: NoQuery;
  };
  memory: {
    payload: Memory;
    query: NoQuery;
  };
  sessions: {
    payload: Sessions;
    query: SessionsQuery;
  };
}
/**
 * What the overview shows.
 *
 * Attributes:
 *     live: Live sessions, and those that crashed within 24 h; latest activity first.
 *     more_live: How many more of them there are than `live` lists.
 */
export interface Overview {
  identity: Identity;
  live: Session[];
  more_live: number;
  totals: Totals;
  today: Today;
  memory: Capacity[];
  changes: Change[];
}
/**
 * Which home this is.
 *
 * Attributes:
 *     name: The home's path with the user's directory as `~`.
 *     profile: The profile shown; None for the root home.
 *     active_profile: The sticky profile that plain `hermes` works in (`active_profile`), if not the root.
 *     profiles: Names of all profiles of this root.
 *     model: The configured model (`config.yaml`, `model`).
 */
export interface Identity {
  name: string;
  profile: string | null;
  active_profile: string | null;
  profiles: string[];
  model: string | null;
}
/**
 * One conversation, projected along its compression chain as Hermes lists it.
 *
 * Attributes:
 *     id: The tip's id (`sessions.id`).
 *     root_id: The first piece's id; equal to `id` when it was never compressed into a child session.
 *     kind: `branch` when it branched off another conversation; `subagent` (a delegated or otherwise hidden
 *         child) is never listed, only a transcript may have it.
 *     title: The tip's title, if any.
 *     preview: The first 60 characters of the tip's first user message.
 *     last_active: Timestamp of the tip's last message, else its start.
 *     api_call_count: Sum over the chain, as are `rewind_count`, `tokens` and `cost`; the other counts are
 *         the tip's.
 *     rewind_count: How often the user took something back; None where this Hermes does not count.
 *     pieces: How many sessions the compression chain has (1: never compressed into a child).
 *     subagents: How many delegated sessions hang below any piece, at any depth.
 */
export interface Session {
  id: string;
  root_id: string;
  kind: "conversation" | "branch" | "subagent";
  parent_id: string | null;
  title: string | null;
  preview: string;
  source: string;
  model: string | null;
  started_at: string;
  ended_at: string | null;
  end_reason: string | null;
  last_active: string;
  message_count: number;
  tool_call_count: number;
  api_call_count: number;
  rewind_count: number | null;
  tokens: Tokens;
  cost: Cost;
  pieces: number;
  subagents: number;
  archived: boolean;
  cwd: string | null;
  git_branch: string | null;
  activity: "running" | "thinking" | "asking" | "idle" | "crashed" | "open" | "ended";
  activity_since: string | null;
  running: RunningCall[];
}
/**
 * Token counts; `reasoning` is part of `output`, `input` excludes the cache.
 */
export interface Tokens {
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  reasoning: number;
}
/**
 * Money as Hermes stored it, never priced again here.
 *
 * Attributes:
 *     usd: Actual where Hermes knows it, else estimated; None when nothing in it has a known price.
 *     status: Which kind of figure that is.
 *     unknown_sessions: How many sessions in this sum have no known price (they count as 0 in `usd`).
 */
export interface Cost {
  usd: number | null;
  status: ("actual" | "estimated" | "included" | "unknown" | "mixed") | null;
  unknown_sessions: number;
}
/**
 * A tool call without a result yet (`messages.tool_calls`).
 */
export interface RunningCall {
  call_id: string;
  tool: string;
  since: string;
}
/**
 * Counters over the whole database.
 *
 * Attributes:
 *     sessions: Conversations that Hermes lists (not archived; subagents and continuations not counted).
 *     messages: Sum of `sessions.message_count` over all sessions.
 *     tool_calls: Sum of `sessions.tool_call_count` over all sessions.
 */
export interface Totals {
  sessions: number;
  messages: number;
  tool_calls: number;
}
/**
 * Spending since midnight: sessions that started today, Hermes' rule (`hermes insights`).
 *
 * Attributes:
 *     since: Midnight, in UTC.
 *     timezone: Whose midnight: config `timezone`, else the server's zone.
 */
export interface Today {
  since: string;
  timezone: string;
  spending: Spending;
}
/**
 * Tokens and cost of the sessions that started in a span, subagents and auxiliary tasks included.
 */
export interface Spending {
  sessions: number;
  tokens: Tokens;
  cost: Cost;
}
/**
 * How full a memory store is, in characters as Hermes counts them.
 */
export interface Capacity {
  store: "memory" | "user";
  entries: number;
  used_chars: number;
  limit_chars: number;
}
/**
 * One of the last changes, newest first.
 *
 * Attributes:
 *     at: When.
 *     kind: What changed.
 *     session_id: The session it belongs to.
 *     session_title: That session's title, else how its first message begins.
 *     tools: Tools called (`tool-call`) or answering (`tool-result`).
 *     store: The memory store that was written (`memory`).
 */
export interface Change {
  at: string;
  kind: "user" | "assistant" | "tool-call" | "tool-result" | "other" | "memory";
  session_id: string | null;
  session_title: string | null;
  tools: string[];
  store: ("memory" | "user") | null;
}
/**
 * The query of a panel that takes no parameters.
 */
export interface NoQuery {}
/**
 * What the memory panel shows.
 *
 * Attributes:
 *     provider: Name of an external memory provider (`config.yaml`, `memory.provider`), if one is set.
 */
export interface Memory {
  stores: Store[];
  provider: string | null;
}
/**
 * One of the two stores.
 *
 * Attributes:
 *     name: `memory` (MEMORY.md) or `user` (USER.md).
 *     file: Its path in the home.
 *     exists: False when Hermes has not written it yet.
 *     entries: In file order, split at lines that are `§` alone, duplicates dropped, as Hermes reads it.
 *     used_chars: Characters used, delimiters included, as Hermes counts them.
 *     limit_chars: The limit, from `config.yaml` (`memory.memory_char_limit`, `memory.user_char_limit`).
 *     modified_at: When the file was written last.
 */
export interface Store {
  name: "memory" | "user";
  file: string;
  exists: boolean;
  entries: Entry[];
  used_chars: number;
  limit_chars: number;
  modified_at: string | null;
}
/**
 * One entry of a store; `chars` is its length in characters.
 */
export interface Entry {
  text: string;
  chars: number;
}
/**
 * What the sessions panel shows: `list`, or `transcript` when the query names a session.
 *
 * Attributes:
 *     missing: True when the session asked for is not (or no longer) there.
 */
export interface Sessions {
  list: SessionList | null;
  transcript: Transcript | null;
  missing: boolean;
}
/**
 * One page of the list.
 *
 * Attributes:
 *     total: Conversations in all, over all pages.
 *     live: How many of them are live.
 */
export interface SessionList {
  rows: Session[];
  total: number;
  live: number;
  page: number;
  page_size: number;
  sort: "last_active" | "started_at" | "title" | "source" | "model" | "messages" | "tool_calls" | "tokens" | "cost";
  descending: boolean;
}
/**
 * One page of a conversation's messages over its whole compression chain, newest first.
 *
 * Attributes:
 *     total: How many messages the conversation has.
 *     older: Pass it as `before` to get the next page; None on the last one.
 */
export interface Transcript {
  session: Session;
  messages: TranscriptMessage[];
  total: number;
  older: number | null;
}
/**
 * One row of `messages`, its texts cut to a size that is fit to be shown.
 *
 * Attributes:
 *     state: `active`; `compacted`: summarised away, still history; `rewound`: undone.
 *     duration_s: On a tool's result: seconds from the call's message to this one.
 */
export interface TranscriptMessage {
  id: number;
  session_id: string;
  role: string;
  timestamp: string;
  text: string;
  truncated: boolean;
  reasoning: string | null;
  tool_calls: ToolCall[];
  tool_call_id: string | null;
  tool_name: string | null;
  duration_s: number | null;
  finish_reason: string | null;
  token_count: number | null;
  state: "active" | "compacted" | "rewound";
}
/**
 * One entry of `messages.tool_calls`.
 */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  truncated: boolean;
}
/**
 * What a viewer may ask for: a page of the list, or (with `session`) a page of a transcript.
 */
export interface SessionsQuery {
  /**
   * Page of the list, from 0
   */
  page?: number;
  page_size?: number;
  sort?: "last_active" | "started_at" | "title" | "source" | "model" | "messages" | "tool_calls" | "tokens" | "cost";
  descending?: boolean;
  /**
   * Also list archived sessions
   */
  archived?: boolean;
  /**
   * Any id of a conversation: return its transcript instead of the list
   */
  session?: string | null;
  /**
   * Transcript: only messages older than this message id
   */
  before?: number | null;
  /**
   * Transcript: messages a page
   */
  limit?: number;
}

/** What a panel's query means where it says nothing, by panel. */
export const queryDefaults: Record<string, Record<string, unknown>> = {
  "overview": {},
  "memory": {},
  "sessions": {
    "page": 0,
    "page_size": 25,
    "sort": "last_active",
    "descending": true,
    "archived": false,
    "session": null,
    "before": null,
    "limit": 50
  }
};
