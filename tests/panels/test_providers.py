"""The providers panel's function on contents that the test makes up, and what time alone does to it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import providers
from hermes_hud_widget.sources import Settings
from panels.test_gateway import NAMED, anything

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY = "a-key-that-is-long-enough"


def at(**delta: float) -> str:
    return (NOW + timedelta(**delta)).isoformat()


def entry(**values: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": KEY,
    } | values


def contents(auth: Any = None, config: Any = None, **others: Any) -> dict[str, Any]:
    base = {
        "config": Settings(config or {}),
        "auth": auth,
        "shared_auth": None,
        "anthropic": None,
        "nous": None,
    }
    return base | {"env": frozenset()} | others


def collect(auth: Any = None, config: Any = None, **others: Any) -> Until:
    found = providers.collect(**contents(auth, config, **others), now=NOW)
    assert isinstance(found, Until)
    return found


def show(auth: Any = None, config: Any = None, **others: Any) -> providers.Providers:
    payload = collect(auth, config, **others).payload
    assert isinstance(payload, providers.Providers)
    return payload


def pool(*entries: Any, id: str = "xai") -> dict[str, Any]:
    return {"credential_pool": {id: list(entries)}}


def token(**claims: Any) -> str:
    return f"h.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"


CREDENTIALS = [
    # what, the entry, its status, until when that is true
    ("it works", entry(), "ok", None),
    ("refused for now", entry(last_status="exhausted", last_status_at=NOW.timestamp() - 60, last_error_code=429), "exhausted", 3540),
    ("refused for now as not allowed", entry(last_status="exhausted", last_status_at=NOW.timestamp(), last_error_code=401), "exhausted", 300),
    ("until the provider's own time", entry(last_status="exhausted", last_status_at=1.0, last_error_reset_at=NOW.timestamp() + 7), "exhausted", 7),
    ("its rest is over", entry(last_status="exhausted", last_status_at=1.0), "ok", None),
    ("refused for good", entry(last_status="dead"), "dead", None),
    ("without a key", entry(access_token=""), "missing", None),
    ("a login that lasts", entry(auth_type="oauth", expires_at=at(days=30)), "ok", 23 * 86_400),
    ("a login that ends soon", entry(auth_type="oauth", expires_at=at(days=6)), "expiring", 6 * 86_400),
    ("a login that has ended", entry(auth_type="oauth", expires_at=at(days=-1)), "expired", None),
    ("a login that renews itself", entry(auth_type="oauth", expires_at=at(hours=-1), refresh_token=KEY), "ok", None),
    ("an end in milliseconds", entry(auth_type="oauth", expires_at_ms=(NOW.timestamp() - 5) * 1000), "expired", None),
    ("a token that says its own end", entry(auth_type="oauth", access_token=token(exp=NOW.timestamp() - 5)), "expired", None),
    ("a variable that is not there", entry(source="env:XAI_API_KEY", access_token=""), "elsewhere", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "status", "lasts_s"), [one[1:] for one in CREDENTIALS], ids=[one[0] for one in CREDENTIALS]
)
def test_a_credential_is(written: Any, status: str, lasts_s: float | None) -> None:
    found = collect(pool(written))
    assert isinstance(found.payload, providers.Providers)
    (provider,) = found.payload.providers
    assert [one.status for one in provider.credentials] == [status]
    assert found.valid_until == (None if lasts_s is None else NOW + timedelta(seconds=lasts_s))
    assert KEY not in found.payload.model_dump_json()


def test_a_provider_is_as_well_as_its_best_key() -> None:
    rests = entry(id="r", priority=0, last_status="exhausted", last_status_at=NOW.timestamp())
    (found,) = show(pool(rests, entry(id="w", priority=1))).providers
    assert (found.status, found.usable, found.total, found.cools_until) == ("ok", 1, 2, None)
    (found,) = show(pool(rests, {**rests, "last_status_at": NOW.timestamp() - 600})).providers
    assert (found.status, found.usable, found.cools_until) == ("exhausted", 0, NOW + timedelta(seconds=3000))


def test_a_variable_counts_once_whether_the_pool_names_it_or_not() -> None:
    env = frozenset({"XAI_API_KEY"})
    alone = show(env=env).providers[0]
    named = show(pool(entry(source="env:XAI_API_KEY", access_token="")), env=env).providers[0]
    for found in (alone, named):
        assert [(one.kind, one.source, one.status) for one in found.credentials] == [
            ("environment", "XAI_API_KEY", "ok")
        ]


def test_the_main_models_provider_comes_first_and_is_missed_when_it_has_no_key() -> None:
    config = {
        "model": {"default": "glm-5", "provider": "glm"},
        "fallback_providers": [{"provider": "xai", "model": "m"}],
    }
    found = show(pool(entry(), id="deepseek"), config, env=frozenset({"XAI_API_KEY"}))
    assert [(one.id, one.is_active, one.status) for one in found.providers] == [
        ("zai", True, "missing"),
        ("xai", False, "ok"),
        ("deepseek", False, "ok"),
    ]
    assert found.configured == "zai"


def test_endpoints_of_ones_own_tell_their_host_alone() -> None:
    config = {
        "providers": {"mine": {"api": "https://u:pass@mine.example.com:8080/v1?key=x", "key_env": "MINE_KEY"}}
    }
    (found,) = show(config=config, env=frozenset({"MINE_KEY"})).providers
    assert (found.id, found.host, found.status) == ("custom:mine", "mine.example.com:8080", "ok")
    assert [one.source for one in found.credentials] == ["MINE_KEY"]


def test_a_key_beside_the_models_name_is_its_providers() -> None:
    (found,) = show(config={"model": {"default": "m", "provider": "xai", "api_key": KEY}}).providers
    assert [(one.kind, one.status) for one in found.credentials] == [("config", "ok")]
    assert KEY not in found.credentials.__repr__()


def test_logins_beside_auth_json_are_told_where_it_has_none() -> None:
    anthropic = {"accessToken": KEY, "refreshToken": KEY, "expiresAt": (NOW.timestamp() + 60) * 1000}
    found = {
        one.id: one
        for one in show(anthropic=anthropic, nous={"access_token": KEY, "expires_at": at(hours=-1)}).providers
    }
    assert [one.status for one in found["anthropic"].credentials] == ["ok"]
    assert [(one.status, one.is_shared) for one in found["nous"].credentials] == [("expired", True)]


def test_a_reason_is_told_as_a_word_and_a_sentence_is_not() -> None:
    bad = {"last_status": "dead", "last_error_code": 401}
    (found,) = show(
        pool(
            entry(**bad, last_error_reason="invalid_api_key"),
            entry(**bad, last_error_reason="key sk-12 of a@b.c"),
        )
    ).providers
    assert [one.last_error_reason for one in found.credentials] == ["invalid_api_key", None]


def test_every_number_can_be_recomputed_from_the_frames() -> None:
    import pandas as pd

    auth = pool(entry(id="a"), entry(id="b", last_status="dead"), entry(id="c", access_token=""))
    given = contents(
        auth, {"model": {"default": "m", "provider": "deepseek"}}, env=frozenset({"GMI_API_KEY"})
    )
    frame = pd.DataFrame(providers._fill(**given, args=FrameArguments(), now=NOW))
    found = providers.collect(**given, now=NOW)
    assert isinstance(found, Until)
    assert isinstance(found.payload, providers.Providers)
    for one in found.payload.providers:
        rows = frame[(frame["provider"] == one.id) & frame["kind"].notna()]
        assert (len(rows), rows["status"].isin(["ok", "expiring", "elsewhere"]).sum()) == (
            one.total,
            one.usable,
        )
    assert frame["provider"].nunique() == found.payload.total


@given(
    NAMED | anything,
    st.dictionaries(
        st.sampled_from(["xai", "nous", "odd"]), st.lists(anything | NAMED, max_size=2) | anything
    ),
)
def test_no_content_of_a_readable_file_breaks_it(odd: Any, pools: Any) -> None:
    auth = {"credential_pool": pools, "providers": pools, "active_provider": odd}
    config = {"model": odd, "providers": pools, "auxiliary": pools, "fallback_providers": odd}
    show(auth, config, anthropic=odd, nous=odd, shared_auth=auth).model_dump_json()
