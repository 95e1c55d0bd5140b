"""A machine of its own, as far as this one permits, on which `hermes-hud serve` runs; and the ssh tunnel to it."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

COMMAND = str(Path(sys.executable).with_name("hermes-hud"))
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
NETWORKS = ("203.0.113", "198.51.100", "192.0.2")  # reserved for examples: no public network has them
WAIT_S = 20.0


class FarMachine:
    """Reached by ssh alone: a network namespace, or where those are not permitted, a second loopback address.

    Attributes:
        is_apart: True in a network namespace: nothing there can be reached from here without the tunnel.
        announced: The first line of `hermes-hud serve` there.
        port: Where the tunnel ends here.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._home = home
        self._name = f"hud-{os.getpid()}"
        self._stack = ExitStack()
        self._tunnel: subprocess.Popen[bytes] | None = None
        self._serve: subprocess.Popen[str] | None = None
        self.is_apart = False
        self.announced: dict[str, Any] = {}
        self.port = free_port("127.0.0.1")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            apart = stack.enter_context(_namespace(self._name))
            self.is_apart = apart is not None
            self._address = apart or "127.0.0.2"
            self._sshd_port = 2222 if self.is_apart else free_port(self._address)
            stack.enter_context(self._sshd())
            stack.callback(self.stop)
            stack.callback(self.cut)
            self.serve()
            self.open()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """The server, as it is reached from here."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """What it wants to hear."""
        return str(self.announced["token"])

    @property
    def server_port(self) -> int:
        """Where it listens on its own machine."""
        return int(self.announced["url"].rpartition(":")[2])

    def serve(self) -> None:
        """Starts `hermes-hud serve` there, on the port of the one before."""
        port = self.server_port if self.announced else 0
        self._serve = subprocess.Popen(
            [*self._there, COMMAND, "serve", "--home", str(self._home), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._serve.stdout is not None
        self.announced = json.loads(self._serve.stdout.readline())

    def stop(self) -> None:
        """Ends it."""
        if self._serve is not None:
            with self._serve:
                self._serve.terminate()

    def open(self) -> None:
        """Opens the tunnel; returns as soon as it lets anything through."""
        self._tunnel = subprocess.Popen(
            [
                *("ssh", "-N", "-F", "none", "-i", str(self._folder / "user"), "-p", str(self._sshd_port)),
                *("-o", f"UserKnownHostsFile={self._folder / 'known'}", "-o", "IdentitiesOnly=yes"),
                *("-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=ERROR"),
                *("-L", f"127.0.0.1:{self.port}:127.0.0.1:{self.server_port}"),
                f"{getpass.getuser()}@{self._address}",
            ],
            stdin=subprocess.DEVNULL,
        )
        _wait_for_port("127.0.0.1", self.port, self._tunnel)

    def cut(self) -> None:
        """Ends the tunnel as a lost connection does: at once."""
        if self._tunnel is not None:
            with self._tunnel:
                self._tunnel.send_signal(signal.SIGKILL)

    @property
    def _there(self) -> list[str]:
        return ["ip", "netns", "exec", self._name] if self.is_apart else []

    @contextmanager
    def _sshd(self) -> Iterator[None]:
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)], check=True
            )
        host = (self._folder / "host.pub").read_text()
        (self._folder / "known").write_text(f"[{self._address}]:{self._sshd_port} {host}")
        (self._folder / "sshd.conf").write_text(
            f"ListenAddress {self._address}:{self._sshd_port}\n"
            f"HostKey {self._folder / 'host'}\n"
            f"AuthorizedKeysFile {self._folder / 'user.pub'}\n"
            "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        )
        if os.geteuid() == 0:
            # Where sshd locks itself in before it knows who comes; a service would make it at boot.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [*self._there, SSHD, "-D", "-e", "-f", str(self._folder / "sshd.conf")]
        with (
            (self._folder / "sshd.log").open("wb") as log,
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log) as sshd,
        ):
            try:
                _wait_for_port(self._address, self._sshd_port, sshd)
                yield
            finally:
                sshd.terminate()


@contextmanager
def _namespace(name: str) -> Iterator[str | None]:
    """A network namespace with a cable to this one, and its address; None where this machine permits none."""
    near, far = f"{name}-a"[-15:], f"{name}-b"[-15:]
    try:
        network = next(network for network in NETWORKS if not _is_taken(f"{network}.2"))
        _ip("netns", "add", name)
    except (
        OSError,
        StopIteration,
        subprocess.CalledProcessError,
    ):  # no `ip`, or not root, or a container that may not
        yield None
        return
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        _ip("address", "add", f"{network}.1/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", name, "address", "add", f"{network}.2/30", "dev", far)
        _ip("-n", name, "link", "set", far, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield f"{network}.2"
    finally:
        _ip("netns", "delete", name)  # the cable goes with it


def _is_taken(address: str) -> bool:
    """True if it is of this machine, or of a network that this machine is in."""
    route = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True, check=False)
    return route.returncode == 0 and " via " not in route.stdout


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def free_port(address: str) -> int:
    """A port that nobody has at the moment."""
    with socket.create_server((address, 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for_port(address: str, port: int, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            assert process.poll() is None, f"{process.args} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"nobody listens at {address}:{port}"
            time.sleep(0.01)
        else:
            return
