"""The server as a child process of the kernel. It cannot outlive the kernel: it ends when its stdin closes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlsplit

from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.errors import HomeError, ServerError
from hermes_hud_widget.place import Place
from hermes_hud_widget.redact import redact

START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
LOG_LINES_KEPT = 200


@dataclass(frozen=True)
class Endpoint:
    """Where a running server is.

    Attributes:
        base_url: Such as `http://127.0.0.1:40117`, without a slash at its end; `https:` and a path are possible, too.
        secret: What it wants to hear.
        server_id: Which of the servers that have been there this one is.
        is_local: Started by this process. False: it is reached through a tunnel or a network, and a page has no way to
            it.
    """

    base_url: str
    secret: Secret[str] = field(repr=False)
    server_id: str
    is_local: bool = True

    @property
    def token(self) -> str:
        """What it wants to hear."""
        return self.secret.reveal()

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return "The HUD's server" if self.is_local else f"The server at {self.base_url}"

    @property
    def socket_url(self) -> str:
        """The WebSocket's address, without the token."""
        return f"ws{self.base_url.removeprefix('http')}/ws"

    @property
    def port(self) -> int:
        """The TCP port."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)


class ServerChild:
    """One server process. Starting it does not wait until it is ready; asking it for something does.

    Args:
        on_exit: Called in a thread of its own when the process has ended without `close`.
    """

    def __init__(self, on_exit: Callable[[ServerChild], None]) -> None:
        self._on_exit = on_exit
        self._lock = threading.Lock()
        self._answers: dict[int, dict[str, Any]] = {}
        self._opened: dict[Place, str] = {}
        self._arrived = threading.Condition()
        self._endpoint: Endpoint | None = None
        self.is_over = False
        self._is_closing = False
        self._requests = 0
        self.log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        self._process = subprocess.Popen(
            # -P: a notebook's folder may hold a json.py or a random.py.
            [sys.executable, "-P", "-m", "hermes_hud_widget.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Jupyter's "interrupt" goes to the kernel's whole process group.
            start_new_session=True,
        )
        if hasattr(os, "register_at_fork"):
            # A forked child of the kernel (multiprocessing) inherits the pipe, and would keep the server alive.
            leave = weakref.WeakMethod(self._leave_to_parent)
            os.register_at_fork(after_in_child=lambda: (method := leave()) is not None and method())
        threads = (("stdout", self._read_answers), ("stderr", self._read_log))
        self._threads = [
            threading.Thread(target=work, name=f"hermes-hud-server-{name}", daemon=True)
            for name, work in threads
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def endpoint(self) -> Endpoint:
        """Waits until the server listens.

        Raises:
            ServerError: It ended, or said nothing for 30 s; the message has its last log lines.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._endpoint is not None or self.is_over, START_TIMEOUT_S)
            if self._endpoint is None or self.is_over:
                raise ServerError(self._complaint("could not be started"))
            return self._endpoint

    def open(self, place: Place) -> str:
        """Opens a home in the server, once, and returns its id.

        Raises:
            HomeError: The server cannot open it.
            ServerError: The server ended or does not answer.
        """
        if place not in self._opened:
            answer = self._ask({"path": str(place.path), "root": str(place.root), "profile": place.profile})
            if "error" in answer:
                raise HomeError(answer["error"])
            self._opened[place] = answer["home"]
        return self._opened[place]

    def allow(self, origin: str) -> None:
        """Lets pages of this origin in, besides those of loopback.

        Args:
            origin: Such as `https://hub.example.org`.

        Raises:
            ServerError: The server ended, does not answer, or refuses.
        """
        answer = self._ask({"allow": origin})
        if "error" in answer:
            raise ServerError(answer["error"])

    def close(self) -> None:
        """Ends the process and waits for it."""
        self._is_closing = True
        self._close_stdin()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        """The answer to a command.

        Raises:
            ServerError: The server ended or does not answer.
        """
        self.endpoint()
        with self._lock:
            self._requests += 1
            request = self._requests
        try:
            stdin = self._stream(self._process.stdin)
            with self._lock:
                stdin.write(json.dumps({"id": request, **command}) + "\n")
                stdin.flush()
        except (OSError, ValueError) as error:  # the pipe broke, or was closed
            raise ServerError(self._complaint("ended")) from error
        with self._arrived:
            self._arrived.wait_for(lambda: request in self._answers or self.is_over, ANSWER_TIMEOUT_S)
            answer = self._answers.pop(request, None)
        if answer is None:
            raise ServerError(self._complaint("does not answer"))
        return answer

    def _read_answers(self) -> None:
        stdout = self._stream(self._process.stdout)
        for line in stdout:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if not isinstance(message, dict):  # a plugin panel printed something
                self.log.append(redact(line.rstrip()))
                continue
            with self._arrived:
                if "token" in message:
                    self._endpoint = Endpoint(message["url"], Secret(message["token"]), message["server_id"])
                elif "id" in message:
                    self._answers[message["id"]] = message
                self._arrived.notify_all()
        self._process.wait()
        stdout.close()
        self._close_stdin()
        with self._arrived:
            self.is_over = True
            self._arrived.notify_all()
        if not self._is_closing:
            self._on_exit(self)

    def _close_stdin(self) -> None:
        # Its buffer may hold what can no longer be written: the process died, or is a forked copy's.
        with self._lock, suppress(OSError):
            self._stream(self._process.stdin).close()

    def _read_log(self) -> None:
        with self._stream(self._process.stderr) as stderr:
            for line in stderr:
                self.log.append(redact(line.rstrip()))

    def _complaint(self, what: str) -> str:
        tail = "\n".join(list(self.log)[-15:])
        code = self._process.poll()
        ended = f" (exit code {code})" if code is not None else ""
        return f"The HUD's server process {what}{ended}." + (f" Its last words:\n{tail}" if tail else "")

    def _leave_to_parent(self) -> None:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):  # closed before the fork
                # Replaced, not closed: the file object still believes in its number.
                os.dup2(nothing, self._stream(stream).fileno(), inheritable=False)
        os.close(nothing)

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None, "Popen was given pipes"
        return stream
