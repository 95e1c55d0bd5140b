import type { Api } from "../../api.ts";
import { defineMarkdown } from "../../markdown.tsx";
import type { TranscriptMessage } from "../../protocol.ts";
import { type Call, type Entry, gist, indented } from "./pages.ts";

const LONG_LINES = 24;
const LONG_CHARS = 2_400;
/** How a model ends by itself, in the words of the providers that Hermes knows. */
const goodEnds: ReadonlySet<string> = new Set([
  "stop",
  "tool_calls",
  "end_turn",
  "tool_use",
  "stop_sequence",
  "completed",
]);

/** One message, with its tool calls and what these returned. */
export function defineMessage(api: Api) {
  const { h, Fragment, ui, t, word, format, hooks } = api;
  const { Ago, Badge, Elapsed, Icon, Prose, Text } = ui;
  const { useState } = hooks;
  const Markdown = defineMarkdown(api);

  return function Message({ entry, marked, isLive }: { entry: Entry; marked: number | null; isLive: boolean }) {
    const { message, results } = entry;
    const isMarked = message.id === marked;
    const { role, state } = message;
    const isTool = role === "tool";
    return (
      <li
        class={`message ${known(role)} ${state}${isMarked ? " marked" : ""}`}
        data-message={message.id}
        tabIndex={isMarked ? -1 : undefined}
        aria-current={isMarked ? "true" : undefined}
      >
        <p class="who">
          <Icon name={icons[known(role)]} size={14} />
          <b>{known(role) === "other" ? <Text text={role} /> : t(`transcript.role.${role}`)}</b>
          {isTool && <Tool name={message.tool_name ?? "?"} />}
          {isTool && <Outcome result={message} />}
          {message.finish_reason && !goodEnds.has(message.finish_reason) && (
            <Badge kind="warn" title={t("transcript.finish.help")}>
              {word("finish", message.finish_reason)}
            </Badge>
          )}
          {state !== "active" && <Badge title={t(`transcript.${state}.help`)}>{t(`transcript.${state}`)}</Badge>}
          {message.token_count !== null && message.token_count > 0 && (
            <small class="dim numeric">{t("transcript.tokens", { count: message.token_count })}</small>
          )}
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
        {message.text !== "" &&
          (isTool ? <Prose text={message.text} isCode lines={6} /> : <Words text={message.text} />)}
        {message.text === "" && message.tool_calls.length === 0 && <p class="none">{t("transcript.no-text")}</p>}
        {message.truncated && <small class="dim">{t("transcript.truncated")}</small>}
        {message.tool_calls.length > 0 && (
          <ul class="calls">
            {message.tool_calls.map((call, index) => (
              <CallView
                key={`${call.id} ${index}`}
                call={call}
                result={results[index] ?? null}
                marked={marked}
                since={isLive ? message.timestamp : null}
              />
            ))}
          </ul>
        )}
      </li>
    );
  };

  /** One call on one line; its arguments and what it returned unfold. */
  function CallView(props: {
    call: Call;
    result: TranscriptMessage | null;
    marked: number | null;
    /** When it began, if it may still go on. */
    since: string | null;
  }) {
    const { call, result, since } = props;
    const isMarked = result !== null && result.id === props.marked;
    return (
      <li
        class={`call${result?.failed ? " failed" : ""}${isMarked ? " marked" : ""}`}
        data-message={result?.id}
        tabIndex={isMarked ? -1 : undefined}
        aria-current={isMarked ? "true" : undefined}
      >
        <details>
          <summary>
            <Tool name={call.name} />
            <span class="gist">
              <Text text={gist(call.arguments).slice(0, 300)} />
            </span>
            {result ? (
              <Outcome result={result} />
            ) : since !== null ? (
              <small class="going-on">
                {t("transcript.running")} <Elapsed since={since} />
              </small>
            ) : (
              <small class="dim">{t("transcript.no-result")}</small>
            )}
          </summary>
          <p class="call-part">{t("transcript.arguments")}</p>
          {call.arguments === "" || call.arguments === "{}" ? (
            <p class="none">{t("transcript.no-arguments")}</p>
          ) : (
            <Prose text={indented(call.arguments)} isCode lines={12} />
          )}
          {call.truncated && <small class="dim">{t("transcript.truncated")}</small>}
          {result && (
            <>
              <p class="call-part">{t("transcript.result")}</p>
              {result.text === "" ? (
                <p class="none">{t("transcript.no-text")}</p>
              ) : (
                <Prose text={result.text} isCode lines={12} />
              )}
              {result.truncated && <small class="dim">{t("transcript.truncated")}</small>}
            </>
          )}
        </details>
      </li>
    );
  }

  /** How a call went, and how long it took. */
  function Outcome({ result: { duration_s, failed, effect, state } }: { result: TranscriptMessage }) {
    return (
      <>
        {failed && <Badge kind="bad">{t("transcript.failed")}</Badge>}
        {effect && (
          <Badge kind="warn" title={t("transcript.effect.help")}>
            {word("effect", effect)}
          </Badge>
        )}
        {state === "rewound" && <Badge title={t("transcript.rewound.help")}>{t("transcript.rewound")}</Badge>}
        {duration_s !== null && (
          <small class="dim numeric">{t("transcript.took", { duration: format.duration(duration_s) })}</small>
        )}
      </>
    );
  }

  function Tool({ name }: { name: string }) {
    return (
      <code class="tool">
        <Icon name="tool" size={12} />
        <Text text={name} />
      </code>
    );
  }

  /** Markdown, folded where it is long; a line that stands for a picture is drawn as one. */
  function Words({ text }: { text: string }) {
    const [isOpen, setOpen] = useState(false);
    const lines = text.split("\n");
    const short = lines.slice(0, LONG_LINES).join("\n").slice(0, LONG_CHARS);
    const isLong = short.length * 1.2 < text.length;
    const pieces = (isLong && !isOpen ? `${short} …` : text).split(/^\[image\]$/m);
    return (
      <>
        {pieces.map((piece, index) => (
          <Fragment key={index}>
            {index > 0 && (
              <p class="picture">
                <Icon name="panel" size={14} />
                {t("transcript.image")}
              </p>
            )}
            {piece.trim() !== "" && <Markdown text={piece} />}
          </Fragment>
        ))}
        {isLong && (
          <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? t("fold.less") : t("fold.more", { chars: format.number(text.length) })}
          </button>
        )}
      </>
    );
  }
}

const icons = { user: "user", assistant: "assistant", tool: "tool", system: "info", other: "info" } as const;

function known(role: string): "user" | "assistant" | "tool" | "system" | "other" {
  return role === "user" || role === "assistant" || role === "tool" || role === "system" ? role : "other";
}
