"""One look for all: what several sources would ask the same file for is asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_here = threading.local()


@contextmanager
def one_look() -> Iterator[None]:
    """Within it, in this thread, `once` asks only once.

    For a pass over many sources after an event, and for what a panel reads after it: whatever happens in the meantime
    is an event more, and another pass. A look within a look is the same one.
    """
    if getattr(_here, "found", None) is not None:
        yield
        return
    _here.found = {}
    try:
        yield
    finally:
        del _here.found


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` gives; within `one_look` what it gave before for this key."""
    found: dict[Hashable, Any] | None = getattr(_here, "found", None)
    if found is None:
        return ask()
    if key not in found:
        found[key] = ask()
    answer: T = found[key]
    return answer
