"""A long table in pieces that never change, so that whoever has some asks for the others only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


class Chunk(NamedTuple):
    """Some rows of a table, in sequence.

    Attributes:
        key: Belongs to these rows for ever: rows that differ in anything have another key.
        columns: By name, all of one length: text as `string`, categories as `dictionary<int32, string>`, instants as
            `timestamp[us, UTC]`, whole numbers as `int64`, lists as `list<string>`.
    """

    key: str
    columns: Mapping[str, pa.Array]
