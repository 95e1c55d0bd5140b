import { h } from "preact";
import { chipText } from "./chip.ts";
import { useClient, useSelected } from "./context.ts";
import type { Later } from "./later.ts";
import { shareRead } from "./panel.tsx";
import type { Progress } from "./protocol.ts";
import { Text } from "./ui/text.tsx";

/**
 * How the data come here, since when they don't, and how much of them is there or how changes are noticed.
 *
 * @param words Says why, once that is loaded.
 */
export function Footer({ progress, words }: { progress: Progress | null; words: Later["status"] | null }) {
  const { store, texts, format } = useClient();
  const [status, hello] = useSelected(({ connection, store, modulesLoaded }) => [
    connection.status,
    store.hello,
    modulesLoaded,
  ]);
  const watching = hello?.watching[store.home];
  return (
    <div class="foot">
      {words ? (
        <words.Chip status={status} />
      ) : (
        <span class={`chip ${status.state}`}>
          <i />
          {chipText(status, texts.t, format)}
        </span>
      )}
      {status.message && (
        <small class="verbatim" lang="en">
          <Text text={status.message} title />
        </small>
      )}
      {progress && (status.state === "live" || status.state === "busy") ? (
        <span class="watching numeric" title={texts.t("progress", { ...progress })}>
          {texts.t("progress.share", { share: format.percent(shareRead(progress)) })}
        </span>
      ) : (
        watching && (
          // The server's reason is English.
          <span
            class="watching"
            lang={watching.reason === null ? texts.language : "en"}
            title={watching.reason ?? texts.t("watching.events.help")}
          >
            <span lang={texts.language}>{texts.t(`watching.${watching.by}`)}</span>
          </span>
        )
      )}
    </div>
  );
}
