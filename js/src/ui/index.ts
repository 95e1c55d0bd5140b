import { Icon } from "./icon.tsx";
import { Activity, Badge, Empty, Meter, Money, Section, Skeleton, Stat, TokenCount } from "./parts.tsx";
import { Prose, Text } from "./text.tsx";
import { Ago, Elapsed } from "./time.tsx";

/** The parts that views are made of. */
export const ui = {
  Activity,
  Ago,
  Badge,
  Elapsed,
  Empty,
  Icon,
  Meter,
  Money,
  Prose,
  Section,
  Skeleton,
  Stat,
  Text,
  TokenCount,
};
