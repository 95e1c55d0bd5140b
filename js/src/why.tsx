// What comes of the ways of the data, in words.
import { Fragment, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { chipText } from "./chip.ts";
import type { ConnectionStatus } from "./connection.ts";
import { useClient, useSelected } from "./context.ts";
import { explained, reasons } from "./explained.ts";
import type { PanelEntry } from "./protocol.ts";
import { Empty } from "./ui/blank.tsx";

/** An answer that takes longer than this waits for a running cell, most likely. */
const SLOW_MS = 1_000;

/** How the data come here, or since when they don't; opened, why, and what became of the other ways. */
export function Chip({ status }: { status: ConnectionStatus }) {
  const { texts, format } = useClient();
  const [isOpen, setOpen] = useState(false);
  const close = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    setOpen(false);
  };
  return (
    <>
      <button
        type="button"
        class={`chip ${status.state}`}
        title={explained(status, texts.t)}
        aria-expanded={isOpen}
        aria-controls="why"
        onClick={() => setOpen(!isOpen)}
        onKeyDown={close}
      >
        <i />
        {chipText(status, texts.t, format)}
      </button>
      <ul class="why" id="why" hidden={!isOpen}>
        {reasons(status, texts.t).map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </>
  );
}

/** Says that an answer is still on its way, once it takes unusually long. */
export function Slow({ askedAt }: { askedAt: number }) {
  const { texts } = useClient();
  const [status] = useSelected(({ connection }) => [connection.status]);
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), Math.max(0, askedAt + SLOW_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [askedAt]);
  if (!isSlow) return null;
  return <p class="slow">{texts.t(status.transport === "comm" ? "panel.slow.comm" : "panel.slow")}</p>;
}

/** The server has none of the panels that the options name, or none at all. */
export function NoPanels({ chosen, offered }: { chosen: readonly string[]; offered: readonly PanelEntry[] }) {
  const { t } = useClient().texts;
  const list = (names: readonly string[]) => names.join(", ") || t("list.none");
  return (
    <Empty icon="panel" title={t("hud.no-panels")}>
      {t("hud.no-panels.help", { chosen: list(chosen), offered: list(offered.map(({ name }) => name)) })}
    </Empty>
  );
}
