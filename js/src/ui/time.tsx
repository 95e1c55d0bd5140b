import { type ComponentChildren, h } from "preact";
import { useClient, useTick } from "../context.ts";

/** In ms. */
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** How long ago (ISO 8601), kept up to date; the full date on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { format } = useClient();
  useTick(periodOf(at ? Date.now() - Date.parse(at) : Number.NaN));
  if (!at) return <span>—</span>;
  return <Time at={at}>{format.ago(at)}</Time>;
}

/** How long until an instant (ISO 8601), kept up to date; "due" once it has come, the full date on hover. */
export function Until({ at }: { at: string | null | undefined }) {
  const { format } = useClient();
  const left = at ? Date.parse(at) - Date.now() : Number.NEGATIVE_INFINITY;
  useTick(left < 0 ? null : left < 1.5 * MINUTE ? 1_000 : 15_000);
  if (!at) return <span>—</span>;
  return <Time at={at}>{format.until(at)}</Time>;
}

/** For how long (since an instant, ISO 8601), ticking every second. */
export function Elapsed({ since }: { since: string }) {
  const { format } = useClient();
  const seconds = Math.max(0, (Date.now() - Date.parse(since)) / 1_000);
  useTick(seconds < 3_600 ? 1_000 : 15_000);
  return (
    <Time at={since} name="numeric">
      {format.duration(Math.floor(seconds))}
    </Time>
  );
}

/** What ticks is never read aloud by itself, wherever it stands. */
function Time({ at, name, children }: { at: string; name?: string; children: ComponentChildren }) {
  const { format } = useClient();
  return (
    <time dateTime={at} title={format.date(at)} class={name} aria-live="off">
      {children}
    </time>
  );
}

/** How often an age (in ms, negative: still to come) may read differently; null: never again. */
function periodOf(age: number): number | null {
  const distance = Math.abs(age);
  if (distance < MINUTE) return 1_000;
  if (distance < DAY) return 15_000;
  // Days become a date that stays; what is to come has always less of them. NaN is no time at all.
  if (!(distance < 30 * DAY) && !(age < 0)) return null;
  // When the next day is full; sooner, as the timers of a computer that sleeps stand still.
  return Math.min(HOUR, age > 0 ? DAY - (age % DAY) : (distance % DAY) + 1);
}
