// What the agent wrote comes from web pages it read: it is shown as text nodes, after this.

// A string (title, link) counts as such only with its end in sight: an unfinished one must not hide what follows.
const ansi =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\n]{0,512}(?:\u0007|\u001b\\)|[PX^_][^\u001b\n]{0,512}\u001b\\|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Hostile text made harmless to read: no terminal codes, and marks that reorder text made visible. */
export function clean(text: string): string {
  return text
    .replace(ansi, "")
    .replace(/\r\n?/g, "\n")
    .replace(controls, "")
    .replace(bidi, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text).replace(/\s+/g, " ").trim();
}
