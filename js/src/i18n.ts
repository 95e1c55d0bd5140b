import { english } from "./i18n/en.ts";

export type Catalogue = Readonly<Record<string, string>>;
/** The same texts in several languages, by language code; English stands in for what another lacks. */
export type Catalogues = Readonly<Record<string, Catalogue>>;
export type Language = "en" | "zh";
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** Which language a viewer reads, from the HUD's option and the browser's. */
export function chooseLanguage(option: unknown, browser: string): Language {
  if (option === "en" || option === "zh") return option;
  return browser.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The texts as they are read now: the core's, or those of one view with the core's below. */
export class Texts {
  #language: Language = "en";
  #number = new Intl.NumberFormat("en");
  readonly #plurals = new Map<string, Intl.PluralRules>();

  constructor(
    private catalogues: Catalogues = { en: english },
    private readonly below: Texts | null = null,
  ) {}

  get language(): Language {
    return this.below?.language ?? this.#language;
  }

  /** The texts of a view: its own, then these. */
  above(own: Catalogues): Texts {
    return new Texts(own, this);
  }

  /** Reads in `language` from now on. */
  use(language: Language, catalogue: Catalogue): void {
    this.add(language, catalogue);
    this.#language = language;
    this.#number = new Intl.NumberFormat(language);
  }

  /** Has these texts, too. */
  add(language: Language, catalogue: Catalogue): void {
    this.catalogues = { ...this.catalogues, [language]: { ...this.catalogues[language], ...catalogue } };
  }

  has(key: string): boolean {
    return this.#find(key) !== null;
  }

  /**
   * A text by its key, with `{name}` filled in; `one|many` chosen by `count`.
   *
   * A key that no catalogue has is returned as it is: a plugin may pass plain words.
   */
  readonly t: Translate = (key, values = {}) => {
    const { text, language } = this.#find(key) ?? { text: key, language: this.language };
    const [one = text, many = one] = text.split("|");
    const isMany = typeof values.count === "number" && this.#plural(language).select(values.count) !== "one";
    return (isMany ? many : one).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) return whole;
      return typeof value === "number" ? this.#numbers.format(value) : value;
    });
  };

  #find(key: string): { text: string; language: string } | null {
    for (const language of new Set([this.language, "en"])) {
      const catalogue = this.catalogues[language];
      // A key may be anybody's word, "constructor" too.
      if (catalogue && Object.hasOwn(catalogue, key)) return { text: String(catalogue[key]), language };
    }
    return this.below === null ? null : this.below.#find(key);
  }

  get #numbers(): Intl.NumberFormat {
    return this.below === null ? this.#number : this.below.#numbers;
  }

  /** Of the language that a text is in, which need not be the viewer's. */
  #plural(language: string): Intl.PluralRules {
    const known = this.#plurals.get(language) ?? new Intl.PluralRules(language);
    this.#plurals.set(language, known);
    return known;
  }
}
