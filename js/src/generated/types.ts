// Made by `npm run types` from schema.json, which `python tools/schema.py` makes. Do not edit.

export type Outbound = Hello | Versions | PanelFrame | ModuleFrame | ProfileFrame | HomeFrame | Pong | ErrorFrame;
export type Inbound = Look | Get | GetModule | GetProfile | GetHome | Ping;
export type KernelToModel = ServerNote | Relayed | Trouble | SidePanel;
export type ModelToKernel = Attach | Ack | RelayRequest | SidePanelShown;

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
  /**
   * The package's; a page of another one has to be loaded again
   */
  version: string;
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
 * The home that was asked for by its profile is open now, and in the `hello` that goes out to everybody.
 */
export interface ProfileFrame {
  type: "profile";
  id: number;
  /**
   * Id of that home
   */
  home: string;
  profile: string;
}
/**
 * The home that was asked for is open now, and in the `hello` that goes out to everybody.
 */
export interface HomeFrame {
  type: "home";
  id: number;
  /**
   * Id of that home
   */
  home: string;
}
/**
 * The answer to a `ping`: whoever gets it knows that the way is open in both directions.
 */
export interface Pong {
  type: "pong";
  id: number;
}
/**
 * A request that could not be answered.
 */
export interface ErrorFrame {
  type: "error";
  id: number | null;
  code:
    | "bad-message"
    | "unknown-home"
    | "unknown-panel"
    | "unknown-module"
    | "unknown-profile"
    | "bad-home"
    | "bad-query"
    | "internal";
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
 * Asks for the home of a profile of the same root, which is opened if need be.
 *
 * Only by its name: no message opens a path.
 */
export interface GetProfile {
  type: "profile";
  id: number;
  /**
   * Id of an open home of that root
   */
  home: string;
  /**
   * Its name; `default` is the root home
   */
  profile: string;
}
/**
 * Asks for the home in a directory, which is opened if need be.
 *
 * Only behind Jupyter's own login, whose users may run code and so read any of their files; elsewhere only the kernel
 * and the command line open homes.
 */
export interface GetHome {
  type: "home";
  id: number;
  /**
   * The directory; null: `$HERMES_HOME`, else `~/.hermes`
   */
  path: string | null;
  /**
   * Its name; null: the sticky one
   */
  profile: string | null;
}
/**
 * Asks for a `pong`: a socket may be dead without saying so.
 */
export interface Ping {
  type: "ping";
  id: number;
}
/**
 * Kernel → model: where the server is. Never a synced trait: those are saved in notebooks.
 *
 * What mounts the module without a kernel (side panel, stand-alone page) says it, too.
 */
export interface ServerNote {
  type: "server";
  /**
   * ws://127.0.0.1:PORT/ws; null: this page has no route to the server, the kernel relays
   */
  url: string | null;
  /**
   * Who must answer there; null: whoever does, since its page came from it
   */
  server_id: string | null;
  /**
   * null: the door has none, Jupyter's login is before it
   */
  token: string | null;
  /**
   * Id of this HUD's home
   */
  home: string;
  transport: "auto" | "comm" | "direct" | "proxy";
  /**
   * Where a proxy passes on what is below it, absolute or for the page's own host, `%PORT%` filled in; null: `{baseUrl}proxy/{port}/` in a Jupyter page
   */
  proxy_url: string | null;
  /**
   * Origins of pages besides loopback that the server accepts: those that an `attach` named
   */
  origins: string[];
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
 * Kernel → model: show this HUD in the page's side bar, if it has one.
 */
export interface SidePanel {
  type: "side-panel";
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
  /**
   * `location.origin` of the page
   */
  origin: string | null;
}
/**
 * Model → kernel: the greeting arrived by this way; unless it is `comm`, stop relaying.
 */
export interface Ack {
  type: "ack";
  client: string;
  transport: "comm" | "direct" | "proxied";
  /**
   * What the page is of, as far as it can tell: `jupyterlab`, `colab`, …
   */
  host: string | null;
  /**
   * In the order tried, the last outcome of each
   */
  tried: Try[];
}
/**
 * One way to the server that a page tried, and what came of it.
 */
export interface Try {
  way: "comm" | "direct" | "proxied";
  /**
   * `not-local`: the page is of another machine, which must not dial its own loopback; `no-proxy`: none answers at that address; `refused`: the socket was closed or never opened; `silent`: it opened, and nothing came; `other-server`: somebody else answered; `switched-off`: by `HERMES_HUD_TRANSPORT`
   */
  outcome: "live" | "not-local" | "no-proxy" | "refused" | "silent" | "other-server" | "switched-off";
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
/**
 * Model → kernel: whether this page has a side bar, and shows the HUD there now.
 */
export interface SidePanelShown {
  type: "side-panel";
  client: string;
  shown: boolean;
}
export interface Panels {
  overview: {
    payload: Overview;
    query: OverviewQuery;
  };
  agents: {
    payload: Agents;
    query: AgentsQuery;
  };
  approvals: {
    payload: Approvals;
    query: ApprovalsQuery;
  };
  goals: {
    payload: Goals;
    query: NoQuery;
  };
  kanban: {
    payload: Kanban;
    query: KanbanQuery;
  };
  memory: {
    payload: Memory;
    query: NoQuery;
  };
  skills: {
    payload: Skills;
    query: SkillsQuery;
  };
  corrections: {
    payload: Corrections;
    query: CorrectionsQuery;
  };
  curator: {
    payload: CuratorPanel;
    query: CuratorQuery;
  };
  sessions: {
    payload: Sessions;
    query: SessionsQuery;
  };
  projects: {
    payload: Projects;
    query: NoQuery;
  };
  timeline: {
    payload: Timeline;
    query: TimelineQuery;
  };
  patterns: {
    payload: Patterns;
    query: PatternsQuery;
  };
  growth: {
    payload: Growth;
    query: GrowthQuery;
  };
  verification: {
    payload: Verification;
    query: VerificationQuery;
  };
  checkpoints: {
    payload: CheckpointList;
    query: NoQuery;
  };
  costs: {
    payload: Costs;
    query: CostsQuery;
  };
  model: {
    payload: ModelPanel;
    query: NoQuery;
  };
  providers: {
    payload: Providers;
    query: NoQuery;
  };
  cron: {
    payload: Cron;
    query: CronQuery;
  };
  gateway: {
    payload: Gateway;
    query: NoQuery;
  };
  health: {
    payload: Health;
    query: NoQuery;
  };
  profiles: {
    payload: ProfileList;
    query: ProfilesQuery;
  };
  mcp: {
    payload: Mcp;
    query: NoQuery;
  };
  plugins: {
    payload: PluginList;
    query: NoQuery;
  };
  logs: {
    payload: LogTail;
    query: LogsQuery;
  };
  config: {
    payload: Configuration;
    query: ConfigQuery;
  };
}
/**
 * What the overview shows.
 *
 * Attributes:
 *     at: When this was true.
 *     live: Live sessions, and those that crashed within 24 h; latest activity first.
 *     more_live: How many more of them there are than `live` lists.
 *     compressing: Ids of first pieces (`root_id`) of those whose history is being compressed just now.
 *     in_turn: The same of those in which a turn goes on for certain: newer Hermes says so itself.
 *     may_ask: False where nothing is asked before a dangerous command (`approvals.mode: off`): a tool without a result
 *         then runs, while otherwise it may wait for approval, which Hermes writes nowhere.
 *     gateway: None: none has ever run here.
 *     cron: None: there is no job, or the file is damaged.
 *     delegations: Background subagents at work; those whose process is gone are not counted.
 *     kanban_running: Cards that are worked on, of the board that profiles share.
 *     kanban_blocked: Cards that wait for somebody.
 *     goals: Goals that are pursued.
 *     opened: None unless asked for.
 */
export interface Overview {
  at: string;
  identity: Identity;
  live: Session[];
  more_live: number;
  compressing: string[];
  in_turn: string[];
  may_ask: boolean;
  gateway: GatewayGlance | null;
  cron: CronGlance | null;
  delegations: number;
  kanban_running: number;
  kanban_blocked: number;
  goals: number;
  totals: Totals;
  today: Today;
  memory: Capacity[];
  changes: Change[];
  opened: SinceOpened | null;
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
 *     provider: Its provider's id, as in the model panel; None: Hermes decides.
 *     backend: Where commands run (`terminal.backend`); None: `.env` says it (`TERMINAL_ENV`), whose values are not
 *         read.
 *     toolsets: What `hermes` in a terminal is given (`platform_toolsets.cli` without `agent.disabled_toolsets`), at
 *         most 12; Hermes' default where nothing is written.
 *     began_at: When its first session began.
 *     day: The day that today is since then, in the home's zone, from 1.
 *     size_bytes: Size of `state.db` with its write-ahead log.
 *     corrections: Memory entries that seem to correct the agent.
 */
export interface Identity {
  name: string;
  profile: string | null;
  active_profile: string | null;
  profiles: string[];
  model: string | null;
  provider: string | null;
  backend: string | null;
  toolsets: string[];
  began_at: string | null;
  day: number | null;
  size_bytes: number | null;
  corrections: number;
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
 * The gateway in a line.
 *
 * Attributes:
 *     health: As in the gateway panel: `running`, `starting`, `degraded`, `draining`, `silent`, `stopped`, `failed`,
 *         `dead`, `unknown`.
 *     connected: How many of its platforms are connected.
 *     platforms: How many there are.
 *     troubled: Names of those that retry or have given up; the first six.
 */
export interface GatewayGlance {
  health: string;
  connected: number;
  platforms: number;
  troubled: string[];
}
/**
 * The scheduled jobs in a line.
 *
 * Attributes:
 *     scheduler: As in the cron panel: `ticking`, `failing`, `stalled`, `stopped`, `never`, `external`, `unknown`.
 *     active: Jobs that fire when their time comes.
 *     running: Runs going on, those whose process is gone not counted.
 *     overdue: Jobs that should have fired.
 *     failed: Jobs whose last run, or its delivery, failed.
 *     next_at: When the next one fires.
 *     next_name: Which that is.
 */
export interface CronGlance {
  scheduler: string;
  active: number;
  running: number;
  overdue: number;
  failed: number;
  next_at: string | null;
  next_name: string | null;
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
 * What happened since an instant, as a rule since the viewer's page was opened.
 *
 * Attributes:
 *     since: That instant; a later one if it lay more than seven days back.
 *     messages: Messages written, of any session, those deleted since included.
 *     tool_calls: Calls of tools in them.
 *     conversations: Conversations begun.
 *     memory_added: Memory entries that are new; None: what was there then was not seen. So with the next two.
 *     memory_removed: Those that are gone.
 *     memory_changed: Those that say something else.
 *     skills_changed: Skills that the agent has made or changed, as far as Hermes notes that.
 *     cron_runs: Finished runs of jobs.
 *     cron_failed: How many of them failed.
 *     is_cron_cut: True if there may be more of either: only the newest 200 runs are looked at.
 *     spending: What was spent; None while the history is still being read.
 *     spent_since: From when on that is known.
 */
export interface SinceOpened {
  since: string;
  messages: number;
  tool_calls: number;
  conversations: number;
  memory_added: number | null;
  memory_removed: number | null;
  memory_changed: number | null;
  skills_changed: number;
  cron_runs: number;
  cron_failed: number;
  is_cron_cut: boolean;
  spending: Spending | null;
  spent_since: string | null;
}
/**
 * What a viewer may ask for.
 */
export interface OverviewQuery {
  /**
   * Also tell what happened since this instant, at most seven days ago
   */
  since?: string | null;
}
/**
 * What the agents panel shows.
 *
 * Attributes:
 *     delegations: Unfinished ones first, then those begun last; at most 60 of `total_delegations`.
 *     running: How many delegations run, lost ones not counted.
 *     families: Those with the latest activity first.
 *     subagents: How many delegated sessions started within 24 h; at most 80 of them are shown.
 *     processes: Background ones, then open chats, then writers; at most 60 of `total_processes`.
 *     are_writers_known: False where it cannot be seen which processes write.
 *     spawn_trees: The newest 20 of `total_spawn_trees`.
 *     is_spawn_trees_cut: True if there are older ones besides, which were not counted: only the last 256 KiB of the
 *         50 indexes written last are read.
 *     moa_sessions: How many sessions have traces of a mixture of agents (`moa-traces/`).
 *     moa_bytes: Their size, as far as they are among the 200 written last.
 *     moa_at: When the last one was written.
 *     transcript: The transcript asked for.
 *     is_missing: True when it is not (or no longer) there; Hermes keeps them for seven days.
 */
export interface Agents {
  delegations: Delegation[];
  total_delegations: number;
  running: number;
  families: AgentFamily[];
  subagents: number;
  compressions: CompressionNow[];
  processes: AgentProcess[];
  total_processes: number;
  are_writers_known: boolean;
  spawn_trees: SpawnTree[];
  total_spawn_trees: number;
  is_spawn_trees_cut: boolean;
  moa_sessions: number;
  moa_bytes: number;
  moa_at: string | null;
  transcript: DelegationTranscript | null;
  is_missing: boolean;
}
/**
 * Work that was given to subagents.
 *
 * Attributes:
 *     is_background: True if the conversation went on meanwhile (`state.db`, `async_delegations`); False: it waited.
 *     state: `running`, `finalizing`, `completed`, `error`, `interrupted`, `unknown` (its process was gone when
 *         Hermes looked), or what else is written.
 *     is_lost: True for an unfinished one whose process is gone: nobody will finish it.
 *     parent_id: The session that gave it; `parent_title` is that session's title, else how its first message begins.
 *     goal: All of it, cut to 400 characters.
 *     ended_at: When its result was there.
 *     duration_s: From its start to its end, in seconds; None while it runs.
 *     delivery: Of a background one, whether the result came back into the conversation: `pending`, `delivered`.
 *     delivery_attempts: How often that was tried.
 *     owner_pid: The process that runs it.
 *     is_owner_alive: Of an unfinished one, whether that process lives; None: it cannot be known here.
 *     tasks: At most 16 of `total_tasks`.
 */
export interface Delegation {
  id: string;
  is_background: boolean;
  state: string;
  is_lost: boolean;
  parent_id: string | null;
  parent_title: string | null;
  goal: string;
  role: string | null;
  model: string | null;
  started_at: string | null;
  ended_at: string | null;
  duration_s: number | null;
  api_calls: number | null;
  error: string | null;
  delivery: string | null;
  delivery_attempts: number;
  delivered_at: string | null;
  owner_pid: number | null;
  is_owner_alive: boolean | null;
  tasks: DelegationTask[];
  total_tasks: number;
}
/**
 * One subagent's part of a delegation.
 *
 * Attributes:
 *     index: Its place, from 0.
 *     goal: What it is to do, cut to 400 characters.
 *     status: `running`, `completed`, `failed`, `interrupted`, `error`, or what else Hermes wrote; None: not known.
 *     exit_reason: Why it ended, such as `completed` or `max_iterations`.
 *     summary: What came of it, cut to 1,200 characters.
 *     error: Cut to 600 characters.
 *     transcript_bytes: Size of its live transcript; None if there is none.
 *     wrote_at: When that was written last.
 */
export interface DelegationTask {
  index: number;
  goal: string;
  status: string | null;
  exit_reason: string | null;
  summary: string | null;
  error: string | null;
  duration_s: number | null;
  transcript_bytes: number | null;
  wrote_at: string | null;
}
/**
 * A conversation and the sessions that it delegated to within 24 h.
 *
 * Attributes:
 *     parent: The conversation; None if it is not there any more.
 *     children: Each followed by those below it; the one started last first.
 */
export interface AgentFamily {
  parent_id: string | null;
  parent: Session | null;
  children: AgentChild[];
}
/**
 * A delegated session; `depth` is 1 for a child of the conversation, 2 for a child of that child.
 */
export interface AgentChild {
  session: Session;
  depth: number;
}
/**
 * A session whose history is being summarised (`compression_locks`).
 */
export interface CompressionNow {
  session_id: string;
  session_title: string | null;
  since: string | null;
  expires_at: string;
  pid: number | null;
  is_process_gone: boolean;
}
/**
 * One process, by its number and its start. Command lines are not shown, Hermes' own no more than others'.
 *
 * Attributes:
 *     kind: `background`: a command that Hermes started and that goes on (`processes.json`); `writer`: it has
 *         `state.db` open for writing, as every Hermes that works here has; `surface`: an open chat
 *         (`runtime/active_sessions.json`).
 *     id: Of a background process or an open chat: Hermes' own.
 *     is_alive: By number and start; None: it cannot be known here.
 *     is_sandboxed: True for a process in a sandbox: its number means nothing here.
 *     started_at: When it started.
 *     session_id: The session it belongs to, if that is known.
 *     surface: `cli`, `tui`, `gateway` and the like, for an open chat.
 *     memory_bytes: Resident memory, while it lives.
 *     notifies: True if Hermes is told when it ends.
 *     watches: How many patterns in its output Hermes waits for.
 */
export interface AgentProcess {
  kind: string;
  id: string | null;
  pid: number | null;
  is_alive: boolean | null;
  is_sandboxed: boolean;
  started_at: string | null;
  session_id: string | null;
  session_title: string | null;
  surface: string | null;
  cwd: string | null;
  memory_bytes: number | null;
  notifies: boolean;
  watches: number;
}
/**
 * The subagents of one turn in the terminal interface, as it kept them (`spawn-trees/`).
 */
export interface SpawnTree {
  session_id: string;
  session_title: string | null;
  label: string | null;
  subagents: number;
  started_at: string | null;
  finished_at: string | null;
}
/**
 * A page of what a subagent writes while it works, oldest first.
 *
 * Attributes:
 *     older: Pass it as `before` to get the page before; None on the first one.
 *     size_bytes: Of the whole transcript.
 *     wrote_at: When it was written last.
 */
export interface DelegationTranscript {
  delegation_id: string;
  task: number;
  lines: DelegationLine[];
  older: number | null;
  size_bytes: number;
  wrote_at: string;
}
/**
 * One line of a live transcript.
 *
 * Attributes:
 *     offset: Where it begins in the file, in bytes.
 *     clock: The time of day as it is written there, on the clock of Hermes' machine.
 *     role: `user`, `start`, `think`, `assistant`, `tool`, `result`, `final`, or what else is written; None: it is a
 *         line of the head.
 */
export interface DelegationLine {
  offset: number;
  clock: string | null;
  role: string | null;
  text: string;
  is_cut: boolean;
}
/**
 * With `transcript`: a page of what one subagent of a delegation writes while it works.
 */
export interface AgentsQuery {
  /**
   * A delegation's id: also return a task's live transcript
   */
  transcript?: string | null;
  /**
   * Transcript: which of its tasks
   */
  task?: number;
  /**
   * Transcript: only lines that begin before this offset
   */
  before?: number | null;
  /**
   * Transcript: lines a page
   */
  limit?: number;
}
/**
 * What the approvals panel shows.
 *
 * Attributes:
 *     pending: Writes that wait, the oldest first; `total_pending` is how many.
 *     waiting: Sessions that wait now, as far as that can be known; at most 100 of `total_waiting`.
 *     commands: The newest first, at most 60 of those asked for; `total_commands` is how many these are.
 *     outcomes: Of all commands, the most frequent first.
 *     days: The last 30, without gaps, oldest first.
 *     sudo: The ten most frequent of `total_sudo`.
 *     since: The oldest message that was looked at; None: all were.
 *     is_whole: False while older messages are still being looked at.
 *     problem: Why messages cannot be searched.
 *     timezone: Whose days these are.
 */
export interface Approvals {
  settings: ApprovalSettings;
  pending: ApprovalWrite[];
  total_pending: number;
  waiting: ApprovalWait[];
  total_waiting: number;
  commands: ApprovalCommand[];
  total_commands: number;
  outcomes: ApprovalCount[];
  days: ApprovalDay[];
  sudo: ApprovalSudo[];
  total_sudo: number;
  since: string | null;
  is_whole: boolean;
  problem: ("missing" | "incomplete" | "unreadable") | null;
  timezone: string;
}
/**
 * What `config.yaml` says, with Hermes' defaults for what it leaves out.
 *
 * Attributes:
 *     mode: Who decides on dangerous commands: `manual`: you · `smart`: a model, and you where it is unsure · `off`:
 *         nobody asks.
 *     is_mode_default: True if nothing is said of it; the default depends on the release that uses this home.
 *     is_mode_unknown: True if it says a word that Hermes does not know, and takes as `manual`.
 *     timeout_s: How long it waits for your answer, in seconds.
 *     cron_mode: What becomes of dangerous commands in scheduled jobs, where nobody can be asked.
 *     deny: Patterns of commands that are always refused; at most 100, as `allow`.
 *     allow: Commands and kinds of commands that are always allowed (`command_allowlist`).
 *     redacts_secrets: False if Hermes leaves secrets in what tools print.
 *     has_scanner: False if commands are not looked at by the Tirith scanner.
 *     allows_unscanned: False if a command is refused where that scanner is not there.
 *     approves_memory: True if writes to memory wait for you, as do `approves_skills`.
 */
export interface ApprovalSettings {
  mode: "manual" | "smart" | "off";
  is_mode_default: boolean;
  is_mode_unknown: boolean;
  timeout_s: number;
  cron_mode: "deny" | "approve";
  deny: string[];
  total_deny: number;
  allow: string[];
  total_allow: number;
  redacts_secrets: boolean;
  has_scanner: boolean;
  allows_unscanned: boolean;
  approves_memory: boolean;
  approves_skills: boolean;
}
/**
 * A write that waits for you (`pending/`).
 *
 * Attributes:
 *     store: `memory` or `skills`.
 *     summary: What it is, in Hermes' words, cut to 300 characters.
 *     origin: `foreground` or `background_review`.
 *     problem: Why its file cannot be read.
 */
export interface ApprovalWrite {
  id: string;
  store: string;
  action: string | null;
  summary: string | null;
  origin: string | null;
  created_at: string | null;
  problem: string | null;
}
/**
 * A session that waits, or may wait, for you.
 *
 * Attributes:
 *     kind: `question`: the agent asked one · `command`: a command has no result yet: it runs, or waits for your
 *         word, which Hermes writes nowhere.
 */
export interface ApprovalWait {
  session_id: string;
  session: string;
  kind: "question" | "command";
  tool: string;
  since: string;
}
/**
 * A command that was flagged, or that used sudo.
 *
 * Attributes:
 *     message: Its result's id; its call's, as long as there is none.
 *     outcome: `approved`, `denied`, `timeout`: by you · `smart-approved`, `smart-denied`: by a model ·
 *         `cron-denied`: nobody could be asked · `deny-rule`, `hardline`: refused whatever anybody says · `blocked`:
 *         refused for another reason · `pending`: you were asked, the result does not say what you said · `ran`,
 *         `failed`, `running`: nobody had to be asked · `unanswered`: there is no result, and its session does not
 *         wait for one (any more).
 *     command: Redacted, and cut to 240 characters; None: not known.
 *     reason: Why it was flagged, in Hermes' words.
 *     is_sudo: True if it runs something by sudo.
 *     exit_code: What it ended with, if it ran.
 *     is_interrupted: True if it was approved and then interrupted.
 */
export interface ApprovalCommand {
  message: number;
  session_id: string;
  session: string | null;
  at: string;
  tool: string | null;
  outcome:
    | "approved"
    | "smart-approved"
    | "denied"
    | "timeout"
    | "smart-denied"
    | "cron-denied"
    | "deny-rule"
    | "hardline"
    | "blocked"
    | "pending"
    | "ran"
    | "failed"
    | "running"
    | "unanswered";
  command: string | null;
  reason: string | null;
  is_sudo: boolean;
  exit_code: number | null;
  is_interrupted: boolean;
}
/**
 * How many commands had one outcome.
 */
export interface ApprovalCount {
  outcome:
    | "approved"
    | "smart-approved"
    | "denied"
    | "timeout"
    | "smart-denied"
    | "cron-denied"
    | "deny-rule"
    | "hardline"
    | "blocked"
    | "pending"
    | "ran"
    | "failed"
    | "running"
    | "unanswered";
  count: number;
}
/**
 * The commands of one day, in the home's zone: allowed by somebody, refused, and others.
 */
export interface ApprovalDay {
  day: string;
  allowed: number;
  refused: number;
  other: number;
}
/**
 * What was run by sudo, and how often that failed or was refused.
 */
export interface ApprovalSudo {
  command: string;
  count: number;
  failed: number;
}
/**
 * Which commands a viewer asks for.
 */
export interface ApprovalsQuery {
  /**
   * Only commands with this outcome
   */
  outcome?:
    | (
        | "approved"
        | "smart-approved"
        | "denied"
        | "timeout"
        | "smart-denied"
        | "cron-denied"
        | "deny-rule"
        | "hardline"
        | "blocked"
        | "pending"
        | "ran"
        | "failed"
        | "running"
        | "unanswered"
      )
    | null;
}
/**
 * What the goals panel shows.
 *
 * Attributes:
 *     goals: Active ones first, then paused, done and cleared ones; of each kind the one that took a turn last. At
 *         most 100 of `total`.
 *     active: How many are active.
 *     paused: How many are paused.
 *     done: How many are done.
 *     unreadable: How many entries are no goals.
 *     is_cut: True if there may be more: only the 2,000 of the newest sessions are looked at.
 */
export interface Goals {
  goals: Goal[];
  total: number;
  active: number;
  paused: number;
  done: number;
  unreadable: number;
  is_cut: boolean;
}
/**
 * The goal of one session.
 *
 * Attributes:
 *     session_id: The session; `session_title` is its title, else how its first message begins.
 *     activity: What the session does now; None if it is not there any more.
 *     status: `active`, `paused`, `done`, `cleared`, or what else is written.
 *     turns_used: Turns taken.
 *     max_turns: After how many the goal is paused.
 *     last_verdict: The judge's last: `done`, `continue`, `wait`, `skipped`, or what else is written.
 *     last_reason: Why.
 *     failures: Times in a row that the judge could not be asked or understood.
 *     subgoals: What the user added; at most 30 of `total_subgoals`.
 *     waiting: None unless an active goal waits.
 */
export interface Goal {
  session_id: string;
  session_title: string | null;
  activity: ("running" | "thinking" | "asking" | "idle" | "crashed" | "open" | "ended") | null;
  goal: string;
  status: string;
  turns_used: number;
  max_turns: number;
  created_at: string | null;
  last_turn_at: string | null;
  last_verdict: string | null;
  last_reason: string | null;
  paused_reason: string | null;
  failures: number;
  subgoals: string[];
  total_subgoals: number;
  waiting: GoalWaiting | null;
  contract: GoalContract | null;
}
/**
 * Why no turn is taken for now.
 *
 * Attributes:
 *     what: `process`: until a process ends; `session`: until a background process of Hermes ends or says what was
 *         awaited; `time`: until a time.
 *     is_over: True if that has happened: the next turn is taken; None: it cannot be known here.
 *     pid: Of the process.
 *     process_id: Hermes' id of the background process.
 *     until: The time.
 *     reason: In the judge's or the user's words.
 *     since: When the waiting began.
 */
export interface GoalWaiting {
  what: "process" | "session" | "time";
  is_over: boolean | null;
  pid: number | null;
  process_id: string | null;
  until: string | null;
  reason: string | null;
  since: string | null;
}
/**
 * What done means; each in the user's words, empty where nothing is agreed.
 */
export interface GoalContract {
  outcome: string;
  verification: string;
  constraints: string;
  boundaries: string;
  stop_when: string;
}
/**
 * The query of a panel that takes no parameters.
 */
export interface NoQuery {}
/**
 * What the kanban panel shows.
 *
 * Attributes:
 *     boards: `default` first, the others by name, at most 64 of `total_boards`, and besides the one that is shown
 *         and the current one.
 *     board: Which of them is shown.
 *     columns: In Hermes' order, then those of words that are not known here.
 *     archived: How many tasks of this board are archived.
 *     stuck: How many running tasks have something that Hermes' dispatcher will act on.
 *     detail: The task asked for.
 *     is_missing: True when the task asked for is not (or no longer) on this board.
 */
export interface Kanban {
  boards: KanbanBoard[];
  total_boards: number;
  board: string;
  columns: KanbanColumn[];
  archived: number;
  stuck: number;
  detail: KanbanDetail | null;
  is_missing: boolean;
}
/**
 * One board.
 *
 * Attributes:
 *     slug: `default`, or the name of its folder in `kanban/boards`.
 *     name: Its display name (`board.json`), else made of the slug as Hermes does.
 *     is_current: True for the one that `hermes kanban` works on (`kanban/current`).
 *     is_archived: True if it was put away.
 *     tasks: Tasks that are not archived.
 *     unfinished: How many of them are not done.
 *     running: How many of them run.
 *     problem: Why it cannot be read, in words; None: it can.
 */
export interface KanbanBoard {
  slug: string;
  name: string;
  description: string;
  is_current: boolean;
  is_archived: boolean;
  tasks: number;
  unfinished: number;
  running: number;
  problem: string | null;
}
/**
 * One column.
 *
 * Attributes:
 *     status: Hermes' word.
 *     total: How many tasks stand in it.
 *     tasks: The most urgent first, then the oldest; of finished ones those finished last. At most 50.
 */
export interface KanbanColumn {
  status: string;
  total: number;
  tasks: KanbanTask[];
}
/**
 * One card.
 *
 * Attributes:
 *     priority: The greater the sooner.
 *     session_id: The session in which it was made.
 *     block_kind: `dependency`, `needs_input`, `capability`, `transient`, or what else is written.
 *     block_recurrences: How often it was blocked for the same reason again.
 *     failures: Runs that failed in a row.
 *     max_failures: At how many it is given up; None: the dispatcher's own limit.
 *     last_error: Why the last of them failed, cut to 600 characters.
 *     parents: The tasks that it waits for, at most 50 of `total_parents`; `open_parents` is how many of all of them
 *         are not done.
 *     children: The tasks that wait for it, at most 50 of `total_children`.
 *     runs: How often it was tried.
 *     last_outcome: How the last finished run ended.
 *     summary: What the last run that said so has done, cut to 400 characters.
 *     work: What goes on; None for one that does not run.
 *     is_goal: True if its worker goes on until a judge calls it done.
 */
export interface KanbanTask {
  id: string;
  title: string;
  status: string;
  assignee: string | null;
  priority: number;
  created_by: string | null;
  created_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  project_id: string | null;
  tenant: string | null;
  branch_name: string | null;
  session_id: string | null;
  block_kind: string | null;
  block_recurrences: number;
  failures: number;
  max_failures: number | null;
  last_error: string | null;
  parents: string[];
  total_parents: number;
  open_parents: number;
  children: string[];
  total_children: number;
  comments: number;
  attachments: number;
  runs: number;
  last_outcome: string | null;
  summary: string | null;
  work: KanbanWork | null;
  is_goal: boolean;
}
/**
 * What goes on with a task that runs.
 *
 * Attributes:
 *     since: When this run began.
 *     profile: The profile that works on it.
 *     worker_pid: Its process.
 *     is_worker_gone: True if that process is gone; None: it is not of this machine, or there is none noted.
 *     heartbeat_at: When it last said that it lives.
 *     claim_expires_at: Until when the task is its own.
 *     max_runtime_s: How long it may take, in seconds.
 *     stuck: What Hermes' dispatcher will act on: `gone`: its process died; `expired`: its claim has run out;
 *         `silent`: no heartbeat for an hour, and it has run longer than it may while silent, or lost its claim;
 *         `overdue`: it takes longer than it may.
 */
export interface KanbanWork {
  since: string | null;
  profile: string | null;
  worker_pid: number | null;
  is_worker_gone: boolean | null;
  heartbeat_at: string | null;
  claim_expires_at: string | null;
  max_runtime_s: number | null;
  stuck: ("gone" | "expired" | "silent" | "overdue")[];
}
/**
 * One task in full.
 *
 * Attributes:
 *     body: What is to be done, cut to 20,000 characters.
 *     is_body_cut: True if it is longer.
 *     result: What came of it, cut to 4,000 characters.
 *     runs: The newest first, at most 20 of `task.runs`.
 *     skills: At most 20 of `total_skills`.
 *     events: The newest first, at most 60 of `total_events`.
 *     comments: The oldest first, at most the last 60 of `task.comments`.
 *     attachments: At most 50 of `task.attachments`.
 */
export interface KanbanDetail {
  task: KanbanTask;
  body: string;
  is_body_cut: boolean;
  result: string | null;
  workspace_kind: string | null;
  workspace_path: string | null;
  skills: string[];
  total_skills: number;
  model: string | null;
  parents: KanbanRelated[];
  children: KanbanRelated[];
  runs: KanbanRun[];
  events: KanbanEvent[];
  total_events: number;
  comments: KanbanComment[];
  attachments: KanbanAttachment[];
}
/**
 * A parent or a child: `title` and `status` are None if it is not there any more.
 */
export interface KanbanRelated {
  id: string;
  title: string | null;
  status: string | null;
}
/**
 * One try at a task.
 *
 * Attributes:
 *     status: `running`, `done`, `blocked`, `crashed`, `timed_out`, `failed`, `released`, or what else is written.
 *     outcome: How it ended; None while it runs.
 *     duration_s: From its start to its end, in seconds; None while it runs.
 *     summary: What it has done, in its own words, cut to 400 characters.
 *     error: Cut to 600 characters.
 */
export interface KanbanRun {
  id: number;
  task_id: string;
  profile: string | null;
  status: string;
  outcome: string | null;
  started_at: string | null;
  ended_at: string | null;
  duration_s: number | null;
  summary: string | null;
  error: string | null;
}
/**
 * Something that happened to a task; `details` are what Hermes noted of it, as JSON of at most 400 characters.
 */
export interface KanbanEvent {
  id: number;
  kind: string;
  at: string | null;
  run_id: number | null;
  details: string | null;
}
/**
 * What somebody wrote below a task, cut to 4,000 characters.
 */
export interface KanbanComment {
  id: number;
  author: string;
  at: string | null;
  text: string;
}
/**
 * A file that belongs to a task, by its name.
 */
export interface KanbanAttachment {
  name: string;
  size_bytes: number;
  by: string | null;
  at: string | null;
}
/**
 * Which board, and which of its tasks in full.
 */
export interface KanbanQuery {
  /**
   * A board's slug; the current one without
   */
  board?: string | null;
  /**
   * A task's id: its body, runs, events and comments as well
   */
  task?: string | null;
  /**
   * Also the column of archived tasks
   */
  archived?: boolean;
}
/**
 * What the memory panel shows.
 *
 * Attributes:
 *     provider: Name of an external memory provider (`config.yaml`, `memory.provider`), if one is set.
 *     changes: What was seen to change since the home was opened here, the newest first.
 *     watched_since: Since when the home is open here.
 *     stale_sessions: Sessions that began within 24 hours, before the last change, and are not closed; at most 12.
 *     stale_total: How many there are.
 *     pending: Writes that wait for approval, the oldest first; the first 20.
 *     pending_total: How many there are.
 *     backups: Names of copies that Hermes left of a file which something else had edited (`*.bak.*`), newest first;
 *         at most 5.
 *     archived: How many entries newer Hermes has moved to `memories/ARCHIVE.jsonl`; None: there is none.
 */
export interface Memory {
  stores: Store[];
  provider: string | null;
  changes: MemoryChange[];
  watched_since: string | null;
  stale_sessions: MemorySession[];
  stale_total: number;
  pending: PendingMemory[];
  pending_total: number;
  backups: string[];
  archived: number | null;
  soul: Soul | null;
}
/**
 * One of the two stores.
 *
 * Attributes:
 *     name: `memory` (MEMORY.md) or `user` (USER.md).
 *     file: Its path in the home.
 *     exists: False when Hermes has not written it yet.
 *     entries: In file order, split at lines that are `§` alone, duplicates dropped, as Hermes reads it; the first 500.
 *     total: How many there are.
 *     used_chars: Characters used, delimiters included, as Hermes counts them.
 *     limit_chars: The limit, from `config.yaml` (`memory.memory_char_limit`, `memory.user_char_limit`).
 *     modified_at: When the file was written last.
 */
export interface Store {
  name: "memory" | "user";
  file: string;
  exists: boolean;
  entries: Entry[];
  total: number;
  used_chars: number;
  limit_chars: number;
  modified_at: string | null;
}
/**
 * One entry of a store.
 *
 * Attributes:
 *     text: What it says, cut to 20,000 characters.
 *     chars: Its whole length in characters.
 *     category: What it is about, by the words in it; a guess, of which Hermes knows nothing.
 *     is_blocked: True for a note that Hermes left in place of an entry which looked like an attack.
 */
export interface Entry {
  text: string;
  chars: number;
  category: "correction" | "preference" | "todo" | "project" | "environment" | "other";
  is_blocked: boolean;
}
/**
 * One change of a store that was seen while the home was open.
 *
 * Attributes:
 *     at: When it was seen: some ms after it was written.
 *     edits: At most 40.
 *     total: How many there are.
 *     used_chars: What the store held afterwards.
 */
export interface MemoryChange {
  at: string;
  store: "memory" | "user";
  edits: MemoryEdit[];
  total: number;
  used_chars: number;
}
/**
 * What became of one entry.
 *
 * Attributes:
 *     before: Its text, without secrets; None: it is new.
 *     after: Its text since; None: it is gone.
 *     pieces: Of a changed entry, its words in order; empty where it is too long to be compared word by word.
 */
export interface MemoryEdit {
  kind: "added" | "removed" | "changed";
  before: string | null;
  after: string | null;
  pieces: MemoryPiece[];
}
/**
 * Some words of an entry that was changed: the same in both wordings, only in the new, or only in the old one.
 */
export interface MemoryPiece {
  kind: "same" | "added" | "removed";
  text: string;
}
/**
 * A session that may run on with an older memory: Hermes puts it into the prompt once, when the session begins.
 *
 * Attributes:
 *     title: Its title, if it has one.
 *     changes: How many entries were added, removed or changed since it began; None: the HUD was not open then.
 */
export interface MemorySession {
  id: string;
  title: string | null;
  source: string;
  started_at: string;
  changes: number | null;
}
/**
 * A write that waits for approval (`pending/memory/*.json`).
 *
 * Attributes:
 *     summary: One line, cut to 300 characters.
 *     origin: `foreground` or `background_review`.
 */
export interface PendingMemory {
  id: string;
  action: string | null;
  store: string | null;
  summary: string;
  origin: string | null;
  created_at: string | null;
}
/**
 * SOUL.md, who the agent is told to be; `text` is cut to 20,000 characters.
 */
export interface Soul {
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
 * What the corrections panel shows.
 *
 * Attributes:
 *     said: The newest first, at most 80 of those asked for; `total_said` is how many these are.
 *     said_counts: Of all of them, whatever is asked for.
 *     kept: Entries of the memory files, in file order; at most 80 of those asked for: `total_kept`.
 *     weeks: The last 26 with messages, without gaps, oldest first; the present one is the last.
 *     looked_at: How many messages that hold one of the words, and entries, the rules were tried on.
 *     since: The oldest message that was looked at among those that hold one of the words; None: all were.
 *     is_whole: False while older messages are still being looked at.
 *     problem: Why messages cannot be searched: there is no full-text index, it does not have all messages, or it
 *         cannot be read.
 *     timezone: Whose weeks these are.
 */
export interface Corrections {
  said: Correction[];
  total_said: number;
  said_counts: CorrectionCounts;
  kept: Correction[];
  total_kept: number;
  kept_counts: CorrectionCounts;
  weeks: CorrectionWeek[];
  looked_at: number;
  since: string | null;
  is_whole: boolean;
  problem: ("missing" | "incomplete" | "unreadable") | null;
  timezone: string;
}
/**
 * One correction.
 *
 * Attributes:
 *     severity: `critical`: harm was done, or it had to be said again; `major`: what the agent did or said is
 *         wrong; `minor`: it is to go on differently.
 *     rule: Which rule found it.
 *     text: The message, or the entry, cut to 300 characters.
 *     at: When it was said; None for an entry, whose time is not known.
 *     session_id: Where it was said.
 *     session: That session's title, else how it begins.
 *     message: The message's id.
 *     store: `memory` or `user`, for an entry.
 */
export interface Correction {
  severity: "critical" | "major" | "minor";
  rule: string;
  text: string;
  at: string | null;
  session_id: string | null;
  session: string | null;
  message: number | null;
  store: ("memory" | "user") | null;
}
/**
 * How many there are of each severity.
 */
export interface CorrectionCounts {
  critical: number;
  major: number;
  minor: number;
}
/**
 * How many were said in one week, which begins on Monday in the home's zone.
 */
export interface CorrectionWeek {
  starts_on: string;
  critical: number;
  major: number;
  minor: number;
}
/**
 * Which corrections a viewer asks for.
 */
export interface CorrectionsQuery {
  /**
   * Only those of this severity
   */
  severity?: ("critical" | "major" | "minor") | null;
}
/**
 * What the curator panel shows.
 *
 * Attributes:
 *     runs: The newest first, at most 30; `total_runs` is how many there are.
 *     skills: Those whose state changes first come first, at most 200; `total_skills` is how many it looks after.
 *     archived: By name, at most 200 of `total_archived`.
 *     backups: The newest first, at most 40 of `total_backups`.
 *     report: Of the run asked for.
 */
export interface CuratorPanel {
  schedule: CuratorSchedule;
  runs: CuratorRun[];
  total_runs: number;
  skills: CuratedSkill[];
  total_skills: number;
  counts: CuratorCounts;
  archived: CuratorArchived[];
  total_archived: number;
  backups: CuratorBackup[];
  total_backups: number;
  report: CuratorReport | null;
}
/**
 * When the curator runs.
 *
 * Attributes:
 *     is_enabled: False if it is switched off (`config.yaml`, `curator.enabled`).
 *     is_paused: True if it was told to wait (`hermes curator pause`).
 *     last_run_at: When it ran last, or when it was told to wait a first interval.
 *     last_duration_s: How long that took.
 *     last_summary: What came of it, in Hermes' words, cut to 1,000 characters.
 *     run_count: How often it ran, trial runs left out.
 *     interval_hours: How long it waits between runs.
 *     min_idle_hours: How long the agent must have been idle then.
 *     next_run_at: When the interval is over; None if it is off or paused, or has not yet begun to count.
 *     is_due: True if the interval is over.
 *     stale_after_days: After so many days without use a skill is stale.
 *     archive_after_days: After so many, it is archived.
 *     consolidates: True if a model merges skills that overlap (`curator.consolidate`).
 *     prunes_bundled: True if skills that came with Hermes are archived as well (`curator.prune_builtins`).
 */
export interface CuratorSchedule {
  is_enabled: boolean;
  is_paused: boolean;
  last_run_at: string | null;
  last_duration_s: number | null;
  last_summary: string | null;
  run_count: number;
  interval_hours: number;
  min_idle_hours: number;
  next_run_at: string | null;
  is_due: boolean;
  stale_after_days: number;
  archive_after_days: number;
  consolidates: boolean;
  prunes_bundled: boolean;
}
/**
 * One run (`logs/curator/* /run.json`).
 *
 * Attributes:
 *     id: The name of its folder.
 *     started_at: When it began.
 *     duration_s: How long it took.
 *     model: Of the pass that merges skills; None: there was none.
 *     summary: What that pass said of itself, cut.
 *     error: Why it failed.
 *     skills_before: How many skills the curator looked after before that pass.
 *     skills_after: How many after it.
 *     checked: How many it looked at by the clock.
 *     marked_stale: How many it marked as stale by the clock, as are `archived` and `reactivated`.
 *     merged: Skills that were taken up by others; `pruned`: put away; `added`: made; at most 40 of each, of
 *         `total_merged`, `total_pruned`, `total_added`.
 *     tool_calls: How many tools that pass called.
 *     has_report: True if there is a report to be read.
 *     problem: Why the file cannot be read, in words.
 */
export interface CuratorRun {
  id: string;
  started_at: string | null;
  duration_s: number | null;
  model: string | null;
  summary: string | null;
  error: string | null;
  skills_before: number;
  skills_after: number;
  checked: number;
  marked_stale: number;
  archived: number;
  reactivated: number;
  merged: CuratorMerge[];
  total_merged: number;
  pruned: string[];
  total_pruned: number;
  added: string[];
  total_added: number;
  tool_calls: number;
  has_report: boolean;
  problem: string | null;
}
/**
 * A skill that was taken up by another one.
 */
export interface CuratorMerge {
  name: string;
  into: string;
}
/**
 * One skill that the curator looks after, and what becomes of it if nobody uses it.
 *
 * Attributes:
 *     is_bundled: True if it came with Hermes; else the agent made it.
 *     state: What the curator made of it.
 *     is_pinned: True if it must be left alone.
 *     is_in_cron: True if a scheduled job needs it, which protects it as well.
 *     is_counted: False if its clock has not begun: the next run begins it.
 *     uses: How often it was used; `activity` counts views and changes, too.
 *     last_active_at: When it was last used, opened or changed by the agent.
 *     next_state: What it becomes next; None: nothing.
 *     next_state_at: From when on: the first run after it does so. It may be past.
 *     archive_at: When it would be archived; None: never.
 */
export interface CuratedSkill {
  name: string;
  is_bundled: boolean;
  state: "active" | "stale" | "archived";
  is_pinned: boolean;
  is_in_cron: boolean;
  is_counted: boolean;
  uses: number;
  activity: number;
  last_active_at: string | null;
  next_state: ("active" | "stale" | "archived") | null;
  next_state_at: string | null;
  archive_at: string | null;
}
/**
 * How many skills the curator looks after, by state, and what it leaves alone.
 */
export interface CuratorCounts {
  active: number;
  stale: number;
  archived: number;
  pinned: number;
  in_cron: number;
}
/**
 * A skill that was put away (`skills/.archive`).
 *
 * Attributes:
 *     archived_at: When, by Hermes' own count; None: it is not noted.
 *     is_suppressed: True for one that came with Hermes and that updates must not bring back.
 */
export interface CuratorArchived {
  name: string;
  archived_at: string | null;
  is_suppressed: boolean;
}
/**
 * What was saved before a run (`skills/.curator_backups`); `hermes curator rollback` brings it back.
 */
export interface CuratorBackup {
  id: string;
  reason: string | null;
  created_at: string | null;
  size_bytes: number;
  skill_files: number | null;
}
/**
 * What a run reported.
 *
 * Attributes:
 *     text: Its REPORT.md; None: there is none (any more).
 *     is_cut: True if it is longer.
 */
export interface CuratorReport {
  run: string;
  text: string | null;
  is_cut: boolean;
}
/**
 * What a viewer may ask for: all of it, or (with `run`) the report of one run besides.
 */
export interface CuratorQuery {
  /**
   * A run's id: return its report besides
   */
  run?: string | null;
}
/**
 * What the sessions panel shows: `list`, or `transcript` when the query names a session.
 *
 * Attributes:
 *     missing: True when the session asked for is not (or no longer) there.
 *     is_narrowed: True when the list is of a search, or of what filters leave.
 */
export interface Sessions {
  list: SessionList | null;
  transcript: Transcript | null;
  missing: boolean;
  is_narrowed: boolean;
}
/**
 * One page of the list.
 *
 * Attributes:
 *     total: Conversations in all, over all pages, that the search and the filters leave.
 *     live: How many are live, without search and filters.
 *     facets: What the filters may be set to, and how many conversations there would be.
 *     search: What was searched and found; None without a search.
 */
export interface SessionList {
  rows: Session[];
  total: number;
  live: number;
  page: number;
  page_size: number;
  sort: "last_active" | "started_at" | "title" | "source" | "model" | "messages" | "tool_calls" | "tokens" | "cost";
  descending: boolean;
  facets: SessionFacets;
  search: SessionSearch | null;
}
/**
 * What the list can be narrowed to: of each filter at most 30 values, those with most conversations first.
 *
 * Attributes:
 *     archived: How many archived conversations there are besides (or, with `archived`, among them).
 */
export interface SessionFacets {
  source: FacetValue[];
  model: FacetValue[];
  project: FacetValue[];
  profile: FacetValue[];
  archived: number;
}
/**
 * One choice of a filter; "" stands for "none known".
 *
 * Attributes:
 *     count: How many conversations the list would have with it.
 */
export interface FacetValue {
  value: string;
  count: number;
}
/**
 * What was searched, and how much was found.
 *
 * Attributes:
 *     query: What was asked for.
 *     terms: The same taken apart: a message must have all of them, or a title.
 *     messages: How many messages match, in the conversations of the list.
 *     is_exact: False while messages are still being looked at: then that and the list's total are what was found so
 *         far. A later snapshot has the true ones.
 *     problem: Why only titles were searched; None: messages were, too.
 *     scanned: When a term needed a look at each message: how many of the newest were looked at, if not all.
 *     leaves_out: What cannot be found this way: `pictures`: messages that have some (the index of characters ends
 *         where they begin); `tools`: what tools returned (it has none of that after Hermes 0.19).
 */
export interface SessionSearch {
  query: string;
  terms: SearchTerm[];
  messages: number;
  is_exact: boolean;
  problem: ("missing" | "incomplete" | "unreadable") | null;
  scanned: number | null;
  leaves_out: ("pictures" | "tools")[];
  matches: SessionMatch[];
}
/**
 * One of the words or quoted phrases of a query, all of which a message must have.
 */
export interface SearchTerm {
  text: string;
  kind: "word" | "phrase" | "prefix" | "substring" | "scanned" | "ignored";
}
/**
 * What a conversation has of a search.
 *
 * Attributes:
 *     root_id: The conversation's first piece.
 *     title: Its title in pieces of which every second one is a hit; empty when the title does not match.
 *     messages: How many of its messages match.
 *     in_subagents: How many more of those of the subagents below it.
 *     newest: The newest match of its own, else of a subagent's; None when only its title or id matches.
 */
export interface SessionMatch {
  root_id: string;
  title: string[];
  messages: number;
  in_subagents: number;
  newest: SearchHit | null;
}
/**
 * A message that matches a search.
 *
 * Attributes:
 *     message: Its id.
 *     session: The session that it belongs to.
 *     snippet: The words around the hit, redacted; every second piece is a hit. One piece: the hit lies where
 *         nothing is shown of.
 */
export interface SearchHit {
  message: number;
  session: string;
  role: string;
  timestamp: string;
  snippet: string[];
}
/**
 * One page of a conversation's messages over its whole compression chain, newest first.
 *
 * Attributes:
 *     total: How many messages the conversation has.
 *     older: Pass it as `before` to get the next page; None on the last one.
 *     newer: Pass it as `after` to get the page before; None on the newest.
 *     marked: The message that was asked for, if the page has it.
 *     related: The conversation that it comes from, what branched off it and its subagents; at most 50.
 *     related_total: How many of these there are.
 */
export interface Transcript {
  session: Session;
  messages: TranscriptMessage[];
  total: number;
  older: number | null;
  newer: number | null;
  marked: number | null;
  related: RelatedSession[];
  related_total: number;
}
/**
 * One row of `messages`, its texts cut to a size that is fit to be shown.
 *
 * Attributes:
 *     state: `active`; `compacted`: summarised away, still history; `rewound`: undone.
 *     failed: On a tool's result: True when Hermes marks it as that of a failed tool.
 *     effect: On a tool's result: `none`: blocked or skipped; `unknown`: interrupted, and may have done something.
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
  failed: boolean | null;
  effect: string | null;
  state: "active" | "compacted" | "rewound";
}
/**
 * One entry of `messages.tool_calls`.
 *
 * Attributes:
 *     other_id: A second id that its result may refer to; "" if it has none.
 */
export interface ToolCall {
  id: string;
  other_id: string;
  name: string;
  arguments: string;
  truncated: boolean;
}
/**
 * A session that hangs on a conversation.
 *
 * Attributes:
 *     id: Opens its transcript.
 *     label: Its title, else how it begins.
 */
export interface RelatedSession {
  id: string;
  kind: "parent" | "branch" | "subagent";
  label: string;
  started_at: string;
  message_count: number;
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
   * Words that a message or a title must have: `word "two words" begin*`
   */
  search?: string;
  /**
   * Search within words, too
   */
  anywhere?: boolean;
  /**
   * Only conversations held there (`cli`, `telegram`, …)
   */
  source?: string | null;
  /**
   * Only with that model; "": with none known
   */
  model?: string | null;
  /**
   * Only in that repository, else working directory
   */
  project?: string | null;
  /**
   * Only made by that profile
   */
  profile?: string | null;
  /**
   * Only those in which something goes on
   */
  live?: boolean;
  /**
   * Any id of a conversation: return its transcript instead of the list
   */
  session?: string | null;
  /**
   * Transcript: only messages older than this message id
   */
  before?: number | null;
  /**
   * Transcript: only messages newer than this message id
   */
  after?: number | null;
  /**
   * Transcript: the page that has this message
   */
  message?: number | null;
  /**
   * Transcript: messages a page
   */
  limit?: number;
}
/**
 * What the projects panel shows.
 *
 * Attributes:
 *     projects: The current one first, then those where something happened last; at most 100.
 *     total: How many there are.
 *     archived: How many projects are put away, and not shown.
 *     elsewhere_sessions: Conversations without a directory, or in the user's or Hermes' own.
 *     elsewhere_tokens: Of these.
 *     elsewhere_cost: Of these.
 *     git_read: Of how many directories git was asked at most.
 */
export interface Projects {
  projects: Project[];
  total: number;
  archived: number;
  elsewhere_sessions: number;
  elsewhere_tokens: Tokens;
  elsewhere_cost: Cost;
  git_read: number;
}
/**
 * One project, or a directory that belongs to none.
 *
 * Attributes:
 *     id: The project's id (`projects.id`); the path of what is none.
 *     kind: `project`: of Hermes' (`projects.db`); `repository`: a git repository in which sessions worked, or which
 *         Hermes has found; `folder`: a directory without one.
 *     slug: Its short name.
 *     color: As somebody chose it, such as `#aabbcc`.
 *     board: The kanban board that belongs to it.
 *     is_current: True for the one that Hermes works in (`hermes project use`).
 *     path: Its main folder, with the user's directory as `~`.
 *     directory: The same as Hermes writes it, by which the sessions panel knows it.
 *     exists: False if that is not there any more; None: not looked, or it does not answer.
 *     folders: Of a project.
 *     sessions: Conversations whose working directory is in it.
 *     tokens: Of these and all that was delegated from them.
 *     last_active: Of any of its sessions.
 *     git: Of its main folder; None: it is no repository, or it was not looked.
 *     is_git_pending: True while git is asked for the first time.
 */
export interface Project {
  id: string;
  kind: "project" | "repository" | "folder";
  name: string;
  slug: string | null;
  description: string | null;
  color: string | null;
  board: string | null;
  is_current: boolean;
  created_at: string | null;
  path: string | null;
  directory: string | null;
  exists: boolean | null;
  folders: ProjectFolder[];
  sessions: number;
  tokens: Tokens;
  cost: Cost;
  last_active: string | null;
  git: ProjectGit | null;
  is_git_pending: boolean;
}
/**
 * A folder of a project (`project_folders`), with the user's directory as `~`.
 */
export interface ProjectFolder {
  path: string;
  label: string | null;
  is_primary: boolean;
}
/**
 * How a directory's git checkout stands (`git`, read only while somebody looks).
 *
 * Attributes:
 *     read_at: When it was read.
 *     root: The checkout's top directory, with the user's directory as `~`.
 *     kind: What the checkout is.
 *     branch: The branch that is checked out; None: none is (detached).
 *     commit: The newest commit's name, its first ten characters; None: there is none.
 *     commit_at: When it was committed.
 *     subject: The first line of its message.
 *     changed: Tracked files that differ from it; None: not known.
 *     conflicts: How many of them are in conflict.
 *     untracked: Files and directories that git does not know; None: not known.
 *     upstream: The branch elsewhere that this one follows, as last fetched.
 *     ahead: Commits that the upstream lacks; None: no upstream, or not known.
 *     behind: Commits that only the upstream has.
 *     worktrees: Further checkouts of the repository.
 *     submodules: Repositories within it.
 *     problem: What could not be found out, in words.
 */
export interface ProjectGit {
  read_at: string;
  root: string;
  kind: "repository" | "worktree" | "submodule";
  branch: string | null;
  commit: string | null;
  commit_at: string | null;
  subject: string | null;
  changed: number | null;
  conflicts: number;
  untracked: number | null;
  upstream: string | null;
  ahead: number | null;
  behind: number | null;
  worktrees: number;
  submodules: number;
  problem: string | null;
}
/**
 * What was going on in a span.
 *
 * Attributes:
 *     days: What was asked for; 0: ever.
 *     from_at: Where the days begin: how far back one can look.
 *     since: Only what goes on after it is told; None: all of these days.
 *     until: Only what began before it is told; None: all until now.
 *     lanes: The busiest first. Of more than `SESSIONS_SHOWN` conversations the longest are told.
 *     total: How many conversations there are in the span.
 *     events: Ascending. Of more than `EVENTS_SHOWN` runs, and of as many others, the newest are told.
 *     events_total: How many there are in the span.
 *     recorded: Events and conversations that there are in all: 0 where there is nothing at all.
 *     progress: How far the calls of tools were read, which some events come from; None: all were.
 */
export interface Timeline {
  timezone: string;
  days: number;
  by: "source" | "project";
  from_at: string;
  since: string | null;
  until: string | null;
  lanes: TimelineLane[];
  total: number;
  events: TimelineEvent[];
  events_total: number;
  recorded: number;
  progress: Progress | null;
}
/**
 * Conversations of one source or one project.
 *
 * Attributes:
 *     name: The source, or the last part of the project's path; None: of no project.
 */
export interface TimelineLane {
  key: string;
  name: string | null;
  sessions: TimelineSession[];
}
/**
 * One conversation.
 *
 * Attributes:
 *     session_id: Its tip.
 *     title: The tip's title, else how its first message begins.
 *     ended_at: When it was closed, else when its last message was written; None: it goes on.
 */
export interface TimelineSession {
  session_id: string;
  title: string;
  source: string;
  started_at: string;
  ended_at: string | null;
  messages: number;
}
/**
 * Something that happened.
 *
 * Attributes:
 *     id: Distinct among the events.
 *     what: Of a run: its status · of memory: `file` (it was written last) or `call` (of the tool `memory`) · of a
 *         skill: `created`, `changed` or `call` (of the tool `skill_manage`) · of a milestone: `first`,
 *         `conversations`, `messages` or `busiest`.
 *     end: Of a run: when it was finished; None while it goes on, and for what has no length.
 *     title: The job's, file's, or skill's name; empty where nobody gave one.
 *     number: Of a milestone: which number was reached.
 *     session_id: The session in which it happened.
 */
export interface TimelineEvent {
  id: string;
  kind: "run" | "memory" | "skill" | "milestone";
  what: string;
  at: string;
  end: string | null;
  title: string;
  number: number | null;
  session_id: string | null;
}
/**
 * Which span a viewer asks for, and by what conversations stand in lanes.
 */
export interface TimelineQuery {
  /**
   * So many days in the home's zone, today the last of them; 0: ever
   */
  days?: number;
  /**
   * Within these days: only what goes on after it
   */
  since?: string | null;
  /**
   * Within these days: only what began before it
   */
  until?: string | null;
  by?: "source" | "project";
}
/**
 * What recurs in the sessions that started in a span. Hours and days are those of `timezone`.
 *
 * Attributes:
 *     days: What was asked for; 0: ever.
 *     since: The span's first midnight, in UTC; None: ever.
 *     recorded: Sessions that there are in all, whatever the span.
 *     conversations: Those that began by themselves: no branches, no pieces, no delegated ones.
 *     sessions: Sessions by the hour of the week in which they started: place weekday * 24 + hour, from Monday on.
 *     messages: Messages by the hour of the week.
 *     calendar: The newest days on which a session started or a message was written, ascending; at most 371.
 *     repeated: How many prompts recur in all; `prompts` are the most frequent.
 *     tools: None while the calls are being read.
 *     progress: How far the reading has come while what is told is of a part only; None: it is all there.
 */
export interface Patterns {
  timezone: string;
  days: number;
  since: string | null;
  recorded: number;
  conversations: number;
  sessions: number[];
  messages: number[];
  calendar: PatternDay[];
  streak: PatternStreak;
  clusters: PatternCluster[];
  prompts: PatternPrompt[];
  repeated: number;
  tools: PatternTools | null;
  candidates: PatternCandidate[];
  progress: Progress | null;
}
/**
 * One day.
 *
 * Attributes:
 *     sessions: Those that started on it.
 *     messages: Those of that day, whenever their sessions started in the span.
 */
export interface PatternDay {
  on: string;
  sessions: number;
  messages: number;
}
/**
 * Days on which a session started, as `hermes insights` counts them.
 *
 * Attributes:
 *     active: How many.
 *     longest: The most of them without a gap.
 */
export interface PatternStreak {
  active: number;
  longest: number;
}
/**
 * Conversations of one kind of work, told by whole words of the first message and the title.
 *
 * Attributes:
 *     name: `git`, `debugging`, `code`, `refactor`, `research`, `config`, `docs`, or `other`.
 *     messages: Of all of them, by Hermes' own counters; so are `tool_calls`.
 *     examples: Those active last.
 */
export interface PatternCluster {
  name: string;
  conversations: number;
  messages: number;
  tool_calls: number;
  examples: PatternExample[];
}
/**
 * A conversation that shows what is meant.
 *
 * Attributes:
 *     session_id: Its tip.
 *     title: The tip's title, else how its first message begins.
 */
export interface PatternExample {
  session_id: string;
  title: string;
  last_at: string;
}
/**
 * A first message that several conversations have, whatever its case and white space.
 *
 * Attributes:
 *     text: How it begins.
 *     first_at: When the first of them started.
 */
export interface PatternPrompt {
  text: string;
  times: number;
  first_at: string;
  example: PatternExample;
}
/**
 * The calls of all tools, those called most first.
 *
 * Attributes:
 *     calls: Of all tools, also of those `left_out`.
 *     hours: Calls by the hour of the week, like `Patterns.sessions`.
 */
export interface PatternTools {
  tools: PatternTool[];
  left_out: number;
  calls: number;
  workflows: PatternWorkflow[];
  hours: number[];
}
/**
 * The calls of one tool.
 *
 * Attributes:
 *     failed: Calls with a result that Hermes marks as failed.
 *     unanswered: Calls without a result.
 *     failure_rate: Of the calls with a result, from 0 to 1; None: there are none.
 *     latency: Of the calls with a result; None: there are none.
 */
export interface PatternTool {
  tool: string;
  calls: number;
  failed: number;
  unanswered: number;
  failure_rate: number | null;
  latency: PatternLatency | null;
  last_at: string | null;
}
/**
 * How long calls took until their result was there, in seconds; quantiles between two values are interpolated.
 */
export interface PatternLatency {
  min_s: number;
  p50_s: number;
  p95_s: number;
  max_s: number;
}
/**
 * Three tools called one after the other within a conversation.
 *
 * Attributes:
 *     times: How often; sequences may overlap.
 *     conversations: In how many of them.
 */
export interface PatternWorkflow {
  tools: string[];
  times: number;
  conversations: number;
}
/**
 * What comes back so often that it could be a skill.
 *
 * Attributes:
 *     times: In how many conversations.
 *     text: Of a prompt: how it begins.
 *     tools: Of a workflow: the tools, in sequence.
 */
export interface PatternCandidate {
  kind: "prompt" | "workflow";
  times: number;
  text: string | null;
  tools: string[];
  example: PatternExample | null;
}
/**
 * Which span a viewer asks for.
 */
export interface PatternsQuery {
  /**
   * Sessions that started on so many days in the home's zone, today the last of them; 0: ever
   */
  days?: number;
}
/**
 * What the growth panel shows.
 *
 * Attributes:
 *     timezone: Whose days they are.
 *     now: Counted just now.
 *     cost: That of `now`, with what kind of figure it is; of the kept days only the dollars are known.
 *     earlier: The day that is compared with `later`; None when nothing was kept before it.
 *     later: A kept day, or now.
 *     drawn: The newest kept days, ascending, `now` the last of them.
 *     days: Days that can be chosen, ascending, today included.
 *     kept_in: Our own file in which the days are kept, one line each; None: nothing is kept.
 */
export interface Growth {
  timezone: string;
  now: GrowthDay;
  cost: Cost;
  earlier: GrowthDay | null;
  later: GrowthDay;
  drawn: GrowthDay[];
  days: string[];
  kept_in: string | null;
}
/**
 * The figures of one day.
 *
 * Attributes:
 *     day: In the home's zone.
 *     at: When they were counted: of an earlier day, the last time that it changed.
 */
export interface GrowthDay {
  day: string;
  at: string;
  figures: GrowthFigures;
}
/**
 * Counts at one moment; None: not known, as of a day on which it was not counted yet.
 *
 * Attributes:
 *     sessions: Conversations that Hermes lists.
 *     messages: Sum of `sessions.message_count` over all sessions; a compaction makes it smaller.
 *     tool_calls: Sum of `sessions.tool_call_count` over all sessions.
 *     tokens: Input, cache and output of all sessions, auxiliary tasks included.
 *     cost_usd: What is known of their cost, as Hermes stored it.
 *     memory_entries: Entries of MEMORY.md.
 *     memory_chars: Characters of MEMORY.md that are used, as Hermes counts them.
 *     user_entries: Entries of USER.md.
 *     user_chars: Characters of USER.md that are used.
 *     skills: Skills that Hermes lists.
 *     own_skills: Those of them that came neither with Hermes nor from a hub: the agent's and the user's.
 *     cron_jobs: Scheduled jobs, paused ones included.
 */
export interface GrowthFigures {
  sessions: number | null;
  messages: number | null;
  tool_calls: number | null;
  tokens: number | null;
  cost_usd: number | null;
  memory_entries: number | null;
  memory_chars: number | null;
  user_entries: number | null;
  user_chars: number | null;
  skills: number | null;
  own_skills: number | null;
  cron_jobs: number | null;
}
/**
 * Which two days a viewer compares.
 */
export interface GrowthQuery {
  /**
   * The last kept day up to this one; null: the day before `later`
   */
  earlier?: string | null;
  /**
   * The last kept day up to this one; null: now
   */
  later?: string | null;
}
/**
 * What the verification panel shows.
 *
 * Attributes:
 *     workspaces: Those that changed last first; `total` is how many there are.
 *     events: The newest first; `total_events` is how many Hermes still keeps.
 *     kinds: Of all these events, the most frequent first.
 *     days: The last 30, without gaps, oldest first.
 *     timezone: Whose days these are.
 *     output: Of the event asked for.
 */
export interface Verification {
  workspaces: VerificationWorkspace[];
  total: number;
  counts: VerificationCounts;
  events: VerificationEvent[];
  total_events: number;
  kinds: VerificationKind[];
  days: VerificationDay[];
  timezone: string;
  output: VerificationOutput | null;
}
/**
 * What is proven of one session's work in one project (`verification_state`).
 *
 * Attributes:
 *     session_title: As in `VerificationEvent`.
 *     root: The project's folder.
 *     status: That of the last check; `stale`: something was edited after it; `unverified`: no check has run yet.
 *     last_edit_at: The last edit since that check; None: there was none.
 *     changed_paths: What was edited since, at most 20 of them.
 *     changed: How many paths that are; Hermes keeps 200.
 *     last: The last check.
 *     changed_at: When either of them happened last.
 */
export interface VerificationWorkspace {
  session_id: string;
  session_title: string | null;
  root: string;
  status: "passed" | "failed" | "stale" | "unverified";
  last_edit_at: string | null;
  changed_paths: string[];
  changed: number;
  last: VerificationEvent | null;
  changed_at: string | null;
}
/**
 * One check that ran (`verification_events`).
 *
 * Attributes:
 *     session_title: That session's title, where it is one of the newest 500 and has one.
 *     command: As it was called, cut to 300 characters.
 *     canonical_command: The project's own check that it is one of.
 *     kind: `test`, `lint`, `typecheck`, `build`, `format`, `check`, `ad_hoc`, or what else Hermes wrote.
 *     scope: `full` or `targeted`: of only a part.
 *     status: `passed` or `failed`.
 */
export interface VerificationEvent {
  id: number;
  at: string | null;
  session_id: string;
  session_title: string | null;
  root: string;
  command: string;
  canonical_command: string;
  kind: string;
  scope: string;
  status: string;
  exit_code: number | null;
}
/**
 * How many workspaces are in which state.
 */
export interface VerificationCounts {
  passed: number;
  failed: number;
  stale: number;
  unverified: number;
}
/**
 * How the checks of one kind went.
 */
export interface VerificationKind {
  kind: string;
  passed: number;
  failed: number;
}
/**
 * The checks of one day, in the home's zone.
 */
export interface VerificationDay {
  day: string;
  passed: number;
  failed: number;
}
/**
 * What one check printed, as Hermes summarised it.
 *
 * Attributes:
 *     text: None: it is not (or no longer) kept, or too old to be read here.
 */
export interface VerificationOutput {
  event: number;
  text: string | null;
}
/**
 * What a viewer may ask for: all of it, or (with `event`) what one check printed.
 */
export interface VerificationQuery {
  /**
   * An event's id: return its output besides
   */
  event?: number | null;
}
/**
 * What the checkpoints panel shows.
 *
 * Attributes:
 *     is_enabled: Whether Hermes takes snapshots (`checkpoints.enabled`); a single session may be told otherwise.
 *     max_snapshots: How many of one directory it keeps.
 *     max_size_bytes: How large all may become; 0: as large as they like.
 *     retention_days: After how long without use a directory's are dropped.
 *     directories: Those touched last first, at most 100.
 *     total: How many there are.
 *     total_checkpoints: Snapshots of all directories that were read, the newest 200 of each of 200.
 *     is_total_cut: True if there are more.
 *     unreadable: Files about a directory that are damaged.
 *     legacy: By name, at most 50 of `total_legacy`.
 *     size_bytes: Of everything; directories share what is equal, so none has a size of its own.
 *     is_size_cut: True if there is more than was added up.
 */
export interface CheckpointList {
  is_enabled: boolean;
  max_snapshots: number;
  max_size_bytes: number;
  retention_days: number;
  directories: CheckpointDirectory[];
  total: number;
  total_checkpoints: number;
  is_total_cut: boolean;
  unreadable: number;
  legacy: CheckpointLegacy[];
  total_legacy: number;
  size_bytes: number;
  is_size_cut: boolean;
}
/**
 * One working directory.
 *
 * Attributes:
 *     path: With the user's directory as `~`; None: its file does not say.
 *     exists: False if it is not there any more, and Hermes will drop its snapshots; None: it does not answer, or
 *         was not looked at yet.
 *     touched_at: When Hermes last came to take one, whether or not something had changed.
 *     count: Its snapshots, at most 200.
 *     is_count_cut: True if there are more.
 *     newest_at: When the newest was taken.
 *     oldest_at: When the oldest of those counted was taken.
 *     checkpoints: The newest 20.
 *     problem: Why they could not be read, in words.
 */
export interface CheckpointDirectory {
  id: string;
  path: string | null;
  exists: boolean | null;
  created_at: string | null;
  touched_at: string | null;
  count: number;
  is_count_cut: boolean;
  newest_at: string | null;
  oldest_at: string | null;
  checkpoints: Checkpoint[];
  problem: string | null;
}
/**
 * One snapshot.
 *
 * Attributes:
 *     id: What `/rollback` calls it, its first ten characters.
 *     reason: Why it was taken, as Hermes says.
 */
export interface Checkpoint {
  id: string;
  at: string | null;
  reason: string;
}
/**
 * Snapshots of an older form that Hermes has put away.
 */
export interface CheckpointLegacy {
  name: string;
  modified_at: string;
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
 *     models: The dearest first, as are `tasks`, `sources` and `projects`.
 *     periods: Without gaps, oldest first; what is older or from the future is counted in the first or last.
 *     unit: How long each of them is.
 *     dearest: The conversations that cost most, as far as their price is known.
 *     month: What was spent in this calendar month, whatever span is asked for.
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
  projects: CostProject[];
  left_out: CostsLeftOut;
  unit: "day" | "week" | "month" | "year";
  periods: CostPeriod[];
  dearest: ConversationCost[];
  month: CostMonth;
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
 * Where sessions worked.
 *
 * Attributes:
 *     project: The root of the git repository (`sessions.git_repo_root`), else the directory (`sessions.cwd`); None:
 *         Hermes noted none.
 */
export interface CostProject {
  project: string | null;
  figures: CostFigures;
}
/**
 * How many groups there are beyond those listed.
 */
export interface CostsLeftOut {
  models: number;
  tasks: number;
  sources: number;
  projects: number;
}
/**
 * A day, week, month or year; weeks begin on Monday.
 */
export interface CostPeriod {
  starts_on: string;
  sessions: number;
  kinds: CostKind[];
  models: CostPart[];
}
/**
 * What one model cost in a period.
 *
 * Attributes:
 *     model: Its place among the panel's `models`, the first four of them; None: all others.
 *     usd: None where nothing is known of it.
 *     has_unknown: True if some of it is of unknown price.
 */
export interface CostPart {
  model: number | null;
  usd: number | null;
  tokens: number;
  has_unknown: boolean;
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
 * The calendar month that goes on, for a budget.
 *
 * Attributes:
 *     starts_on: Its first day, in the home's zone.
 *     days: How many it has.
 *     elapsed_days: How many of them are over, today as far as it is.
 *     cost: Of the sessions that started in it.
 *     today: Of those that started today.
 */
export interface CostMonth {
  starts_on: string;
  days: number;
  elapsed_days: number;
  cost: Cost;
  today: Cost;
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
/**
 * What the model panel shows.
 *
 * Attributes:
 *     main: The main loop's model; None: none is configured.
 *     fallbacks: Models that take over when it fails, in order.
 *     tasks: Auxiliary tasks, in the order of the configuration.
 *     used: The others: those of auxiliary tasks, then what was used in the last 30 days; most tokens first.
 *     used_total: How many those are; `used` has the first of them.
 *     compresses_at_tokens: When Hermes compresses the main loop's context; None: never, or no window is known.
 *     threshold: `compression.threshold`, as it is configured.
 *     is_compressing: Whether compression is switched on.
 *     least_tokens: With a smaller window Hermes refuses to work.
 *     bad_override: What `model.context_length` holds, where Hermes cannot take it for a number.
 *     reasoning_effort: As configured; None: the provider's default.
 *     max_output_tokens: `model.max_tokens`; None: the provider's default.
 *     chats: The gateway's chats with the fullest windows.
 *     catalog_models: How many models the catalog of models.dev has; 0: Hermes has not fetched it.
 */
export interface ModelPanel {
  main: ModelEntry | null;
  fallbacks: ModelEntry[];
  tasks: ModelTask[];
  used: ModelEntry[];
  used_total: number;
  used_days: number;
  compresses_at_tokens: number | null;
  threshold: number | null;
  is_compressing: boolean;
  least_tokens: number;
  bad_override: string | null;
  reasoning_effort: string | null;
  max_output_tokens: number | null;
  chats: ModelChat[];
  catalog_models: number;
}
/**
 * One model of one provider, configured or used.
 *
 * Attributes:
 *     provider: The provider's id; None: Hermes decides, or it is not known.
 *     roles: What it is configured for: `main`, `fallback`, auxiliary tasks; empty: it was used only.
 *     window_tokens: How many tokens Hermes takes its context window for; None: only the provider says.
 *     window_source: Who says so: `config` (`model.context_length`), `custom_providers`, `endpoint`, `cache` (what
 *         Hermes found out once), `codex`, `openrouter`, `models_dev`, `table` (Hermes' own, by a part of the name),
 *         `fallback`.
 *     is_window_asked: True if Hermes asks the provider first, whose answer is not kept and may differ.
 *     catalog_tokens: What models.dev says, which an override may lower.
 */
export interface ModelEntry {
  model: string;
  provider: string | null;
  name: string | null;
  roles: string[];
  window_tokens: number | null;
  window_source:
    | (
        | "config"
        | "custom_providers"
        | "endpoint"
        | "cache"
        | "codex"
        | "openrouter"
        | "models_dev"
        | "table"
        | "fallback"
      )
    | null;
  is_window_asked: boolean;
  catalog_tokens: number | null;
  abilities: ModelAbilities | null;
  price: ModelPrice | null;
  use: ModelUse | null;
}
/**
 * What the catalog of models.dev says that a model can; None: it does not say.
 *
 * Attributes:
 *     output_tokens: How many tokens it writes at most.
 *     knowledge: Until when it knows the world, as the catalog writes it; as does `released`.
 */
export interface ModelAbilities {
  family: string | null;
  tools: boolean | null;
  images: boolean | null;
  reasoning: boolean | null;
  structured: boolean | null;
  open_weights: boolean | null;
  output_tokens: number | null;
  knowledge: string | null;
  released: string | null;
}
/**
 * List prices in US dollars per million tokens; None: not told.
 *
 * Attributes:
 *     source: Who says so: `hermes` (the table by which it prices itself), `openrouter`, `models_dev`; `included`:
 *         a subscription pays, there is no price per token.
 *     version: What Hermes calls that state of its table.
 */
export interface ModelPrice {
  input_usd: number | null;
  output_usd: number | null;
  cache_read_usd: number | null;
  cache_write_usd: number | null;
  source: string;
  version: string | null;
}
/**
 * What it was used for in the last 30 days, today included, auxiliary tasks too.
 *
 * Attributes:
 *     sessions: Sessions that have a part in it.
 */
export interface ModelUse {
  api_calls: number;
  sessions: number;
  tokens: Tokens;
  cost: Cost;
}
/**
 * An auxiliary task and the model that does it.
 *
 * Attributes:
 *     model: None: that of the main loop, or what its provider has for such tasks.
 *     provider: None: Hermes decides.
 */
export interface ModelTask {
  task: string;
  model: string | null;
  provider: string | null;
}
/**
 * How much of the window a chat's last prompt took, as the gateway noted it.
 *
 * Attributes:
 *     share: Of the main model's window, 0 to 1; more where another model was asked. None: no window is known.
 */
export interface ModelChat {
  session_id: string;
  platform: string | null;
  prompt_tokens: number;
  share: number | null;
  at: string | null;
}
/**
 * What the providers panel shows.
 *
 * Attributes:
 *     configured: `model.provider` in `config.yaml`, aliases resolved; None or `auto`: Hermes decides.
 *     logged_in: `active_provider` in `auth.json`: what somebody logged in to last.
 *     providers: The active one first, then those with a role, then the others by name.
 *     total: How many there are; `providers` has the first of them.
 */
export interface Providers {
  configured: string | null;
  logged_in: string | null;
  providers: Provider[];
  total: number;
}
/**
 * One provider that is configured, or logged in to.
 *
 * Attributes:
 *     id: As Hermes calls it; `custom:NAME` for an endpoint of one's own.
 *     roles: What it is used for: `main`, `fallback`, auxiliary tasks.
 *     is_active: True for the one that the main loop asks first.
 *     status: That of its best credential; `missing`: it is needed, and there is none; `elsewhere`: it needs
 *         none of these, or its login is kept by another program.
 *     host: Where it is asked.
 *     usable: How many of its credentials can be used now.
 *     total: How many there are; `credentials` has the first of them.
 *     strategy: How Hermes chooses among several: `fill_first`, `round_robin`, `random`, `least_used`.
 */
export interface Provider {
  id: string;
  name: string;
  roles: string[];
  is_active: boolean;
  status: "ok" | "expiring" | "expired" | "exhausted" | "dead" | "missing" | "elsewhere";
  host: string | null;
  usable: number;
  total: number;
  strategy: string | null;
  cools_until: string | null;
  expires_at: string | null;
  credentials: ProviderCredential[];
}
/**
 * One key or login. Neither it nor its label, which may be somebody's address, is told.
 *
 * Attributes:
 *     kind: `api_key` or `oauth`: kept in `auth.json` or a file beside it; `environment`: a variable of
 *         `.env`; `config`: written in `config.yaml`.
 *     source: Where it comes from: `manual`, `device_code`, a variable's or a file's name.
 *     status: `ok`; `expiring`: ends within seven days and cannot renew itself; `expired`; `exhausted`: rests
 *         until `cools_until`; `dead`: refused for good; `missing`: an entry without a key; `elsewhere`: in a
 *         variable that `.env` does not have.
 *     cools_until: When Hermes tries it again.
 *     expires_at: When it ends; None: never, or it is not told.
 *     renews: True if Hermes can renew it by itself: its end is then no trouble.
 *     last_error_code: The HTTP status of its last error, since which nothing went well.
 *     last_error_reason: The provider's word for it.
 *     requests: How often it was chosen, where Hermes counts that (`least_used`).
 *     priority: The lowest is taken first.
 *     host: Where it is used, if that is its own endpoint.
 *     is_shared: True for the root home's, which a profile without one of its own uses.
 */
export interface ProviderCredential {
  kind: "api_key" | "oauth" | "environment" | "config";
  source: string;
  status: "ok" | "expiring" | "expired" | "exhausted" | "dead" | "missing" | "elsewhere";
  cools_until: string | null;
  expires_at: string | null;
  renews: boolean;
  last_error_code: number | null;
  last_error_reason: string | null;
  last_error_at: string | null;
  requests: number;
  priority: number;
  host: string | null;
  is_shared: boolean;
}
/**
 * What the cron panel shows.
 *
 * Attributes:
 *     running: Unfinished runs, lost ones included; the longest first.
 *     jobs: In the order of `cron/jobs.json`.
 *     former: The newest runs of jobs that are not there any more.
 *     unreadable: How many entries of `cron/jobs.json` are no jobs.
 *     pending_suggestions: How many jobs Hermes suggests that nobody has answered to.
 *     suggestions: The first 20 of them.
 *     output: Of the run asked for.
 *     timezone: The home's zone, in which cron expressions are meant.
 */
export interface Cron {
  scheduler: Scheduler;
  running: Run[];
  jobs: Job[];
  former: Run[];
  unreadable: number;
  pending_suggestions: number;
  suggestions: CronSuggestion[];
  output: CronOutputText | null;
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
 *     outputs: What its runs left behind, the newest first, at most 20.
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
  outputs: CronOutput[];
}
/**
 * What one run of a job left behind (`cron/output/JOB/TIME.md`).
 *
 * Attributes:
 *     path: From `cron/output` on.
 *     at: When it was written.
 *     size_bytes: Its size.
 */
export interface CronOutput {
  path: string;
  at: string;
  size_bytes: number;
}
/**
 * A job that Hermes suggests and nobody has answered to (`cron/suggestions.json`).
 *
 * Attributes:
 *     title: Cut to 400 characters, as are all its texts.
 *     source: What made Hermes think of it.
 *     schedule: When it would fire.
 *     prompt: What it would be told.
 */
export interface CronSuggestion {
  id: string;
  title: string;
  description: string | null;
  source: string | null;
  schedule: string | null;
  prompt: string | null;
  created_at: string | null;
}
/**
 * One of them in full.
 *
 * Attributes:
 *     text: None: it is not there (any more).
 *     is_cut: True if it is longer.
 */
export interface CronOutputText {
  path: string;
  text: string | null;
  is_cut: boolean;
}
/**
 * What a viewer may ask for: all of it, or (with `output`) what one run left behind besides.
 */
export interface CronQuery {
  /**
   * The path of an output, such as JOB/2026-05-04_06-15-00.md: return its text
   */
  output?: string | null;
}
/**
 * What the gateway panel shows.
 *
 * Attributes:
 *     health: What is true: `running`, `starting`, `degraded`, `draining`: so it says, and its process lives;
 *         `silent`: its process lives, but its heartbeat has stopped; `stopped`, `failed` (to start): so it
 *         said; `dead`: its last word is another, but its process is gone; `unknown`: its process cannot be
 *         seen from here, and there is no heartbeat; `none`: no gateway has ever run here.
 *     said: What `gateway_state.json` says, word for word.
 *     is_alive: Whether its process lives; None: it cannot be known here.
 *     is_told_by_heartbeat: True where the process cannot be seen and the heartbeat alone tells.
 *     is_clean: True if its last end was a clean one.
 *     changed_at: When the state was written last. A healthy idle gateway writes nothing for days.
 *     heartbeat_at: The last beat (since 0.19).
 *     exit_reason: Why it stopped.
 *     active_agents: Turns that it works on.
 *     starts: When it started lately, the newest first.
 *     is_storm: True if it started more than five times within two minutes.
 *     is_loop: True if three starts within a minute found sessions that a restart had interrupted; it then
 *         does not resume them any more.
 *     backlog: None before 0.19, which keeps none.
 *     pairing_waiting: People who wait for their pairing to be confirmed, on all platforms.
 *     directory_at: When the directory of channels was made.
 *     served_profiles: Profiles that it works for, at most 50 of `total_served_profiles`.
 *     webhooks_total: How many webhooks there are; `webhooks` has the first 50 of them.
 */
export interface Gateway {
  health:
    "running" | "starting" | "degraded" | "draining" | "silent" | "stopped" | "failed" | "dead" | "unknown" | "none";
  said: string | null;
  is_alive: boolean | null;
  is_told_by_heartbeat: boolean;
  is_clean: boolean;
  pid: number | null;
  changed_at: string | null;
  heartbeat_at: string | null;
  exit_reason: string | null;
  is_restart_requested: boolean;
  active_agents: number;
  served_profiles: string[];
  total_served_profiles: number;
  platforms: GatewayPlatform[];
  starts: string[];
  is_storm: boolean;
  is_loop: boolean;
  backlog: GatewayBacklog | null;
  pairing_waiting: number;
  directory_at: string | null;
  webhooks: GatewayWebhook[];
  webhooks_total: number;
}
/**
 * One platform that the gateway serves, or did.
 *
 * Attributes:
 *     state: `connecting`, `connected`, `retrying`, `disconnected`, `paused`, `fatal`, or what else is written.
 *     is_current: False for what a gateway wrote that does not run any more.
 *     error_code: The platform's word for what is wrong.
 *     error_message: Cut to 500 characters; addresses and long numbers are left out.
 *     since: When its state was written last.
 *     channels: Channels and contacts in the gateway's directory; None: it has none for this platform.
 *     chats: Chats that are routed to a session.
 *     waiting_pairings: People who wait for their pairing to be confirmed.
 *     paired: People whose pairing is.
 *     unreachable: Targets that the platform says are gone.
 *     undelivered: Replies still owed to it.
 */
export interface GatewayPlatform {
  name: string;
  state: string | null;
  is_current: boolean;
  error_code: string | null;
  error_message: string | null;
  since: string | null;
  channels: number | null;
  chats: number;
  waiting_pairings: number;
  paired: number;
  unreachable: number;
  undelivered: number;
}
/**
 * Replies and their delivery, of the last seven days; no word of them, nor whom they are for.
 *
 * Attributes:
 *     states: How many, by state: `pending`, `attempting`, `failed`, `abandoned`, `delivered`.
 *     open: Those that are neither delivered nor abandoned.
 *     oldest_at: When the oldest of these was owed.
 *     last_error: Of the one that failed last; addresses and long numbers are left out.
 *     last_error_at: When that was.
 */
export interface GatewayBacklog {
  states: {
    [k: string]: number;
  };
  open: number;
  oldest_at: string | null;
  last_error: string | null;
  last_error_at: string | null;
}
/**
 * One webhook subscription, without its secret.
 *
 * Attributes:
 *     events: What it listens to, at most 50 of `total_events`; empty: everything.
 *     deliver: Where its answer goes.
 */
export interface GatewayWebhook {
  name: string;
  description: string | null;
  events: string[];
  total_events: number;
  deliver: string | null;
  created_at: string | null;
}
/**
 * What the health panel shows.
 *
 * Attributes:
 *     checks: The worst first.
 *     errors: How many of them are errors; so with the others.
 */
export interface Health {
  checks: HealthCheck[];
  errors: number;
  warnings: number;
  unknown: number;
  ok: number;
}
/**
 * One check.
 *
 * Attributes:
 *     check: What was checked.
 *     level: `error`: something does not work; `warning`: it may not for long; `unknown`: it cannot be told from
 *         here; `ok`.
 *     code: Which sentence says it (`panels/health.json`), for other languages.
 *     values: What is filled in there; `at` is an instant in ISO 8601.
 *     what: The sentence, in English.
 *     advice: What to do, in English; None: nothing.
 *     looked_at: What was looked at, in the home.
 *     value: The figure that decided, where there is one: bytes, a share, a number.
 *     panel: The panel that tells more.
 */
export interface HealthCheck {
  check: string;
  level: "error" | "warning" | "unknown" | "ok";
  code: string;
  values: {
    [k: string]: string;
  };
  what: string;
  advice: string | null;
  looked_at: string;
  value: number | null;
  panel: string | null;
}
/**
 * What the profiles panel shows.
 *
 * Attributes:
 *     profiles: `default` first, the others by name, as `hermes profile list` has them; at most 64 of
 *         `total_profiles`.
 *     active: The one that plain `hermes` works in.
 *     comparison: As asked for; None: not asked, or one of the names is none.
 */
export interface ProfileList {
  profiles: Profile[];
  total_profiles: number;
  active: string;
  comparison: ProfileComparison | null;
}
/**
 * One profile.
 *
 * Attributes:
 *     name: Its name; the root home is `default`.
 *     path: Its home, with the user's directory as `~`.
 *     is_active: True for the one that plain `hermes` works in (`active_profile`).
 *     is_shown: True for the home whose panels are shown.
 *     model: The configured model (`config.yaml`).
 *     provider: Its provider, if one is written beside it.
 *     is_local: True if the endpoint that is written beside it is on this machine or network.
 *     context_tokens: The context window, if one is written (`model.context_length`).
 *     skin: How its terminal looks (`display.skin`).
 *     toolsets: What it may use, if that is written; at most 40 of `total_toolsets`.
 *     is_compressing: False if long conversations are not compressed; None: not written.
 *     gateway: `running`, `stopped`, `never`: none ever ran here, `unknown`: it cannot be known here.
 *     gateway_state: What the gateway wrote of itself last.
 *     sessions: Conversations that Hermes lists; None: no database, or one that cannot be read.
 *     tokens: Of all its sessions.
 *     cost: Of these.
 *     last_active: Its newest message's time.
 *     skills: Skills in its own folder, as `hermes profile list` counts them.
 *     jobs: Scheduled jobs.
 *     keys: How many variables its `.env` gives a value.
 *     soul: The first line of SOUL.md that is no heading, else its first heading.
 *     description: What it is good at (`profile.yaml`).
 *     is_description_made: True if a model wrote that and nobody has looked at it.
 *     distribution: What it was installed from (`distribution.yaml`).
 *     distribution_version: Of that.
 *     problems: Files that cannot be read, in words; at most 5 of `total_problems`.
 */
export interface Profile {
  name: string;
  path: string;
  is_active: boolean;
  is_shown: boolean;
  model: string | null;
  provider: string | null;
  is_local: boolean;
  context_tokens: number | null;
  skin: string | null;
  toolsets: string[];
  total_toolsets: number;
  is_compressing: boolean | null;
  gateway: "running" | "stopped" | "never" | "unknown";
  gateway_state: string | null;
  sessions: number | null;
  messages: number | null;
  tool_calls: number | null;
  tokens: Tokens;
  cost: Cost;
  last_active: string | null;
  memory: ProfileMemory[];
  skills: number;
  jobs: number;
  keys: number;
  soul: string | null;
  description: string | null;
  is_description_made: boolean;
  distribution: string | null;
  distribution_version: string | null;
  problems: string[];
  total_problems: number;
}
/**
 * How full one of a profile's memory stores is, in characters as Hermes counts them.
 */
export interface ProfileMemory {
  store: "memory" | "user";
  entries: number;
  used_chars: number;
  limit_chars: number;
}
/**
 * How two profiles differ; their models, memories and figures are in `profiles`.
 *
 * Attributes:
 *     differences: Of their effective configuration, at most 200.
 *     more_differences: How many more there are.
 *     skills_of_one: Skills that only the first has, as their folders, at most 200 of `total_skills_of_one`.
 *     skills_of_other: That only the second has, at most 200 of `total_skills_of_other`.
 *     shared_skills: How many both have.
 */
export interface ProfileComparison {
  one: string;
  other: string;
  differences: ProfileDifference[];
  more_differences: number;
  skills_of_one: string[];
  total_skills_of_one: number;
  skills_of_other: string[];
  total_skills_of_other: number;
  shared_skills: number;
}
/**
 * A value of the configuration that two profiles do not share.
 *
 * Attributes:
 *     path: Its keys with dots between them.
 *     one: In the first; None: as Hermes has it by default, or masked.
 *     other: In the second.
 *     is_masked: True for what is, or may be, a secret or somebody's address, or differs in what is not shown.
 */
export interface ProfileDifference {
  path: string;
  one: string | null;
  other: string | null;
  is_masked: boolean;
}
/**
 * What a viewer may ask for: the profiles, and with two names how these differ.
 */
export interface ProfilesQuery {
  /**
   * Two names of profiles, to compare their configuration and skills
   *
   * @maxItems 2
   */
  compare?: [] | [string] | [string, string];
}
/**
 * What the MCP panel shows.
 *
 * Attributes:
 *     servers: In the order of `config.yaml`, then those that are gone from it.
 *     total: How many there are; `servers` has the first of them.
 *     is_reading: True while the calls are still being read.
 */
export interface Mcp {
  servers: McpServer[];
  total: number;
  is_reading: boolean;
}
/**
 * One server. Neither its arguments, its variables, nor its headers are told.
 *
 * Attributes:
 *     transport: None: nothing says how it is reached.
 *     program: The name of the program that is started, without its path.
 *     host: Where it is reached, without path or query.
 *     is_configured: False for one that is gone from the configuration but left a login or calls.
 *     auth: `oauth`, `headers`, `variables` (it gets some), or what else is written; None: nothing.
 *     login: Of OAuth: `ok`, `expired` (and cannot renew itself), `missing` (nobody logged in yet); else `none`.
 *     expires_at: When its token ends; None: never, or it is not told.
 *     renews: True if Hermes can renew it by itself.
 *     include: Only these of its tools are offered; empty: all.
 *     exclude: These are not.
 *     problem: Why Hermes cannot use it: `unreachable` (neither a command nor a URL), `not-a-mapping`.
 *     calls: Calls of its tools in all sessions; None: they are still being read.
 *     tools: Those that were called, most calls first.
 */
export interface McpServer {
  name: string;
  transport: ("stdio" | "http" | "sse") | null;
  program: string | null;
  host: string | null;
  is_configured: boolean;
  is_enabled: boolean;
  auth: string | null;
  login: "none" | "ok" | "expired" | "missing";
  expires_at: string | null;
  renews: boolean;
  include: string[];
  exclude: string[];
  has_resources: boolean;
  has_prompts: boolean;
  timeout_s: number | null;
  problem: string | null;
  calls: number | null;
  failed: number | null;
  last_at: string | null;
  tools: McpTool[];
}
/**
 * One tool of a server, as it was called.
 *
 * Attributes:
 *     failed: Calls whose result is a failure by the rule that Hermes marks failed tools with.
 */
export interface McpTool {
  name: string;
  calls: number;
  failed: number;
  last_at: string | null;
}
/**
 * What the plugins panel shows.
 *
 * Attributes:
 *     plugins: Those in this home first, by key, at most 200; then those that the configuration names only.
 *     total: How many there are.
 */
export interface PluginList {
  plugins: Plugin[];
  total: number;
  hooks: PluginHook[];
  looks: PluginLook[];
  panels: PluginPanel[];
}
/**
 * One plugin in `plugins/`, or one that the configuration names and this home lacks.
 *
 * Attributes:
 *     key: What `plugins.enabled` calls it.
 *     name: As its manifest says.
 *     kind: What it is; what Hermes does not know counts as `standalone` to it.
 *     state: `enabled`: Hermes loads it; `disabled`: the configuration forbids it; `off`: nobody has enabled it;
 *         `elsewhere`: a memory or other provider, which its own setting chooses; `broken`: its manifest cannot be read.
 *     chosen_by: The setting that chooses it, of state `elsewhere`.
 *     is_here: False for one that comes with Hermes or from another package, as far as can be seen here.
 *     tools: Names of tools that it brings.
 *     hooks: Names of hooks that it brings.
 *     needs: Names of environment variables that it needs.
 *     problem: What is wrong with its manifest, in words.
 */
export interface Plugin {
  key: string;
  name: string;
  version: string | null;
  description: string | null;
  author: string | null;
  kind: string;
  state: "enabled" | "disabled" | "off" | "elsewhere" | "broken";
  chosen_by: string | null;
  is_here: boolean;
  tools: string[];
  hooks: string[];
  needs: string[];
  modified_at: string | null;
  problem: string | null;
}
/**
 * One of the gateway's hooks (`hooks/NAME/HOOK.yaml`).
 *
 * Attributes:
 *     events: When it runs.
 *     problem: Why the gateway does not load it, in words; None: it does, as far as can be seen here.
 */
export interface PluginHook {
  name: string;
  description: string | null;
  events: string[];
  problem: string | null;
}
/**
 * A skin of the terminal (`skins/`) or a theme of Hermes' dashboard (`dashboard-themes/`).
 */
export interface PluginLook {
  kind: "skin" | "theme";
  name: string;
  description: string | null;
  is_in_use: boolean;
  problem: string | null;
}
/**
 * A panel of this HUD that another package brings.
 */
export interface PluginPanel {
  name: string;
  package: string | null;
  version: string | null;
}
/**
 * What the logs panel shows.
 *
 * Attributes:
 *     files: The logs that are there.
 *     file: The one shown, by name.
 *     records: Those that match, newest first.
 *     older: What to ask for as `before` to go on; None: all was looked at.
 *     levels: Of the records looked at, whether they match or not; levels without any are left out.
 *     looked_at_bytes: How much of the file was looked at.
 *     size_bytes: The file's size; None: there is no such file.
 */
export interface LogTail {
  files: LogFile[];
  file: string;
  records: LogRecord[];
  older: number | null;
  levels: LogLevelCount[];
  looked_at_bytes: number;
  size_bytes: number | null;
}
/**
 * One log that is there.
 *
 * Attributes:
 *     name: As `hermes logs` takes it.
 *     file: Its path in the home.
 */
export interface LogFile {
  name: string;
  file: string;
  size_bytes: number;
  modified_at: string;
}
/**
 * One record.
 *
 * Attributes:
 *     offset: Where it begins in the file, in bytes.
 *     at: When; None for lines of another form. Hermes writes this machine's local time.
 *     level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
 *     logger: Who said it.
 *     session_id: The session that it is about.
 *     text: Its first line, cut to 4,000 characters; names and ids of people and chats are left out of it, as of `more`.
 *     more: Further lines, such as a traceback's, the first `MORE_SHOWN`.
 *     more_lines: How many further lines there are.
 *     is_cut: True if the first line is longer.
 */
export interface LogRecord {
  offset: number;
  at: string | null;
  level: ("DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL") | null;
  logger: string | null;
  session_id: string | null;
  text: string;
  more: string[];
  more_lines: number;
  is_cut: boolean;
}
/**
 * How many of the records that were looked at are of one level.
 */
export interface LogLevelCount {
  level: "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  records: number;
}
/**
 * Which records a viewer asks for.
 */
export interface LogsQuery {
  /**
   * Which log, by the name that `hermes logs` takes
   */
  file?: "agent" | "errors" | "gateway" | "gui" | "desktop" | "mcp";
  /**
   * Only records of this level and above; those without one are shown
   */
  level?: "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  /**
   * Only records in which this occurs, in any case, literally
   */
  text?: string;
  /**
   * Only records of this session
   */
  session?: string;
  /**
   * Only records before this offset: `older` of a page
   */
  before?: number | null;
}
/**
 * What the config panel shows.
 *
 * Attributes:
 *     sections: Those with something set first, each in Hermes' own order.
 *     written: How many values `config.yaml` says.
 *     changed: How many of these differ from the default, as far as one is known.
 *     total: How many values there are.
 *     left_out: How many of those asked for are beyond the first 2,500.
 *     defaults_of: The release of hermes-agent whose defaults are shown.
 *     written_version: `_config_version` in the file; None: it has none.
 *     known_version: That of the release whose defaults are shown.
 *     backups: Copies that Hermes made of the file before it changed it.
 *     damaged_backups: Copies that it made because the file could not be read.
 *     last_backup_at: When the newest of both was written.
 *     variables: Names in `.env` by which Hermes is set up beside `config.yaml` (`HERMES_KANBAN_HOME`: where the
 *         boards lie; `TERMINAL_ENV`), at most 60; their values are not read.
 */
export interface Configuration {
  sections: ConfigSection[];
  notes: ConfigNote[];
  written: number;
  changed: number;
  total: number;
  left_out: number;
  defaults_of: string;
  written_version: number | null;
  known_version: number;
  backups: number;
  damaged_backups: number;
  last_backup_at: string | null;
  variables: string[];
}
/**
 * What stands below one top-level key.
 *
 * Attributes:
 *     is_known: False for a key that Hermes does not know; it may be somebody's own.
 *     written: How many of its values `config.yaml` says.
 *     changed: How many of these differ from the default, as far as one is known.
 *     total: How many values it has.
 *     entries: Those that are written, or all of them.
 */
export interface ConfigSection {
  name: string;
  is_known: boolean;
  written: number;
  changed: number;
  total: number;
  entries: ConfigEntry[];
}
/**
 * One value.
 *
 * Attributes:
 *     path: Its keys with dots between them; `[0]` is a place in a list.
 *     value: As JSON, but texts as they are; None: it is masked.
 *     default: Hermes' default where it is another, in the same form; None: it is not known, or is the value.
 *     is_set: True if `config.yaml` says it, also where that is the default.
 *     is_known: True if Hermes has a default for it, or for the section that it stands in.
 *     is_masked: True for what is, or may be, a secret or somebody's address.
 */
export interface ConfigEntry {
  path: string;
  value: string | null;
  default: string | null;
  is_set: boolean;
  is_known: boolean;
  is_masked: boolean;
}
/**
 * Something in `config.yaml` that Hermes reads in another way than it is written.
 *
 * Attributes:
 *     kind: `moved`: an old place, Hermes reads it as `to`; `wrong-type`: another type than the default's;
 *         `misplaced`: a provider's key at the top level, where nobody reads it.
 *     to: The place where it belongs, or the type that is expected.
 */
export interface ConfigNote {
  path: string;
  kind: "moved" | "wrong-type" | "misplaced";
  to: string;
}
/**
 * What a viewer asks for.
 */
export interface ConfigQuery {
  /**
   * Also the values that nobody has set: Hermes' defaults
   */
  all?: boolean;
}

/** What a panel's query means where it says nothing, by panel. */
export const queryDefaults: Record<string, Record<string, unknown>> = {
  "overview": {
    "since": null
  },
  "agents": {
    "transcript": null,
    "task": 0,
    "before": null,
    "limit": 100
  },
  "approvals": {
    "outcome": null
  },
  "goals": {},
  "kanban": {
    "board": null,
    "task": null,
    "archived": false
  },
  "memory": {},
  "skills": {
    "skill": null
  },
  "corrections": {
    "severity": null
  },
  "curator": {
    "run": null
  },
  "sessions": {
    "page": 0,
    "page_size": 25,
    "sort": "last_active",
    "descending": true,
    "archived": false,
    "search": "",
    "anywhere": false,
    "source": null,
    "model": null,
    "project": null,
    "profile": null,
    "live": false,
    "session": null,
    "before": null,
    "after": null,
    "message": null,
    "limit": 50
  },
  "projects": {},
  "timeline": {
    "days": 14,
    "since": null,
    "until": null,
    "by": "source"
  },
  "patterns": {
    "days": 30
  },
  "growth": {
    "earlier": null,
    "later": null
  },
  "verification": {
    "event": null
  },
  "checkpoints": {},
  "costs": {
    "days": 30
  },
  "model": {},
  "providers": {},
  "cron": {
    "output": null
  },
  "gateway": {},
  "health": {},
  "profiles": {
    "compare": []
  },
  "mcp": {},
  "plugins": {},
  "logs": {
    "file": "agent",
    "level": "DEBUG",
    "text": "",
    "session": "",
    "before": null
  },
  "config": {
    "all": false
  }
};
