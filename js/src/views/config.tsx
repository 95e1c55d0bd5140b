import type { Api, ViewProps } from "../api.ts";
import type { ConfigEntry, ConfigNote, ConfigSection, Configuration } from "../protocol.ts";
import css from "./config.css";

/** The configuration: what was set, what Hermes takes else, and what it reads in another way. */
export default function define({ h, ui, t, sentence, hooks }: Api) {
  const { Ago, Icon, Prose, Text } = ui;

  return Object.assign(ConfigView, { css });

  function ConfigView({ data, query, setQuery, isPending }: ViewProps<Configuration>) {
    const [words, setWords] = hooks.useState("");
    const sought = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const isAll = query.all === true;
    const found = data.sections
      .map((section) => ({ ...section, entries: section.entries.filter((entry) => isFound(entry, sought)) }))
      .filter(({ entries }) => entries.length > 0);
    const total = found.reduce((sum, { entries }) => sum + entries.length, 0);
    const look = (text: string) => {
      setWords(text);
      // What is sought may be a default that nobody has set.
      if (text.trim() !== "" && !isAll) setQuery({ ...query, all: true });
    };
    return (
      <div class="config">
        {data.notes.length > 0 && (
          <ul class="notes">
            {data.notes.map((note) => (
              <Note key={`${note.kind} ${note.path}`} note={note} />
            ))}
          </ul>
        )}
        <div class="finder">
          <label class="search">
            <Icon name="search" size={14} />
            <input
              type="search"
              data-search
              value={words}
              placeholder={t("search")}
              aria-label={t("search")}
              onInput={({ currentTarget }) => look(currentTarget.value)}
            />
          </label>
          <label class="which">
            <input type="checkbox" checked={isAll} onChange={() => setQuery({ ...query, all: !isAll })} />
            <span>{t("all", { count: data.total })}</span>
          </label>
        </div>
        <p class="dim" role="status">
          {t("written", { count: data.written, changed: data.changed })}
          {sought.length > 0 && !isPending && ` · ${t("found", { count: total })}`}
          {isAll && ` · ${t("defaults", { version: data.defaults_of })}`}
          {isNewer(data) && ` · ${t("newer")}`}
        </p>
        {data.variables.length > 0 && (
          <p class="dim">
            {t("variables")}{" "}
            <code>
              <Text text={data.variables.join(", ")} title />
            </code>
          </p>
        )}
        {total === 0 && !isPending && <p class="none">{t("nothing")}</p>}
        <div class="sections">
          {found.map((section) => (
            // Opened by itself once something is sought: its key changes with that.
            <Section
              key={`${section.name} ${sought.length > 0}`}
              section={section}
              isOpen={sought.length > 0 || section.written > 0}
            />
          ))}
        </div>
        {data.left_out > 0 && <p class="none">{t("left_out", { count: data.left_out })}</p>}
        {data.backups + data.damaged_backups > 0 && (
          <p class="dim">
            {t("backups", { count: data.backups + data.damaged_backups })}
            {data.damaged_backups > 0 && `, ${t("damaged", { count: data.damaged_backups })}`}
            {data.last_backup_at !== null && (
              <span> · {sentence("last", { it: <Ago at={data.last_backup_at} /> })}</span>
            )}
          </p>
        )}
      </div>
    );
  }

  function Section({ section, isOpen }: { section: ConfigSection; isOpen: boolean }) {
    return (
      <details open={isOpen} data-section={section.name}>
        <summary>
          <h3>
            <Text text={section.name} title />
          </h3>
          {!section.is_known && <small>{t("unknown")}</small>}
          <small class="numeric">{t("set", { count: section.written, total: section.total })}</small>
        </summary>
        <dl class="values">
          {section.entries.map((entry) => (
            <div key={entry.path} class={entry.is_set ? "set" : ""} data-path={entry.path}>
              <dt>
                <bdi>{entry.path}</bdi>
              </dt>
              <dd>
                <Value entry={entry} />
              </dd>
            </div>
          ))}
        </dl>
      </details>
    );
  }

  function Value({ entry }: { entry: ConfigEntry }) {
    if (entry.is_masked)
      return (
        <span class="masked" title={t("masked.help")}>
          <Icon name="key" size={14} /> {t("masked")}
        </span>
      );
    const text = entry.value === "" ? t("blank") : (entry.value ?? "");
    return (
      <div>
        <Prose text={text} lines={3} />
        {entry.is_set && entry.default !== null && (
          <small>
            {sentence("default", { it: <Text text={entry.default === "" ? t("blank") : entry.default} title /> })}
          </small>
        )}
      </div>
    );
  }

  function Note({ note }: { note: ConfigNote }) {
    return (
      <li class={note.kind === "moved" ? "notice" : "banner"}>
        <Icon name={note.kind === "moved" ? "info" : "warning"} />
        <span>
          {note.kind === "wrong-type"
            ? t("note.wrong-type", { path: note.path, type: t(`type.${typeOf(note.to)}`) })
            : t(`note.${note.kind}`, { path: note.path, to: note.to })}
        </span>
      </li>
    );
  }
}

