import type { Api, ViewProps } from "../../api.ts";
import type { Sessions } from "../../protocol.ts";
import { type ExportFormat, exported, fileName } from "./export.ts";
import { MOST, merged } from "./pages.ts";

const formats: readonly ExportFormat[] = ["markdown", "jsonl"];

/** Saves a whole transcript from the page: its pages are fetched one after the other, and no server writes a file. */
export function defineExporter({ h, ui, t, hooks }: Api) {
  const { Icon } = ui;
  const { useEffect, useState } = hooks;

  interface Props {
    session: string;
    useSnapshots: ViewProps<Sessions>["useSnapshots"];
  }

  return function Exporter(props: Props) {
    const [format, setFormat] = useState<ExportFormat | null>(null);
    return (
      <span class="export">
        {formats.map((one) => (
          <button key={one} type="button" disabled={format !== null} onClick={() => setFormat(one)}>
            <Icon name="down" size={12} />
            {t(`export.${one}`)}
          </button>
        ))}
        {format !== null && <Fetching {...props} format={format} done={() => setFormat(null)} />}
      </span>
    );
  };

  function Fetching({ session, useSnapshots, format, done }: Props & { format: ExportFormat; done: () => void }) {
    const [older, setOlder] = useState<readonly number[]>([]);
    const found = useSnapshots([
      { session, limit: MOST },
      ...older.map((before) => ({ session, before, limit: MOST })),
    ]);
    const pages = found.map(({ data }) => data ?? undefined);
    const last = pages.at(-1);
    const failed =
      found.some(({ data, status }) => data === null && status === "unavailable") || last?.missing === true;
    const messages = merged(pages);
    const newest = pages[0]?.transcript;
    useEffect(() => {
      if (failed) done();
      else if (last?.transcript && newest) {
        if (last.transcript.older !== null) setOlder([...older, last.transcript.older]);
        else {
          save(fileName(newest.session, format), exported(format, newest.session, [...messages].reverse()));
          done();
        }
      }
    }, [last, failed]);
    return (
      <span role="status" class="numeric">
        {t("export.fetching", { shown: messages.length, total: newest?.total ?? 0 })}
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
