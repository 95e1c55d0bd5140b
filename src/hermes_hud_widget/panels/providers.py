"""The providers of models: how each is logged in to, what works, until when; no part of any key."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels.effective import choices, custom_providers, effective, main_choice, provider_of
from hermes_hud_widget.panels.written import host, impersonal, later, mapping, parsed, soonest, text, when
from hermes_hud_widget.sources import ConfigFile, EnvNames, Json, RootJson, Settings
from hermes_hud_widget.upstream import UpstreamProvider, upstream
from hermes_hud_widget.views import view

SOON = timedelta(days=7)
"""A login that cannot renew itself and ends within so long is `expiring`."""
PROVIDERS_SHOWN, CREDENTIALS_SHOWN = 80, 40
COOLING_S: Mapping[int, float] = {401: 300.0}
COOLING_ELSE_S = 3600.0
"""How long a key rests after an error, unless the provider said until when (`agent/credential_pool.py`)."""

CredentialKind = Literal["api_key", "oauth", "environment", "config"]
CredentialStatus = Literal["ok", "expiring", "expired", "exhausted", "dead", "missing", "elsewhere"]
ProviderStatus = Literal["ok", "expiring", "expired", "exhausted", "dead", "missing", "elsewhere"]


@frozen
class ProviderCredential:
    """One key or login. Neither it nor its label, which may be somebody's address, is told.

    Attributes:
        kind: `api_key` or `oauth`: kept in `auth.json` or a file beside it; `environment`: a variable of
            `.env`; `config`: written in `config.yaml`.
        source: Where it comes from: `manual`, `device_code`, a variable's or a file's name.
        status: `ok`; `expiring`: ends within seven days and cannot renew itself; `expired`; `exhausted`: rests
            until `cools_until`; `dead`: refused for good; `missing`: an entry without a key; `elsewhere`: in a
            variable that `.env` does not have.
        cools_until: When Hermes tries it again.
        expires_at: When it ends; None: never, or it is not told.
        renews: True if Hermes can renew it by itself: its end is then no trouble.
        last_error_code: The HTTP status of its last error, since which nothing went well.
        last_error_reason: The provider's word for it.
        requests: How often it was chosen, where Hermes counts that (`least_used`).
        priority: The lowest is taken first.
        host: Where it is used, if that is its own endpoint.
        is_shared: True for the root home's, which a profile without one of its own uses.
    """

    kind: CredentialKind
    source: str
    status: CredentialStatus
    cools_until: datetime | None
    expires_at: datetime | None
    renews: bool
    last_error_code: int | None
    last_error_reason: str | None
    last_error_at: datetime | None
    requests: int
    priority: int
    host: str | None
    is_shared: bool


@frozen
class Provider:
    """One provider that is configured, or logged in to.

    Attributes:
        id: As Hermes calls it; `custom:NAME` for an endpoint of one's own.
        roles: What it is used for: `main`, `fallback`, auxiliary tasks.
        is_active: True for the one that the main loop asks first.
        status: That of its best credential; `missing`: it is needed, and there is none; `elsewhere`: it needs
            none of these, or its login is kept by another program.
        host: Where it is asked.
        usable: How many of its credentials can be used now.
        total: How many there are; `credentials` has the first of them.
        strategy: How Hermes chooses among several: `fill_first`, `round_robin`, `random`, `least_used`.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    is_active: bool
    status: ProviderStatus
    host: str | None
    usable: int
    total: int
    strategy: str | None
    cools_until: datetime | None
    expires_at: datetime | None
    credentials: tuple[ProviderCredential, ...]


class Providers(Payload):
    """What the providers panel shows.

    Attributes:
        configured: `model.provider` in `config.yaml`, aliases resolved; None or `auto`: Hermes decides.
        logged_in: `active_provider` in `auth.json`: what somebody logged in to last.
        providers: The active one first, then those with a role, then the others by name.
        total: How many there are; `providers` has the first of them.
    """

    configured: str | None
    logged_in: str | None
    providers: tuple[Provider, ...]
    total: int

    def is_empty(self) -> bool:
        return not self.providers


