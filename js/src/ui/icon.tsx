import { h } from "preact";

const circle = "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11";

/** Strokes on a 16 × 16 grid. */
const paths = {
  wing: "M3 12c5 0 8-3 10-8-4 .4-7 1.6-8.6 4M4.5 8.5C7 8.8 9 8.6 11 7.6M3 12c2.6.4 5.4.2 7.6-1",
  overview: "M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5 10.8 7",
  memory: "M3 3.5h6.5a2 2 0 0 1 2 2v8H5a2 2 0 0 1-2-2zM3 11.5a2 2 0 0 1 2-2h6.5M13 5.5v8",
  sessions: "M2.5 3.5h8v6h-5l-3 2.5zM12.5 6.5h1v7l-2.5-2H7.5",
  skills: "M8.5 2.5 4 9h3.5L7 13.5 12 7H8.5z",
  cron: `${circle}M8 5v3.3l2.2 1.5`,
  costs: `${circle}M9.8 6.3C9.3 5.6 8.7 5.4 8 5.4c-2.3 0-2.3 2.5 0 2.6s2.3 2.6 0 2.6c-.7 0-1.4-.2-1.9-.9M8 4.3v1M8 10.7v1`,
  folder: "M2.5 4.5v8h11v-6.5H8L6.5 4.5z",
  pulse: "M2.5 8.5h2.5l1.8-4.5 2.7 8 1.7-3.5h2.3",
  people:
    "M6 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4M2 12.8c.3-2.2 1.9-3.3 4-3.3s3.7 1.1 4 3.3M10.5 3.3a2.1 2.1 0 0 1 0 4M11.8 9.8c1.2.4 2 1.4 2.2 3",
  key: "M5.3 5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4M8 7.7h5.5v2.3M11 7.7v1.8",
  gateway:
    "M8 8v5.5M8 8h.01M5.5 10.5a3.5 3.5 0 0 1 0-5M10.5 5.5a3.5 3.5 0 0 1 0 5M3.5 12.5a6.3 6.3 0 0 1 0-9M12.5 3.5a6.3 6.3 0 0 1 0 9",
  chip: "M4.5 4.5h7v7h-7zM6.5 2.5v2M9.5 2.5v2M6.5 11.5v2M9.5 11.5v2M2.5 6.5h2M2.5 9.5h2M11.5 6.5h2M11.5 9.5h2",
  chart: "M2.5 13.5h11M4.5 11V8M8 11V4M11.5 11V6",
  check: `${circle}M5.6 8.2 7.4 10l3-3.6`,
  log: "M3.5 4.5h9M3.5 8h9M3.5 11.5h5.5",
  board: "M2.5 3.5h3v8h-3zM6.5 3.5h3v5h-3zM10.5 3.5h3v9.5h-3z",
  agents: "M3.5 6h9v7h-9zM8 6V3.5M8 3h.01M6.2 9.5h.01M9.8 9.5h.01M1.5 9v1.5M14.5 9v1.5",
  shield: "M8 2.5 13 4.3V8c0 2.8-2 4.6-5 5.5-3-.9-5-2.7-5-5.5V4.3zM5.8 8l1.6 1.6 3-3.2",
  target: `${circle}M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M8 8h.01`,
  pencil: "M3 13l.7-2.9 6.8-6.8a1 1 0 0 1 1.4 0l.8.8a1 1 0 0 1 0 1.4l-6.8 6.8zM9.3 4.5l2.2 2.2",
  archive: "M2.5 3.5h11v3h-11zM3.5 6.5v6.5h9V6.5M6.5 9h3",
  timeline: "M2.5 8h11M4.5 8V5M8 8v3M11.5 8V5M4.5 4h.01M8 12h.01M11.5 4h.01",
  pattern: "M3 3h3v3H3zM10 3h3v3h-3zM6.5 6.5h3v3h-3zM3 10h3v3H3zM10 10h3v3h-3z",
  growth: "M2.5 12 6.5 8 9 10.5l4.5-6M10 4.5h3.5V8",
  flag: "M4 13.5v-11M4 3h8l-2 2.8 2 2.7H4",
  plug: "M5.5 2.5v3M10.5 2.5v3M3.5 5.5h9v2a4.5 4.5 0 0 1-9 0zM8 12v2",
  puzzle: "M3 6h2.5a1.5 1.5 0 1 1 3 0H11v2.3a1.5 1.5 0 1 1 0 3v2.2H3z",
  sliders: "M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 11.5h2M7.5 11.5h6M6 10v3",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.2 3.2",
  grid: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  larger: "M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9",
  smaller: "M9 3v4h4M9 7l4.5-4.5M7 13V9H3M7 9l-4.5 4.5",
  panel: "M3 3.5h10v9H3zM3 6.5h10",
  running: "M5.5 3.5v9l7-4.5z",
  thinking: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  asking: "M5.8 6a2.2 2.2 0 1 1 3.4 1.9c-.8.5-1.2.9-1.2 1.8M8 12.3h.01",
  idle: "M3.5 8.5 6.5 11.5 12.5 5",
  crashed: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  open: "M6 4v8M10 4v8",
  ended: "M4.5 4.5h7v7h-7z",
  branch: "M5 3v10M5 10c0-3 6-2 6-5.5M11 4.5h.01M5 3h.01M5 13h.01",
  pieces: "M2.5 5.5 8 3l5.5 2.5L8 8zM2.5 8.5 8 11l5.5-2.5",
  subagents: "M8 4.5h.01M4 11.5h.01M12 11.5h.01M8 5v3M8 8 4.5 11M8 8l3.5 3",
  warning: "M8 3 14 13.5H2zM8 7v3M8 11.8h.01",
  info: `${circle}M8 7.5v3.2M8 5.3h.01`,
  close: "M4 4l8 8M12 4l-8 8",
  fold: "M4 6.5 8 10.5 12 6.5",
  back: "M9.5 3.5 5 8l4.5 4.5",
  next: "M6.5 3.5 11 8l-4.5 4.5",
  up: "M8 12.5v-9M4.5 7 8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9 8 12.5 11.5 9",
  user: "M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c.5-2.5 2.5-3.5 5-3.5s4.5 1 5 3.5",
  assistant: "M8 2.5 9.4 6.6 13.5 8 9.4 9.4 8 13.5 6.6 9.4 2.5 8 6.6 6.6z",
  tool: "M10 3a3.2 3.2 0 0 0-2.9 4.5L3 11.6 4.4 13l4.1-4.1A3.2 3.2 0 0 0 13 6l-2 1.5L9.3 7 9 5z",
} as const;

export type IconName = keyof typeof paths;

/** Whether there is an icon of this name. */
export function isIcon(name: string): name is IconName {
  return Object.hasOwn(paths, name);
}

/** A small line drawing; it says nothing that the text beside it doesn't. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name] ?? paths.panel} />
    </svg>
  );
}
