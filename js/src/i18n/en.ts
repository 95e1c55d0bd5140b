/**
 * The texts of the core before anything else is loaded; views have their own beside it, as has what they are made of.
 * `a|b` is for one and for many, by `count`.
 */
export const english: Record<string, string> = {
  "hud.label": "Hermes HUD",
  "hud.panels": "Panels",
  "hud.groups": "Groups of panels",
  "hud.palette": "Find and do (Ctrl+K)",
  "hud.menu": "Layout and looks",
  "hud.unloaded": "This could not be loaded",
  "hud.close": "Close",
  "hud.profile": "profile {name}",
  "group.now": "Now",
  "group.knowledge": "Knowledge",
  "group.history": "History",
  "group.models": "Models",
  "group.system": "System",
  "group.more": "More",

  "chip.live.direct": "live · direct",
  "chip.live.proxied": "live · proxied",
  "chip.live.comm": "live · comm",
  "chip.busy": "kernel busy",
  "chip.stale": "stale since {time}",
  "chip.connecting": "connecting …",
  "chip.unreachable": "server unreachable",
  "chip.lost": "kernel busy or gone",
  "chip.gone": "kernel gone — run the cell again",
  "chip.closed": "closed — run the cell again",
  "reason.unreachable": "The HUD's server cannot be reached; it is tried again.",
  "reason.no-server": "No HUD server answers here: Jupyter's environment needs hermes-hud-widget[lab].",
  "watching.events": "watching file events",
  "watching.timer": "checking files by timer",
  "watching.events.help": "Changes are noticed when they are written.",

  progress: "Reading: {done} of {total} rows",
  "progress.share": "{share} read so far",

  "panel.loading": "Loading",
  "panel.empty": "Nothing there yet",
  "panel.empty.help": "It appears here as soon as Hermes writes it.",
  "panel.failed": "this panel failed to draw: {message}",
  "panel.failed.help": "The other panels go on. It is tried again with the next change.",
  "panel.refused": "The server could not answer",
  "panel.retry": "Try again",

  "time.now": "now",
  "time.in": "in {duration}",
  "time.due": "due",
  "unit.s": "s",
  "list.none": "none",
};
