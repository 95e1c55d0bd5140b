import type { Api, ViewProps } from "../../api.ts";
import type { RelatedSession, Sessions, Transcript, TranscriptMessage } from "../../protocol.ts";
import { makeRefused } from "../../refused.tsx";
import { defineExporter } from "./exporter.tsx";
import { defineMessage } from "./message.tsx";
import { ends, folded, gapAfter, merged, type Place, pageQueries } from "./pages.ts";

interface Props {
  session: string;
  /** The message to begin with; null: the newest. */
  message: number | null;
  /** Shows another session, or none. */
  show: (session: string | null, message?: number | null) => void;
  useSnapshots: ViewProps<Sessions>["useSnapshots"];
}

const relations = ["parent", "branch", "subagent"] as const;

/** A conversation, newest message first; it stays live while it is open. */
export function defineTranscript(api: Api) {
  const { h, Fragment, ui, t, hooks } = api;
  const { Activity, Ago, Badge, Elapsed, Empty, Icon, Money, Skeleton, Text, TokenCount } = ui;
  const { useEffect, useRef, useState } = hooks;
  const Exporter = defineExporter(api);
  const Message = defineMessage(api);
  const Refused = makeRefused(api);

  return function TranscriptView({ session, message, show, useSnapshots }: Props) {
    // Each page after the first is anchored at a message, so that it stays put while new ones arrive.
    const [place, setPlace] = useState<Place>({ message, older: [], newer: [] });
    const found = useSnapshots(pageQueries(session, place));
    const pages = useKept(found);
    const newest = pages[0];
    const gap = place.message === null ? gapAfter(pages[0]?.transcript, place.older) : null;
    useEffect(() => {
      if (gap !== null) setPlace((now) => ({ ...now, older: [gap] }));
    }, [gap]);
    const latest = newest?.transcript;
    const failure = found.find(({ data, error }) => data === null && error !== null);
    const close = () => show(null);
    return (
      <section class="transcript" aria-label={t("transcript.label")} tabIndex={-1} data-transcript={session}>
        <header>
          <button type="button" class="back" aria-label={t("transcript.back")} onClick={close}>
            <Icon name="back" />
          </button>
          <div class="heading">
            <h3>
              <Text text={latest?.session.title || latest?.session.preview || session} title />
            </h3>
            {latest && <Facts transcript={latest} />}
          </div>
          <button type="button" class="close" aria-label={t("transcript.close")} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {newest?.missing && !found[0]?.progress ? (
          <Empty icon="warning" title={t("transcript.missing")}>
            {t("transcript.missing.help")}
          </Empty>
        ) : latest ? (
          <>
            <div class="transcript-tools">
              {latest.related.length > 0 && <Related transcript={latest} show={show} />}
              <Exporter session={session} useSnapshots={useSnapshots} />
            </div>
            {message !== null && place.message !== null && (
              <p class="notice jumped">
                <span>{t(latest.marked === null ? "transcript.unmarked" : "transcript.jumped")}</span>
                <button type="button" class="quiet" onClick={() => setPlace({ message: null, older: [], newer: [] })}>
                  {t("transcript.to-newest")}
                </button>
              </p>
            )}
            {failure && <Refused error={failure.error} />}
            <Messages
              pages={pages}
              transcript={latest}
              marked={place.message}
              isPending={found.some(({ isPending }) => isPending)}
              older={(before) => setPlace((now) => ({ ...now, older: [...new Set([...now.older, before])] }))}
              newer={(after) => setPlace((now) => ({ ...now, newer: [...new Set([...now.newer, after])] }))}
            />
          </>
        ) : failure ? (
          <Refused error={failure.error} />
        ) : (
          <Skeleton />
        )}
      </section>
    );
  };

  /** The last answer to each page, kept while a query that replaces it is on its way. */
  function useKept(found: readonly { data: Sessions | null }[]): readonly (Sessions | undefined)[] {
    const kept = useRef<(Sessions | undefined)[]>([]);
    kept.current = found.map(({ data }, index) => data ?? (index === 0 ? kept.current[0] : undefined));
    return kept.current;
  }

  function Facts({ transcript: { session, total } }: { transcript: Transcript }) {
    return (
      <p class="facts-line">
        <Activity activity={session.activity} />
        {session.activity_since && session.activity !== "ended" && session.activity !== "open" && (
          <Elapsed since={session.activity_since} />
        )}
        <Badge>
          <Text text={session.source} />
        </Badge>
        {session.model && (
          <span>
            <Text text={session.model} title />
          </span>
        )}
        {session.cwd && (
          <span>
            <Text text={session.git_branch ? `${session.cwd} (${session.git_branch})` : session.cwd} title />
          </span>
        )}
        <span class="numeric">{t("transcript.messages", { count: total })}</span>
        <span>
          <TokenCount tokens={session.tokens} /> {t("tokens")}
        </span>
        <Money cost={session.cost} />
        {session.rewind_count !== null && session.rewind_count > 0 && (
          <span class="numeric">{t("transcript.rewinds", { count: session.rewind_count })}</span>
        )}
      </p>
    );
  }

  /** Where it comes from, and what hangs on it. */
  function Related({ transcript, show }: { transcript: Transcript; show: Props["show"] }) {
    const { related, related_total: total } = transcript;
    return (
      <details class="related">
        <summary>
          <Icon name="subagents" size={12} />
          {t("related", { count: total })}
        </summary>
        <ul>
          {relations.flatMap((kind) =>
            related
              .filter((one) => one.kind === kind)
              .map((one) => (
                <li key={`${kind} ${one.id}`}>
                  <RelatedRow related={one} show={show} />
                </li>
              )),
          )}
        </ul>
        {total > related.length && <small class="dim">{t("related.more", { count: total - related.length })}</small>}
      </details>
    );
  }

  function RelatedRow({ related, show }: { related: RelatedSession; show: Props["show"] }) {
    return (
      <button type="button" data-related={related.id} onClick={() => show(related.id)}>
        <Badge>{t(`related.${related.kind}`)}</Badge>
        <Text text={related.label || related.id} title />
        <small class="dim">
          <span class="numeric">{t("transcript.messages", { count: related.message_count })}</span>
          {" · "}
          <Ago at={related.started_at} />
        </small>
      </button>
    );
  }

  function Messages(props: {
    pages: readonly (Sessions | undefined)[];
    transcript: Transcript;
    marked: number | null;
    isPending: boolean;
    older: (before: number) => void;
    newer: (after: number) => void;
  }) {
    const { transcript, marked, isPending } = props;
    const list = useRef<HTMLOListElement>(null);
    const messages = merged(props.pages);
    const entries = folded(messages);
    const { older, newer } = ends(props.pages);
    const isThere = marked !== null && messages.some(({ id }) => id === marked);
    useEffect(() => {
      if (!isThere) return;
      // After the view has put the focus into the transcript, and what is drawn has its height.
      const frame = requestAnimationFrame(() =>
        reveal(list.current?.querySelector<HTMLElement>(`[data-message="${marked}"]`)),
      );
      return () => cancelAnimationFrame(frame);
    }, [isThere]);
    if (messages.length === 0) return <Empty icon="sessions" title={t("transcript.none")} />;
    const newest = newer === null ? entries[0]?.message.id : undefined;
    const isWorking = transcript.session.activity === "running" || transcript.session.activity === "asking";
    return (
      <>
        {newer !== null && (
          <p class="newer">
            <button type="button" disabled={isPending} onClick={() => props.newer(newer)}>
              {t("transcript.newer")}
            </button>
          </p>
        )}
        <ol class="messages" ref={list}>
          {entries.map((entry, index) => (
            <Fragment key={entry.message.id}>
              <Divider above={entries[index - 1]?.message} message={entry.message} />
              <Message entry={entry} marked={marked} isLive={isWorking && entry.message.id === newest} />
            </Fragment>
          ))}
        </ol>
        <p class="older">
          <span class="dim numeric">{t("transcript.shown", { shown: messages.length, total: transcript.total })}</span>
          {isPending ? (
            <span class="dim">{t("transcript.loading")}</span>
          ) : (
            older !== null && (
              <button type="button" onClick={() => props.older(older)}>
                {t("transcript.older")}
              </button>
            )
          )}
        </p>
      </>
    );
  }

  /** What happened between two messages: what follows is older. */
  function Divider({ above, message }: { above: TranscriptMessage | undefined; message: TranscriptMessage }) {
    const what =
      above === undefined
        ? null
        : above.session_id !== message.session_id
          ? "piece"
          : above.state !== "compacted" && message.state === "compacted"
            ? "compacted"
            : above.state !== "rewound" && message.state === "rewound"
              ? "rewound"
              : null;
    if (what === null) return null;
    return (
      <li class={`divider ${what}`}>
        <Icon name={what === "rewound" ? "back" : "pieces"} size={12} />
        <span>{t(`divider.${what}`)}</span>
      </li>
    );
  }
}

/** Scrolls within the panel alone, so that the notebook stays where it is, and unfolds what it lies in. */
function reveal(target: HTMLElement | null | undefined): void {
  if (!target) return;
  const details = target.querySelector("details");
  if (target.classList.contains("call") && details) details.open = true;
  const panes = [target.closest<HTMLElement>(".transcript"), target.closest<HTMLElement>("[data-panel]")];
  const pane = panes.find((one) => one && one.scrollHeight > one.clientHeight && scrolls(one));
  if (pane) {
    const room = (pane.clientHeight - Math.min(target.clientHeight, pane.clientHeight)) / 2;
    pane.scrollTop += target.getBoundingClientRect().top - pane.getBoundingClientRect().top - room;
  }
  target.focus({ preventScroll: true });
}

function scrolls(element: HTMLElement): boolean {
  return /auto|scroll/.test(getComputedStyle(element).overflowY);
}
