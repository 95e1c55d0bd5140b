import { english } from "./i18n/en.ts";

export type Catalogue = Record<string, string>;
export type Language = "en" | "zh";
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** Which language a viewer reads, from the HUD's option and the browser's. */
export function chooseLanguage(option: unknown, browser: string): Language {
  if (option === "en" || option === "zh") return option;
  return browser.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/**
 * A text by its key, with `{name}` filled in; `one|many` chosen by `count`.
 *
 * A key that no catalogue has is returned as it is: a plugin may pass plain words.
 */
export function translator(catalogue: Catalogue, language: Language): Translate {
  const plural = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const found = catalogue[key] ?? english[key] ?? key;
    const [one = found, many = one] = found.split("|");
    const form = typeof values.count === "number" && plural.select(values.count) !== "one" ? many : one;
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
    });
  };
}

/** The texts as they are read now: replaced as a whole when a language arrives. */
export class Texts {
  #catalogue: Catalogue = {};
  language: Language = "en";
  #translate = translator({}, "en");
  readonly t: Translate = (key, values) => this.#translate(key, values);

  get has(): (key: string) => boolean {
    return (key) => key in this.#catalogue || key in english;
  }

  use(language: Language, catalogue: Catalogue): void {
    this.language = language;
    this.#catalogue = catalogue;
    this.#translate = translator(catalogue, language);
  }
}
