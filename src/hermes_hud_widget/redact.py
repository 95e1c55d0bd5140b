"""Masks what looks like a secret in text that leaves the server."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MASK = "[redacted]"

_REMEMBERED = 2_048
_REMEMBERED_CHARS = 4_000
"""What a panel shows is much the same after each change: so many texts of at most this length are not searched anew."""


@dataclass(frozen=True)
class _Rule:
    """One kind of secret.

    Attributes:
        replace: What takes its place.
        hints: Lower-case words of which each secret of this kind has one: a search for them is much faster.
    """

    pattern: re.Pattern[str]
    replace: str | Callable[[re.Match[str]], str]
    hints: tuple[str, ...]


_TOKENS = re.compile(
    r"""
    \b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}             # OpenAI, Anthropic, OpenRouter, Stripe
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,}
    | \bxox[abeprs]-[A-Za-z0-9-]{10,}             # Slack
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b               # AWS
    | \bAIza[0-9A-Za-z_-]{30,}                    # Google
    | \bhf_[A-Za-z0-9]{20,} | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[A-Za-z0-9_-]{30,}
    | \bgsk_[A-Za-z0-9]{20,} | \bxai-[A-Za-z0-9]{20,}
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)?   # JSON web token
    | \b\d{8,10}:AA[A-Za-z0-9_-]{30,}             # Telegram bot
    """,
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{12,}")
# With a limit: else a long run of dashes or dots costs its square.
_NAME = r"""(?:
    (?i:[a-z0-9_.-]{0,128}(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|secret|token|passw(?:or)?d|passphrase
        |credential|authorization)[a-z0-9_-]*)
    | [A-Z][A-Z0-9_]*_KEY
)"""
_ASSIGNMENT = re.compile(
    # Quotes may be escaped: the arguments of a tool call are JSON within JSON.
    rf"""(?x)
    (\\?["']? (?<![A-Za-z0-9]) ({_NAME}) \\?["']? \s* [:=] \s*)
    (\\?["']?) (?!\[redacted\]|(?i:bearer|basic)\s) ([^\s"'\\,;}}&]{{6,}})
    """
)
_COUNT = re.compile(r"(?i)tokens?(?:_(?:count|limit|used|budget))?$")
_LOGIN = re.compile(r"(\s(?:-u|--user)[ =]+)[^\s:]+:\S+")
_SECRET_KEY = re.compile(
    r"(?i)(?:^|[_-])(?:api_?key|access_?key|private_?key|secret|token|passw(?:or)?d|passphrase|credentials?|authorization)$"
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@:]+:[^\s/@]+@")


def redact(text: str) -> str:
    """`text` with keys, tokens, passwords and private keys replaced by `[redacted]`.

    It knows shapes (`sk-…`, `ghp_…`, `Bearer …`), assignments (`API_KEY=…`, `"password": "…"`) and
    `user:password@` in URLs. A secret without such a shape or name is not recognised.
    """
    text = encodable(text)
    if len(text) < 10:
        return text
    folded = text.casefold()
    for rule in RULES:
        if any(hint in folded for hint in rule.hints):
            text = rule.pattern.sub(rule.replace, text)
    return text


def encodable(text: str) -> str:
    """`text` without halves of characters, which JSON and YAML can spell, but no encoding can carry on."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def redact_json(value: Any) -> Any:
    """`value` as it may leave: strings redacted, those under a secret's name masked, numbers that JSON lacks as null."""
    # By exact types and with few calls, since thousands of values are looked at after each change, and most need nothing.
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, str):
        return _redact_remembered(value) if len(value) <= _REMEMBERED_CHARS else redact(value)
    if isinstance(value, list):
        return [item if type(item) in _PLAIN else redact_json(item) for item in value]
    if isinstance(value, dict):
        masked: dict[Any, Any] = {}
        for key, item in value.items():
            kind = type(item)
            if kind in _PLAIN:
                masked[key] = item
            elif kind is str and len(item) <= _REMEMBERED_CHARS:
                masked[key] = MASK if _is_secret(key, item) else _redact_remembered(item)
            else:
                masked[key] = MASK if _is_secret(key, item) else redact_json(item)
        return masked
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_PLAIN = frozenset({int, bool, type(None)})


def forget_redacted() -> None:
    """Lets go of the texts that were remembered to redact them only once."""
    _redact_remembered.cache_clear()
    _names_secret.cache_clear()


@lru_cache(_REMEMBERED)
def _redact_remembered(text: str) -> str:
    return redact(text)


def _is_secret(key: Any, value: Any) -> bool:
    return isinstance(value, str) and value != "" and isinstance(key, str) and _names_secret(key)


@lru_cache(_REMEMBERED)
def _names_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _keep_name(match: re.Match[str]) -> str:
    before, name, quote, value = match.groups()
    if value.isdigit() and _COUNT.search(name):
        return match.group(0)
    return f"{before}{quote}{MASK}"


RULES = (
    _Rule(_PRIVATE_KEY, MASK, ("-----begin",)),
    _Rule(
        _TOKENS,
        MASK,
        (
            "k-",
            "gh",
            "glpat-",
            "xox",
            "akia",
            "asia",
            "aiza",
            "hf_",
            "npm_",
            "pypi-",
            "gsk_",
            "xai-",
            "eyj",
            ":aa",
        ),
    ),
    _Rule(_BEARER, rf"\1\2{MASK}", ("bearer", "basic")),
    _Rule(
        _ASSIGNMENT,
        _keep_name,
        ("key", "secret", "token", "passw", "passphrase", "credential", "authorization"),
    ),
    _Rule(_LOGIN, rf"\1{MASK}", ("-u",)),
    _Rule(_USERINFO, rf"\1{MASK}@", ("://",)),
)
