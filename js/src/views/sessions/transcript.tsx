import type { Api, ViewProps, ViewSnapshot } from "../../api.ts";
import type { Sessions, Transcript, TranscriptMessage } from "../../protocol.ts";

/** The server's limit of messages a page. */
const MOST = 200;

interface Props {
  session: string;
  close: () => void;
  useSnapshots: ViewProps<Sessions>["useSnapshots"];
}

/** A conversation, newest message first; it stays live while it is open. */
export function defineTranscript({ h, Fragment, ui, t, format, hooks }: Api) {
  const { Activity, Ago, Badge, Elapsed, Empty, Icon, Money, Prose, Skeleton, Text, TokenCount } = ui;
  const { useEffect, useRef, useState } = hooks;

  return function TranscriptView({ session, close, useSnapshots }: Props) {
    // Each page after the first is anchored at a message, so that it stays put while new ones arrive.
    const [anchors, setAnchors] = useState<readonly number[]>([]);
    const found = useSnapshots(pageQueries(session, anchors));
    const pages = useKept(found);
    const newest = pages[0];
    const gap = gapAfter(pages[0]?.transcript, anchors);
    useEffect(() => {
      if (gap !== null) setAnchors([gap]);
    }, [gap]);
    const latest = newest?.transcript;
    const failure = found.find(({ status, data }) => status === "unavailable" && data === null);
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
          <Messages
            pages={pages}
            total={latest.total}
            isPending={found.some(({ isPending }) => isPending)}
            older={older}
          />
        ) : failure ? (
          <Empty icon="warning" title={t("panel.refused")}>
            <Text text={failure.error ?? ""} />
          </Empty>
        ) : (
          <Skeleton />
        )}
      </section>
    );

    function older(before: number) {
      setAnchors((now) => [...now, before]);
    }
  };

  /** The last answer to each page, kept while a query that replaces it is on its way. */
  function useKept(found: readonly ViewSnapshot<Sessions>[]): readonly (Sessions | undefined)[] {
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
        <span class="numeric">{t("transcript.messages", { count: total })}</span>
        <span>
          <TokenCount tokens={session.tokens} /> {t("tokens")}
        </span>
        <Money cost={session.cost} />
      </p>
    );
  }

  function Messages(props: {
    pages: readonly (Sessions | undefined)[];
    total: number;
    isPending: boolean;
    older: (before: number) => void;
  }) {
    const messages = merged(props.pages);
    const last = props.pages.at(-1)?.transcript;
    if (messages.length === 0) return <Empty icon="sessions" title={t("transcript.none")} />;
    return (
      <>
        <ol class="messages">
          {messages.map((message) => (
            <Message key={message.id} message={message} />
          ))}
        </ol>
        <p class="older">
          <span class="dim numeric">{t("transcript.shown", { shown: messages.length, total: props.total })}</span>
          {last === undefined || props.isPending ? (
            <span class="dim">{t("transcript.loading")}</span>
          ) : (
            last?.older != null && (
              <button type="button" onClick={() => last.older !== null && props.older(last.older)}>
                {t("transcript.older")}
              </button>
            )
          )}
        </p>
      </>
    );
  }

  function Message({ message }: { message: TranscriptMessage }) {
    const { role, state } = message;
    const isTool = role === "tool";
    return (
      <li class={`message ${known(role)} ${state}`} data-message={message.id}>
        <p class="who">
          <Icon name={icons[known(role)]} size={14} />
          <b>{known(role) === "other" ? <Text text={role} /> : t(`transcript.role.${role}`)}</b>
          {isTool && message.tool_name && (
            <code class="tool">
              <Text text={message.tool_name} />
            </code>
          )}
          {message.duration_s !== null && (
            <small class="dim numeric">{t("transcript.took", { duration: format.duration(message.duration_s) })}</small>
          )}
          {state !== "active" && <Badge title={t(`transcript.${state}.help`)}>{t(`transcript.${state}`)}</Badge>}
          <small class="dim when">
            <Ago at={message.timestamp} />
          </small>
        </p>
        {message.reasoning && (
          <details class="reasoning">
            <summary>{t("transcript.reasoning")}</summary>
            <Prose text={message.reasoning} lines={40} />
          </details>
        )}
        {message.text !== "" && <Prose text={message.text} isCode={isTool} lines={isTool ? 6 : 14} />}
        {message.text === "" && message.tool_calls.length === 0 && <p class="none">{t("transcript.no-text")}</p>}
        {message.truncated && <small class="dim">{t("transcript.truncated")}</small>}
        {message.tool_calls.map((call) => (
          <div key={call.id} class="call">
            <code class="tool">
              <Icon name="tool" size={12} />
              <Text text={call.name} />
            </code>
            {call.arguments === "" || call.arguments === "{}" ? (
              <small class="none">{t("transcript.no-arguments")}</small>
            ) : (
              <Prose text={indented(call.arguments)} isCode lines={4} />
            )}
            {call.truncated && <small class="dim">{t("transcript.truncated")}</small>}
          </div>
        ))}
      </li>
    );
  }
}

/** The newest page is wide once there are older ones: 150 messages may come before it no longer meets them. */
export function pageQueries(session: string, anchors: readonly number[]): Record<string, unknown>[] {
  const newest = anchors.length === 0 ? { session } : { session, limit: MOST };
  return [newest, ...anchors.map((before) => ({ session, before }))];
}

/** Where to put the first anchor again, when the newest page no longer reaches it. */
export function gapAfter(newest: Transcript | null | undefined, anchors: readonly number[]): number | null {
  const [first] = anchors;
  if (first === undefined || !newest || newest.older === null || newest.messages.length < MOST) return null;
  return newest.older > first ? newest.older : null;
}

/** All messages of the pages once, newest first. */
export function merged(pages: readonly (Sessions | undefined)[]): TranscriptMessage[] {
  const byId = new Map<number, TranscriptMessage>();
  for (const page of [...pages].reverse()) {
    for (const message of page?.transcript?.messages ?? []) byId.set(message.id, message);
  }
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

const icons = { user: "user", assistant: "assistant", tool: "tool", system: "info", other: "info" } as const;

function known(role: string): "user" | "assistant" | "tool" | "system" | "other" {
  return role === "user" || role === "assistant" || role === "tool" || role === "system" ? role : "other";
}

/** JSON over several lines; anything else as it is. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
