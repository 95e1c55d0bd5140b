import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../../api.ts";
import type { Session, SessionList, Sessions, SessionsQuery } from "../../protocol.ts";
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

/** The conversations, a page at a time, and the transcript of the one that was opened. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, format, hooks } = api;
  const { Activity, Ago, Badge, Empty, Icon, Money, Skeleton, Text, TokenCount } = ui;
  const { useEffect, useOpened, useRef } = hooks;
  const Transcript = defineTranscript(api);

  return Object.assign(SessionsView, { css });

  function SessionsView({ data, query, setQuery, isPending, progress, useSnapshots }: ViewProps<Sessions>) {
    const view = useRef<HTMLDivElement>(null);
    // By the first piece's id, which stays when a compression gives the conversation a new tip.
    const { opened, open, onKeyDown } = useOpened(view, "data-session", ".transcript");
    const { list } = data;
    const turnTo = (page: number) => {
      setQuery({ ...query, page });
      const panel = view.current?.closest("[data-panel]");
      if (panel) panel.scrollTop = 0;
    };
    useEffect(() => {
      // The page that was asked for is not there any more: the server answered with its last one.
      if (list && !isPending && !progress && list.page !== (query.page ?? 0)) setQuery({ ...query, page: list.page });
    }, [list]);
    if (!list) return <Empty title={t("empty")}>{t("empty.help")}</Empty>;
    const isUnknown = list.total === 0 && progress !== null;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what a button in here opened.
      <div ref={view} class={opened === null ? "sessions" : "sessions split"} onKeyDown={onKeyDown}>
        <div class="list">
          <Controls list={list} isUnknown={isUnknown} query={query} setQuery={setQuery} />
          {isUnknown ? (
            <Skeleton />
          ) : list.total === 0 ? (
            <Empty icon="sessions" title={t("empty")}>
              {t("empty.help")}
            </Empty>
          ) : (
            <Table list={list} opened={opened} open={open} isPending={isPending} sortBy={sortBy} />
          )}
          {(list.total > list.page_size || list.page > 0) && <Pager list={list} turnTo={turnTo} />}
        </div>
        {opened !== null && (
          <Transcript key={opened} session={opened} close={() => open(null)} useSnapshots={useSnapshots} />
        )}
      </div>
    );

    function sortBy(sort: Sort, descending: boolean) {
      setQuery({ ...query, sort, descending, page: 0 });
    }
  }

  /** How many there are, whether archived ones count, and (where there is no room for headers) the order. */
  function Controls(props: {
    list: SessionList;
    isUnknown: boolean;
    query: SessionsQuery;
    setQuery: (query: SessionsQuery & Record<string, unknown>) => void;
  }) {
    const { list, isUnknown, query, setQuery } = props;
    return (
      <div class="controls">
        <span>
          <b class="numeric">{isUnknown ? "…" : t("total", { count: list.total })}</b>
          {list.live > 0 && <Badge kind="live">{t("live", { count: list.live })}</Badge>}
        </span>
        <span class="choices">
          <label class="narrow-only">
            <span class="hidden">{t("sort")}</span>
            <select
              value={`${list.sort} ${list.descending}`}
              onChange={({ currentTarget }) => {
                const [sort, descending] = currentTarget.value.split(" ");
                setQuery({ ...query, sort: sort as Sort, descending: descending === "true", page: 0 });
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
          <label>
            <input
              type="checkbox"
              checked={query.archived ?? false}
              onChange={({ currentTarget }) => setQuery({ ...query, archived: currentTarget.checked, page: 0 })}
            />
            {t("archived")}
          </label>
        </span>
      </div>
    );
  }

  function Table(props: {
    list: SessionList;
    opened: string | null;
    open: (session: string) => void;
    isPending: boolean;
    sortBy: (sort: Sort, descending: boolean) => void;
  }) {
    const { list, opened, open, sortBy } = props;
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
              isOpened={opened === session.root_id}
              open={() => open(session.root_id)}
            />
          ))}
        </tbody>
      </table>
    );
  }

  function Row({ session, isOpened, open }: { session: Session; isOpened: boolean; open: () => void }) {
    return (
      <tr
        role="row"
        class={`${session.activity}${isOpened ? " opened" : ""}`}
        data-session={session.root_id}
        data-activity={session.activity}
        onClick={open}
      >
        <td role="cell" class="title">
          <div>
            <button type="button" aria-expanded={isOpened}>
              {session.title || session.preview ? (
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
