"""A real server that really runs out of inotify watches, in a user namespace with a limit of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.agent import MakeAgent
from support.served import Client

pytestmark = [pytest.mark.live]

SERVER = """
import sys
from pathlib import Path
import hermes_hud_widget.watcher
from hermes_hud_widget.place import find_place
from hermes_hud_widget.server.process import serve
hermes_hud_widget.watcher.RETRY_S = 0.2
serve([find_place(sys.argv[1])])
"""
IN_NAMESPACE = ["unshare", "--user", "--map-root-user", "sh", "-c"]
MEMORY = "memories/MEMORY.md"


LIMITS = {
    "/proc/sys/user/max_inotify_watches": (1, "fs.inotify.max_user_watches"),
    "/proc/sys/user/max_inotify_instances": (0, "fs.inotify.max_user_instances"),
}


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = [*IN_NAMESPACE, "&& ".join(f"echo 1 > {limit}" for limit in LIMITS)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=LIMITS)
def limited(
    request: pytest.FixtureRequest, agent: MakeAgent
) -> Iterator[tuple[Path, subprocess.Popen[str], dict[str, Any], str]]:
    """A home, a server for it with too few of something, until it is sent a line, and what it has too few of."""
    if not namespaces_work():
        pytest.skip("user namespaces with limits of their own are not allowed here")
    home = agent().home
    limit = request.param
    few, name = LIMITS[limit]
    script = f'echo {few} > {limit}; "$@" < /dev/null & read _ && echo 10000 > {limit}; wait'
    with subprocess.Popen(
        [*IN_NAMESPACE, script, "sh", sys.executable, "-c", SERVER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        try:
            yield home, process, announced, name
        finally:
            subprocess.run(["kill", str(announced["pid"])], check=False)
            process.communicate(timeout=10)


def test_without_inotify_watches_the_timer_tells_and_the_viewer_is_told_which_it_is(
    limited: tuple[Path, subprocess.Popen[str], dict[str, Any], str],
) -> None:
    home, process, announced, name = limited
    id = announced["homes"][0]["id"]
    with Client(int(announced["url"].rpartition(":")[2]), announced["token"]) as viewer:

        def greeted(by: str) -> dict[str, Any]:
            return viewer.wait(
                lambda frame: frame["type"] == "hello" and frame["watching"].get(id, {}).get("by") == by
            )

        viewer.look(id, "memory")
        reason = greeted("timer")["watching"][id]["reason"]
        assert name in reason
        write(home, "noticed by the timer")
        viewer.wait_data(id, "memory", lambda data: "noticed by the timer" in json.dumps(data))
        viewer.frames.clear()
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert greeted("events")["watching"][id]["reason"] is None
        write(home, "noticed by events")
        viewer.wait_data(id, "memory", lambda data: "noticed by events" in json.dumps(data))


def write(home: Path, text: str) -> None:
    (home / "memories").mkdir(exist_ok=True)
    (home / MEMORY).write_text(text)