const types = ["switch", "number", "text", "list", "section"] as const;

function typeOf(written: string): (typeof types)[number] {
  return types.find((type) => type === written) ?? "text";
}

function isFound(entry: ConfigEntry, sought: readonly string[]): boolean {
  const text = `${entry.path} ${entry.value ?? ""}`.toLowerCase();
  return sought.every((word) => text.includes(word));
}

/** Whether a newer Hermes has written the file than the one whose defaults are shown. */
function isNewer({ written_version: written, known_version: known }: Configuration): boolean {
  return written !== null && written > known;
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Nothing is configured",
    "empty.help": "There is no config.yaml: Hermes works with its defaults. “hermes setup” makes one.",
    search: "Search keys and values",
    all: "Show all {count}, defaults too",
    written: "{count} value set, {changed} not the default|{count} values set, {changed} not the default",
    found: "{count} found",
    defaults: "defaults of Hermes {version}",
    newer: "a newer Hermes has written this file: its defaults may differ",
    variables: "Also set in .env:",
    nothing: "No value has these words.",
    set: "{count} of {total} set",
    unknown: "not known to Hermes",
    masked: "hidden",
    "masked.help": "It is set, and may be a secret or somebody's address.",
    blank: "(empty)",
    default: "default: {it}",
    left_out: "{count} more value is not shown.|{count} more values are not shown.",
    backups: "{count} backup of config.yaml|{count} backups of config.yaml",
    damaged: "{count} of a damaged one",
    last: "the last one {it}",
    "note.moved": "{path} is an old place; Hermes reads it as {to}.",
    "note.misplaced": "Nobody reads {path} at the top level; it belongs below {to}.",
    "note.wrong-type": "{path} should be {type}.",
    "type.switch": "true or false",
    "type.number": "a number",
    "type.text": "a text",
    "type.list": "a list",
    "type.section": "a section",
  },
  zh: {
    empty: "尚无配置",
    "empty.help": "没有 config.yaml：Hermes 使用默认值。“hermes setup”可创建它。",
    search: "搜索键和值",
    all: "显示全部 {count} 项，含默认值",
    written: "已设置 {count} 项，其中 {changed} 项不同于默认值",
    found: "找到 {count} 项",
    defaults: "Hermes {version} 的默认值",
    newer: "此文件由更新的 Hermes 写入：其默认值可能不同",
    variables: ".env 中另设：",
    nothing: "没有包含这些词的值。",
    set: "{total} 项中已设 {count} 项",
    unknown: "Hermes 不认识",
    masked: "已隐藏",
    "masked.help": "已设置；可能是密钥或个人地址。",
    blank: "（空）",
    default: "默认：{it}",
    left_out: "另有 {count} 项未显示。",
    backups: "config.yaml 有 {count} 份备份",
    damaged: "其中 {count} 份来自损坏的文件",
    last: "最近一份：{it}",
    "note.moved": "{path} 是旧位置；Hermes 按 {to} 读取。",
    "note.misplaced": "没有程序读取顶层的 {path}；它应放在 {to} 下。",
    "note.wrong-type": "{path} 应为{type}。",
    "type.switch": "是或否",
    "type.number": "数字",
    "type.text": "文本",
    "type.list": "列表",
    "type.section": "一节",
  },
};
