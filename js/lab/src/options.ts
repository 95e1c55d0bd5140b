// The settings, as `schema.json` declares them.

/** What the side panel shows. */
export interface Options {
  /** A directory; empty: `$HERMES_HOME`, else `~/.hermes`. */
  home: string;
  /** Empty: the sticky one. */
  profile: string;
  /** Names in display order; empty: all. */
  panels: string[];
  theme: string;
}

export const DEFAULTS: Options = { home: "", profile: "", panels: [], theme: "auto" };

/** What a user's settings say; what is of another type than declared is as if it were not there. */
export function optionsOf(values: Readonly<Record<string, unknown>>): Options {
  const text = (name: "home" | "profile" | "theme") => {
    const value = values[name];
    return typeof value === "string" ? value.trim() : DEFAULTS[name];
  };
  const { panels } = values;
  return {
    home: text("home"),
    profile: text("profile"),
    // The editor of settings adds a row before anybody has written into it.
    panels: Array.isArray(panels) ? panels.filter((name) => typeof name === "string" && name.trim() !== "") : [],
    theme: text("theme") || DEFAULTS.theme,
  };
}
