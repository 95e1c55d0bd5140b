// A transcript as a file. hermes_hud_widget/export.py writes the same; tests/golden/export has an example of both.
import type { Session, TranscriptMessage } from "../../protocol.ts";
import { clean, cleanLine } from "../../text.ts";
import { indented } from "./pages.ts";

export type ExportFormat = "markdown" | "jsonl";

/**
 * @param messages Oldest first.
 */
export function exported(format: ExportFormat, session: Session, messages: readonly TranscriptMessage[]): string {
  return format === "markdown" ? markdown(session, messages) : jsonLines(session, messages);
}

function jsonLines(session: Session, messages: readonly TranscriptMessage[]): string {
  const lines = [{ type: "session", ...session }, ...messages.map((message) => ({ type: "message", ...message }))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function markdown(session: Session, messages: readonly TranscriptMessage[]): string {
  const facts = [
    `Session: ${session.id}`,
    `Source: ${session.source}`,
    ...(session.model ? [`Model: ${session.model}`] : []),
    `Started: ${session.started_at}`,
    `Last active: ${session.last_active}`,
    `Messages: ${messages.length}`,
  ];
  const parts = [
    `# ${cleanLine(session.title || session.preview || session.id)}`,
    facts.map((fact) => `- ${cleanLine(fact)}`).join("\n"),
    ...messages.flatMap(messageParts),
  ];
  return `${parts.join("\n\n")}\n`;
}

function messageParts(message: TranscriptMessage): string[] {
  const isTool = message.role === "tool";
  const who = isTool ? `tool ${message.tool_name ?? ""}`.trim() : message.role;
  const state = message.state === "active" ? "" : ` (${message.state})`;
  const text = clean(message.text);
  return [
    `## ${cleanLine(who)}${state} · ${message.timestamp}`,
    ...(message.reasoning ? [quoted(clean(message.reasoning))] : []),
    ...(text === "" ? [] : [isTool ? fenced(text, "") : text]),
    ...(message.truncated ? ["*(cut here: longer in the database)*"] : []),
    ...message.tool_calls.map(
      ({ name, arguments: given }) => `**Calls** \`${cleanLine(name)}\`\n\n${fenced(clean(indented(given)), "json")}`,
    ),
  ];
}

function quoted(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

/** Within a fence that is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** The name of the file. */
export function fileName(session: Session, format: ExportFormat): string {
  return `${session.id.replace(/[^A-Za-z0-9._-]+/g, "_")}.${format === "markdown" ? "md" : "jsonl"}`;
}
