"""Which release of Hermes wrote a home, told by what its database has: no file says it."""

from __future__ import annotations

from hermes_hud_widget.ledger.schema import Schema

Release = tuple[int, int]
"""Major and minor number."""

_MARKS: tuple[tuple[str, str, str | None], ...] = (
    ("0.19", "session_model_usage", None),
    ("0.18", "messages", "compacted"),
    ("0.16", "messages", "active"),
    ("0.15", "messages", "observed"),
)
"""The first release that makes a table or a column, the newest first; 0.17 adds none. Hermes adds what is missing
whenever it opens the file, so these tell the newest release that has opened it."""
OLDEST = "0.14"
"""What a database without any of them is called: 0.13 and 0.14 make the same tables."""


def release_of(schema: Schema) -> str | None:
    """The newest release that has opened this `state.db` ("0.18"), as far as can be told; None: none has."""
    if not schema.has("sessions"):
        return None
    return next((release for release, table, column in _MARKS if schema.has(table, column)), OLDEST)


def is_older(release: str, than: str) -> bool:
    """True when a home that `release` wrote cannot have what came with `than`."""
    # 0.17 changed nothing in the database: such a home is told as 0.16, and what came with 0.17 may be there.
    told = parse_release(release)
    return (max(told, (0, 17)) if told == (0, 16) else told) < parse_release(than)


def parse_release(release: str) -> Release:
    """ "0.16" as numbers.

    Raises:
        ValueError: It is none.
    """
    major, _, minor = release.partition(".")
    return int(major), int(minor)
