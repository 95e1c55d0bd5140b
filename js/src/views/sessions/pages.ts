import type { Sessions, Transcript, TranscriptMessage } from "../../protocol.ts";

/** The server's limit of messages a page. */
export const MOST = 200;

/** Which pages of a transcript are shown. */
export interface Place {
  /** The message that was asked for; null: the newest ones are shown, and stay the newest. */
  message: number | null;
  /** Each older page ends before one of these. */
  older: readonly number[];
  /** Each newer page, where a message was asked for, begins after one of these. */
  newer: readonly number[];
}

/** The newest page is wide once there are older ones: 150 messages may come before it no longer meets them. */
export function pageQueries(session: string, { message, older, newer }: Place): Record<string, unknown>[] {
  const first = message !== null ? { session, message } : older.length === 0 ? { session } : { session, limit: MOST };
  return [first, ...newer.map((after) => ({ session, after })), ...older.map((before) => ({ session, before }))];
}

/** Where to put the first anchor again, when the newest page no longer reaches it. */
export function gapAfter(newest: Transcript | null | undefined, anchors: readonly number[]): number | null {
  const [first] = anchors;
  if (first === undefined || !newest || newest.older === null || newest.messages.length < MOST) return null;
  return newest.older > first ? newest.older : null;
}

/** All messages of the pages once, newest first. */
export function merged(pages: readonly (Sessions | undefined)[]): TranscriptMessage[] {
  const byId = new Map<number, TranscriptMessage>();
  for (const page of [...pages].reverse()) {
    for (const message of page?.transcript?.messages ?? []) byId.set(message.id, message);
  }
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

/** Where what is shown goes on: what the page with the oldest message says of older ones, and that with the newest. */
export function ends(pages: readonly (Sessions | undefined)[]): { older: number | null; newer: number | null } {
  const known = pages.flatMap((page) => (page?.transcript?.messages.length ? [page.transcript] : []));
  const oldest = known.reduce<Transcript | null>((a, b) => (a && last(a) <= last(b) ? a : b), null);
  const newest = known.reduce<Transcript | null>((a, b) => (a && first(a) >= first(b) ? a : b), null);
  return { older: oldest?.older ?? null, newer: newest?.newer ?? null };
}

const first = ({ messages }: Transcript) => messages[0]?.id ?? 0;
const last = ({ messages }: Transcript) => messages.at(-1)?.id ?? 0;

export type Call = TranscriptMessage["tool_calls"][number];

/** A message, and what its tool calls were answered with. */
export interface Entry {
  message: TranscriptMessage;
  /** By the call's place; null: no answer is known. */
  results: (TranscriptMessage | null)[];
}

/**
 * Each message with its calls' results; results whose call is not among the messages stay by themselves. An id may
 * occur again, after something was taken back: then the first result after the call counts.
 *
 * @param messages Newest first.
 */
export function folded(messages: readonly TranscriptMessage[]): Entry[] {
  const byCall = new Map<string, TranscriptMessage[]>();
  for (const message of messages) {
    if (message.role !== "tool" || !message.tool_call_id) continue;
    const known = byCall.get(message.tool_call_id);
    if (known) known.push(message);
    else byCall.set(message.tool_call_id, [message]);
  }
  const taken = new Set<number>();
  const resultOf = (message: TranscriptMessage, { id, other_id }: Call) => {
    const found = [id, other_id]
      .flatMap((call) => (call ? (byCall.get(call) ?? []) : []))
      .filter((result) => result.id > message.id && !taken.has(result.id))
      .reduce<TranscriptMessage | null>((a, b) => (a && a.id < b.id ? a : b), null);
    if (found) taken.add(found.id);
    return found;
  };
  const entries = messages.map((message) => ({
    message,
    results: message.tool_calls.map((call) => resultOf(message, call)),
  }));
  return entries.filter(({ message }) => !taken.has(message.id));
}

/** What a call is about in a few words: the first text among its arguments. */
export function gist(json: string): string {
  try {
    const values: unknown = JSON.parse(json);
    if (typeof values !== "object" || values === null) return json;
    const text = Object.values(values).find((value) => typeof value === "string" && value !== "");
    return typeof text === "string" ? text : Object.keys(values).length > 0 ? json : "";
  } catch {
    return json;
  }
}

/** JSON over several lines; anything else as it is. */
export function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
