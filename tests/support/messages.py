"""What a relay sent to its model, and waiting for more of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

WAIT_S = 20.0


class Messages:
    """What a relay sent to its model."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    def put(self, message: dict[str, Any]) -> None:
        with self._arrived:
            self.all.append(message)
            self._arrived.notify_all()

    def wait(self, is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        with self._arrived:
            found: list[dict[str, Any]] = []

            def look() -> bool:
                found[:] = [message for message in self.all if is_meant(message)][:1]
                return bool(found)

            assert self._arrived.wait_for(look, WAIT_S), f"not among {self.all}"
            return found[0]

    def wait_panel(self, text: str) -> dict[str, Any]:
        return self.wait(
            lambda message: message.get("frame", {}).get("type") == "panel" and text in str(message)
        )
