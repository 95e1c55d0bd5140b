// What several views do alike.
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/**
 * The keys that are new since the first drawing, or whose trace became another, each for a moment.
 *
 * @param traces What is shown of each key; equal traces mean that nothing changed.
 * @param forMs How long the moment is, in ms.
 * @param of What they are keys of: of something else, such as another file, nothing is new at first.
 */
export function useFresh(traces: ReadonlyMap<string, unknown>, forMs = 4_000, of = ""): ReadonlySet<string> {
  const known = useRef<{ of: string; traces: ReadonlyMap<string, unknown> } | null>(null);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  // A key that changes again while it is marked stays so until its last timer ends.
  const last = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const isOther = known.current !== null && known.current.of !== of;
    const before = isOther ? null : known.current?.traces;
    known.current = { of, traces };
    if (isOther) setFresh(new Set());
    const touched = before ? [...traces.keys()].filter((key) => before.get(key) !== traces.get(key)) : [];
    if (touched.length === 0) return;
    setFresh((now) => new Set([...now, ...touched]));
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      const over = new Set(touched.filter((key) => last.current.get(key) === timer));
      for (const key of over) last.current.delete(key);
      setFresh((now) => new Set([...now].filter((key) => !over.has(key))));
    }, forMs);
    timers.current.add(timer);
    for (const key of touched) last.current.set(key, timer);
  }, [of, [...traces].join("\n")]);
  useEffect(() => () => timers.current.forEach(clearTimeout), []);
  return fresh;
}

/**
 * What is opened of a list, by its id. Keyboard and scroll position go where the eyes go: into what was opened, and
 * back to the row that it came from; Esc closes it.
 *
 * @param view The element around list and detail.
 * @param attribute Of a row, with its id; the row has a button that opens it.
 * @param detail Selector of what is opened; it can take the focus.
 */
export function useOpened(view: RefObject<HTMLElement | null>, attribute: string, detail: string) {
  const [opened, open] = useState<string | null>(null);
  const last = useRef<{ id: string | null; scrollTop: number }>({ id: null, scrollTop: 0 });
  useEffect(() => {
    const before = last.current;
    if (opened === before.id) return;
    const panel = view.current?.closest<HTMLElement>("[data-panel]");
    if (before.id === null) before.scrollTop = panel?.scrollTop ?? 0;
    if (panel) panel.scrollTop = opened === null ? before.scrollTop : 0;
    const target = opened === null ? `[${attribute}="${CSS.escape(before.id ?? "")}"] button` : detail;
    // Without a row to go back to, the keys stay with the panel.
    (view.current?.querySelector<HTMLElement>(target) ?? panel)?.focus({ preventScroll: true });
    before.id = opened;
  }, [opened]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || opened === null) return;
    event.stopPropagation();
    open(null);
  };
  return { opened, open, onKeyDown };
}
