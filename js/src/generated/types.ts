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
 * Opens every connection; again when `watching` changes. A new `server_id` drops all versions held.
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
   * Which tabs it stands among: `group.NAME` in the browser's texts
   */
  group: string;
  /**
   * Name of its view's ES module, to be asked for; null: `views/generic` draws it
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
   * How far the reading has come; null: the data are of all that there is
   */
  progress: Progress | null;
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
  kind: "no-home" | "not-in-version" | "damaged" | "locked" | "unavailable" | "internal";
  /**
   * The file at fault, relative to the home where it lies in it
   */
  path: string | null;
  message: string;
}
/**
 * How far a long read has come: what is shown so far is true of what was read.
 */
export interface Progress {
  /**
   * Rows read
   */
  done: number;
  /**
   * Rows in all, as far as is known
   */
  total: number;
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
  skills: {
    payload: Skills;
    query: SkillsQuery;
  };
  sessions: {
    payload: Sessions;
    query: SessionsQuery;
  };
  cron: {
    payload: Cron;
    query: NoQuery;
  };
  costs: {
    payload: Costs;
    query: CostsQuery;
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
 *     usd: Actual where Hermes knows it, else estimated; 0 when a subscription includes all of it; None when
 *         no dollars are known.
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
 * What the skills panel shows: `list`, or `text` when the query names a skill.
 *
 * Attributes:
 *     missing: True when the skill asked for is not (or no longer) there.
 */
export interface Skills {
  list: SkillList | null;
  text: SkillText | null;
  missing: boolean;
}
/**
 * All skills.
 *
 * Attributes:
 *     rows: By category and name, archived ones last.
 *     categories: Of the skills that Hermes lists, the largest first.
 *     problems: What could not be read, in words.
 */
export interface SkillList {
  rows: Skill[];
  counts: SkillCounts;
  categories: SkillCategory[];
  curator: Curator;
  problems: string[];
}
/**
 * One skill.
 *
 * Attributes:
 *     folder: Where it lies: below the home, or as written in `config.yaml` (`skills.external_dirs`).
 *     name: By its front matter, else its folder's name. Hermes' usage counters go by it.
 *     description: By its front matter, else its first line of text; cut.
 *     category: The first folder above it; None for one that has none.
 *     origin: `bundled`: came with Hermes; `hub`: installed from the Skills Hub; `agent`: made by Hermes' own
 *         review in the background; `user`: made by the user, or on request; `external`: lies outside the home.
 *     installed_from: Hub: what it is called there.
 *     trust: Hub: how far Hermes trusts that source.
 *     is_modified: Bundled: True if its files are no longer those that Hermes put there, so that updates leave
 *         it alone; None where that cannot be told, and for all others.
 *     state: What the curator made of it: `stale`: long unused; `archived`: put away in `skills/.archive`.
 *     is_pinned: True if the curator must leave it alone.
 *     is_disabled: True if it is switched off (`config.yaml`, `skills.disabled`).
 *     disabled_on: The platforms (telegram, cli, …) on which it is (`skills.platform_disabled`).
 *     is_archived: True if it lies in `skills/.archive`.
 *     unlisted: Why Hermes does not list it, if it does not: it cannot be read, one of the same name comes
 *         before it, or it is made for other `platforms` than this one.
 *     platforms: The systems that it is made for (macos, linux, windows); empty: all.
 *     environments: Where it is of use (kanban, docker, s6); empty: everywhere.
 *     use_count: How often Hermes used it, all by Hermes' own count (`skills/.usage.json`).
 *     view_count: How often it was opened.
 *     patch_count: How often it was changed by the agent.
 *     last_used_at: When it was last used.
 *     last_active_at: When it was last used, opened or changed by the agent.
 *     modified_at: When its SKILL.md was written last.
 *     problem: What is wrong with its SKILL.md, in words.
 */
export interface Skill {
  folder: string;
  name: string;
  description: string | null;
  category: string | null;
  origin: "bundled" | "hub" | "agent" | "user" | "external";
  installed_from: string | null;
  trust: string | null;
  is_modified: boolean | null;
  state: "active" | "stale" | "archived";
  is_pinned: boolean;
  is_disabled: boolean;
  disabled_on: string[];
  is_archived: boolean;
  unlisted: ("broken" | "same-name" | "other-system") | null;
  platforms: string[];
  environments: string[];
  use_count: number;
  view_count: number;
  patch_count: number;
  last_used_at: string | null;
  last_active_at: string | null;
  modified_at: string | null;
  problem: string | null;
}
/**
 * How many skills there are.
 *
 * Attributes:
 *     listed: Those that Hermes lists; the figures from `bundled` to `stale` are parts of it.
 *     broken: Those with something wrong in their SKILL.md, listed or not.
 *     unlisted: Those that Hermes passes over, apart from archived ones.
 *     archived: Those put away.
 */
export interface SkillCounts {
  listed: number;
  bundled: number;
  hub: number;
  agent: number;
  user: number;
  external: number;
  modified: number;
  disabled: number;
  stale: number;
  broken: number;
  unlisted: number;
  archived: number;
}
/**
 * How many skills a category has, and how often they were used in all; `name` is None for those without.
 */
export interface SkillCategory {
  name: string | null;
  skills: number;
  uses: number;
}
/**
 * Hermes' own upkeep of its skills (`agent/curator.py`).
 *
 * Attributes:
 *     is_enabled: False if it is switched off (`config.yaml`, `curator.enabled`).
 *     is_paused: True if it was told to wait (`hermes curator pause`).
 *     last_run_at: When it ran last, or when it was told to wait a first interval.
 *     last_run_duration_s: How long that took.
 *     last_run_summary: What came of it, in Hermes' words.
 *     run_count: How often it ran.
 *     interval_hours: How long it waits between runs.
 *     next_run_at: When the interval is over; it then runs as soon as the agent has been idle for a while.
 *         None if it is off or paused, or Hermes has not yet begun to count.
 *     is_due: True if the interval is over.
 *     stale_after_days: After so many days without use a skill is stale.
 *     archive_after_days: After so many, it is archived.
 */
export interface Curator {
  is_enabled: boolean;
  is_paused: boolean;
  last_run_at: string | null;
  last_run_duration_s: number | null;
  last_run_summary: string | null;
  run_count: number;
  interval_hours: number;
  next_run_at: string | null;
  is_due: boolean;
  stale_after_days: number;
  archive_after_days: number;
}
/**
 * One skill in full.
 *
 * Attributes:
 *     description: In full.
 *     front_matter: The front matter as it stands in the file.
 *     text: What follows it.
 *     is_cut: True if the text is longer than `text`.
 *     files: The other files in its folder and below, as paths from there; at most 100.
 *     more_files: How many more of them there are.
 */
export interface SkillText {
  skill: Skill;
  description: string | null;
  version: string | null;
  author: string | null;
  tags: string[];
  related: string[];
  front_matter: string;
  text: string;
  is_cut: boolean;
  files: string[];
  more_files: number;
}
/**
 * What a viewer may ask for: the list, or (with `skill`) the text of one of them.
 */
export interface SkillsQuery {
  /**
   * A skill's folder, or its name: return its text instead of the list
   */
  skill?: string | null;
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
/**
 * What the cron panel shows.
 *
 * Attributes:
 *     running: Unfinished runs, lost ones included; the longest first.
 *     jobs: In the order of `cron/jobs.json`.
 *     former: The newest runs of jobs that are not there any more.
 *     unreadable: How many entries of `cron/jobs.json` are no jobs.
 *     pending_suggestions: Jobs that Hermes suggests and nobody has answered to.
 *     timezone: The home's zone, in which cron expressions are meant.
 */
export interface Cron {
  scheduler: Scheduler;
  running: Run[];
  jobs: Job[];
  former: Run[];
  unreadable: number;
  pending_suggestions: number;
  timezone: string;
}
/**
 * Whether jobs will fire.
 *
 * Attributes:
 *     state: `ticking`; `failing`: it ticks, but no tick has succeeded for long; `stalled`: no tick for long, and
 *         jobs will not fire; `stopped`: so, too, since the gateway, which ticks, is gone; `never`: nothing has
 *         ever ticked here, and jobs will not fire; `external`: another provider fires the jobs, and writes no
 *         heartbeat; `unknown`: a gateway may run, but there is no heartbeat, as before Hermes 0.18.
 *     provider: Who fires the jobs, where that is not Hermes' own ticker (`config.yaml`, `cron.provider`).
 *     heartbeat_at: The last tick (`cron/ticker_heartbeat`).
 *     success_at: The last tick that did not fail (`cron/ticker_last_success`).
 *     stale_after_s: After how many seconds without a tick it counts as stalled, and without a good one as failing.
 *         Where the gateway is dead, 80 seconds without a tick are enough for `stopped`.
 *     is_gateway_alive: Whether the process in `gateway_state.json` lives; None: there is none, or it cannot be
 *         known here.
 */
export interface Scheduler {
  state: "ticking" | "failing" | "stalled" | "stopped" | "never" | "external" | "unknown";
  provider: string | null;
  heartbeat_at: string | null;
  success_at: string | null;
  stale_after_s: number;
  is_gateway_alive: boolean | null;
}
/**
 * One execution of a job.
 *
 * Attributes:
 *     job_name: The job's name; None when there is no such job any more.
 *     source: What started it: `builtin` (the ticker), `direct` (a person), or a provider's name.
 *     status: `claimed`, `running`, `completed`, `failed`, `unknown` (its process was gone when Hermes looked), or
 *         whatever else Hermes wrote.
 *     duration_s: From its start to its end, in seconds; None while it runs.
 *     error: Cut to 2,000 characters.
 *     pid: The process that runs or ran it.
 *     is_alive: Of an unfinished run, whether that process lives; None: it cannot be known here.
 *     is_lost: True for an unfinished run whose process is gone.
 */
export interface Run {
  id: string;
  job_id: string;
  job_name: string | null;
  source: string | null;
  status: string;
  claimed_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  duration_s: number | null;
  error: string | null;
  pid: number | null;
  is_alive: boolean | null;
  is_lost: boolean;
}
/**
 * One job.
 *
 * Attributes:
 *     schedule: In words, as Hermes displays it.
 *     kind: `once`, `interval`, `cron`, or what else is written; None: nothing is.
 *     every_s: The period of an interval, in seconds.
 *     state: `scheduled`, `paused`, `completed`, `error`, or what else is written.
 *     enabled: False for a job that does not fire.
 *     is_active: True if it fires when its time comes: enabled, neither paused nor completed.
 *     is_running: True while one of its runs is unfinished and not lost.
 *     is_overdue: True if it should have fired longer ago than Hermes' grace.
 *     last_status: `ok`, `error`, or what else Hermes wrote (newer ones: `delivery_failed`, `blocked_config`).
 *     repeat_times: How often it is to run in all; None: forever.
 *     prompt: How its prompt begins.
 *     is_prompt_cut: True if the prompt is longer.
 *     script: Name of a script that it runs.
 *     is_script_only: True if no agent takes part.
 *     finished_runs: Finished runs that Hermes still keeps.
 *     completed_runs: How many of them completed.
 *     history: The newest runs first.
 */
export interface Job {
  id: string;
  name: string;
  schedule: string;
  kind: string | null;
  every_s: number | null;
  state: string;
  enabled: boolean;
  is_active: boolean;
  is_running: boolean;
  is_overdue: boolean;
  next_run_at: string | null;
  last_run_at: string | null;
  last_status: string | null;
  last_error: string | null;
  last_delivery_error: string | null;
  paused_at: string | null;
  paused_reason: string | null;
  created_at: string | null;
  deliver: string[];
  repeat_completed: number;
  repeat_times: number | null;
  skills: string[];
  model: string | null;
  provider: string | null;
  prompt: string;
  is_prompt_cut: boolean;
  script: string | null;
  is_script_only: boolean;
  finished_runs: number;
  completed_runs: number;
  history: Run[];
}
/**
 * What the costs panel shows: costs as Hermes stored them, never priced again.
 *
 * Attributes:
 *     timezone: Whose days these are: config `timezone`, else the server's zone.
 *     rule: What a session spent belongs to the day on which it started, as in the overview and in
 *         `hermes insights`.
 *     days: The span asked for, in calendar days; 0: all time.
 *     since: Its first midnight, in UTC; None: all time.
 *     spans: The sums of all spans that can be chosen.
 *     total: The span's sum.
 *     cache_hit_rate: The share of the prompts' tokens that came from the cache; None: there are none.
 *     auxiliary: What of it was spent on auxiliary tasks, such as titles and summaries.
 *     models: The dearest first, as are `tasks` and `sources`.
 *     periods: Without gaps, oldest first; what is older or from the future is counted in the first or last.
 *     unit: How long each of them is.
 *     dearest: The conversations that cost most, as far as their price is known.
 */
export interface Costs {
  timezone: string;
  rule: "session-start";
  days: number;
  since: string | null;
  spans: CostSpan[];
  total: CostFigures;
  coverage: CostCoverage;
  cache_hit_rate: number | null;
  auxiliary: CostShare;
  models: CostModel[];
  tasks: CostTask[];
  sources: CostSource[];
  left_out: CostsLeftOut;
  unit: "day" | "week" | "month" | "year";
  periods: CostPeriod[];
  dearest: ConversationCost[];
}
/**
 * One span to choose.
 *
 * Attributes:
 *     days: Calendar days, today the last of them; 0: all time.
 *     since: Its first midnight, in UTC; None: all time.
 */
export interface CostSpan {
  days: number;
  since: string | null;
  spending: Spending;
}
/**
 * What sessions spent, auxiliary tasks included.
 *
 * Attributes:
 *     sessions: How many sessions it is of; one that used two models is counted at both.
 *     cost: The sum of what is known.
 *     kinds: The same by kind of figure, the surest first.
 */
export interface CostFigures {
  sessions: number;
  cost: Cost;
  kinds: CostKind[];
  tokens: Tokens;
  api_calls: number;
}
/**
 * What a sum holds of one kind of figure.
 *
 * Attributes:
 *     status: `actual`: charged · `estimated`: Hermes' estimate from list prices · `included`: paid by a
 *         subscription · `unknown`: no price is known.
 *     usd: None where the calls cost nothing extra (`included`) or where nobody knows (`unknown`).
 *     tokens: Input, cache and output; 0 where only the dollars are of this kind: Hermes estimated some
 *         calls of a part whose last call was of another kind, which all its tokens are counted under.
 *     sessions: How many sessions have some of it.
 */
export interface CostKind {
  status: "actual" | "estimated" | "included" | "unknown";
  usd: number | null;
  tokens: number;
  api_calls: number;
  sessions: number;
}
/**
 * For how much of it the price is known; what a subscription includes counts as known.
 *
 * Attributes:
 *     sessions: Those that used a model.
 *     priced_sessions: Those of them in which nothing is of unknown price.
 */
export interface CostCoverage {
  tokens: number;
  priced_tokens: number;
  sessions: number;
  priced_sessions: number;
}
/**
 * A share, from 0 to 1, of the tokens and of the known cost; None: there are none.
 */
export interface CostShare {
  tokens: number | null;
  usd: number | null;
}
/**
 * One model at one provider (`session_model_usage.model`, `.billing_provider`).
 */
export interface CostModel {
  model: string;
  provider: string | null;
  figures: CostFigures;
}
/**
 * What models were called for: `main` is the agent's own loop, all others are auxiliary.
 */
export interface CostTask {
  task: string;
  figures: CostFigures;
}
/**
 * Where sessions came from (`sessions.source`).
 */
export interface CostSource {
  source: string;
  figures: CostFigures;
}
/**
 * How many groups there are beyond those listed.
 */
export interface CostsLeftOut {
  models: number;
  tasks: number;
  sources: number;
}
/**
 * A day, week, month or year; weeks begin on Monday.
 */
export interface CostPeriod {
  starts_on: string;
  sessions: number;
  kinds: CostKind[];
}
/**
 * What one conversation cost: those pieces of its compression chain that started in a span.
 *
 * Attributes:
 *     id: The tip's id.
 *     root_id: The first piece's id.
 *     title: The tip's title, if any.
 *     preview: The first 60 characters of the tip's first user message.
 *     started_at: When its first piece started.
 *     tokens: Auxiliary tasks included, subagents not, as is `cost`.
 */
export interface ConversationCost {
  id: string;
  root_id: string;
  title: string | null;
  preview: string;
  source: string;
  model: string | null;
  started_at: string;
  tokens: Tokens;
  cost: Cost;
}
/**
 * Which span a viewer asks for.
 */
export interface CostsQuery {
  /**
   * Calendar days in the home's zone, today the last of them; 0: all time
   */
  days?: number;
}

/** What a panel's query means where it says nothing, by panel. */
export const queryDefaults: Record<string, Record<string, unknown>> = {
  "overview": {},
  "memory": {},
  "skills": {
    "skill": null
  },
  "sessions": {
    "page": 0,
    "page_size": 25,
    "sort": "last_active",
    "descending": true,
    "archived": false,
    "session": null,
    "before": null,
    "limit": 50
  },
  "cron": {},
  "costs": {
    "days": 30
  }
};
