"""Masks what looks like a secret in text that leaves the server."""

from __future__ import annotations

import re
from typing import Any

MASK = "[redacted]"

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
_ASSIGNMENT = re.compile(
    r"""(?ix)
    (["']?\b[A-Z0-9_.-]*(?:api_?key|access_?key|secret|token|password|passwd|credential|authorization)["']?
     \s*[:=]\s*)                                   # KEY=, "key": , key:
    (["']?)(?!\[redacted\])([^\s"',;}&]{8,})
    """
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@:]+:[^\s/@]+@")


def redact(text: str) -> str:
    """`text` with keys, tokens, passwords and private keys replaced by `[redacted]`.

    It knows shapes (`sk-…`, `ghp_…`, `Bearer …`), assignments (`API_KEY=…`, `"password": "…"`) and
    `user:password@` in URLs. A secret without such a shape or name is not recognised.
    """
    if len(text) < 12:
        return text
    if "-----BEGIN" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    text = _TOKENS.sub(MASK, text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _ASSIGNMENT.sub(_keep_name, text)
    return _USERINFO.sub(rf"\1{MASK}@", text)


def redact_json(value: Any) -> Any:
    """`value` with every string in it redacted; what is not a dict, list or string comes back as it is."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_json(item) for item in value]
    if isinstance(value, dict):
        return {key: redact_json(item) for key, item in value.items()}
    return value


def _keep_name(match: re.Match[str]) -> str:
    value = match.group(3)
    # A bare number is a count ("max_tokens: 90000000"), not a secret.
    if value.isdigit():
        return match.group(0)
    return f"{match.group(1)}{match.group(2)}{MASK}"
