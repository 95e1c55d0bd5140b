import { h } from "preact";

/** Strokes on a 16 × 16 grid. */
const paths = {
  wing: "M3 12c5 0 8-3 10-8-4 .4-7 1.6-8.6 4M4.5 8.5C7 8.8 9 8.6 11 7.6M3 12c2.6.4 5.4.2 7.6-1",
  overview: "M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5 10.8 7",
  memory: "M3 3.5h6.5a2 2 0 0 1 2 2v8H5a2 2 0 0 1-2-2zM3 11.5a2 2 0 0 1 2-2h6.5M13 5.5v8",
  sessions: "M2.5 3.5h8v6h-5l-3 2.5zM12.5 6.5h1v7l-2.5-2H7.5",
  skills: "M8.5 2.5 4 9h3.5L7 13.5 12 7H8.5z",
  cron: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 5v3.3l2.2 1.5",
  costs:
    "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M9.800 6.300C9.300 5.600 8.700 5.400 8 5.400c-2.300 0-2.300 2.500 0 2.600s2.300 2.600 0 2.600c-.7 0-1.400-.2-1.900-.9M8 4.300v1M8 10.700v1",
  folder: "M2.5 4.5v8h11v-6.5H8L6.5 4.5z",
  pulse: "M2.5 8.5h2.5l1.8-4.5 2.7 8 1.7-3.5h2.3",
  people:
    "M6 7.500a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400M2 12.800c.3-2.200 1.900-3.300 4-3.300s3.700 1.100 4 3.300M10.500 3.300a2.100 2.100 0 0 1 0 4M11.800 9.800c1.200.4 2 1.400 2.200 3",
  key: "M5.3 5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4M8 7.7h5.5v2.3M11 7.7v1.8",
  gateway:
    "M8 8v5.500M8 8h.01M5.500 10.500a3.500 3.500 0 0 1 0-5M10.500 5.500a3.500 3.500 0 0 1 0 5M3.500 12.500a6.300 6.300 0 0 1 0-9M12.500 3.500a6.300 6.300 0 0 1 0 9",
  chip: "M4.5 4.5h7v7h-7zM6.5 2.5v2M9.5 2.5v2M6.5 11.5v2M9.5 11.5v2M2.5 6.5h2M2.5 9.5h2M11.5 6.5h2M11.5 9.5h2",
  chart: "M2.5 13.5h11M4.5 11V8M8 11V4M11.5 11V6",
  check: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M5.6 8.2 7.4 10l3-3.6",
  log: "M3.5 4.5h9M3.5 8h9M3.5 11.5h5.5",
  board: "M2.5 3.5h3v8h-3zM6.5 3.5h3v5h-3zM10.5 3.5h3v9.5h-3z",
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
  info: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 7.5v3.2M8 5.3h.01",
  close: "M4 4l8 8M12 4l-8 8",
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
