import { type ComponentChildren, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClient } from "./context.ts";
import type { PanelEntry } from "./protocol.ts";
import { PanelIcon, useTitle } from "./tabs.tsx";
import { Icon } from "./ui/icon.tsx";

interface Props {
  panels: readonly PanelEntry[];
  /** The one that fills the whole grid. */
  large: string | null;
  setLarge: (panel: string | null) => void;
  isVisible: boolean;
  draw: (panel: PanelEntry, isVisible: boolean) => ComponentChildren;
}

/** Several panels at once, each with a title and its own scrolling; one of them may be opened large. */
export function Grid({ panels, large, setLarge, isVisible, draw }: Props) {
  // At most three in a row; four are two and two.
  const share = panels.length === 2 || panels.length === 4 ? "45%" : "30%";
  return (
    <div class={large === null ? "grid" : "grid one"} style={{ "--share": share }}>
      {panels.map((panel) => (
        <Cell
          key={panel.name}
          panel={panel}
          isLarge={panel.name === large}
          setLarge={(isLarge) => setLarge(isLarge ? panel.name : null)}
          isVisible={isVisible}
          draw={draw}
        />
      ))}
    </div>
  );
}

function Cell({
  panel,
  isLarge,
  setLarge,
  isVisible,
  draw,
}: {
  panel: PanelEntry;
  isLarge: boolean;
  setLarge: (isLarge: boolean) => void;
} & Pick<Props, "isVisible" | "draw">) {
  const { t } = useClient().texts;
  const title = useTitle()(panel);
  const cell = useRef<HTMLDivElement>(null);
  const isOnScreen = useOnScreen(cell);
  const label = t(isLarge ? "grid.smaller" : "grid.larger", { title });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isLarge) return;
    event.stopPropagation();
    setLarge(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its button does what Escape does.
    <div class={isLarge ? "cell large" : "cell"} data-cell={panel.name} ref={cell} onKeyDown={onKeyDown}>
      <div class="cell-head">
        <PanelIcon panel={panel} size={14} />
        <h2 id={`title-${panel.name}`}>{title}</h2>
        <button type="button" class="tool" aria-label={label} title={label} onClick={() => setLarge(!isLarge)}>
          <Icon name={isLarge ? "smaller" : "larger"} size={14} />
        </button>
      </div>
      <div class="cell-body">{draw(panel, isVisible && isOnScreen)}</div>
    </div>
  );
}

/** Whether any of an element can be seen. */
function useOnScreen(element: { current: HTMLElement | null }): boolean {
  const [isOnScreen, setOnScreen] = useState(typeof IntersectionObserver === "undefined");
  useEffect(() => {
    if (!element.current || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((entries) => setOnScreen(entries.at(-1)?.isIntersecting ?? true));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return isOnScreen;
}
