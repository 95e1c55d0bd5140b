import type { Job, Run } from "../../protocol.ts";
import type { Lane, Mark } from "../../ui/timeline.tsx";

const HOUR = 3_600_000;
/** Marks of one kind that are closer than this part of the line look like one: one of them is enough. */
const CLOSEST = 1 / 140;
const UNFINISHED = new Set(["claimed", "running"]);

/** What the line shows, in ms since the epoch: the next day, or week if nothing is due sooner, and some of the past. */
export function spanOf(jobs: readonly Job[], now: number): { from: number; to: number; isWeek: boolean } {
  const next = jobs.filter((job) => job.is_active && !job.is_overdue).map((job) => ms(job.next_run_at));
  const coming = next.filter((at) => !Number.isNaN(at));
  const isWeek = coming.length > 0 && coming.every((at) => at > now + 24 * HOUR);
  const length = (isWeek ? 7 * 24 : 24) * HOUR;
  return { from: now - length / 4, to: now + length, isWeek };
}

/** When a job fires next within the span, in ms since the epoch: of an interval the following times, too. */
export function comingOf(job: Job, to: number): number[] {
  const next = ms(job.next_run_at);
  if (Number.isNaN(next) || next > to) return [];
  if (job.every_s === null) return [next];
  const every = job.every_s * 1_000;
  // A job that fires each minute would have thousands.
  const step = every * Math.max(1, Math.ceil(((to - next) / every) * (CLOSEST / 2)));
  const times: number[] = [];
  for (let at = next; at <= to; at += step) times.push(at);
  return times;
}

/** A lane for each job that has something on the line; `title` says a mark in words. */
export function lanesOf(
  jobs: readonly Job[],
  span: { from: number; to: number },
  now: number,
  title: (kind: Mark["kind"], at: number) => string,
): Lane[] {
  const labels = new Set<string>();
  return jobs.flatMap((job) => {
    const marks = [...past(job.history), ...coming(job)].filter(({ at }) => at >= span.from && at <= span.to);
    if (marks.length === 0) return [];
    const label = labels.has(job.name) ? `${job.name} (${job.id})` : job.name;
    labels.add(label);
    const spread = spreadOut(marks, (span.to - span.from) * CLOSEST);
    return [{ label, marks: spread.map(({ at, kind, of }) => ({ at, kind, title: title(kind, of) })) }];
  });

  function coming(job: Job): Placed[] {
    if (!job.is_active) {
      const next = ms(job.next_run_at);
      return job.enabled || !(next > now) ? [] : [{ at: next, of: next, kind: "off" }];
    }
    if (job.is_overdue) {
      const due = ms(job.next_run_at);
      const edge = span.from + (span.to - span.from) * CLOSEST;
      return [{ at: Math.max(due, edge), of: due, kind: "late" }];
    }
    return comingOf(job, span.to).map((at) => ({ at, of: at, kind: "coming" }));
  }
}

/** `at`: where it is drawn; `of`: when it is. */
interface Placed {
  at: number;
  of: number;
  kind: Mark["kind"];
}

function past(history: readonly Run[]): Placed[] {
  return history.flatMap((run) => {
    const at = ms(run.started_at ?? run.claimed_at);
    if (UNFINISHED.has(run.status) && !run.is_lost) return [];
    return [{ at, of: at, kind: run.status === "completed" ? "done" : "failed" }];
  });
}

/** Without marks that another one of their kind covers. */
function spreadOut(marks: readonly Placed[], closest: number): Placed[] {
  const last = new Map<Mark["kind"], number>();
  return [...marks]
    .sort((one, other) => one.at - other.at)
    .filter(({ at, kind }) => {
      if (at - (last.get(kind) ?? Number.NEGATIVE_INFINITY) < closest) return false;
      last.set(kind, at);
      return true;
    });
}

function ms(at: string | null): number {
  return at === null ? Number.NaN : Date.parse(at);
}
