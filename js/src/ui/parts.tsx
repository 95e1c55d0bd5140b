import { type ComponentChildren, h } from "preact";
import { useClient } from "../context.ts";
import { allTokens } from "../format.ts";
import type { Cost, Session, Tokens } from "../protocol.ts";
import { Icon } from "./icon.tsx";

/** A titled part of a panel. */
export function Section(props: {
  title: string;
  aside?: ComponentChildren;
  children?: ComponentChildren;
  name?: string;
}) {
  return (
    <section class={`section ${props.name ?? ""}`}>
      <h3>
        <span>{props.title}</span>
        {props.aside !== undefined && <small>{props.aside}</small>}
      </h3>
      {props.children}
    </section>
  );
}

/** One figure with its name. */
export function Stat(props: { label: string; value: ComponentChildren; title?: string; note?: ComponentChildren }) {
  return (
    <div class="stat" title={props.title}>
      <dt>{props.label}</dt>
      <dd>
        <span class="numeric">{props.value}</span>
        {props.note !== undefined && <small>{props.note}</small>}
      </dd>
    </div>
  );
}

/** How full something is: calm, then a warning from 70 %, critical from 90 %. */
export function Meter(props: { label: string; used: number; limit: number; note?: ComponentChildren }) {
  const { texts, format } = useClient();
  const share = props.limit > 0 ? props.used / props.limit : 0;
  const level = share > 0.9 ? "critical" : share > 0.7 ? "warn" : "calm";
  return (
    <div class={`meter ${level}`}>
      <div class="meter-text">
        <span>{props.label}</span>
        <span class="numeric">
          {props.note}
          <b>{format.percent(share)}</b>
          {level !== "calm" && <em>{texts.t(`meter.${level}`)}</em>}
        </span>
      </div>
      <div
        class="meter-bar"
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={Math.max(props.limit, props.used)}
        aria-valuenow={props.used}
        aria-valuetext={format.percent(share)}
      >
        <i style={{ width: `${Math.min(100, Math.max(share * 100, props.used > 0 ? 1 : 0))}%` }} />
      </div>
    </div>
  );
}

export function Badge({ children, title, kind = "" }: { children: ComponentChildren; title?: string; kind?: string }) {
  return (
    <span class={`badge ${kind}`} title={title}>
      {children}
    </span>
  );
}

/** What a session does now: a sign and a word, never colour alone. */
export function Activity({ activity }: { activity: Session["activity"] }) {
  const { texts } = useClient();
  return (
    <span class={`activity ${activity}`} title={texts.t(`activity.${activity}.help`)}>
      <Icon name={activity} size={14} />
      <span>{texts.t(`activity.${activity}`)}</span>
    </span>
  );
}

export function TokenCount({ tokens }: { tokens: Tokens }) {
  const { format } = useClient();
  return (
    <span class="numeric" title={useTokenHelp(tokens)}>
      {format.compact(allTokens(tokens))}
    </span>
  );
}

/** The parts of a token count in words. */
function useTokenHelp(tokens: Tokens): string {
  const { texts, format } = useClient();
  const parts = (["input", "output", "cache_read", "cache_write"] as const)
    .filter((part) => tokens[part] > 0)
    .map((part) => `${texts.t(`tokens.${part}`)} ${format.number(tokens[part])}`);
  return parts.join(" · ");
}

/** Money with what kind of figure it is; an unknown price is a dash, never $0. */
export function Money({ cost, isBrief = false }: { cost: Cost; isBrief?: boolean }) {
  const { texts, format } = useClient();
  const { text, status, title } = format.cost(cost);
  return (
    <span class="money numeric" title={title}>
      {text}
      {!isBrief && status !== "" && text !== "—" && <small> {status}</small>}
      {!isBrief && cost.unknown_sessions > 0 && (
        <small> · {texts.t("cost.unpriced", { count: cost.unknown_sessions })}</small>
      )}
    </span>
  );
}
