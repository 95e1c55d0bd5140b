import type { Api, ViewProps } from "../../api.ts";
import { sizeIn } from "../../bytes.ts";
import type { Agents, DelegationLine } from "../../protocol.ts";
import { makeRefused } from "../../refused.tsx";
import { cleanLine } from "../../text.ts";

interface Props {
  delegation: string;
  task: number;
  goal: string;
  close: () => void;
  useSnapshots: ViewProps<Agents>["useSnapshots"];
}

/** What one subagent writes while it works, newest last; it grows while it is open. */
export function defineTranscript(api: Api) {
  const { h, Fragment, ui, t, sentence, word, format, hooks } = api;
  const { Ago, Empty, Icon, Prose, Skeleton } = ui;
  const { useEffect, useRef, useState } = hooks;
  const Refused = makeRefused(api);

  return function LiveTranscript({ delegation, task, goal, close, useSnapshots }: Props) {
    const [anchors, setAnchors] = useState<readonly number[]>([]);
    const list = useRef<HTMLOListElement>(null);
    const query = { transcript: delegation, task };
    const found = useSnapshots([query, ...anchors.map((before) => ({ ...query, before }))]);
    const newest = found[0]?.data;
    const failure = found.find(({ data, error }) => data === null && error !== null)?.error ?? null;
    const pages = found.map(({ data }) => data?.transcript).filter((page) => page != null);
    // The newest page moves on as the file grows: what it showed stays between it and the older ones.
    const seen = useRef<readonly DelegationLine[]>([]);
    seen.current = merged([seen.current, ...pages.map((page) => page.lines)]);
    const lines = seen.current.filter(({ text }) => !/^=+$/.test(text));
    // Whoever has the first lines knows whether there is more before them.
    const first = useRef<{ offset: number; older: number | null } | null>(null);
    for (const { lines, older } of pages) {
      const offset = lines[0]?.offset;
      if (offset !== undefined && offset <= (first.current?.offset ?? offset)) first.current = { offset, older };
    }
    const older = first.current?.older ?? null;
    const isPending = found.some(({ isPending }) => isPending);
    const last = lines.at(-1)?.offset;
    useEffect(() => {
      // Whoever reads at the end stays there while it grows.
      const box = list.current;
      if (box && box.scrollHeight - box.scrollTop - box.clientHeight < 160) box.scrollTop = box.scrollHeight;
    }, [last]);
    const page = newest?.transcript;
    return (
      <section
        class="live-transcript"
        aria-label={t("transcript")}
        tabIndex={-1}
        data-transcript={`${delegation}/${task}`}
      >
        <header>
          <div>
            <h3>
              <bdi>{cleanLine(goal) || delegation}</bdi>
            </h3>
            {page && (
              <p class="fine">
                <span class="numeric">{sizeIn(page.size_bytes, format)}</span>
                <span>{sentence("wrote", { it: <Ago at={page.wrote_at} /> })}</span>
              </p>
            )}
          </div>
          <button type="button" class="close" aria-label={t("transcript.close")} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {newest?.is_missing ? (
          <Empty icon="warning" title={t("transcript.missing")}>
            {t("transcript.missing.help")}
          </Empty>
        ) : !page ? (
          failure === null ? (
            <Skeleton />
          ) : (
            <Refused error={failure} />
          )
        ) : (
          <>
            {failure !== null && <Refused error={failure} />}
            {older !== null && (
              <button
                type="button"
                class="quiet"
                disabled={isPending}
                onClick={() => setAnchors((now) => [...now, older])}
              >
                {t("transcript.older")}
              </button>
            )}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach that. */}
            <ol ref={list} class="lines" tabIndex={0} aria-label={t("transcript")}>
              {lines.map((line) => (
                <li key={line.offset} class={`said is-${line.role ?? "head"}`}>
                  {line.role !== null && (
                    <span class="by">
                      <span class="numeric">{line.clock}</span> <b>{word("role", line.role)}</b>
                    </span>
                  )}
                  <Prose text={line.is_cut ? `${line.text} …` : line.text} lines={4} />
                </li>
              ))}
            </ol>
            <p class="dim">{t("transcript.clock")}</p>
          </>
        )}
      </section>
    );
  };
}

/** Lines of several pages, each once, in the order of the file. */
function merged(pages: readonly (readonly DelegationLine[])[]): DelegationLine[] {
  const lines = new Map(pages.flat().map((line) => [line.offset, line]));
  return [...lines.values()].sort((one, other) => one.offset - other.offset);
}
