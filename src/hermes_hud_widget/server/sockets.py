"""A WebSocket whose other end may stop reading without saying so."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LET_GO_AFTER_S = 20.0
"""How long a full socket may take nothing at all, in seconds, before it is given up. A viewer that lives on connects
again and asks for what is newest then."""


class PatientSocket(WebSocketsSansIOProtocol):
    """uvicorn's, but a connection whose other end has stopped reading ends.

    Until then it holds no more than one message beyond asyncio's limit (64 KiB), since whoever sends waits.
    uvicorn's own pings would not end it: closing waits until everything was sent, for ever.
    """

    _unsent = 0
    _timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The socket is full."""
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        """It has taken most of what there was."""
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._stop_waiting()
        super().connection_lost(exc)
        self.writable.set()  # whoever waited to send learns that it is over

    def _wait(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(LET_GO_AFTER_S, self._look)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        # A slow reader has taken something in so long a time.
        if self.transport.get_write_buffer_size() < self._unsent:
            self._wait()
        else:
            self.transport.abort()
