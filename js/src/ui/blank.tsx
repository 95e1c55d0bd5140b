import { type ComponentChildren, h } from "preact";
import { useContext } from "preact/hooks";
import { PanelContext, useClient, useSelected } from "../context.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Text } from "./text.tsx";

/** Nothing there, and what to do about it. */
export function Empty({
  icon = "info",
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="blank">
      <Icon name={icon} size={24} />
      <p class="blank-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** What the server said in its own words, which are English. */
export function Said({ text }: { text: string }) {
  if (text === "") return null;
  return (
    <small class="verbatim" lang="en">
      <Text text={text} />
    </small>
  );
}

export function Retry({ retry }: { retry: () => void }) {
  const { t } = useClient().texts;
  return (
    <button
      type="button"
      class="retry"
      onClick={({ currentTarget }) => {
        // It goes away with what it stands for; the focus, and with it the HUD's keys, stays in the panel.
        currentTarget.closest<HTMLElement>("[data-panel]")?.focus({ preventScroll: true });
        retry();
      }}
    >
      {t("panel.retry")}
    </button>
  );
}

/** Why the server does not answer, in its own words, and in a panel a way to ask again. */
export function Refused({ message }: { message: string }) {
  const { store, texts } = useClient();
  const panel = useContext(PanelContext);
  return (
    <Empty icon="warning" title={texts.t("panel.refused")}>
      <Said text={message} />
      {panel !== null && <Retry retry={() => store.askAgain(panel)} />}
    </Empty>
  );
}

/** Grey bars where data will be; in a panel of which nothing more is on its way, why there are none. */
export function Skeleton() {
  const { texts } = useClient();
  const panel = useContext(PanelContext);
  const [refused] = useSelected(({ store }) => [panel === null ? null : store.refused(panel)]);
  if (refused !== null) return <Refused message={refused} />;
  return (
    <div class="skeleton" role="img" aria-label={texts.t("panel.loading")}>
      {[38, 92, 84, 64, 90, 72].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
