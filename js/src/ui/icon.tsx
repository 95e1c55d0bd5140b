import { h } from "preact";

/** Strokes on a 16 × 16 grid. */
const paths = {
  wing: "M3 12c5 0 8-3 10-8-4 .4-7 1.600-8.600 4M4.500 8.500C7 8.800 9 8.600 11 7.600M3 12c2.600.4 5.400.2 7.600-1",
  overview: "M2.500 11.500a5.500 5.500 0 1 1 11 0M8 11.500 10.800 7",
  memory: "M3 3.500h6.500a2 2 0 0 1 2 2v8H5a2 2 0 0 1-2-2zM3 11.500a2 2 0 0 1 2-2h6.500M13 5.500v8",
  sessions: "M2.500 3.500h8v6h-5l-3 2.500zM12.500 6.500h1v7l-2.500-2H7.500",
  panel: "M3 3.500h10v9H3zM3 6.500h10",
  running: "M5.500 3.500v9l7-4.500z",
  thinking: "M3.500 8h.01M8 8h.01M12.500 8h.01",
  asking: "M5.800 6a2.200 2.200 0 1 1 3.400 1.900c-.8.5-1.200.9-1.200 1.800M8 12.300h.01",
  idle: "M3.500 8.500 6.500 11.500 12.500 5",
  crashed: "M4.500 4.500l7 7M11.500 4.500l-7 7",
  open: "M6 4v8M10 4v8",
  ended: "M4.500 4.500h7v7h-7z",
  branch: "M5 3v10M5 10c0-3 6-2 6-5.500M11 4.500h.01M5 3h.01M5 13h.01",
  pieces: "M2.500 5.500 8 3l5.500 2.500L8 8zM2.500 8.500 8 11l5.500-2.500",
  subagents: "M8 4.500h.01M4 11.500h.01M12 11.500h.01M8 5v3M8 8 4.500 11M8 8l3.500 3",
  warning: "M8 3 14 13.500H2zM8 7v3M8 11.800h.01",
  info: "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M8 7.500v3.200M8 5.300h.01",
  close: "M4 4l8 8M12 4l-8 8",
  back: "M9.500 3.500 5 8l4.500 4.500",
  next: "M6.500 3.500 11 8l-4.500 4.500",
  up: "M8 12.500v-9M4.500 7 8 3.500 11.500 7",
  down: "M8 3.500v9M4.500 9 8 12.500 11.500 9",
  user: "M8 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M3 13.500c.5-2.500 2.500-3.500 5-3.500s4.500 1 5 3.500",
  assistant: "M8 2.500 9.400 6.600 13.500 8 9.400 9.400 8 13.500 6.600 9.400 2.500 8 6.600 6.600z",
  tool: "M10 3a3.200 3.200 0 0 0-2.900 4.500L3 11.600 4.400 13l4.100-4.100A3.200 3.200 0 0 0 13 6l-2 1.500L9.300 7 9 5z",
} as const;

export type IconName = keyof typeof paths;

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
