import type { Api, ViewProps } from "../api.ts";
import type { Memory, Store } from "../protocol.ts";
import css from "./memory.css";

/** For how long a changed entry is marked, in ms. */
const MARKED_MS = 4_000;

/** The two stores of the agent's memory, entry by entry. */
export default function define({ h, ui, t, format, hooks }: Api) {
  const { Ago, Empty, Icon, Meter, Prose, Text } = ui;
  const { useEffect, useRef, useState } = hooks;

  return Object.assign(MemoryView, { css });

  function MemoryView({ data }: ViewProps<Memory>) {
    return (
      <div class="memory">
        {data.provider && (
          <p class="notice">
            <Icon name="info" />
            <span>{t("memory.provider", { provider: data.provider })}</span>
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
    const changed = useChanged(store.entries.map(({ text }) => text));
    // The time is an element of its own: the sentence is cut where it belongs.
    const [before, after] = t("memory.modified", { when: "|" }).split("|");
    return (
      <section class="store" data-store={store.name}>
        <header>
          <h3>
            <span>{t(`memory.${store.name}`)}</span>
            <small>{t("memory.entries", { count: store.entries.length })}</small>
          </h3>
          <Meter
            label={t("memory.capacity", { used: store.used_chars, limit: store.limit_chars })}
            used={store.used_chars}
            limit={store.limit_chars}
          />
          <p class="file">
            <code>
              <Text text={store.file} />
            </code>
            {store.modified_at && (
              <span>
                {before}
                <Ago at={store.modified_at} />
                {after}
              </span>
            )}
          </p>
        </header>
        {!store.exists && <Empty title={t("memory.missing", { file: store.file })}>{t("memory.missing.help")}</Empty>}
        {store.exists && store.entries.length === 0 && <Empty title={t("memory.none")}>{t("memory.none.help")}</Empty>}
        <ol class="entries">
          {store.entries.map(({ text, chars }) => (
            <li key={text} class={changed.has(text) ? "entry changed" : "entry"}>
              <Prose text={text} lines={8} />
              <small class="numeric" title={t("memory.chars", { count: chars })}>
                {changed.has(text) && <em>{t("memory.new")}</em>}
                {format.number(chars)}
              </small>
            </li>
          ))}
        </ol>
      </section>
    );
  }

  /** The entries that appeared while this was open, each for a moment. */
  function useChanged(entries: readonly string[]): ReadonlySet<string> {
    const known = useRef<ReadonlySet<string> | null>(null);
    const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
    const key = entries.join("\n§\n");
    useEffect(() => {
      const before = known.current;
      known.current = new Set(entries);
      const added = before === null ? [] : entries.filter((text) => !before.has(text));
      if (added.length === 0) return;
      setChanged((now) => new Set([...now, ...added]));
      setTimeout(() => setChanged((now) => new Set([...now].filter((text) => !added.includes(text)))), MARKED_MS);
    }, [key]);
    return changed;
  }
}
