import { h } from "preact";
import { useClient } from "./context.ts";
import type { Texts } from "./i18n.ts";
import type { PanelFrame } from "./protocol.ts";
import { cleanLine } from "./text.ts";
import { Empty, Said } from "./ui/blank.tsx";
import { Icon } from "./ui/icon.tsx";

type ProblemOf = NonNullable<PanelFrame["error"]>;

/** Why there is nothing to draw: a home that isn't there, or a file at fault. */
export function Problem({ error, texts }: { error: ProblemOf; texts: Texts }) {
  const { kernel } = useClient().options;
  const title = problemTitle(texts, error);
  if (error.kind === "no-home") {
    return (
      <Empty title={title}>
        {texts.t(kernel === false ? "problem.no-home.page" : "problem.no-home.help")}
        {!error.message.startsWith(title) && <Said text={error.message} />}
      </Empty>
    );
  }
  return (
    <Empty icon={error.kind === "not-in-version" ? undefined : "warning"} title={title}>
      <Said text={beyondTitle(texts, error)} />
    </Empty>
  );
}

/** What is wrong with the data that are shown. */
export function Banner({ error, status }: { error: ProblemOf; status: PanelFrame["status"] }) {
  const { texts } = useClient();
  return (
    <div class="banner">
      <Icon name="warning" />
      <div>
        <b>{problemTitle(texts, error)}</b>
        <Said text={beyondTitle(texts, error)} />
        {status === "stale" && <p>{texts.t("problem.last-good")}</p>}
      </div>
    </div>
  );
}

function problemTitle(texts: Texts, { kind, path }: ProblemOf): string {
  if (path) return texts.t(`problem.${kind}.file`, { path: cleanLine(path) });
  return texts.t(`problem.${kind}`, { path: "~/.hermes" });
}

/** The server's sentence without what the title says already; the title is its beginning, in English. */
function beyondTitle(texts: Texts, error: ProblemOf): string {
  const title = problemTitle(texts, error);
  return error.message.startsWith(title) ? error.message.slice(title.length).replace(/^[\s.:;,—]+/, "") : error.message;
}

/** What is wrong with a panel, in one sentence; of which panel, unless a path says enough. */
export function troubleOf(
  texts: Texts,
  title: string,
  { error, isRefused, failure }: { error: ProblemOf | null; isRefused: boolean; failure: string | null },
): string | null {
  const ofPanel = (words: string) => `${title}: ${words}`;
  if (failure !== null) return ofPanel(texts.t("panel.failed", { message: failure }));
  if (error === null) return isRefused ? ofPanel(texts.t("panel.refused")) : null;
  if (error.kind === "not-in-version") return null;
  return error.path ? problemTitle(texts, error) : ofPanel(problemTitle(texts, error));
}
