// A sign and a word, and facts with their names: what lists of states are made of. Views bundle it.
import type { ComponentChildren } from "preact";
import type { Api } from "../api.ts";
import type { IconName } from "../ui/icon.tsx";
import css from "./signs.css";

/** How something is; said by the sign and the word, too, never by colour alone. */
export type SignKind = "good" | "live" | "warn" | "bad" | "calm";

const icons: Record<SignKind, IconName> = {
  good: "check",
  live: "running",
  warn: "warning",
  bad: "crashed",
  calm: "info",
};

/** `Sign`, `Facts` with `Fact`s, and `Verdict`; their style sheet is `css`. */
export function makeSigns({ h, ui }: Api) {
  const { Icon, Text } = ui;

  /** A state: a sign and a word. */
  function Sign({ kind, text, icon }: { kind: SignKind; text: string; icon?: IconName }) {
    return (
      <span class={`sign ${kind}`}>
        <Icon name={icon ?? icons[kind]} size={14} />
        <Text text={text} />
      </span>
    );
  }

  /** Facts with their names, side by side where there is room. */
  function Facts({ children }: { children: ComponentChildren }) {
    return <dl class="facts">{children}</dl>;
  }

  function Fact({ name, title, children }: { name: string; title?: string; children: ComponentChildren }) {
    return (
      <div title={title}>
        <dt>{name}</dt>
        <dd>{children}</dd>
      </div>
    );
  }

  /** What is most important, in a sentence: what is well in one line, what is not in a box. */
  function Verdict(props: { kind: SignKind; title: string; name: string; children?: ComponentChildren }) {
    const isTrouble = props.kind === "bad" || props.kind === "warn";
    return (
      <div class={`verdict ${isTrouble ? "banner" : props.kind}`} data-verdict={props.name}>
        <Icon name={isTrouble ? "warning" : icons[props.kind]} />
        <div>
          <b>{props.title}</b>
          {props.children}
        </div>
      </div>
    );
  }

  return { Sign, Facts, Fact, Verdict, css };
}
