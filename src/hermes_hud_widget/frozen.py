"""Frozen dataclasses that cost little to define."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Like `dataclass(frozen=True)`, where there are hundreds: for sources, what they hold, and parts of payloads.

    That one compiles six functions for each class, half a millisecond of each start of a server; here it is one, and
    the others are closures. That nobody assigns to a field is for the type checker to say: nothing prevents it at run
    time.
    """
    made = dataclass(eq=False, repr=False)(cls)
    compared = [each.name for each in fields(made) if each.compare]  # type: ignore[arg-type]
    # Of one name it gives the value itself, of none it cannot be made.
    content: Any = attrgetter(*compared) if compared else lambda _: ()

    def equals(self: T, other: object) -> bool:
        return content(self) == content(other) if other.__class__ is self.__class__ else NotImplemented

    def content_hash(self: T) -> int:
        return hash(content(self))

    for name, method in (("__eq__", equals), ("__hash__", content_hash), ("__repr__", _show)):
        setattr(made, name, method)
    return made


def _show(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"