@frozen
class _Store:
    """One `auth.json`."""

    pool: Mapping[str, Any]
    logins: Mapping[str, Any]
    active: str | None

    @staticmethod
    def of(content: Any) -> _Store:
        said = mapping(content)
        return _Store(
            mapping(said.get("credential_pool")),
            mapping(said.get("providers")),
            text(said.get("active_provider"), 80),
        )


def collect(
    config: Settings,
    auth: Any,
    shared_auth: Any,
    anthropic: Any,
    nous: Any,
    env: frozenset[str],
    now: datetime,
) -> Providers | Until:
    """Each provider with its credentials."""
    found = _providers(config, auth, shared_auth, anthropic, nous, env, now)
    merged = effective(config.values)
    store = _Store.of(auth)
    payload = Providers(
        configured=provider_of(main_choice(merged), merged),
        logged_in=store.active,
        providers=tuple(
            replace(provider, credentials=provider.credentials[:CREDENTIALS_SHOWN])
            for provider in found[:PROVIDERS_SHOWN]
        ),
        total=len(found),
    )
    ends = [
        at
        for provider in found
        for one in provider.credentials
        for at in (one.cools_until, one.expires_at, _before(one.expires_at))
    ]
    return Until(payload, soonest(ends, now))


def _providers(
    config: Settings,
    auth: Any,
    shared_auth: Any,
    anthropic: Any,
    nous: Any,
    env: frozenset[str],
    now: datetime,
) -> list[Provider]:
    merged = effective(config.values)
    own, shared = _Store.of(auth), _Store.of(shared_auth)
    roles: dict[str, list[str]] = {}
    for choice in choices(merged):
        if (id := provider_of(choice, merged)) is not None and choice.role not in roles.setdefault(id, []):
            roles[id].append(choice.role)
    active = provider_of(main_choice(merged), merged) or own.active or shared.active
    customs = {
        f"custom:{one.name.strip().lower().replace(' ', '-')}": one for one in custom_providers(merged)
    }
    strategies = mapping(merged.get("credential_pool_strategies"))
    # A key that stands beside a model's name is of that model's provider.
    written = {provider_of(choice, merged) for choice in choices(merged) if choice.has_key}
    known = _known()
    ids = {*roles, *customs, *own.pool, *shared.pool, *own.logins, *shared.logins}
    ids |= {id for id, provider in known.items() if env & set(provider.env)}
    ids |= {"anthropic"} if mapping(anthropic) else set()
    ids |= {"nous"} if mapping(nous) else set()
    if active is not None:
        ids.add(active)
    made = []
    for id in sorted(ids):
        credentials = list(_credentials(id, own, shared, env, known.get(id), now))
        if id == "anthropic" and not any(one.source == "hermes_pkce" for one in credentials):
            credentials += _file_login(anthropic, ".anthropic_oauth.json", False, now)
        if id == "nous" and not any(one.kind == "oauth" for one in credentials):
            credentials += _file_login(nous, "shared/nous_auth.json", True, now)
        custom = customs.get(id)
        if id in written or (custom is not None and custom.has_key):
            credentials.append(_bare("config", "config.yaml", "ok"))
        if custom is not None and custom.key_env and f"env:{custom.key_env}" not in _sources(own, shared, id):
            there: CredentialStatus = "ok" if custom.key_env in env else "elsewhere"
            credentials.append(_bare("environment", custom.key_env, there))
        provider = known.get(id)
        is_wanted = id in roles or id == active or custom is not None
        if not credentials and not is_wanted:
            continue
        usable = [one for one in credentials if one.status in ("ok", "expiring", "elsewhere")]
        status = _best(credentials, provider, custom is not None)
        made.append(
            Provider(
                id=id[:120],
                name=provider.name if provider else custom.name if custom else id[:120],
                roles=tuple(roles.get(id, ())),
                is_active=id == active,
                status=status,
                host=host(custom.base_url if custom else _url_of(id, merged, provider)),
                usable=len(usable),
                total=len(credentials),
                strategy=text(strategies.get(id), 40) if len(credentials) > 1 else None,
                cools_until=soonest((one.cools_until for one in credentials), now)
                if status == "exhausted"
                else None,
                expires_at=soonest((one.expires_at for one in usable if not one.renews), now),
                credentials=tuple(sorted(credentials, key=lambda one: (one.priority, one.source))),
            )
        )
    return sorted(
        made,
        key=lambda one: (not one.is_active, "fallback" not in one.roles, not one.roles, one.name.lower()),
    )


