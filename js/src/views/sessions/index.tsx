import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../../api.ts";
import { markdownCss } from "../../markdown.tsx";
import type { SearchHit, Session, SessionList, SessionMatch, Sessions } from "../../protocol.ts";
import { cleanLine } from "../../text.ts";
import { defineSearch } from "./search.tsx";
import css from "./sessions.css";
import { defineTranscript } from "./transcript.tsx";

export { texts } from "./texts.ts";

type Sort = SessionList["sort"];

/** The columns in their order; `sort` is what the server calls the order by it. */
const columns: { sort: Sort; isNumber: boolean; startsDescending: boolean }[] = [
  { sort: "title", isNumber: false, startsDescending: false },
  { sort: "source", isNumber: false, startsDescending: false },
  { sort: "model", isNumber: false, startsDescending: false },
  { sort: "last_active", isNumber: false, startsDescending: true },
  { sort: "messages", isNumber: true, startsDescending: true },
  { sort: "tool_calls", isNumber: true, startsDescending: true },
  { sort: "tokens", isNumber: true, startsDescending: true },
  { sort: "cost", isNumber: true, startsDescending: true },
];

/** The conversations, searched, filtered and a page at a time, and the transcript of the one that was opened. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, format, hooks } = api;
  const { Activity, Ago, Empty, Icon, Money, Skeleton, Text, TokenCount } = ui;
  const { useEffect, useOpened, useRef, useState } = hooks;
  const Search = defineSearch(api);
  const Transcript = defineTranscript(api);

  return Object.assign(SessionsView, { css: css + markdownCss });

  function SessionsView({ data, query, setQuery, isPending, progress, useSnapshots }: ViewProps<Sessions>) {
    const view = useRef<HTMLDivElement>(null);
    // By the first piece's id, which stays when a compression gives the conversation a new tip.
    const { opened, open, onKeyDown } = useOpened(view, "data-session", ".transcript");
    const [message, setMessage] = useState<number | null>(null);
    const show = (session: string | null, at: number | null = null) => {
      open(session);
      setMessage(at);
    };
    const { list } = data;
    const turnTo = (page: number) => {
      setQuery({ ...query, page });
      const panel = view.current?.closest("[data-panel]");
      if (panel) panel.scrollTop = 0;
    };
    useEffect(() => {
      // Another panel leads to a session: it is opened beside the list.
      if (typeof query.session !== "string") return;
      show(query.session, typeof query.message === "number" ? query.message : null);
      const { session, message, before, after, limit, ...rest } = query;
      setQuery(rest);
    }, [query.session, query.message]);
    useEffect(() => {
      // The page that was asked for is not there any more: the server answered with its last one.
      if (list && !isPending && !progress && list.page !== (query.page ?? 0)) setQuery({ ...query, page: list.page });
    }, [list]);
    const isUnknown = list?.total === 0 && progress !== null;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what a button in here opened.
      <div ref={view} class={opened === null ? "sessions" : "sessions split"} onKeyDown={onKeyDown}>
        <div class="list">
          {!list ? (
            <Skeleton />
          ) : (
            <>
              <div class="controls">
                <b class="numeric" data-total={list.total}>
                  {isUnknown ? "…" : t("total", { count: list.total })}
                </b>
                <Search.Field query={query} setQuery={setQuery} isPending={isPending} />
                <Order list={list} sortBy={sortBy} />
                <Search.Filters list={list} query={query} setQuery={setQuery} />
              </div>
              {list.search && <Search.Outcome search={list.search} isPending={isPending} />}
              {isUnknown ? (
                <Skeleton />
              ) : list.total > 0 ? (
                <Table list={list} opened={opened} open={show} isPending={isPending} sortBy={sortBy} />
              ) : list.search?.is_exact === false ? null : data.is_narrowed ? (
                <Empty icon="search" title={t("nothing")}>
                  {t("nothing.help")}
                </Empty>
              ) : (
                <Empty icon="sessions" title={t("empty")}>
                  {t("empty.help")}
                </Empty>
              )}
              {(list.total > list.page_size || list.page > 0) && <Pager list={list} turnTo={turnTo} />}
            </>
          )}
        </div>
        {opened !== null && (
          <Transcript
            key={`${opened} ${message}`}
            session={opened}
            message={message}
            show={show}
            useSnapshots={useSnapshots}
          />
        )}
      </div>
    );

    function sortBy(sort: Sort, descending: boolean) {
      setQuery({ ...query, sort, descending, page: 0 });
    }
  }

  /** Where there is no room for headers that sort. */
  function Order({ list, sortBy }: { list: SessionList; sortBy: (sort: Sort, descending: boolean) => void }) {
    return (
      <label class="narrow-only">
        <span class="hidden">{t("sort")}</span>
        <select
          value={`${list.sort} ${list.descending}`}
          onChange={({ currentTarget }) => {
            const [sort, descending] = currentTarget.value.split(" ");
            sortBy(sort as Sort, descending === "true");
          }}
        >
          {columns.flatMap(({ sort, startsDescending }) =>
            [startsDescending, !startsDescending].map((descending) => (
              <option key={`${sort} ${descending}`} value={`${sort} ${descending}`}>
                {t(`column.${sort}`)} {descending ? "↓" : "↑"}
              </option>
            )),
          )}
        </select>
      </label>
    );
  }

  function Table(props: {
    list: SessionList;
    opened: string | null;
    open: (session: string, message?: number) => void;
    isPending: boolean;
    sortBy: (sort: Sort, descending: boolean) => void;
  }) {
    const { list, opened, open, sortBy } = props;
    const matches = new Map(list.search?.matches.map((match) => [match.root_id, match]));
    return (
      // The roles are said again because narrow containers lay the table out as blocks, which drops them.
      <table role="table" class="rows" aria-busy={props.isPending}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ sort, isNumber, startsDescending }) => {
              const isSorted = list.sort === sort;
              return (
                <th
                  key={sort}
                  role="columnheader"
                  scope="col"
                  class={`${sort}${isNumber ? " number" : ""}`}
                  aria-sort={isSorted ? (list.descending ? "descending" : "ascending") : "none"}
                >
                  <button type="button" onClick={() => sortBy(sort, isSorted ? !list.descending : startsDescending)}>
                    {t(`column.${sort}`)}
                    {isSorted && <Icon name={list.descending ? "down" : "up"} size={12} />}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {list.rows.map((session) => (
            <Row
              key={session.root_id}
              session={session}
              match={matches.get(session.root_id)}
              isOpened={opened === session.root_id || opened === session.id}
              open={open}
            />
          ))}
        </tbody>
      </table>
    );
  }

  function Row(props: {
    session: Session;
    match: SessionMatch | undefined;
    isOpened: boolean;
    open: (session: string, message?: number) => void;
  }) {
    const { session, match, isOpened, open } = props;
    const hit = match?.newest;
    return (
      <>
        <tr
          role="row"
          class={`${session.activity}${isOpened ? " opened" : ""}${hit ? " with-hit" : ""}`}
          data-session={session.root_id}
          data-activity={session.activity}
          onClick={() => open(session.root_id)}
        >
          <td role="cell" class="title">
            <div>
              <button type="button" aria-expanded={isOpened}>
                {match && match.title.length > 1 ? (
                  <Marked pieces={match.title} isLine />
                ) : session.title || session.preview ? (
                  <Text text={session.title || session.preview} title />
                ) : (
                  t("untitled")
                )}
              </button>
              <span class="marks">
                <Activity activity={session.activity} />
                <Marks session={session} />
              </span>
            </div>
          </td>
          <td role="cell" class="source">
            <Text text={session.source} />
          </td>
          <td role="cell" class="model">
            {session.model ? <Text text={session.model} title /> : "—"}
          </td>
          <td role="cell" class="last_active">
            <Ago at={session.last_active} />
          </td>
          <Figure name="messages">{format.number(session.message_count)}</Figure>
          <Figure name="tool_calls">{format.number(session.tool_call_count)}</Figure>
          <Figure name="tokens">
            <TokenCount tokens={session.tokens} />
          </Figure>
          <Figure name="cost">
            <Money cost={session.cost} isBrief />
          </Figure>
        </tr>
        {hit && match && (
          <tr role="row" class={`hit${isOpened ? " opened" : ""}`}>
            <td role="cell" colSpan={columns.length}>
              <Hit hit={hit} match={match} session={session} open={open} />
            </td>
          </tr>
        )}
      </>
    );
  }

  /** The words around the newest hit; a click leads to its message. */
  function Hit(props: {
    hit: SearchHit;
    match: SessionMatch;
    session: Session;
    open: (session: string, message?: number) => void;
  }) {
    const { hit, match, session, open } = props;
    const isOwn = match.messages > 0;
    return (
      <div>
        <button
          type="button"
          data-hit={hit.message}
          onClick={() => open(isOwn ? session.root_id : hit.session, hit.message)}
        >
          <span class="hit-who">
            {roles.has(hit.role) ? t(`transcript.role.${hit.role}`) : <Text text={hit.role} />}
          </span>
          <Marked pieces={hit.snippet} />
        </button>
        <small>
          {isOwn && <span class="numeric">{t("hits", { count: match.messages })}</span>}
          {match.in_subagents > 0 && <span class="numeric">{t("hits.subagents", { count: match.in_subagents })}</span>}
          {hit.snippet.length === 1 && <span>{t("hit.hidden")}</span>}
        </small>
      </div>
    );
  }

  /** Words in pieces of which every second one is a hit. */
  function Marked({ pieces, isLine = false }: { pieces: readonly string[]; isLine?: boolean }) {
    return (
      <bdi class={isLine ? "line" : undefined}>
        {pieces.map((piece, index) =>
          index % 2 === 1 ? <mark key={index}>{cleanLine(piece)}</mark> : <span key={index}>{spaced(piece)}</span>,
        )}
      </bdi>
    );
  }

  function Figure({ name, children }: { name: Sort; children: ComponentChildren }) {
    return (
      <td role="cell" class={`number numeric ${name}`}>
        <span class="narrow-only label">{t(`column.${name}`)} </span>
        {children}
      </td>
    );
  }

  function Marks({ session }: { session: Session }) {
    return (
      <>
        {session.kind === "branch" && (
          <span class="mark" title={t("branch.help")}>
            <Icon name="branch" size={12} />
            {t("branch")}
          </span>
        )}
        {session.pieces > 1 && (
          <span class="mark" title={t("pieces.help", { count: session.pieces })}>
            <Icon name="pieces" size={12} />
            {t("pieces", { count: session.pieces })}
          </span>
        )}
        {session.subagents > 0 && (
          <span class="mark">
            <Icon name="subagents" size={12} />
            {t("subagents", { count: session.subagents })}
          </span>
        )}
        {session.archived && <span class="mark">{t("is-archived")}</span>}
      </>
    );
  }

  function Pager({ list, turnTo }: { list: SessionList; turnTo: (page: number) => void }) {
    const from = list.page * list.page_size;
    const to = Math.min(list.total, from + list.rows.length);
    return (
      <nav class="pager" aria-label={t("pages")}>
        <button
          type="button"
          disabled={list.page === 0}
          aria-label={t("previous")}
          onClick={() => turnTo(list.page - 1)}
        >
          <Icon name="back" size={14} />
        </button>
        <span class="numeric">{t("page", { from: Math.min(from + 1, to), to, total: list.total })}</span>
        <button
          type="button"
          disabled={from + list.page_size >= list.total}
          aria-label={t("next")}
          onClick={() => turnTo(list.page + 1)}
        >
          <Icon name="next" size={14} />
        </button>
      </nav>
    );
  }
}

/** Harmless, with the spaces that part it from a hit. */
function spaced(piece: string): string {
  return `${/^\s/.test(piece) ? " " : ""}${cleanLine(piece).trim()}${/\S\s$/.test(piece) ? " " : ""}`;
}

const roles: ReadonlySet<string> = new Set(["user", "assistant", "tool", "system"]);
