import type { Api, ViewProps } from "../api.ts";
import type { Memory, Store } from "../protocol.ts";
import css from "./memory.css";

/** The two stores of the agent's memory, entry by entry. */
export default function define({ h, ui, t, sentence, format, hooks }: Api) {
  const { Ago, Empty, Icon, Meter, Prose, Text } = ui;

  return Object.assign(MemoryView, { css });

  function MemoryView({ data }: ViewProps<Memory>) {
    return (
      <div class="memory">
        {data.provider && (
          <p class="notice">
            <Icon name="info" />
            <span>{t("provider", { provider: data.provider })}</span>
          </p>
        )}
        <div class="stores">
          {data.stores.map((store) => (
            <StoreView key={store.name} store={store} />
          ))}
        </div>
      </div>
    );
  }

  function StoreView({ store }: { store: Store }) {
    const changed = hooks.useFresh(new Map(store.entries.map(({ text }) => [text, null])));
    return (
      <section class="store" data-store={store.name}>
        <header>
          <h3>
            <span>{t(`store.${store.name}`)}</span>
            <small>{t("entries", { count: store.entries.length })}</small>
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
        {store.exists && store.entries.length === 0 && <Empty title={t("none")}>{t("none.help")}</Empty>}
        <ol class="entries">
          {store.entries.map(({ text, chars }) => (
            <li key={text} class={changed.has(text) ? "entry changed" : "entry"}>
              <Prose text={text} lines={8} />
              <small class="numeric" title={t("chars", { count: chars })}>
                {changed.has(text) && <em>{t("new")}</em>}
                {format.number(chars)}
              </small>
            </li>
          ))}
        </ol>
      </section>
    );
  }
}

/** What this view says. */
export const texts = {
  en: {
    empty: "Hermes has not remembered anything yet",
    "empty.help": "Tell Hermes to remember something; it appears here as soon as it is written.",
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
  },
  zh: {
    empty: "Hermes 还没有记住任何内容",
    "empty.help": "让 Hermes 记住点什么吧；写入后会立即显示在这里。",
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
  },
};
