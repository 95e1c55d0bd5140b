import { h } from "preact";
import { cleanLine } from "../text.ts";

/** Text that somebody else wrote, on one line: harmless, and unable to reorder what is beside it. */
export function Text({ text, title }: { text: string; title?: boolean }) {
  const line = cleanLine(text);
  return (
    <bdi class="line" title={title ? line : undefined}>
      {line}
    </bdi>
  );
}
