import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { chipText } from "./chip.ts";
import { useClient, useSelected } from "./context.ts";
import { explained } from "./explained.ts";

/** What comes and goes sooner than this is nobody's concern. */
const LASTING_MS = 2_000;

/**
 * What those who do not see the page are told of it, each once and only when it has lasted: that the connection is lost
 * or back, and what goes wrong in the panels. Nothing else of the HUD speaks unasked; its figures move all the time.
 */
export function Aloud({ troubles }: { troubles: readonly string[] }) {
  const connection = useConnection();
  const all = new Set(connection === null ? troubles : [connection, ...troubles]);
  return (
    <div class="hidden" aria-live="polite" data-aloud="">
      {[...all].map((words) => (
        <Lasting key={words} words={words} />
      ))}
    </div>
  );
}

function Lasting({ words }: { words: string }) {
  const [isSaid, setSaid] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(true), LASTING_MS);
    return () => clearTimeout(timer);
  }, []);
  return isSaid ? <p>{words}</p> : null;
}

/** That the connection is lost; that it is back, if anybody was told so. */
function useConnection(): string | null {
  const { texts, format } = useClient();
  const [status] = useSelected(({ connection, modulesLoaded }) => [connection.status, modulesLoaded]);
  const isTold = useRef(false);
  // At first it is only not there yet.
  const isLost = (status.state === "stale" || status.state === "gone") && status.reason !== "connecting";
  useEffect(() => {
    if (!isLost) return;
    isTold.current = false;
    const timer = setTimeout(() => {
      isTold.current = true;
    }, LASTING_MS);
    return () => clearTimeout(timer);
  }, [isLost]);
  const words = chipText(status, texts.t, format);
  if (isLost) return status.state === "gone" ? words : `${words}: ${explained(status, texts.t)}`;
  return isTold.current ? texts.t("chip.back") : null;
}
