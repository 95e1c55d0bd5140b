import { h } from "preact";
import type { ConnectionStatus } from "./connection.ts";
import { useClient, useSelected } from "./context.ts";
import type { Format } from "./format.ts";
import type { Translate } from "./i18n.ts";
import { shareRead } from "./panel.tsx";
import type { Progress } from "./protocol.ts";
import { Text } from "./ui/text.tsx";

/** How the data come here, since when they don't, and how much of them is there or how changes are noticed. */
export function Footer({ progress }: { progress: Progress | null }) {
  const { store, texts, format } = useClient();
  const [status, hello] = useSelected(({ connection, store, modulesLoaded }) => [
    connection.status,
    store.hello,
    modulesLoaded,
  ]);
  const watching = hello?.watching[store.home];
  return (
    <div class="foot">
      <span class={`chip ${status.state}`} title={explained(status, texts.t)}>
        <i />
        {chipText(status, texts.t, format)}
      </span>
      {status.state !== "live" && status.message && (
        <small class="verbatim" lang="en">
          <Text text={status.message} title />
        </small>
      )}
      {progress && status.state === "live" ? (
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

export function chipText(status: ConnectionStatus, t: Translate, format: Format): string {
  if (status.state === "live") return t(`chip.live.${status.transport}`);
  if (status.state === "gone") return t(status.reason === "closed" ? "chip.closed" : "chip.gone");
  return status.since === null ? t("chip.connecting") : t("chip.stale", { time: format.time(status.since) });
}

export function explained(status: ConnectionStatus, t: Translate): string {
  if (status.state !== "live") return t(`reason.${status.reason ?? "connecting"}`);
  if (status.transport === "direct") return t("reason.direct");
  return [t("reason.comm"), status.notDirect && t(`reason.${status.notDirect}`)].filter(Boolean).join(" ");
}
