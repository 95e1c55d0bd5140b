import type { Api, ViewProps } from "../api.ts";
import { isRecord } from "../protocol.ts";
import css from "./generic.css";

type Schema = Record<string, unknown>;

export const texts = {
  en: { none: "none", yes: "yes", no: "no", chars: "{count} character|{count} characters" },
  zh: { none: "无", yes: "是", no: "否", chars: "{count} 个字符" },
};

/** Draws any payload from its JSON schema: for panels that bring no view of their own. */
export default function define({ h, Fragment, ui, t, format }: Api) {
  const { Ago, Badge, Empty, Prose, Section, Text } = ui;

  return Object.assign(Generic, { css });

  function Generic({ data, schema }: ViewProps) {
    return (
      <div class="generic">
        <Value value={data} schema={schema ?? {}} root={schema ?? {}} name="" />
      </div>
    );
  }

  function Value({ value, schema, root, name }: Part) {
    const own = resolve(schema, root);
    if (Array.isArray(value)) return <List rows={value} schema={resolve(own.items, root)} root={root} name={name} />;
    if (!isRecord(value)) return <Scalar value={value} schema={own} name={name} />;
    const fields = fieldsOf(value, own);
    if (fields.length === 0) return <Empty title={t("panel.empty")} />;
    const schemaOf = (field: string) => (isRecord(own.properties) ? own.properties[field] : own.additionalProperties);
    const flat = fields.filter((field) => isFlat(value[field]));
    return (
      <>
        {flat.length > 0 && (
          <dl class="facts">
            {flat.map((field) => (
              <div key={field} title={described(resolve(schemaOf(field), root))}>
                <dt>{label(field)}</dt>
                <dd>
                  <Value value={value[field]} schema={resolve(schemaOf(field), root)} root={root} name={field} />
                </dd>
              </div>
            ))}
          </dl>
        )}
        {fields
          .filter((field) => !isFlat(value[field]))
          .map((field) => {
            const part = value[field];
            return (
              <Section key={field} title={label(field)} aside={Array.isArray(part) ? part.length : undefined}>
                <Value value={part} schema={resolve(schemaOf(field), root)} root={root} name={field} />
              </Section>
            );
          })}
      </>
    );
  }

  function List({ rows, schema, root, name }: { rows: unknown[]; schema: Schema; root: Schema; name: string }) {
    if (rows.length === 0) return <p class="none">{t("none")}</p>;
    if (!rows.every(isRecord)) {
      return (
        <ul class="values">
          {rows.map((row, index) => (
            <li key={index}>
              <Value value={row} schema={schema} root={root} name={name} />
            </li>
          ))}
        </ul>
      );
    }
    const columns = [...new Set(rows.flatMap((row) => fieldsOf(row, schema)))];
    const schemaOf = (field: string) =>
      resolve(isRecord(schema.properties) ? schema.properties[field] : undefined, root);
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
      <div class="scroll" role="group" aria-label={label(name)} tabIndex={0}>
        <table class="plain">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" title={described(schemaOf(column))}>
                  {label(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={typeof row.id === "string" || typeof row.id === "number" ? row.id : index}>
                {columns.map((column) => (
                  <td key={column} class={typeof row[column] === "number" ? "numeric" : ""}>
                    <Value value={row[column]} schema={schemaOf(column)} root={root} name={column} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }

  function Scalar({ value, schema, name }: { value: unknown; schema: Schema; name: string }) {
    if (value === null || value === undefined || value === "") return <span class="none">—</span>;
    if (typeof value === "boolean") return <Badge>{t(value ? "yes" : "no")}</Badge>;
    if (typeof value === "number") {
      return (
        <span class="numeric" title={String(value)}>
          {quantity(value, name)}
        </span>
      );
    }
    const text = String(value);
    if (schema.format === "date-time" || (/_at$/.test(name) && !Number.isNaN(Date.parse(text))))
      return <Ago at={text} />;
    return text.length > 80 || text.includes("\n") ? <Prose text={text} lines={6} /> : <Text text={text} />;

    function quantity(amount: number, field: string): string {
      if (field.endsWith("_usd")) return format.usd(amount);
      if (field.endsWith("_s")) return format.duration(amount);
      if (field.endsWith("_chars")) return t("chars", { count: amount });
      if (field.endsWith("_tokens") || field.endsWith("_bytes")) return format.compact(amount);
      return format.number(amount);
    }
  }
}

interface Part {
  value: unknown;
  schema: Schema;
  /** Where `$ref`s lead to. */
  root: Schema;
  /** The field's name: its end says the unit. */
  name: string;
}

/** The schema that a reference, or an `anyOf` with null, means. */
function resolve(schema: unknown, root: Schema): Schema {
  let found = isRecord(schema) ? schema : {};
  for (let hops = 0; hops < 10; hops += 1) {
    const choices = [found.anyOf, found.oneOf, found.allOf].find(Array.isArray) as unknown[] | undefined;
    const only = choices?.filter((choice) => isRecord(choice) && choice.type !== "null") ?? [];
    if (typeof found.$ref === "string") found = { ...lookUp(found.$ref, root), ...without(found, "$ref") };
    else if (only.length === 1 && isRecord(only[0]))
      found = { ...only[0], ...without(found, "anyOf", "oneOf", "allOf") };
    else break;
  }
  return found;
}

function lookUp(reference: string, root: Schema): Schema {
  let found: unknown = root;
  for (const step of reference.replace(/^#\//, "").split("/")) found = isRecord(found) ? found[step] : undefined;
  return isRecord(found) ? found : {};
}

function without(schema: Schema, ...names: string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}

/** Declared fields in their order, then what else there is. */
function fieldsOf(value: Schema, schema: Schema): string[] {
  const declared = isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  return [...new Set([...declared.filter((field) => field in value), ...Object.keys(value)])];
}

function isFlat(value: unknown): boolean {
  return !isRecord(value) && !(Array.isArray(value) && (value.length === 0 || value.some(isRecord)));
}

function described(schema: Schema): string | undefined {
  return typeof schema.description === "string" ? schema.description : undefined;
}

/** `last_run_at` → Last run; the unit is said by the value. */
function label(field: string): string {
  const words = field.replace(/_(?:at|usd|s|chars)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
