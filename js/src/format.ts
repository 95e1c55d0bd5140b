import type { Translate } from "./i18n.ts";
import type { Cost, Tokens } from "./protocol.ts";

/** How numbers, money and times read in the viewer's language. */
export interface Format {
  /** 12,345 */
  number(value: number): string;
  /** 950, 12.3 k, 1.2 M; in Chinese 1.2万, 1.2亿 */
  compact(value: number): string;
  /** $0.42, or — when unknown. */
  usd(value: number | null): string;
  /** $0.42 with what kind of figure it is; never $0 for an unknown price. */
  cost(cost: Cost): { text: string; status: string; title: string };
  /** Of a length in seconds: 12s, 3m 5s, 2h 10m. */
  duration(seconds: number): string;
  /** How long ago an instant (ISO 8601) was. */
  ago(instant: string): string;
  /** In how long an instant (ISO 8601) will be: in 20s, in 5m, in 2h 10m; due when it has come. */
  until(instant: string): string;
  /** An instant in the viewer's zone, in full. */
  date(instant: string): string;
  /** An instant's time of day in the viewer's zone: 12:04 */
  time(instant: string | number): string;
  /** A calendar day (2026-06-01) or an instant's day in the viewer's zone, in short: Jun 1 */
  day(day: string | number): string;
  /** The same in full: Monday, June 1, 2026 */
  longDay(day: string | number): string;
  /** Of 0 to 1. */
  percent(share: number): string;
}

export function makeFormat(language: string, t: Translate): Format {
  const plain = new Intl.NumberFormat(language);
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const oneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const cents = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const smallMoney = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  const relative = new Intl.RelativeTimeFormat(language, { style: "narrow", numeric: "auto" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric" });
  const shortDay = days(language, { month: "short", day: "numeric" });
  const longDay = days(language, { dateStyle: "full" });
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const units = Object.fromEntries(
    (["second", "minute", "hour", "day"] as const).map((unit) => [
      unit,
      new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }),
    ]),
  );
  const unit = (value: number, name: string) => units[name]?.format(value) ?? `${value} ${name}`;

  const format: Format = {
    number: (value) => plain.format(value),
    compact: (value) => {
      for (const [size, letter] of magnitudes[language === "zh" ? "zh" : "en"]) {
        // 999,950 reads as 1 M, not as 1,000 k.
        if (Math.abs(value) >= size * 0.9995) {
          const scaled = value / size;
          return `${(Math.abs(scaled) >= 99.95 ? whole : oneDigit).format(scaled)}${letter}`;
        }
      }
      return oneDigit.format(value);
    },
    usd: (value) => {
      if (value === null) return "—";
      const size = Math.abs(value);
      return `$${(size === 0 || size >= 0.1 ? cents : smallMoney).format(value)}`;
    },
    cost: ({ usd, status, unknown_sessions: unpriced }) => {
      const kind = status ?? "unknown";
      const isKnown = usd !== null && kind !== "unknown";
      // What a subscription includes cost nothing more: "$0.00" would read as a price.
      const isIncluded = kind === "included";
      return {
        text: isIncluded ? t("cost.included") : isKnown ? format.usd(usd) : "—",
        status: isIncluded ? "" : t(`cost.${kind}`),
        title: [t(`cost.${kind}.help`), ...(unpriced > 0 ? [t("cost.unpriced.help", { count: unpriced })] : [])].join(
          " ",
        ),
      };
    },
    duration: (seconds) => {
      const total = Math.max(0, Math.round(seconds));
      if (seconds < 10 && seconds > 0 && total !== seconds) return `${oneDigit.format(seconds)}${t("unit.s")}`;
      if (total < 60) return unit(total, "second");
      if (total < 3_600)
        return both(unit(Math.floor(total / 60), "minute"), total % 60, (rest) => unit(rest, "second"));
      if (total < 86_400) {
        const minutes = Math.floor((total % 3_600) / 60);
        return both(unit(Math.floor(total / 3_600), "hour"), minutes, (rest) => unit(rest, "minute"));
      }
      const hours = Math.floor((total % 86_400) / 3_600);
      return both(unit(Math.floor(total / 86_400), "day"), hours, (rest) => unit(rest, "hour"));
    },
    ago: (instant) => {
      const then = Date.parse(instant);
      if (Number.isNaN(then)) return "—";
      const seconds = (Date.now() - then) / 1_000;
      const age = Math.abs(seconds);
      // The server's clock may be a little ahead of the viewer's.
      if (age < 5 || (seconds < 0 && age < 60)) return t("time.now");
      for (const [unit, length, end] of spans) {
        if (age < end) return relative.format(-Math.sign(seconds) * Math.floor(age / length), unit);
      }
      return date.format(then);
    },
    until: (instant) => {
      const at = Date.parse(instant);
      if (Number.isNaN(at)) return "—";
      const seconds = Math.floor((at - Date.now()) / 1_000);
      if (seconds < 0) return t("time.due");
      if (seconds >= 30 * 86_400) return date.format(at);
      // Seconds beside minutes would only flicker.
      return t("time.in", {
        duration: format.duration(seconds < 60 || seconds >= 3_600 ? seconds : seconds - (seconds % 60)),
      });
    },
    date: (instant) => (Number.isNaN(Date.parse(instant)) ? instant : full.format(Date.parse(instant))),
    time: (instant) => clock.format(typeof instant === "number" ? instant : Date.parse(instant)),
    day: shortDay,
    longDay,
    // Almost all is not all, and next to nothing is not nothing.
    percent: (value) =>
      value > 0 && value < 0.01 ? `<${share.format(0.01)}` : share.format(value > 0.99 && value < 1 ? 0.99 : value),
  };
  return format;
}

/** What large numbers are counted in. */
const magnitudes = {
  en: [
    [1e9, "\u202fG"],
    [1e6, "\u202fM"],
    [1e3, "\u202fk"],
  ],
  zh: [
    [1e8, "亿"],
    [1e4, "万"],
  ],
} as const;

/** Up to which age (seconds) a time is told in which unit (of so many seconds). */
const spans = [
  ["second", 1, 60],
  ["minute", 60, 3_600],
  ["hour", 3_600, 86_400],
  ["day", 86_400, 30 * 86_400],
] as const;

/** A calendar day is the same day everywhere; an instant's day is that of the viewer's zone. */
function days(language: string, style: Intl.DateTimeFormatOptions): (day: string | number) => string {
  const here = new Intl.DateTimeFormat(language, style);
  const everywhere = new Intl.DateTimeFormat(language, { ...style, timeZone: "UTC" });
  return (day) => {
    const at = typeof day === "number" ? day : Date.parse(day);
    if (Number.isNaN(at)) return String(day);
    return (/^\d{4}-\d\d-\d\d$/.test(String(day)) ? everywhere : here).format(at);
  };
}

function both(first: string, rest: number, text: (rest: number) => string): string {
  return rest === 0 ? first : `${first} ${text(rest)}`;
}

/** All tokens that were paid for or read from the cache; reasoning is part of output. */
export function allTokens({ input, output, cache_read, cache_write }: Tokens): number {
  return input + output + cache_read + cache_write;
}