def _known() -> Mapping[str, UpstreamProvider]:
    """Those that Hermes knows by itself; OpenRouter has a place of its own in its code."""
    openrouter = UpstreamProvider(
        "OpenRouter", "api_key", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), ""
    )
    return {**upstream().providers, "openrouter": openrouter}


def _url_of(id: str, config: Mapping[str, Any], provider: UpstreamProvider | None) -> str | None:
    """The endpoint: the one configured for it, else its own."""
    urls = (choice.base_url for choice in choices(config) if provider_of(choice, config) == id)
    return next((url for url in urls if url), provider.base_url if provider else None)


def _credentials(
    id: str,
    own: _Store,
    shared: _Store,
    env: frozenset[str],
    provider: UpstreamProvider | None,
    now: datetime,
) -> Iterator[ProviderCredential]:
    """The pool's entries, then what is known without the pool: the login of `auth.json`, variables of `.env`."""
    pool, is_shared = _entries(own, shared, id)
    found = [_pooled(entry, is_shared, env, now) for entry in pool]
    yield from found
    if not any(one.kind == "oauth" for one in found):
        for store, of_root in ((own, False), (shared, True)):
            login = mapping(store.logins.get(id))
            if login:
                yield _login(login, "auth.json", of_root, now)
                break
    known = {one.source for one in found}
    for name in provider.env if provider else ():
        if name in env and name not in known:
            yield _bare("environment", name, "ok")


def _entries(own: _Store, shared: _Store, id: str) -> tuple[list[Mapping[str, Any]], bool]:
    """A profile with entries of its own for a provider does not see the root's (`read_credential_pool`)."""
    for store, is_shared in ((own, False), (shared, True)):
        written = store.pool.get(id)
        entries = (
            [mapping(entry) for entry in written if isinstance(entry, Mapping)]
            if isinstance(written, list)
            else []
        )
        if entries:
            return entries, is_shared
    return [], False


def _sources(own: _Store, shared: _Store, id: str) -> set[str]:
    return {str(entry.get("source")) for entry in _entries(own, shared, id)[0]}


def _pooled(
    entry: Mapping[str, Any], is_shared: bool, env: frozenset[str], now: datetime
) -> ProviderCredential:
    """One entry of a pool, by Hermes' rule of what it may use (`_available_entries`)."""
    source = impersonal(entry.get("source"), 80) or "manual"
    variable = source.removeprefix("env:") if source.startswith("env:") else None
    is_oauth = text(entry.get("auth_type")) == "oauth"
    expires_at = when(entry.get("expires_at")) or when(entry.get("expires_at_ms")) or _token_end(entry)
    renews = bool(entry.get("refresh_token"))
    cools_until = _cools_until(entry)
    status: CredentialStatus = "ok"
    if entry.get("last_status") == "dead":
        status = "dead"
    elif cools_until is not None and cools_until > now:
        status = "exhausted"
    elif variable is not None:
        # Hermes may have it from its own environment, which is not to be seen from here.
        status = "ok" if variable in env else "elsewhere"
    elif not (entry.get("access_token") or entry.get("agent_key")):
        status = "missing"
    else:
        status = _lasting(expires_at, renews, now)
    is_over = cools_until is not None and cools_until <= now
    code = entry.get("last_error_code")
    return ProviderCredential(
        kind="environment" if variable else "oauth" if is_oauth else "api_key",
        source=variable or source,
        status=status,
        cools_until=cools_until if status == "exhausted" else None,
        expires_at=expires_at,
        renews=renews,
        last_error_code=count(code) or None if not is_over else None,
        last_error_reason=_reason(entry.get("last_error_reason")) if not is_over else None,
        last_error_at=when(entry.get("last_status_at")) if status in ("dead", "exhausted") else None,
        requests=max(0, count(entry.get("request_count"))),
        priority=count(entry.get("priority")),
        host=host(entry.get("inference_base_url") or entry.get("base_url")),
        is_shared=is_shared,
    )


