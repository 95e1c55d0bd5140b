import { Fragment, h } from "preact";
import { useState } from "preact/hooks";
import { useClient } from "../context.ts";
import { clean } from "../text.ts";

const LONG_CHARS = 900;
const LONG_LINES = 14;

/** What somebody else wrote, with its line breaks; a long text is folded. */
export function Prose({
  text,
  isCode = false,
  lines = LONG_LINES,
}: {
  text: string;
  isCode?: boolean;
  lines?: number;
}) {
  const { texts, format } = useClient();
  const [isOpen, setOpen] = useState(false);
  const whole = clean(text);
  const short = shortened(whole, lines);
  const isLong = short.length < whole.length;
  return (
    <>
      <div class={isCode ? "prose code" : "prose"} dir="auto">
        {isOpen || !isLong ? whole : `${short} …`}
      </div>
      {isLong && (
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? texts.t("fold.less") : texts.t("fold.more", { chars: format.number(whole.length) })}
        </button>
      )}
    </>
  );
}

function shortened(text: string, lines: number): string {
  let end = 0;
  for (let line = 0; line < lines; line += 1) {
    const next = text.indexOf("\n", end);
    if (next < 0) {
      end = text.length;
      break;
    }
    end = next + 1;
  }
  const limit = (LONG_CHARS * lines) / LONG_LINES;
  // A little over the limit isn't worth a button.
  if (text.length <= limit * 1.2 && end >= text.trimEnd().length) return text;
  const cut = Math.min(end, limit);
  // Not between the two halves of one character.
  const half = text.charCodeAt(cut - 1);
  return text.slice(0, half >= 0xd800 && half < 0xdc00 ? cut - 1 : cut).trimEnd();
}
