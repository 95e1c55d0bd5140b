// The messages, as the server's models define them, and the few facts that no type carries.
import type { Outbound } from "./generated/types.ts";

export type * from "./generated/types.ts";
export { queryDefaults } from "./generated/types.ts";

export const SUBPROTOCOL = "hermes-hud.v1";

export type Query = Record<string, unknown>;

const kinds: ReadonlySet<unknown> = new Set<Outbound["type"]>([
  "hello",
  "versions",
  "panel",
  "module",
  "profile",
  "home",
  "pong",
  "error",
]);

/** The frame in a parsed message, or null when it is none that this client knows. */
export function asFrame(message: unknown): Outbound | null {
  return isRecord(message) && kinds.has(message.type) ? (message as unknown as Outbound) : null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