def _cools_until(entry: Mapping[str, Any]) -> datetime | None:
    """Until when a key rests that the provider has refused for now (`_exhausted_until`)."""
    if entry.get("last_status") != "exhausted":
        return None
    said = when(entry.get("last_error_reset_at"))
    if said is not None:
        return said
    rest_s = COOLING_S.get(count(entry.get("last_error_code")), COOLING_ELSE_S)
    return later(when(entry.get("last_status_at")), rest_s)


def _login(login: Mapping[str, Any], source: str, is_shared: bool, now: datetime) -> ProviderCredential:
    """A login as `auth.json`, or a file of its own, keeps it."""
    tokens = {**login, **mapping(login.get("tokens"))}
    expires = (
        tokens.get(name) for name in ("agent_key_expires_at", "expires_at", "expiresAt", "expires_at_ms")
    )
    expires_at = next((at for at in map(when, expires) if at), None) or _token_end(tokens)
    renews = bool(tokens.get("refresh_token") or tokens.get("refreshToken"))
    names = ("access_token", "accessToken", "api_key", "agent_key", "token")
    has_token = renews or any(tokens.get(name) for name in names)
    return replace(
        _bare("oauth", source, _lasting(expires_at, renews, now) if has_token else "missing"),
        expires_at=expires_at,
        renews=renews,
        host=host(tokens.get("inference_base_url") or tokens.get("base_url")),
        is_shared=is_shared,
    )


def _file_login(content: Any, source: str, is_shared: bool, now: datetime) -> list[ProviderCredential]:
    login = mapping(content)
    return [_login(login, source, is_shared, now)] if login else []


def _bare(kind: CredentialKind, source: str, status: CredentialStatus) -> ProviderCredential:
    return ProviderCredential(
        kind=kind,
        source=source,
        status=status,
        cools_until=None,
        expires_at=None,
        renews=False,
        last_error_code=None,
        last_error_reason=None,
        last_error_at=None,
        requests=0,
        priority=0,
        host=None,
        is_shared=False,
    )


def _lasting(expires_at: datetime | None, renews: bool, now: datetime) -> CredentialStatus:
    """A token that Hermes renews by itself ends every hour, and that is no trouble."""
    if expires_at is None or renews:
        return "ok"
    if expires_at <= now:
        return "expired"
    before = _before(expires_at)
    return "expiring" if before is not None and before <= now else "ok"


def _before(expires_at: datetime | None) -> datetime | None:
    """When it becomes `expiring`."""
    return later(expires_at, -SOON.total_seconds())


def _token_end(entry: Mapping[str, Any]) -> datetime | None:
    """When a token ends that says so itself (`exp` of a JSON web token), as Hermes reads it, too."""
    token = entry.get("access_token")
    if not isinstance(token, str) or token.count(".") != 2:
        return None
    body = token.split(".")[1]
    try:
        claims = mapping(parsed(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("utf-8")))
    except (ValueError, UnicodeDecodeError):
        return None
    return when(claims.get("exp"))


def _reason(written: Any) -> str | None:
    """A provider's word for an error; sentences may tell of whom or of what key, and are left out."""
    found = text(written, 80)
    return found if found and _WORD.fullmatch(found) else None


