/** A round instant on an axis of time, in ms since the epoch, and what it is the beginning of. */
export interface Tick {
  at: number;
  unit: "minute" | "day" | "month" | "year";
}

const MINUTE = 60_000;
const DAY = 1_440;
/** Within this much of an edge (%), a label gives way so that it does not stick out. */
const EDGE = 12;

/** In minutes; from a day on they are counted by the calendar. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
const monthSteps = [1, 2, 3, 6, 12, 24, 60, 120];

/** Round instants of the viewer's zone within a span, at most about so many. */
export function ticksOf(start: number, end: number, most: number): Tick[] {
  const minutes = (end - start) / MINUTE;
  const step = steps.find((step) => minutes / step <= most);
  if (step !== undefined) return step < DAY ? ofMinutes(start, end, step) : ofDays(start, end, step / DAY);
  const months = minutes / DAY / 30;
  return ofMonths(start, end, monthSteps.find((step) => months / step <= most) ?? 12 * Math.ceil(months / 12 / most));
}

function ofMinutes(start: number, end: number, step: number): Tick[] {
  const midnight = new Date(start);
  midnight.setHours(0, 0, 0, 0);
  return within(start, end, (index) => {
    // By the calendar, not by adding: days of 23 and 25 hours have their midnights too.
    const at = new Date(midnight);
    at.setMinutes(index * step);
    return { at: at.getTime(), unit: at.getHours() === 0 && at.getMinutes() === 0 ? "day" : "minute" };
  });
}

function ofDays(start: number, end: number, step: number): Tick[] {
  const first = new Date(start);
  first.setHours(0, 0, 0, 0);
  // Weeks begin on Monday.
  if (step >= 7) first.setDate(first.getDate() - ((first.getDay() + 6) % 7));
  return within(start, end, (index) => {
    const at = new Date(first);
    at.setDate(first.getDate() + index * step);
    return { at: at.getTime(), unit: "day" };
  });
}

function ofMonths(start: number, end: number, step: number): Tick[] {
  const { year, month } = { year: new Date(start).getFullYear(), month: new Date(start).getMonth() };
  const first = step >= 12 ? 0 : month - (month % step);
  return within(start, end, (index) => {
    const at = new Date(year, first + index * step, 1);
    return { at: at.getTime(), unit: at.getMonth() === 0 ? "year" : "month" };
  });
}

function within(start: number, end: number, tick: (index: number) => Tick): Tick[] {
  const found: Tick[] = [];
  for (let index = 0; ; index += 1) {
    const next = tick(index);
    if (next.at > end) return found;
    // In the hour that a clock skips, some of them would come again.
    if (next.at >= start && next.at > (found.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) found.push(next);
  }
}

/** Puts a label below its place on an axis (in %), centred but at the axis' ends. */
export function labelStyle(place: number): { left: string; transform: string } {
  const inwards = Math.max(0, EDGE - place, place - (100 - EDGE)) / EDGE;
  const anchor = 50 + Math.sign(place - 50) * inwards * 50;
  return { left: `${place}%`, transform: `translateX(-${anchor}%)` };
}
