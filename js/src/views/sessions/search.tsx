import type { Api } from "../../api.ts";
import type { FacetValue, SearchTerm, SessionList, SessionSearch, SessionsQuery } from "../../protocol.ts";
import { cleanLine } from "../../text.ts";

/** So long after the last key the search begins, in ms. */
const PAUSE_MS = 250;
const LONGEST = 200;

type Ask = (query: SessionsQuery & Record<string, unknown>) => void;
type Facet = "source" | "model" | "project" | "profile";
const facets: readonly Facet[] = ["source", "model", "project", "profile"];

/** What narrows the list: words, and where and with what a conversation was held. */
export function defineSearch({ h, Fragment, ui, t, word, format, hooks }: Api) {
  const { Badge, Icon, Text } = ui;
  const { useEffect, useRef, useState } = hooks;

  return { Field, Filters, Outcome };

  function Field({ query, setQuery, isPending }: { query: SessionsQuery; setQuery: Ask; isPending: boolean }) {
    const [typed, setTyped] = useState(query.search ?? "");
    const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
    const latest = useRef(query);
    latest.current = query;
    const sent = useRef(query.search ?? "");
    useEffect(() => () => clearTimeout(timer.current), []);
    useEffect(() => {
      // Another panel, or the way back, asks for other words than were typed here.
      const asked = query.search ?? "";
      if (asked !== sent.current) setTyped(asked);
      sent.current = asked;
    }, [query.search]);
    const search = (words: string) => {
      clearTimeout(timer.current);
      if (words.trim() !== (latest.current.search ?? "").trim()) {
        sent.current = words.trim();
        setQuery({ ...latest.current, search: words.trim(), page: 0 });
      }
    };
    return (
      <search class="search-field">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            search(typed);
          }}
        >
          <Icon name="search" size={14} />
          <input
            type="search"
            data-search=""
            value={typed}
            maxLength={LONGEST}
            placeholder={t("search")}
            aria-label={t("search")}
            aria-busy={isPending}
            title={t("search.help")}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget: { value } }) => {
              setTyped(value);
              clearTimeout(timer.current);
              timer.current = setTimeout(() => search(value), PAUSE_MS);
            }}
          />
        </form>
      </search>
    );
  }

  /** Only choices that narrow: a home with one source needs no such filter. */
  function Filters({ list, query, setQuery }: { list: SessionList; query: SessionsQuery; setQuery: Ask }) {
    const chosen = facets.filter((facet) => query[facet] != null).length;
    const [isOpen, setOpen] = useState(chosen > 0);
    const shown = facets.filter((facet) => query[facet] != null || list.facets[facet].length > 1);
    const set = (changed: Partial<SessionsQuery>) => setQuery({ ...query, ...changed, page: 0 });
    return (
      <>
        <span class="choices">
          <button
            type="button"
            class="toggle"
            aria-pressed={query.live ?? false}
            title={t("only-live")}
            onClick={() => set({ live: !query.live })}
          >
            <Icon name="running" size={12} />
            {t("live", { count: list.live })}
          </button>
          <button type="button" class="toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Icon name="sliders" size={12} />
            {t("filters")}
            {chosen > 0 && <Badge>{format.number(chosen)}</Badge>}
          </button>
        </span>
        {isOpen && (
          <fieldset class="filters">
            <legend class="hidden">{t("filters")}</legend>
            {shown.map((facet) => (
              <label key={facet}>
                <span>{t(`filter.${facet}`)}</span>
                <select
                  value={query[facet] == null ? "all" : `=${query[facet]}`}
                  onChange={({ currentTarget: { value } }) => set({ [facet]: value === "all" ? null : value.slice(1) })}
                >
                  <option value="all">{t("filter.all")}</option>
                  {withChosen(list.facets[facet], query[facet]).map(({ value, count }) => (
                    <option key={value} value={`=${value}`}>
                      {`${labelOf(facet, value)} (${format.number(count)})`}
                    </option>
                  ))}
                </select>
              </label>
            ))}
            <label class="check">
              <input
                type="checkbox"
                checked={query.archived ?? false}
                onChange={({ currentTarget }) => set({ archived: currentTarget.checked })}
              />
              {t("archived", { count: list.facets.archived })}
            </label>
            <label class="check" title={t("anywhere.help")}>
              <input
                type="checkbox"
                checked={query.anywhere ?? false}
                onChange={({ currentTarget }) => set({ anywhere: currentTarget.checked })}
              />
              {t("anywhere")}
            </label>
            {chosen + Number(query.live ?? false) > 0 && (
              <button
                type="button"
                class="quiet"
                onClick={() => set({ source: null, model: null, project: null, profile: null, live: false })}
              >
                {t("filter.none")}
              </button>
            )}
          </fieldset>
        )}
      </>
    );

    function labelOf(facet: Facet, value: string): string {
      if (value === "") return t("filter.unknown");
      if (facet !== "project") return cleanLine(value);
      return cleanLine(value.split("/").filter(Boolean).slice(-2).join("/") || value);
    }
  }

  /** What was searched, and how many messages were found; how far that can be relied on. */
  function Outcome({ search, isPending }: { search: SessionSearch; isPending: boolean }) {
    const odd = search.terms.filter(({ kind }) => kind !== "word");
    return (
      <div class="outcome" role="status">
        <p>
          {search.problem === null && <span class="numeric">{t("found", { count: search.messages })}</span>}
          {(!search.is_exact || isPending) && <span class="searching">{t("searching")}</span>}
          {odd.map((term) => (
            <Term key={term.text} term={term} />
          ))}
        </p>
        {search.problem !== null && (
          <p class="notice">
            <Icon name="info" size={14} />
            <span>
              {word("index", search.problem)} {t("titles-only")}
            </span>
          </p>
        )}
        {search.scanned !== null && (
          <p class="notice">
            <Icon name="info" size={14} />
            <span>{t("scanned", { count: search.scanned })}</span>
          </p>
        )}
        {search.leaves_out.map((what) => (
          <p key={what}>{t(`leaves-out.${what}`)}</p>
        ))}
      </div>
    );
  }

  function Term({ term: { text, kind } }: { term: SearchTerm }) {
    return (
      <span class="term">
        <code>
          <Text text={kind === "prefix" ? `${text}*` : text} />
        </code>{" "}
        {t(`term.${kind}`)}
      </span>
    );
  }
}

/** The values with the one that is chosen, which may have none left. */
function withChosen(values: readonly FacetValue[], chosen: string | null | undefined): readonly FacetValue[] {
  if (chosen == null || values.some(({ value }) => value === chosen)) return values;
  return [{ value: chosen, count: 0 }, ...values];
}
