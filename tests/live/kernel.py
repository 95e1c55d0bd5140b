"""A kernel without a browser, and every message that it published."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Self

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

Message = dict[str, Any]


class Kernel:
    """An IPython kernel of the tests' own.

    Args:
        folder: Its `$HOME`; made when missing.
        prefix: A command line that starts it, such as `strace …`.

    Attributes:
        messages: All that came on IOPub, in order.
    """

    def __init__(self, folder: Path, prefix: tuple[str, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.messages: list[Message] = []
        self._manager = KernelManager(kernel_name="python3")
        specification = self._manager.kernel_spec
        assert specification is not None
        specification.argv = [*prefix, sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HERMES")}
        environment |= {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
        self._manager.start_kernel(env=environment, cwd=str(folder))
        self._client: BlockingKernelClient = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self.process = psutil.Process(int(self.run("import os; print(os.getpid())").strip()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=kind is not None)

    # -- running

    def start(self, source: str, *, may_ask: bool = True, silent: bool = False) -> str:
        """Sends a cell; returns the id of the request. It may ask for input unless `may_ask` is False."""
        return str(self._client.execute(source, silent=silent, allow_stdin=may_ask))

    def run(self, source: str, seconds: float = 30.0, *, may_ask: bool = True, silent: bool = False) -> str:
        """Runs a cell to its end; returns what it printed. Fails when it raises."""
        request = self.start(source, may_ask=may_ask, silent=silent)
        self.wait(lambda: self.is_done(request), f"the end of {source!r}", seconds)
        errors = ["\n".join(one["content"]["traceback"]) for one in self._of(request, "error")]
        assert not errors, "\n".join(errors)
        return self.printed(request)

    def interrupt_group(self) -> None:
        """Ctrl-C to the kernel's whole process group, as Jupyter's stop button does."""
        self._manager.interrupt_kernel()

    def kill(self) -> None:
        """SIGKILL to the kernel's process alone."""
        self.process.kill()

    # -- what it said

    def wait(self, fact: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
        """Reads messages until `fact` is true, and returns it."""
        deadline = time.monotonic() + seconds
        while not (value := fact()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            try:
                self.messages.append(self._client.get_iopub_msg(timeout=0.05))
            except Empty:
                continue
        return value

    def is_done(self, request: str) -> bool:
        """True once a cell has ended."""
        return any(one["content"]["execution_state"] == "idle" for one in self._of(request, "status"))

    def printed(self, request: str) -> str:
        """What was printed into a cell's output so far."""
        return "".join(one["content"]["text"] for one in self._of(request, "stream"))

    def models(self) -> list[str]:
        """Ids of the widget models that were opened and draw a HUD."""
        opened = [one["content"] for one in self.messages if one["msg_type"] == "comm_open"]
        return [one["comm_id"] for one in opened if "_esm" in one["data"].get("state", {})]

    def customs(self, model: str) -> list[dict[str, Any]]:
        """The custom messages that were sent to a model, in order."""
        sent = [one["content"] for one in self.messages if one["msg_type"] == "comm_msg"]
        return [
            one["data"]["content"]
            for one in sent
            if one["comm_id"] == model and one["data"].get("method") == "custom"
        ]

    def frames(self, model: str, kind: str) -> list[dict[str, Any]]:
        """The server's frames of one type that were relayed to a model, in order."""
        relayed = [one["frame"] for one in self.customs(model) if one.get("type") == "relay"]
        return [frame for frame in relayed if frame["type"] == kind]

    def send(self, model: str, content: Mapping[str, Any]) -> None:
        """A custom message from the model in the page."""
        data = {"method": "custom", "content": dict(content)}
        message = self._client.session.msg("comm_msg", {"comm_id": model, "data": data})
        self._client.shell_channel.send(message)

    def greet(self) -> None:
        """Says on the control channel what Jupyter's server says there when a page connects."""
        message = self._client.session.msg("kernel_info_request")
        self._client.control_channel.send(message)
        self._client.control_channel.get_msg(timeout=10)

    def shown(self) -> dict[str, Any]:
        """The data of the newest value of a cell, by MIME type."""
        data: dict[str, Any] = [
            one["content"]["data"] for one in self.messages if one["msg_type"] == "execute_result"
        ][-1]
        return data

    # -- processes

    def servers(self) -> list[psutil.Process]:
        """The HUD's server processes below the kernel."""
        return [
            child
            for child in self.process.children(recursive=True)
            if is_alive(child) and "hermes_hud_widget.server" in " ".join(child.cmdline())
        ]

    def _of(self, request: str, kind: str) -> list[Message]:
        return [
            one
            for one in self.messages
            if one["msg_type"] == kind and one["parent_header"].get("msg_id") == request
        ]


def is_alive(process: psutil.Process) -> bool:
    """False for one that has ended, also while nobody has waited for it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