_WORD = re.compile(r"[A-Za-z][A-Za-z_. -]*")

_RANK: tuple[ProviderStatus, ...] = (
    "ok", "expiring", "elsewhere", "exhausted", "expired", "dead", "missing",
)  # fmt: skip


def _best(
    credentials: Iterable[ProviderCredential], provider: UpstreamProvider | None, is_custom: bool
) -> ProviderStatus:
    found = sorted((one.status for one in credentials), key=_RANK.index)
    if found:
        return found[0]
    # Endpoints of one's own may need no key, and what is not in Hermes' list logs in by itself.
    is_own = is_custom or provider is None or (host(provider.base_url) or "").startswith("127.0.0.1")
    is_elsewhere = provider is not None and provider.auth_type in ("aws_sdk", "external_process")
    return "elsewhere" if is_own or is_elsewhere else "missing"


def _fill(
    config: Settings,
    auth: Any,
    shared_auth: Any,
    anthropic: Any,
    nous: Any,
    env: frozenset[str],
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    found = _providers(config, auth, shared_auth, anthropic, nous, env, now)
    # A provider without any credential has a row, too.
    rows = [(provider, one) for provider in found for one in (provider.credentials or (None,))][: args.limit]
    whole = ("is_active",)
    return {
        "provider": [provider.id for provider, _ in rows],
        "name": [provider.name for provider, _ in rows],
        "is_active": [provider.is_active for provider, _ in rows],
        "roles": [list(provider.roles) for provider, _ in rows],
        **{
            column.name: [getattr(one, column.name) if one else None for _, one in rows]
            for column in COLUMNS
            if column.name not in ("provider", "name", "roles", "status", "host", *whole)
        },
        "status": [one.status if one else provider.status for provider, one in rows],
        "host": [(one.host if one else None) or provider.host for provider, one in rows],
    }


COLUMNS = (
    Column("provider", "category", "As Hermes calls it"),
    Column("name", "text", "Its name", source="hermes_cli/auth.py: PROVIDER_REGISTRY"),
    Column("is_active", "boolean", "The main loop asks it first", source="config.yaml: model.provider"),
    Column("roles", "texts", "What it is used for: main, fallback, auxiliary tasks", source="config.yaml"),
    Column("kind", "category", "api_key, oauth, environment, config; missing: there is no credential"),
    Column("source", "text", "Where the credential comes from: manual, device_code, a variable's name"),
    Column(
        "status", "category", "ok, expiring, expired, exhausted, dead, missing, elsewhere", source="computed"
    ),
    Column("cools_until", "instant", "When Hermes tries it again", source="computed"),
    Column("expires_at", "instant", "When it ends"),
    Column("renews", "boolean", "Hermes can renew it by itself", source="computed"),
    Column("last_error_code", "integer", "HTTP status of its last error"),
    Column("last_error_reason", "category", "The provider's word for it"),
    Column("last_error_at", "instant", "When that was", source="auth.json: last_status_at"),
    Column("requests", "integer", "How often it was chosen", source="auth.json: request_count"),
    Column("priority", "integer", "The lowest is taken first"),
    Column("host", "text", "Where it is used", is_identifier=True, source="base_url: its host"),
    Column("is_shared", "boolean", "It is the root home's, which this profile uses", source="computed"),
)

PANEL = Panel(
    "providers",
    "Providers",
    collect,
    titles={"zh": "提供商"},
    icon="key",
    group="models",
    frames=(
        Frame(
            "providers",
            COLUMNS,
            _fill,
            about="One row for each key or login, the active provider's first; never any part of it",
            source="auth.json: credential_pool",
        ),
    ),
    view=view("providers"),
    config=ConfigFile(),
    auth=Json("auth.json"),
    shared_auth=RootJson("auth.json"),
    anthropic=Json(".anthropic_oauth.json"),
    nous=Json("shared/nous_auth.json", of="root"),
    env=EnvNames(),
)
