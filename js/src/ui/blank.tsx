import { type ComponentChildren, h } from "preact";
import { useClient } from "../context.ts";
import { Icon, type IconName } from "./icon.tsx";

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

/** Grey bars where data will be. */
export function Skeleton() {
  const { texts } = useClient();
  return (
    <div class="skeleton" role="status" aria-label={texts.t("panel.loading")}>
      {[38, 92, 84, 64, 90, 72].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
