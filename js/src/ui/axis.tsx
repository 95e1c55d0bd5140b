import { h } from "preact";

/** Within this much of an edge (%), a label gives way so that it does not stick out. */
const EDGE = 15;

/**
 * A label below an axis, centred at its place.
 *
 * @param at Its place, in % of the axis.
 */
export function AxisLabel({ at, text, rank = "" }: { at: number; text: string; rank?: string }) {
  const place = Math.min(100, Math.max(0, at));
  const inwards = Math.max(0, EDGE - place, place - (100 - EDGE)) / EDGE;
  const anchor = 50 + Math.sign(place - 50) * inwards * 50;
  return (
    <small class={`axis-label ${rank}`} style={{ left: `${place}%`, transform: `translateX(-${anchor}%)` }}>
      {text}
    </small>
  );
}
