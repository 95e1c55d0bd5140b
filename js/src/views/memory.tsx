import type { Api, ViewProps } from "../api.ts";
import type { Entry, Memory, MemoryChange, MemoryEdit, MemorySession, PendingMemory, Store } from "../protocol.ts";
import { clean } from "../text.ts";
import css from "./memory.css";

/** In the order in which they are offered. */
const CATEGORIES = ["correction", "preference", "todo", "project", "environment", "other"] as const;
type Category = (typeof CATEGORIES)[number];

/** The two stores of the agent's memory entry by entry, what changed in them, and what waits. */
export default function define({ h, ui, t, sentence, word, format, hooks }: Api) {
  const { Ago, Badge, Empty, Icon, Meter, Prose, Section, Text } = ui;

  return Object.assign(MemoryView, { css });

  function MemoryView({ data, open }: ViewProps<Memory>) {
    const [typed, type] = hooks.useState("");
    const [category, choose] = hooks.useState<Category | null>(null);
    const wanted = typed.trim().toLocaleLowerCase();
    const isWanted = (entry: Entry) =>
      (category === null || entry.category === category) && entry.text.toLocaleLowerCase().includes(wanted);
    const all = data.stores.flatMap(({ entries }) => entries);
    const isNarrowed = wanted !== "" || category !== null;
    return (
      <div class="memory">
        <Notices data={data} open={open} />
        <Changes data={data} />
        {all.length > 0 && (
          <div class="find">
            <label>
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
            <div class="kinds" role="group" aria-label={t("category.help")} title={t("category.help")}>
              {CATEGORIES.map((each) => {
                const count = all.filter((entry) => entry.category === each).length;
                return (
                  count > 0 && (
                    <button
                      key={each}
                      type="button"
                      class={`kind ${each}`}
                      aria-pressed={category === each}
                      onClick={() => choose(category === each ? null : each)}
                    >
                      {t(`category.${each}`)} <span class="numeric">{format.number(count)}</span>
                    </button>
                  )
                );
              })}
            </div>
            {isNarrowed && (
              <p class="found" role="status">
                {t("found", { count: all.filter(isWanted).length, all: format.number(all.length) })}
              </p>
            )}
          </div>
        )}
        <div class="stores">
          {data.stores.map((store) => (
            <StoreView key={store.name} store={store} isWanted={isWanted} wanted={wanted} isNarrowed={isNarrowed} />
          ))}
        </div>
        {data.soul && (
          <Section name="soul" title={t("soul")} aside={<code>SOUL.md</code>}>
            <Prose text={data.soul.text} lines={8} />
          </Section>
        )}
      </div>
    );
  }

  function Notices({ data, open }: { data: Memory; open: ViewProps["open"] }) {
    const backup = data.backups[0];
    return (
      <div class="notices">
        {data.provider && (
          <p class="notice">
            <Icon name="info" />
            <span>{sentence("provider", { provider: <Text text={data.provider} /> })}</span>
          </p>
        )}
        {data.pending.length > 0 && (
          <div class="banner">
            <Icon name="asking" />
            <div>
              <b>{t("pending", { count: data.pending_total })}</b>
              <ul>
                {data.pending.map((write) => (
                  <Pending key={write.id} write={write} />
                ))}
              </ul>
              <button type="button" class="quiet" onClick={() => open("approvals")}>
                {t("pending.open")}
              </button>
            </div>
          </div>
        )}
        {backup !== undefined && (
          <p class="banner">
            <Icon name="warning" />
            <span>
              {sentence("backup", {
                file: (
                  <code>
                    <Text text={backup} />
                  </code>
                ),
              })}
            </span>
          </p>
        )}
        {data.stale_sessions.length > 0 && (
          <details class="stale">
            <summary>{t("stale", { count: data.stale_total })}</summary>
            <p class="dim">{t("stale.help")}</p>
            <ul>
              {data.stale_sessions.map((session) => (
                <Stale key={session.id} session={session} open={open} />
              ))}
            </ul>
          </details>
        )}
        {data.archived !== null && data.archived > 0 && <p class="dim">{t("archived", { count: data.archived })}</p>}
      </div>
    );
  }

  function Pending({ write }: { write: PendingMemory }) {
    const what = [
      write.action === null ? "" : word("action", write.action),
      write.store === null ? "" : word("store", write.store),
    ];
    return (
      <li>
        <small>{what.filter(Boolean).join(" · ")}</small> <Text text={write.summary || write.id} title />{" "}
        {write.created_at && (
          <small>
            <Ago at={write.created_at} />
          </small>
        )}
      </li>
    );
  }

  function Stale({ session, open }: { session: MemorySession; open: ViewProps["open"] }) {
    return (
      <li>
        <button type="button" class="link" onClick={() => open("sessions", { session: session.id })}>
          <Text text={session.title || session.id} title />
        </button>
        <Badge>
          <Text text={session.source} />
        </Badge>
        <small class="dim">
          {session.changes === null ? t("stale.unknown") : t("stale.changes", { count: session.changes })} ·{" "}
          {sentence("began", { when: <Ago at={session.started_at} /> })}
        </small>
      </li>
    );
  }

  function StoreView(props: {
    store: Store;
    isWanted: (entry: Entry) => boolean;
    wanted: string;
    isNarrowed: boolean;
  }) {
    const { store, isWanted, wanted, isNarrowed } = props;
    const changed = hooks.useFresh(new Map(store.entries.map(({ text }) => [text, null])));
    const shown = store.entries.filter(isWanted);
    return (
      <section class="store" data-store={store.name}>
        <header>
          <h3>
            <span>{t(`store.${store.name}`)}</span>
            <small>{t("entries", { count: store.total })}</small>
          </h3>
          <Meter
            label={t("meter.text", { used: store.used_chars, limit: store.limit_chars })}
            used={store.used_chars}
            limit={store.limit_chars}
          />
          <p class="file">
            <code>
              <Text text={store.file} />
            </code>
            {store.modified_at && <span>{sentence("modified", { when: <Ago at={store.modified_at} /> })}</span>}
          </p>
        </header>
        {!store.exists && <Empty title={t("missing", { file: store.file })}>{t("missing.help")}</Empty>}
        {store.exists && store.total === 0 && <Empty title={t("none")}>{t("none.help")}</Empty>}
        {isNarrowed && store.entries.length > 0 && shown.length === 0 && <p class="none">{t("found.none")}</p>}
        <ol class="entries">
          {shown.map((entry) => (
            <li key={entry.text} class={changed.has(entry.text) ? "entry changed" : "entry"}>
              {entry.is_blocked && (
                <p class="blocked">
                  <Icon name="shield" size={14} /> {t("blocked")}
                </p>
              )}
              {wanted === "" ? <Prose text={entry.text} lines={8} /> : <Marked text={entry.text} wanted={wanted} />}
              <p class="entry-foot">
                <span class={`kind ${entry.category}`}>{t(`category.${entry.category}`)}</span>
                <small class="numeric" title={t("chars", { count: entry.chars })}>
                  {changed.has(entry.text) && <em>{t("new")}</em>}
                  {format.number(entry.chars)}
                </small>
              </p>
            </li>
          ))}
        </ol>
        {store.total > store.entries.length && (
          <p class="dim">{t("more", { count: store.total - store.entries.length })}</p>
        )}
      </section>
    );
  }

  /** The text with what was searched for marked; whole, so that each hit can be seen. */
  function Marked({ text: written, wanted }: { text: string; wanted: string }) {
    const text = clean(written);
    const folded = text.toLocaleLowerCase();
    // Where small letters are of another number than large ones, places do not agree: then nothing is marked.
    if (folded.length !== text.length) return <Prose text={text} lines={100} />;
    const pieces = [];
    let from = 0;
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, from)) {
      pieces.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
      from = at + wanted.length;
    }
    return (
      <div class="prose" dir="auto">
        {pieces}
        {text.slice(from)}
      </div>
    );
  }

  function Changes({ data }: { data: Memory }) {
    const [newest, ...older] = data.changes;
    return (
      <Section
        name="edits"
        title={t("changes")}
        aside={data.watched_since && sentence("changes.since", { when: <Ago at={data.watched_since} /> })}
      >
        {newest === undefined ? <p class="none">{t("changes.none")}</p> : <Change change={newest} />}
        {older.length > 0 && (
          <details>
            <summary>{t("changes.older", { count: older.length })}</summary>
            {older.map((change) => (
              <Change key={`${change.at} ${change.store}`} change={change} />
            ))}
          </details>
        )}
      </Section>
    );
  }

  function Change({ change }: { change: MemoryChange }) {
    return (
      <article class="change">
        <p class="change-head">
          <b>{t(`store.${change.store}`)}</b>
          <span>
            {(["added", "removed", "changed"] as const).map((kind) => {
              const count = change.edits.filter((edit) => edit.kind === kind).length;
              return (
                count > 0 && (
                  <span key={kind} class={`is-${kind}`}>
                    {t(`edits.${kind}`, { count })}
                  </span>
                )
              );
            })}
          </span>
          <Ago at={change.at} />
        </p>
        <ul>
          {change.edits.map((edit, index) => (
            <li key={index} class={`edit is-${edit.kind}`}>
              <Edit edit={edit} />
            </li>
          ))}
        </ul>
        {change.total > change.edits.length && (
          <p class="dim">{t("more", { count: change.total - change.edits.length })}</p>
        )}
      </article>
    );
  }

  /** Words taken out are struck through, words put in underlined: not told by colour alone. */
  function Edit({ edit }: { edit: MemoryEdit }) {
    if (edit.kind === "changed" && edit.pieces.length > 0)
      return (
        <div class="prose" dir="auto">
          {edit.pieces.map(({ kind, text }, index) =>
            kind === "added" ? (
              <ins key={index}>{clean(text)}</ins>
            ) : kind === "removed" ? (
              <del key={index}>{clean(text)}</del>
            ) : (
              <span key={index}>{clean(text)}</span>
            ),
          )}
        </div>
      );
    return (
      <div>
        {edit.before !== null && (
          <del>
            <Prose text={edit.before} lines={6} />
          </del>
        )}
        {edit.after !== null && (
          <ins>
            <Prose text={edit.after} lines={6} />
          </ins>
        )}
      </div>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Hermes has not remembered anything yet",
    "empty.help": "Tell Hermes to remember something; it appears here as soon as it is written.",
    search: "Search the entries",
    found: "{count} of {all} entries",
    "found.none": "None of its entries.",
    "category.help": "What the entries seem to be about, by the words in them",
    "category.correction": "correction",
    "category.preference": "preference",
    "category.todo": "to do",
    "category.project": "project",
    "category.environment": "environment",
    "category.other": "other",
    "store.memory": "Memory",
    "store.user": "User profile",
    entries: "{count} entry|{count} entries",
    chars: "{count} character|{count} characters",
    missing: "{file} is not there yet",
    "missing.help": "Hermes writes it when it remembers something.",
    none: "No entries",
    "none.help": "Tell Hermes to remember something.",
    provider: "Memory also goes to {provider}, an external provider that is not shown here.",
    modified: "written {when}",
    new: "new",
    more: "and {count} more",
    blocked: "Hermes has blocked what stood here",
    pending: "{count} write waits for your approval|{count} writes wait for your approval",
    "pending.open": "See all approvals",
    "action.add": "Add",
    "action.replace": "Replace",
    "action.remove": "Remove",
    backup:
      "Something other than Hermes has edited a memory file, and Hermes refused to overwrite it. What it found is in {file}.",
    stale: "{count} session may go on with an older memory|{count} sessions may go on with an older memory",
    "stale.help":
      "Hermes puts its memory into the prompt once, when a session begins; what is written later comes with the next one.",
    "stale.changes": "{count} change since|{count} changes since",
    "stale.unknown": "changes since then were not seen",
    began: "began {when}",
    archived:
      "{count} entry has been moved to memories/ARCHIVE.jsonl.|{count} entries have been moved to memories/ARCHIVE.jsonl.",
    changes: "Changes",
    "changes.since": "watched since {when}",
    "changes.none": "Nothing has changed since the HUD watches.",
    "changes.older": "{count} earlier change|{count} earlier changes",
    "edits.added": "{count} added",
    "edits.removed": "{count} removed",
    "edits.changed": "{count} changed",
    soul: "Who it is told to be",
  },
  zh: {
    empty: "Hermes 还没有记住任何内容",
    "empty.help": "让 Hermes 记住点什么吧；写入后会立即显示在这里。",
    search: "搜索条目",
    found: "{all} 条中的 {count} 条",
    "found.none": "没有匹配的条目。",
    "category.help": "按用词推测的条目类别",
    "category.correction": "纠正",
    "category.preference": "偏好",
    "category.todo": "待办",
    "category.project": "项目",
    "category.environment": "环境",
    "category.other": "其他",
    "store.memory": "记忆",
    "store.user": "用户档案",
    entries: "{count} 条",
    chars: "{count} 个字符",
    missing: "{file} 尚不存在",
    "missing.help": "Hermes 记住内容时会写入它。",
    none: "没有条目",
    "none.help": "让 Hermes 记住点什么吧。",
    provider: "记忆还会发送到外部提供者 {provider}，此处不显示其内容。",
    modified: "{when}写入",
    new: "新",
    more: "另有 {count} 条",
    blocked: "此处的内容已被 Hermes 拦截",
    pending: "{count} 项写入等待您批准",
    "pending.open": "查看全部审批",
    "action.add": "添加",
    "action.replace": "替换",
    "action.remove": "删除",
    backup: "Hermes 以外的程序编辑过记忆文件，Hermes 拒绝覆盖它。当时的内容保存在 {file}。",
    stale: "{count} 个会话可能仍在使用较旧的记忆",
    "stale.help": "Hermes 只在会话开始时把记忆写入提示词；之后写入的内容要到下一个会话才会生效。",
    "stale.changes": "此后有 {count} 处变化",
    "stale.unknown": "此后的变化未被观察到",
    began: "{when}开始",
    archived: "{count} 条已移至 memories/ARCHIVE.jsonl。",
    changes: "变化",
    "changes.since": "自 {when}起观察",
    "changes.none": "自 HUD 开始观察以来没有变化。",
    "changes.older": "更早的 {count} 次变化",
    "edits.added": "新增 {count} 条",
    "edits.removed": "删除 {count} 条",
    "edits.changed": "修改 {count} 条",
    soul: "它的人格设定",
  },
};
