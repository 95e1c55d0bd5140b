import type { Api, ViewProps } from "../api.ts";
import type { LogRecord, LogsQuery, LogTail } from "../protocol.ts";
import css from "./logs.css";

const levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
/** So long a word stays unsent while it is being typed, in ms. */
const TYPING_MS = 250;

/** The newest records of one of Hermes' logs. */
export default function define({ h, ui, t, sentence, format, hooks }: Api) {
  const { Ago, Badge, Empty, Icon, Prose, Text } = ui;

  return Object.assign(LogsView, { css });

  function LogsView({ data, query, setQuery, isPending, open }: ViewProps<LogTail>) {
    const asked = query as LogsQuery;
    const choose = (change: LogsQuery) => setQuery({ ...asked, before: null, ...change });
    // While the answer is on its way the records are still those of the query before.
    const answered = hooks.useRef("");
    if (!isPending) answered.current = JSON.stringify(asked);
    const fresh = hooks.useFresh(
      new Map(data.records.map(({ offset }) => [String(offset), null])),
      4_000,
      answered.current,
    );
    return (
      <div class="logs" aria-busy={isPending}>
        <div class="controls">
          <label>
            <span>{t("file")}</span>
            <select value={data.file} onChange={(event) => choose({ file: chosen(event) as LogsQuery["file"] })}>
              {data.files.map(({ name, size_bytes }) => (
                <option key={name} value={name}>
                  {`${name} · ${t("bytes", { size: format.compact(size_bytes) })}`}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{t("level")}</span>
            <select
              value={asked.level ?? "DEBUG"}
              onChange={(event) => choose({ level: chosen(event) as LogsQuery["level"] })}
            >
              {levels.map((level) => (
                <option key={level} value={level}>
                  {level === "DEBUG" ? t("level.all") : t("level.from", { level })}
                </option>
              ))}
            </select>
          </label>
          <Search value={asked.text ?? ""} search={(text) => choose({ text })} />
        </div>
        <p class="summary">
          {asked.session ? (
            <button type="button" class="chip" onClick={() => choose({ session: "" })}>
              <Text text={asked.session} />
              <Icon name="close" size={12} />
              <span class="hidden">{t("session.all")}</span>
            </button>
          ) : null}
          {data.levels.map(({ level, records }) => (
            <Badge key={level} kind={kindOf(level)}>
              {level} {format.number(records)}
            </Badge>
          ))}
          <span>{t("looked-at", { size: format.compact(data.looked_at_bytes) })}</span>
        </p>
        {data.records.length === 0 ? (
          <Empty icon="log" title={t("none")}>
            {data.older === null ? t("none.all") : t("none.so-far")}
          </Empty>
        ) : (
          <ol class="records">
            {data.records.map((record) => (
              <Entry
                key={record.offset}
                record={record}
                isFresh={fresh.has(String(record.offset))}
                choose={(session) => choose({ session })}
                show={() => open("sessions", { session: record.session_id })}
              />
            ))}
          </ol>
        )}
        <div class="pages">
          {asked.before != null && (
            <button type="button" onClick={() => choose({})}>
              {t("newest")}
            </button>
          )}
          {data.older !== null && (
            <button type="button" onClick={() => setQuery({ ...asked, before: data.older })}>
              {t("older")}
            </button>
          )}
        </div>
      </div>
    );
  }

  function Search({ value, search }: { value: string; search: (text: string) => void }) {
    const [typed, type] = hooks.useState(value);
    const last = hooks.useRef(search);
    last.current = search;
    hooks.useEffect(() => {
      if (typed === value) return;
      const timer = setTimeout(() => last.current(typed), TYPING_MS);
      return () => clearTimeout(timer);
    }, [typed, value]);
    return (
      <label class="search">
        <span class="hidden">{t("search")}</span>
        <input
          type="search"
          data-search=""
          placeholder={t("search")}
          maxLength={200}
          value={typed}
          onInput={(event) => type((event.target as HTMLInputElement).value)}
        />
      </label>
    );
  }

  function Entry(props: { record: LogRecord; isFresh: boolean; choose: (session: string) => void; show: () => void }) {
    const { record } = props;
    return (
      <li class={`record ${(record.level ?? "plain").toLowerCase()}${props.isFresh ? " changed" : ""}`}>
        <p class="head">
          {record.level && <Badge kind={kindOf(record.level)}>{record.level}</Badge>}
          {record.at && <Ago at={record.at} />}
          {record.logger && (
            <code>
              <Text text={record.logger} title />
            </code>
          )}
          {record.session_id && (
            <span class="session">
              <button type="button" class="link" onClick={props.show} title={t("session.open")}>
                <Text text={record.session_id} />
              </button>
              <button
                type="button"
                class="icon"
                title={t("session.only")}
                aria-label={t("session.only")}
                onClick={() => props.choose(record.session_id ?? "")}
              >
                <Icon name="log" size={12} />
              </button>
            </span>
          )}
        </p>
        <p class="text">
          <Text text={record.text} />
          {record.is_cut && <em title={t("cut.help")}> …</em>}
        </p>
        {record.more_lines > 0 && (
          <details>
            <summary>{t("more", { count: record.more_lines })}</summary>
            <div class="traceback">
              <Prose text={record.more.join("\n")} lines={20} />
            </div>
            {record.more_lines > record.more.length && (
              <small>{sentence("more.cut", { count: format.number(record.more_lines - record.more.length) })}</small>
            )}
          </details>
        )}
      </li>
    );
  }

  function kindOf(level: string): string {
    return level === "ERROR" || level === "CRITICAL" ? "error" : level === "WARNING" ? "amber" : "";
  }
}

function chosen(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}

/** What this view says. */
export const texts = {
  en: {
    empty: "No logs yet",
    "empty.help": "Hermes writes them to logs/ in its home when it runs.",
    file: "Log",
    bytes: "{size}B",
    level: "Level",
    "level.all": "all levels",
    "level.from": "{level} and above",
    search: "Search these records",
    "session.all": "show all sessions",
    "session.only": "only this session's records",
    "session.open": "open the session",
    "looked-at": "in the last {size}B of the file",
    none: "Nothing matches",
    "none.all": "The whole log was looked through.",
    "none.so-far": "The newest part of the log was looked through; older records may match.",
    newest: "Newest",
    older: "Older",
    more: "{count} more line|{count} more lines",
    "more.cut": "and {count} more",
    "cut.help": "The line is longer.",
  },
  zh: {
    empty: "还没有日志",
    "empty.help": "Hermes 运行时会把日志写入其主目录的 logs/。",
    file: "日志",
    bytes: "{size}字节",
    level: "级别",
    "level.all": "所有级别",
    "level.from": "{level} 及以上",
    search: "搜索这些记录",
    "session.all": "显示所有会话",
    "session.only": "仅此会话的记录",
    "session.open": "打开该会话",
    "looked-at": "文件最后 {size}字节中",
    none: "没有匹配的记录",
    "none.all": "已查看整个日志。",
    "none.so-far": "已查看日志的最新部分；更早的记录可能匹配。",
    newest: "最新",
    older: "更早",
    more: "另有 {count} 行",
    "more.cut": "还有 {count} 行",
    "cut.help": "该行更长。",
  },
};
