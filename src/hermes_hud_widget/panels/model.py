"""The models: which are configured for what, how much they take, what they cost, and which were used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.money import Sum
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.values import count, instant, number
from hermes_hud_widget.ledger.values import text as plain
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels.effective import Choice, choices, effective, main_choice, provider_of
from hermes_hud_widget.panels.windows import (
    Knowledge,
    ListPrice,
    WindowSource,
    catalog_entry,
    override_of,
    price_of,
    threshold_of,
    window_of,
)
from hermes_hud_widget.panels.written import mapping, parsed, text
from hermes_hud_widget.sources import (
    CatalogModel,
    ConfigFile,
    Json,
    ModelCatalog,
    Rows,
    Settings,
    StateDb,
    Table,
    Yaml,
)
from hermes_hud_widget.sources.model_catalog import Models
from hermes_hud_widget.upstream import upstream
from hermes_hud_widget.views import view

USED_DAYS = 30
MODELS_SHOWN, CHATS_SHOWN = 40, 8


@frozen
class ModelPrice:
    """List prices in US dollars per million tokens; None: not told.

    Attributes:
        source: Who says so: `hermes` (the table by which it prices itself), `openrouter`, `models_dev`; `included`:
            a subscription pays, there is no price per token.
        version: What Hermes calls that state of its table.
    """

    input_usd: float | None
    output_usd: float | None
    cache_read_usd: float | None
    cache_write_usd: float | None
    source: str
    version: str | None


@frozen
class ModelAbilities:
    """What the catalog of models.dev says that a model can; None: it does not say.

    Attributes:
        output_tokens: How many tokens it writes at most.
        knowledge: Until when it knows the world, as the catalog writes it; as does `released`.
    """

    family: str | None
    tools: bool | None
    images: bool | None
    reasoning: bool | None
    structured: bool | None
    open_weights: bool | None
    output_tokens: int | None
    knowledge: str | None
    released: str | None


@frozen
class ModelUse:
    """What it was used for in the last 30 days, today included, auxiliary tasks too.

    Attributes:
        sessions: Sessions that have a part in it.
    """

    api_calls: int
    sessions: int
    tokens: Tokens
    cost: Cost


@frozen
class ModelEntry:
    """One model of one provider, configured or used.

    Attributes:
        provider: The provider's id; None: Hermes decides, or it is not known.
        roles: What it is configured for: `main`, `fallback`, auxiliary tasks; empty: it was used only.
        window_tokens: How many tokens Hermes takes its context window for; None: only the provider says.
        window_source: Who says so: `config` (`model.context_length`), `custom_providers`, `endpoint`, `cache` (what
            Hermes found out once), `codex`, `openrouter`, `models_dev`, `table` (Hermes' own, by a part of the name),
            `fallback`.
        is_window_asked: True if Hermes asks the provider first, whose answer is not kept and may differ.
        catalog_tokens: What models.dev says, which an override may lower.
    """

    model: str
    provider: str | None
    name: str | None
    roles: tuple[str, ...]
    window_tokens: int | None
    window_source: WindowSource | None
    is_window_asked: bool
    catalog_tokens: int | None
    abilities: ModelAbilities | None
    price: ModelPrice | None
    use: ModelUse | None


@frozen
class ModelTask:
    """An auxiliary task and the model that does it.

    Attributes:
        model: None: that of the main loop, or what its provider has for such tasks.
        provider: None: Hermes decides.
    """

    task: str
    model: str | None
    provider: str | None


@frozen
class ModelChat:
    """How much of the window a chat's last prompt took, as the gateway noted it.

    Attributes:
        share: Of the main model's window, 0 to 1; more where another model was asked. None: no window is known.
    """

    session_id: str
    platform: str | None
    prompt_tokens: int
    share: float | None
    at: datetime | None


class ModelPanel(Payload):
    """What the model panel shows.

    Attributes:
        main: The main loop's model; None: none is configured.
        fallbacks: Models that take over when it fails, in order.
        tasks: Auxiliary tasks, in the order of the configuration.
        used: The others: those of auxiliary tasks, then what was used in the last 30 days; most tokens first.
        used_total: How many those are; `used` has the first of them.
        compresses_at_tokens: When Hermes compresses the main loop's context; None: never, or no window is known.
        threshold: `compression.threshold`, as it is configured.
        is_compressing: Whether compression is switched on.
        least_tokens: With a smaller window Hermes refuses to work.
        bad_override: What `model.context_length` holds, where Hermes cannot take it for a number.
        reasoning_effort: As configured; None: the provider's default.
        max_output_tokens: `model.max_tokens`; None: the provider's default.
        chats: The gateway's chats with the fullest windows.
        catalog_models: How many models the catalog of models.dev has; 0: Hermes has not fetched it.
    """

    main: ModelEntry | None
    fallbacks: tuple[ModelEntry, ...]
    tasks: tuple[ModelTask, ...]
    used: tuple[ModelEntry, ...]
    used_total: int
    used_days: int
    compresses_at_tokens: int | None
    threshold: float | None
    is_compressing: bool
    least_tokens: int
    bad_override: str | None
    reasoning_effort: str | None
    max_output_tokens: int | None
    chats: tuple[ModelChat, ...]
    catalog_models: int

    def is_empty(self) -> bool:
        return self.main is None and not (self.fallbacks or self.used)


Uses = Mapping[tuple[str, str | None], Sum]


def collect(
    config: Settings,
    state: Ledger | None,
    catalog: Mapping[str, Models],
    learned: Mapping[str, Any],
    openrouter: Any,
    routes: Rows,
    now: datetime,
) -> ModelPanel | Until:
    """The configured models, then those that were used."""
    merged = effective(config.values)
    known = Knowledge.of(catalog, learned, openrouter)
    uses = _uses(state, config, now)
    entries = _entries(merged, known, uses)
    main = next((entry for entry in entries if "main" in entry.roles), None)
    choice = main_choice(merged)
    window = main.window_tokens if main else None
    others = [entry for entry in entries if not {"main", "fallback"} & set(entry.roles)]
    section = mapping(merged.get("compression"))
    asked = mapping(merged.get("model"))
    written = asked.get("context_length")
    model = ModelPanel(
        main=main,
        fallbacks=tuple(entry for entry in entries if "fallback" in entry.roles),
        tasks=tuple(
            ModelTask(one.role, one.model, provider_of(one, merged))
            for one in choices(merged)
            if one.role not in ("main", "fallback")
        ),
        used=tuple(others[:MODELS_SHOWN]),
        used_total=len(others),
        used_days=USED_DAYS,
        compresses_at_tokens=threshold_of(window, choice, merged) if window else None,
        threshold=number(section.get("threshold")),
        is_compressing=str(section.get("enabled", True)).lower() in ("true", "1", "yes"),
        least_tokens=upstream().least_window,
        bad_override=text(written, 40) if written is not None and override_of(merged) is None else None,
        reasoning_effort=text(mapping(merged.get("agent")).get("reasoning_effort"), 40),
        max_output_tokens=count(asked.get("max_tokens")) or None,
        chats=_chats(routes, window),
        catalog_models=sum(map(len, catalog.values())),
    )
    where, _ = zone(config.text("timezone"))
    return Until(model, midnight(now, where, 1))


def _uses(state: Ledger | None, config: Settings, now: datetime) -> Uses:
    """What was spent on each model and provider by the sessions that started in the last 30 days."""
    if state is None:
        return {}
    where, _ = zone(config.text("timezone"))
    first = _first_day(now, where)
    found: dict[tuple[str, str | None], Sum] = {}
    for day, spent in state.days(where).items():
        if day >= first:
            for key, part in spent.models.items():
                found.setdefault(key, Sum()).add(part)
    return found


def _first_day(now: datetime, where: tzinfo) -> date:
    # Days are counted on the calendar: one is not always 24 hours long.
    return now.astimezone(where).date() - timedelta(days=USED_DAYS - 1)


def _entries(config: Mapping[str, Any], known: Knowledge, uses: Uses) -> list[ModelEntry]:
    """The main model, the fallbacks, those of tasks, then those that were used only: most tokens first."""
    named: dict[tuple[str, str | None], list[Choice]] = {}
    for choice in choices(config):
        if choice.model:
            named.setdefault((choice.model, provider_of(choice, config)), []).append(choice)
    used = dict(uses)
    entries = []
    for (model, provider), wanted in named.items():
        # Hermes may name the provider more or less exactly where it bills.
        keys = [key for key in used if key[0] == model and (provider is None or key[1] in (None, provider))]
        asked = {key[1] for key in keys} - {None}
        if provider is None and len(asked) == 1:
            wanted = [replace(choice, provider=asked.copy().pop()) for choice in wanted]
        entries.append(_entry(wanted, config, known, _added(used.pop(key) for key in keys)))
    # What was used and is not configured has no choice of its own: one is made up.
    others = [
        _entry([Choice("", model, provider, None)], config, known, spent)
        for (model, provider), spent in used.items()
        if model
    ]
    others.sort(key=lambda entry: (-_all(entry.use), entry.model))
    return [*entries, *others]


def _added(parts: Iterable[Sum]) -> Sum | None:
    total: Sum | None = None
    for part in parts:
        total = total or Sum()
        total.add(part)
    return total


def _entry(
    wanted: Sequence[Choice], config: Mapping[str, Any], known: Knowledge, spent: Sum | None
) -> ModelEntry:
    choice = wanted[0]
    assert choice.model is not None
    provider = provider_of(choice, config)
    window = window_of(choice, config, known)
    offered = catalog_entry(known, provider or "", choice.model)
    return ModelEntry(
        model=choice.model[:200],
        provider=provider[:120] if provider else None,
        name=offered.name if offered else None,
        roles=tuple(dict.fromkeys(one.role for one in wanted if one.role)),
        window_tokens=window.tokens if window else None,
        window_source=window.source if window else None,
        is_window_asked=window is None or window.is_asked,
        catalog_tokens=offered.context if offered else None,
        abilities=_abilities(offered) if offered else None,
        price=_price(price_of(choice.model, provider, known)),
        use=_use(spent) if spent is not None else None,
    )


def _abilities(offered: CatalogModel) -> ModelAbilities:
    return ModelAbilities(
        family=offered.family,
        tools=offered.tools,
        images=offered.images,
        reasoning=offered.reasoning,
        structured=offered.structured,
        open_weights=offered.open_weights,
        output_tokens=offered.output,
        knowledge=offered.knowledge,
        released=offered.released,
    )


def _price(listed: ListPrice | None) -> ModelPrice | None:
    if listed is None:
        return None
    return ModelPrice(
        listed.input, listed.output, listed.cache_read, listed.cache_write, listed.source, listed.version
    )


def _use(spent: Sum) -> ModelUse:
    return ModelUse(spent.api_calls(), spent.used, spent.tokens(), spent.cost())


def _all(use: ModelUse | None) -> int:
    if use is None:
        return 0
    return use.tokens.input + use.tokens.output + use.tokens.cache_read + use.tokens.cache_write


def _chats(routes: Rows, window: int | None) -> tuple[ModelChat, ...]:
    """Of each chat what its last prompt took; the entry says whom it is with, which is left out."""
    found = []
    for row in routes:
        entry = mapping(parsed(plain(row["entry_json"])))
        tokens = count(entry.get("last_prompt_tokens"))
        session_id = text(entry.get("session_id"), 200)
        if tokens > 0 and session_id:
            share = tokens / window if window else None
            at = instant(row["updated_at"])
            # `agent:main:telegram:dm:…`: what follows the platform is whom it is with.
            words = (plain(row["session_key"]) or "").split(":")
            platform = text(entry.get("platform"), 80) or (text(words[2], 80) if len(words) > 2 else None)
            found.append(ModelChat(session_id, platform, tokens, share, at))
    return tuple(sorted(found, key=lambda chat: -chat.prompt_tokens)[:CHATS_SHOWN])


def _fill(
    config: Settings,
    state: Ledger | None,
    catalog: Mapping[str, Models],
    learned: Mapping[str, Any],
    openrouter: Any,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    known = Knowledge.of(catalog, learned, openrouter)
    rows = _entries(effective(config.values), known, _uses(state, config, now))[: args.limit]

    def each(of: Any, name: str) -> list[Any]:
        return [getattr(part, name) if (part := of(row)) is not None else None for row in rows]

    def tokens(name: str) -> list[int | None]:
        return [getattr(row.use.tokens, name) if row.use else None for row in rows]

    abilities = (
        "family",
        "tools",
        "images",
        "reasoning",
        "structured",
        "open_weights",
        "output_tokens",
        "knowledge",
    )
    prices = ("input_usd", "output_usd", "cache_read_usd", "cache_write_usd")
    return {
        "model": [row.model for row in rows],
        "provider": [row.provider for row in rows],
        "roles": [list(row.roles) for row in rows],
        "window_tokens": [row.window_tokens for row in rows],
        "window_source": [row.window_source for row in rows],
        "is_window_asked": [row.is_window_asked for row in rows],
        "catalog_tokens": [row.catalog_tokens for row in rows],
        **{name: each(lambda row: row.abilities, name) for name in abilities},
        "released": each(lambda row: row.abilities, "released"),
        **{name: each(lambda row: row.price, name) for name in prices},
        "price_source": each(lambda row: row.price, "source"),
        "api_calls": each(lambda row: row.use, "api_calls"),
        "sessions": each(lambda row: row.use, "sessions"),
        "input_tokens": tokens("input"),
        "output_used_tokens": tokens("output"),
        "cache_read_tokens": tokens("cache_read"),
        "cache_write_tokens": tokens("cache_write"),
        "cost_usd": [row.use.cost.usd if row.use else None for row in rows],
        "cost_status": [row.use.cost.status if row.use else None for row in rows],
    }


CATALOG = "models_dev_cache.json"
USAGE = "state.db: session_model_usage"
PER_MILLION = "$/1M tokens"

COLUMNS = (
    Column("model", "text", "The model", is_identifier=True),
    Column("provider", "category", "Its provider; missing: Hermes decides, or it is not known"),
    Column("roles", "texts", "main, fallback, auxiliary tasks; empty: used only"),
    Column(
        "window_tokens", "integer", "Its context window, as Hermes takes it", unit="tokens", source="computed"
    ),
    Column(
        "window_source",
        "category",
        "Who says so: config, custom_providers, endpoint, cache, codex, openrouter, models_dev, table, fallback",
        source="computed",
    ),
    Column(
        "is_window_asked",
        "boolean",
        "Hermes asks the provider first, which may say otherwise",
        source="computed",
    ),
    Column("catalog_tokens", "integer", "Its context window at models.dev", unit="tokens", source=CATALOG),
    Column("family", "category", "Its family", source=CATALOG),
    Column("tools", "boolean", "It calls tools", source=CATALOG),
    Column("images", "boolean", "It takes images", source=CATALOG),
    Column("reasoning", "boolean", "It reasons", source=CATALOG),
    Column("structured", "boolean", "It keeps to a schema", source=CATALOG),
    Column("open_weights", "boolean", "Its weights are public", source=CATALOG),
    Column("output_tokens", "integer", "What it writes at most", unit="tokens", source=CATALOG),
    Column("knowledge", "text", "Until when it knows the world", source=CATALOG),
    Column("released", "text", "When it came out", source=CATALOG),
    Column("input_usd", "number", "List price of input", unit=PER_MILLION, source="price_source"),
    Column("output_usd", "number", "List price of output", unit=PER_MILLION, source="price_source"),
    Column("cache_read_usd", "number", "List price of cached input", unit=PER_MILLION, source="price_source"),
    Column("cache_write_usd", "number", "List price of caching", unit=PER_MILLION, source="price_source"),
    Column("price_source", "category", "hermes, openrouter, models_dev, included", source="computed"),
    Column("api_calls", "integer", "Calls in the last 30 days", source=USAGE),
    Column("sessions", "integer", "Sessions that used it", source=USAGE),
    Column("input_tokens", "integer", "Input in the last 30 days", unit="tokens", source=USAGE),
    Column("output_used_tokens", "integer", "Output in the last 30 days", unit="tokens", source=USAGE),
    Column("cache_read_tokens", "integer", "Cached input in the last 30 days", unit="tokens", source=USAGE),
    Column("cache_write_tokens", "integer", "Tokens cached in the last 30 days", unit="tokens", source=USAGE),
    Column("cost_usd", "number", "What is known of their cost", unit="$", source=USAGE),
    Column("cost_status", "category", "actual, estimated, included, unknown, mixed", source=USAGE),
)

PANEL = Panel(
    "model",
    "Model",
    collect,
    titles={"zh": "模型"},
    icon="chip",
    group="models",
    frames=(
        Frame(
            "models",
            COLUMNS,
            _fill,
            about="One row for each model of a provider that is configured, or was used in the last 30 days",
            source="config.yaml",
        ),
    ),
    view=view("model"),
    config=ConfigFile(),
    state=StateDb(),
    catalog=ModelCatalog(),
    learned=Yaml("context_length_cache.yaml"),
    openrouter=Json("cache/openrouter_model_metadata.json"),
    routes=Table(
        "state.db",
        "gateway_routing",
        ("session_key", "entry_json", "updated_at"),
        order=("-updated_at",),
        limit=200,
        by_content=True,
    ),
)
