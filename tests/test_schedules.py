"""Random schedules of writes, bursts, pauses, cut connections and server restarts: everybody converges.

Real files, a real database written by another process, a real server, real sockets.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.agent import Agent
from support.served import Client, Served, served

pytestmark = pytest.mark.live

Step = Literal["memory", "commit", "burst", "same memory", "pause", "connect", "cut", "restart"]
STEPS: list[Step] = ["memory", "commit", "burst", "same memory", "pause", "connect", "cut", "restart"]
BURST = 20


class World:
    """A home with its agent, a server, and the clients that are connected to it."""

    def __init__(self, journal: Literal["wal", "delete"], folder: Path) -> None:
        self.agent = Agent(folder / "hermes", journal)
        self.memories = 0
        self.sessions = 0
        self._stack = ExitStack()
        self.server: Served
        self.clients: list[Client] = []
        self.collected: Counter[tuple[Any, ...]] = Counter()
        self.memory_changes = 0
        self.commits = 0
        self.start(0)

    def start(self, port: int) -> None:
        """A server that has seen nothing yet."""
        self.server = self._stack.enter_context(served(port=port))
        self.home = self.server.open(self.agent.home)
        self.memory_changes = self.commits = 0
        opened = self.server.engine.home(self.home)
        collect = opened.collect

        def counted(panel: str, query: Any, version: int, *rest: Any) -> Any:
            self.collected[self.server.port, id(opened), panel, query.model_dump_json(), version] += 1
            return collect(panel, query, version, *rest)

        opened.collect = counted  # type: ignore[method-assign]

    def stop(self) -> None:
        self._stack.close()
        self._stack = ExitStack()

    def do(self, step: Step) -> None:
        match step:
            case "memory":
                self.write_memory()
            case "commit":
                self.commit()
            case "burst":
                for _ in range(BURST):
                    self.write_memory()
                    self.commit()
            case "same memory":
                if self.memories:
                    self.agent.memory([f"entry {self.memories}"])
            case "pause":
                threading.Event().wait(0.06)
            case "connect":
                self.connect()
            case "cut":
                if self.clients:
                    self.clients.pop().__exit__()
            case "restart":
                count = len(self.clients)
                while self.clients:
                    self.clients.pop().__exit__()
                self.stop()
                self.start(0)
                for _ in range(count):
                    self.connect()

    def write_memory(self) -> None:
        self.memories += 1
        self.memory_changes += 1
        self.agent.memory([f"entry {self.memories}"])

    def commit(self) -> None:
        self.sessions += 1
        self.commits += 1
        self.agent.session(f"s{self.sessions}", title=f"Session {self.sessions}")

    def connect(self) -> None:
        client = self.server.connect()
        client.look(self.home, "memory", "sessions")
        self.clients.append(client)

    def has_all_memories(self, data: Any) -> bool:
        entries = [entry["text"] for entry in data["stores"][0]["entries"]]
        return entries == ([f"entry {self.memories}"] if self.memories else [])

    def has_all_sessions(self, data: Any) -> bool:
        return bool(data["list"]["total"] == self.sessions)

    def close(self) -> None:
        for client in self.clients:
            client.__exit__()
        self.stop()
        self.agent.stop()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    journal=st.sampled_from(["wal", "delete"]),
    steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=14),
)
def test_all_clients_converge_and_nothing_is_announced_or_collected_in_vain(
    journal: Literal["wal", "delete"], steps: list[Step]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(journal, Path(folder))
        try:
            world.connect()
            for step in steps:
                world.do(step)
            world.connect()
            for client in world.clients:
                client.wait_data(world.home, "memory", world.has_all_memories)
                client.wait_data(world.home, "sessions", world.has_all_sessions)
            for client in world.clients:
                # The panel names the newest sessions, and each commit makes one.
                assert client.version(world.home, "memory") <= 1 + world.memory_changes + world.commits
                # The writing process itself is a source of the sessions, seen once.
                assert client.version(world.home, "sessions") <= 2 + world.commits
            assert set(world.collected.values()) <= {1}
        finally:
            world.close()
