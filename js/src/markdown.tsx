import type { Api } from "./api.ts";
import css from "./markdown.css";
import { clean } from "./text.ts";

/** The style sheet of what is drawn; a view adds it to its own. */
export { css as markdownCss };

/** A piece of a text in Markdown. */
export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "item"; level: number; mark: string; text: string }
  | { kind: "code"; text: string }
  | { kind: "table"; rows: string[][] }
  | { kind: "quote"; text: string }
  | { kind: "rule" }
  | { kind: "text"; text: string };

/** A piece of a line. */
export type Span = { kind: "text" | "code" | "strong" | "link"; text: string; url?: string };

/** Longer lines are not taken apart. */
const LONGEST_LINE = 4_000;

/**
 * The blocks of a text: headings, lists, code, tables, quotes, rules and paragraphs. What is not understood, such as
 * HTML, stays as it is written.
 */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let paragraph: string[] = [];
  const end = () => {
    if (paragraph.length > 0) blocks.push({ kind: "text", text: paragraph.join("\n") });
    paragraph = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const fence = /^ {0,6}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined) {
      end();
      const code: string[] = [];
      // A fence that is never closed goes to the end, as everywhere.
      for (index += 1; index < lines.length && !(lines[index] ?? "").trimStart().startsWith(fence); index += 1) {
        code.push(lines[index] ?? "");
      }
      blocks.push({ kind: "code", text: code.join("\n") });
      continue;
    }
    const block = line.length > LONGEST_LINE ? null : blockOf(line);
    const table = blocks.at(-1);
    if (block?.kind === "table" && table?.kind === "table" && paragraph.length === 0 && isRow(lines[index - 1])) {
      table.rows.push(...block.rows);
    } else if (block) {
      end();
      blocks.push(block);
    } else if (line.trim() === "") {
      end();
    } else {
      const last = blocks.at(-1);
      // An indented line goes on with the item above it.
      if (paragraph.length === 0 && last?.kind === "item" && /^\s/.test(line) && lines[index - 1]?.trim() !== "") {
        last.text += `\n${line.trim()}`;
      } else paragraph.push(line);
    }
  }
  end();
  return blocks;
}

function blockOf(line: string): Block | null {
  const heading = /^(#{1,6})\s(.*)$/s.exec(line);
  if (heading) return { kind: "heading", level: heading[1]?.length ?? 1, text: unclosed((heading[2] ?? "").trim()) };
  if (/^ {0,3}([-*_])( *\1){2,}\s*$/.test(line)) return { kind: "rule" };
  const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/s.exec(line);
  if (item) {
    const level = Math.min(4, Math.floor((item[1] ?? "").replace(/\t/g, "    ").length / 2));
    return { kind: "item", level, mark: /^\d/.test(item[2] ?? "") ? (item[2] ?? "") : "•", text: item[3] ?? "" };
  }
  if (isRow(line)) {
    const cells = line.trim().slice(1).replace(/\|$/, "").split("|");
    // The line of dashes below the head says nothing more.
    return { kind: "table", rows: /^[\s:|-]+$/.test(line) ? [] : [cells.map((cell) => cell.trim())] };
  }
  const quote = /^ {0,3}>\s?(.*)$/.exec(line);
  return quote ? { kind: "quote", text: quote[1] ?? "" } : null;
}

/** A heading without the signs that close it; /#+$/ would go over every other run of them again and again. */
function unclosed(heading: string): string {
  let end = heading.length;
  while (heading[end - 1] === "#") end -= 1;
  return heading.slice(0, end).trimEnd();
}

function isRow(line: string | undefined): boolean {
  return line?.trimStart().startsWith("|") ?? false;
}

/** The spans of a line or paragraph. Links are texts: nothing that an agent wrote can be clicked. */
export function spansOf(text: string): Span[] {
  if (text.length > LONGEST_LINE) return [{ kind: "text", text }];
  const spans: Span[] = [];
  let from = 0;
  for (const found of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|!?\[([^[\]]{1,300})\]\(([^()\s]{1,1000})\)/g)) {
    if (found.index > from) spans.push({ kind: "text", text: text.slice(from, found.index) });
    from = found.index + found[0].length;
    const [, code, strong, link, url] = found;
    if (code !== undefined) spans.push({ kind: "code", text: code });
    else if (strong !== undefined) spans.push({ kind: "strong", text: strong });
    else if (url !== undefined) spans.push({ kind: "link", text: link ?? "", url });
  }
  if (from < text.length) spans.push({ kind: "text", text: text.slice(from) });
  return spans;
}

/** Draws a text of others: nodes only, and every word of it harmless. */
export function defineMarkdown({ h, hooks }: Api) {
  const { useMemo } = hooks;

  return function Markdown({ text }: { text: string }) {
    const blocks = useMemo(() => blocksOf(clean(text)), [text]);
    return (
      <div class="markdown">
        {blocks.map((block, index) => (
          <BlockView key={index} block={block} />
        ))}
      </div>
    );
  };

  function BlockView({ block }: { block: Block }) {
    switch (block.kind) {
      case "heading":
        return (
          <p class={`markdown-heading level-${block.level}`} role="heading" aria-level={block.level + 3} dir="auto">
            <Spans text={block.text} />
          </p>
        );
      case "item":
        return (
          <p class="markdown-item" style={{ "--level": block.level }} dir="auto">
            <span class="markdown-mark numeric">{block.mark}</span>
            <span>
              <Spans text={block.text} />
            </span>
          </p>
        );
      case "code":
        return <pre dir="ltr">{block.text}</pre>;
      case "table":
        return (
          <div class="markdown-table">
            <table>
              <tbody>
                {block.rows.map((row) => (
                  <tr>
                    {row.map((cell) => (
                      <td dir="auto">
                        <Spans text={cell} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        );
      case "quote":
        return (
          <p class="markdown-quote" dir="auto">
            <Spans text={block.text} />
          </p>
        );
      case "rule":
        return <hr />;
      default:
        return (
          <p dir="auto">
            <Spans text={block.text} />
          </p>
        );
    }
  }

  function Spans({ text }: { text: string }) {
    return spansOf(text).map((span) => {
      if (span.kind === "code") return <code>{span.text}</code>;
      if (span.kind === "strong") {
        return (
          <b>
            <Spans text={span.text} />
          </b>
        );
      }
      if (span.kind === "link") return <u title={span.url}>{span.text}</u>;
      return span.text;
    });
  }
}
