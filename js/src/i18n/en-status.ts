/** Why the data come as they do, or don't, and what is wrong with them (`core/status`). */
export const englishOfStatus: Record<string, string> = {
  "chip.back": "live again",
  "reason.direct": "Data come over a socket of this page, past the kernel: running cells do not delay them.",
  "reason.proxied":
    "Data come over a socket through the notebook's server, past the kernel: running cells do not delay them.",
  "reason.comm": "Data come through the notebook's kernel.",
  "reason.connecting": "Waiting for the first message.",
  "reason.kernel-busy": "The kernel is busy with a cell: changes still arrive, but what is asked for waits.",
  "reason.kernel-silent": "The connection was lost and the kernel has not answered yet; it may be busy with a cell.",
  "reason.kernel-lost":
    "The kernel does not answer: it is busy with a cell, or gone. What is shown is the last that arrived.",
  "reason.server-down": "The HUD's server is down and is being started again.",
  "reason.closed": "The HUD was closed.",
  "reason.kernel-gone": "The kernel was restarted or shut down: what is shown is the last that arrived.",
  "not.direct": "Not direct: {why}.",
  "not.proxied": "Not proxied: {why}.",
  "not.not-local": "the page's computer is not the server's",
  "not.no-proxy": "the notebook's server has no proxy (jupyter-server-proxy)",
  "not.refused": "the socket could not be opened",
  "not.silent": "nothing answered in time",
  "not.other-server": "another server answers there",
  "not.switched-off": "switched off by HERMES_HUD_TRANSPORT",

  "panel.slow.comm": "Waiting for the kernel, which may be busy with a cell …",
  "panel.slow": "Waiting for the server …",
  "hud.no-panels": "None of the chosen panels is there",
  "hud.no-panels.help":
    "Chosen: {chosen}. The server has: {offered}. A plug-in's panel is there if the plug-in is installed in the kernel's environment.",

  "problem.no-home": "No Hermes home at {path}",
  "problem.no-home.help":
    "Start Hermes once to make one, or name another: HUD(home=…). HUD.demo() shows one with a simulated agent.",
  "problem.no-home.page":
    "Start Hermes once to make one, or choose another. In a terminal, hermes-hud demo shows one with a simulated agent.",
  "problem.no-home.file": "No Hermes home at {path}",
  "problem.not-in-version": "Not in this Hermes version",
  "problem.not-in-version.file": "Not in this Hermes version",
  "problem.damaged": "A file is damaged",
  "problem.damaged.file": "{path} is damaged",
  "problem.locked": "A file is locked",
  "problem.locked.file": "{path} is locked",
  "problem.unavailable": "This cannot be read here",
  "problem.unavailable.file": "{path} cannot be read here",
  "problem.internal": "This panel could not be collected",
  "problem.internal.file": "This panel could not be collected from {path}",
  "problem.last-good": "What is shown is the last that could be read.",
};
