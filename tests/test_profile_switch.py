"""A page may ask for the home of another profile of the same root, by its name, and for nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.waiting import wait_for
from hermes_hud_widget.client.relay import Relay
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import UnknownNameError
from hermes_hud_widget.place import find_place
from support.served import WAIT_S, Client, Served, served


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root home with a profile, and a home beside it that nobody has opened."""
    for path in ("hermes", "hermes/profiles/coder", "other", "other/profiles/stranger"):
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
        (tmp_path / path / "memories").mkdir()
        (tmp_path / path / "memories" / "MEMORY.md").write_text(f"I am {path}")
    return tmp_path / "hermes"


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as one:
        yield one


def ask(client: Client, home: str, profile: Any, id: int = 77) -> dict[str, Any]:
    """The server's answer."""
    client.send({"type": "profile", "id": id, "home": home, "profile": profile})
    return client.wait(lambda frame: frame.get("id") == id)


def memory(client: Client, home: str) -> str:
    return json.dumps(client.get(home, "memory")["data"])


def test_the_home_of_another_profile_is_opened_and_told_to_everybody(root: Path, server: Served) -> None:
    home = server.open(root)
    with server.connect() as client, server.connect() as witness:
        answer = ask(client, home, "coder")
        assert answer == {
            "type": "profile",
            "id": 77,
            "home": find_place(root, "coder").id,
            "profile": "coder",
        }
        assert "I am hermes/profiles/coder" in memory(client, answer["home"])
        for each in (client, witness):
            each.wait(
                lambda frame: (
                    frame["type"] == "hello"
                    and [(one["id"], one["profile"]) for one in frame["homes"]]
                    == [(home, None), (answer["home"], "coder")]
                )
            )


def test_a_profiles_page_may_go_back_to_the_root(root: Path, server: Served) -> None:
    home = server.open(root, "coder")
    with server.connect() as client:
        answer = ask(client, home, "default")
        assert answer["home"] == find_place(root, "default").id
        assert '"I am hermes"' in memory(client, answer["home"])


def test_one_that_is_open_is_answered_without_telling_anybody(root: Path, server: Served) -> None:
    home, other = server.open(root), server.open(root, "coder")
    with server.connect() as client:
        assert ask(client, home, "coder")["home"] == other
        hellos = [frame for frame in client.frames if frame["type"] == "hello"]
        assert len(hellos) == 1


@pytest.mark.parametrize(
    "name",
    [
        "gone",
        "",
        ".",
        "..",
        "../../other",
        "../../other/profiles/stranger",
        "coder/../coder",
        "/etc",
        "stranger",
        "CODER",
        "coder\0",
        "profiles/coder",
    ],
)
def test_a_name_that_is_no_profile_of_that_root_opens_nothing(root: Path, server: Served, name: str) -> None:
    home = server.open(root)
    with server.connect() as client:
        refused = ask(client, home, name)
        assert (refused["type"], refused["code"]) == ("error", "unknown-profile")
    assert [one.id for one in server.engine.homes()] == [home]


def test_a_home_that_is_not_open_leads_to_no_profile(root: Path, server: Served) -> None:
    server.open(root)
    closed = find_place(root.parent / "other").id
    with server.connect() as client:
        refused = ask(client, closed, "stranger")
        assert (refused["type"], refused["code"]) == ("error", "unknown-home")


@pytest.mark.parametrize("more", [{"profile": None}, {"profile": ["coder"]}, {"path": "/etc", "profile": 1}])
def test_what_is_no_name_is_a_bad_message(root: Path, server: Served, more: dict[str, Any]) -> None:
    home = server.open(root)
    with server.connect() as client:
        client.send({"type": "profile", "id": 5, "home": home, **more})
        assert client.wait(lambda frame: frame["type"] == "error")["code"] == "bad-message"
    assert len(server.engine.homes()) == 1


def test_a_path_beside_the_name_is_not_even_read(root: Path, server: Served) -> None:
    home = server.open(root)
    with server.connect() as client:
        client.send(
            {"type": "profile", "id": 5, "home": home, "profile": "coder", "path": str(root.parent / "other")}
        )
        answer = client.wait(lambda frame: frame.get("id") == 5)
    assert answer["home"] == find_place(root, "coder").id


def test_the_engine_names_the_profiles_that_there_are(root: Path) -> None:
    engine = Engine({})
    try:
        home = engine.open(find_place(root))
        with pytest.raises(UnknownNameError, match="There are: coder, default"):
            engine.open_profile(home, "codr")
    finally:
        engine.close()


def test_over_the_comm_each_page_is_fed_with_the_home_that_it_shows(root: Path, server: Served) -> None:
    home = server.open(root)
    sent: list[dict[str, Any]] = []
    relay = Relay(lambda: server.endpoint, lambda: home, ("memory",), sent.append)

    def frames() -> list[dict[str, Any]]:
        return [message["frame"] for message in list(sent) if message["type"] == "relay"]

    def wait(is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        wait_for(lambda: any(map(is_meant, frames())), "a frame of that kind", WAIT_S)
        return next(filter(is_meant, frames()))

    def say(client: str, frame: dict[str, Any]) -> None:
        relay.from_model({"type": "relay", "client": client, "frame": frame})

    def look(client: str, at: str) -> None:
        say(client, {"type": "look", "home": at, "panels": ["memory"], "queries": {"memory": [{}]}})

    def pushed(at: str, text: str) -> Any:
        return wait(
            lambda frame: (
                frame["type"] == "panel"
                and frame["id"] is None
                and frame["home"] == at
                and text in json.dumps(frame["data"])
            )
        )

    relay.displayed()
    try:
        for client in ("one", "two"):
            relay.from_model({"type": "attach", "client": client, "look": None})
        wait(lambda frame: frame["type"] == "hello")
        say("one", {"type": "profile", "id": 9, "home": home, "profile": "coder"})
        other = wait(lambda frame: frame["type"] == "profile")["home"]
        look("one", other)
        look("two", home)
        pushed(home, "I am hermes")
        pushed(other, "I am hermes/profiles/coder")
        _replace(root / "memories" / "MEMORY.md", "still me")
        _replace(root / "profiles" / "coder" / "memories" / "MEMORY.md", "changed, too")
        pushed(home, "still me")
        pushed(other, "changed, too")
        look("one", home)
        wait_for(lambda: server.engine.looked_at() == {(home, "memory")}, "nobody looks at coder", WAIT_S)
    finally:
        relay.close()


def _replace(file: Path, text: str) -> None:
    new = file.with_suffix(".tmp")
    new.write_text(text)
    os.replace(new, file)  # noqa: PTH105  what Hermes calls
