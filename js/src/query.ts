import { isRecord, type Query, queryDefaults } from "./protocol.ts";

/** One text per (panel, query): the order of fields, and fields that say what they mean anyway, make no difference. */
export function keyOf(panel: string, query: Query): string {
  return `${panel}?${canonical(withoutDefaults(panel, query))}`;
}

/** The query without the fields that have their default value. */
export function withoutDefaults(panel: string, query: Query): Query {
  const defaults = queryDefaults[panel] ?? {};
  const said = Object.entries(query).filter(
    ([field, value]) => value !== undefined && !(field in defaults && canonical(value) === canonical(defaults[field])),
  );
  return Object.fromEntries(said);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const fields = Object.keys(value).filter((field) => value[field] !== undefined);
  return `{${fields
    .sort()
    .map((field) => `${JSON.stringify(field)}:${canonical(value[field])}`)
    .join()}}`;
}
