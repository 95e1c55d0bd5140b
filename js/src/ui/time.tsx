import { h } from "preact";
import { useClient, useTick } from "../context.ts";

/** How long ago (ISO 8601), kept up to date; the full date on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { format } = useClient();
  const age = at ? Date.now() - Date.parse(at) : Number.POSITIVE_INFINITY;
  useTick(age < 60_000 ? 1_000 : age < 86_400_000 ? 15_000 : null);
  if (!at) return <span>—</span>;
  return (
    <time dateTime={at} title={format.date(at)}>
      {format.ago(at)}
    </time>
  );
}

/** How long until an instant (ISO 8601), kept up to date; "due" once it has come, the full date on hover. */
export function Until({ at }: { at: string | null | undefined }) {
  const { format } = useClient();
  const left = at ? Date.parse(at) - Date.now() : Number.NEGATIVE_INFINITY;
  useTick(left < 0 ? null : left < 90_000 ? 1_000 : 15_000);
  if (!at) return <span>—</span>;
  return (
    <time dateTime={at} title={format.date(at)}>
      {format.until(at)}
    </time>
  );
}

/** For how long (since an instant, ISO 8601), ticking every second. */
export function Elapsed({ since }: { since: string }) {
  const { format } = useClient();
  const seconds = Math.max(0, (Date.now() - Date.parse(since)) / 1_000);
  useTick(seconds < 3_600 ? 1_000 : 15_000);
  return (
    <time dateTime={since} title={format.date(since)} class="numeric">
      {format.duration(Math.floor(seconds))}
    </time>
  );
}
