import type { Api, ViewProps } from "../../api.ts";
import type { Sessions } from "../../protocol.ts";
import { type ExportFormat, exported, fileName } from "./export.ts";
import { MOST, merged } from "./pages.ts";

const formats: readonly ExportFormat[] = ["markdown", "jsonl"];

/** Saves a whole transcript from the page: its pages are fetched one after the other, and no server writes a file. */
export function defineExporter({ h, ui, t, hooks }: Api) {
  const { Icon } = ui;
  const { useEffect, useMemo, useRef, useState } = hooks;

  interface Props {
    session: string;
    useSnapshots: ViewProps<Sessions>["useSnapshots"];
  }

  return function Exporter(props: Props) {
    const [format, setFormat] = useState<ExportFormat | null>(null);
    const [failure, setFailure] = useState<string | null>(null);
    const done = (failure: string | null) => {
      setFormat(null);
      setFailure(failure);
    };
    return (
      <span class="export">
        {formats.map((one) => (
          <button
            key={one}
            type="button"
            disabled={format !== null}
            onClick={() => {
              setFailure(null);
              setFormat(one);
            }}
          >
            <Icon name="down" size={12} />
            {t(`export.${one}`)}
          </button>
        ))}
        {format !== null && <Fetching {...props} format={format} done={done} />}
        {failure !== null && (
          <span role="alert" class="failed">
            {t("export.failed", { message: failure })}
          </span>
        )}
      </span>
    );
  };

  function Fetching(props: Props & { format: ExportFormat; done: (failure: string | null) => void }) {
    const { session, useSnapshots, format, done } = props;
    // What was answered stays: each page reaches to where the one before it began, even if the transcript grows.
    const answered = useRef<readonly Sessions[]>([]);
    const [before, setBefore] = useState<number | null>(null);
    const [found] = useSnapshots([{ session, limit: MOST, ...(before === null ? {} : { before }) }]);
    // Of an export before there may still be an old copy: then only what is answered from now on counts.
    const old = useMemo(() => (found?.isBehind ? found.version : null), [before]);
    const isOld = old !== null && found?.version === old;
    const page = isOld ? null : (found?.data ?? null);
    const isRefused = isOld ? !found.isBehind : page === null && found?.error != null;
    useEffect(() => {
      if (page?.missing || isRefused) done(found?.error ?? "");
      if (!page?.transcript) return;
      answered.current = [...answered.current, page];
      const { older } = page.transcript;
      const newest = answered.current[0]?.transcript;
      if (older !== null) setBefore(older);
      else if (newest) {
        save(fileName(newest.session, format), exported(format, newest.session, merged(answered.current).reverse()));
        done(null);
      }
    }, [before, page !== null, isRefused]);
    return (
      <span class="numeric">
        {t("export.fetching", {
          shown: merged(answered.current).length,
          total: answered.current[0]?.transcript?.total ?? 0,
        })}
      </span>
    );
  }
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: some browsers begin to read after the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
