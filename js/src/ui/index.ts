import { Empty, Refused, Skeleton } from "./blank.tsx";
import { Icon } from "./icon.tsx";
import { Bars, Columns, Sparkline, TimeLine } from "./later.tsx";
import { Activity, Badge, Meter, Money, Section, Stat, TokenCount } from "./parts.tsx";
import { Prose } from "./prose.tsx";
import { Text } from "./text.tsx";
import { Ago, Elapsed, Until } from "./time.tsx";

/**
 * The parts that views are made of; what a part takes is said where it is.
 *
 * Words that the agent or anybody else wrote go through `Text` (one line) or `Prose` (folded where it is long).
 * `Empty`, `Section`, `Stat` (within `<dl class="stats">`), `Badge`, `Icon` and `Skeleton` are the frame; `Skeleton`
 * says by itself why nothing comes, when what the view asked for is refused, as `Refused` does;
 * `Ago`, `Elapsed` and `Until` tick; `Money` and `TokenCount` say what is not known; `Activity` is a session's.
 * `Meter`, `Bars`, `Columns`, `Sparkline` and `TimeLine` are charts: they fit any width from 200 px and say in
 * words or figures what they show.
 */
export const ui = {
  Activity,
  Ago,
  Badge,
  Bars,
  Columns,
  Elapsed,
  Empty,
  Icon,
  Meter,
  Money,
  Prose,
  Refused,
  Section,
  Skeleton,
  Sparkline,
  Stat,
  Text,
  TimeLine,
  TokenCount,
  Until,
};
