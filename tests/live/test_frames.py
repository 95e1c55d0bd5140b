"""Frames in a real kernel, from the server's process."""

from __future__ import annotations

from typing import Any

import psutil

from live.kernel import Kernel
from support.agent import MakeAgent

LONG_CALL = """
import threading
from hermes_hud_widget.client import waiting
from hermes_hud_widget.protocol import Progress
go_on, steps = threading.Event(), [Progress(done=200, total=1000), Progress(done=900, total=1000)]
def ask():
    step = steps.pop(0)
    if not steps:
        go_on.set()
    return step
print(waiting.attended(lambda stop: go_on.wait(20), ask, waiting.find_display()))
"""
ENDLESS_CALL = """
import threading
from hermes_hud_widget.client import waiting
try:
    waiting.attended(lambda stop: threading.Event().wait(), lambda: None, waiting.find_display())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_each_frame_is_of_now_and_in_the_library_asked_for(agent: MakeAgent, kernel: Kernel) -> None:
    one = agent()
    one.session("harbour", title="Sweep the harbour")
    one.message("harbour", "user", "Please sweep")
    kernel.run(
        f"from hermes_hud_widget import HUD, Home\nhud = HUD({str(one.home)!r})\nhome = Home(hud.place.root)"
    )
    count = 'print(len(hud.frame("messages")), home.frame("messages", library="arrow").num_rows)'
    assert kernel.run(count).split() == ["1", "1"]
    one.message("harbour", "assistant", "Swept")
    assert kernel.run(count).split() == ["2", "2"]
    assert kernel.run('print(list(hud.frame("messages", library="polars", columns="role")["role"]))') == (
        "['user', 'assistant']\n"
    )


def test_a_frame_after_the_server_was_killed_is_read_by_the_next_one(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = agent()
    one.session("harbour", title="Sweep the harbour")
    one.message("harbour", "user", "Please sweep")
    kernel.run(f"from hermes_hud_widget import Home\nhome = Home({str(one.home)!r})")
    assert kernel.run('print(len(home.frame("messages")))') == "1\n"
    [server] = kernel.servers()
    server.kill()
    psutil.wait_procs([server], timeout=10)
    one.message("harbour", "assistant", "Swept")
    assert kernel.run('print(len(home.frame("messages")))') == "2\n"


def shown(kernel: Kernel, request: str) -> list[dict[str, Any]]:
    """What was drawn below a cell so far."""
    return [
        message
        for message in kernel.messages
        if message["msg_type"] in ("display_data", "update_display_data")
        and message["parent_header"].get("msg_id") == request
    ]


def test_a_long_call_shows_one_output_of_its_cell_that_is_empty_in_the_end(kernel: Kernel) -> None:
    request = kernel.start(LONG_CALL)
    kernel.wait(lambda: kernel.is_done(request), "the end of the cell", 30)
    assert kernel.printed(request) == "True\n"
    outputs = shown(kernel, request)
    assert [message["msg_type"] for message in outputs] == [
        "display_data",
        "update_display_data",
        "update_display_data",
    ]
    assert [message["content"]["data"]["text/plain"] for message in outputs] == [
        "Reading: 200 of 1,000 rows",
        "Reading: 900 of 1,000 rows",
        "",
    ]
    assert len({message["content"]["transient"]["display_id"] for message in outputs}) == 1


def test_the_stop_button_ends_a_long_call(kernel: Kernel) -> None:
    request = kernel.start(ENDLESS_CALL)
    kernel.wait(lambda: shown(kernel, request), "its progress", 30)
    kernel.interrupt_group()
    kernel.wait(lambda: kernel.is_done(request), "the end of the cell", 10)
    assert kernel.printed(request) == "interrupted\n"
