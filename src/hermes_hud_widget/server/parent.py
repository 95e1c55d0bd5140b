"""Notices that the process which started this one has ended, however it ended."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

LOOK_EVERY_S = 2.0
"""How often the parent is looked for where the system does not tell, in seconds."""


def when_parent_ends(parent: int, call: Callable[[], None]) -> None:
    """Calls back, in a thread of its own, when the process that started this one has ended.

    Not `PR_SET_PDEATHSIG`: its signal comes when the *thread* ends that started us, and only on Linux. Not the end of
    stdin: Jupyter's children share its own.

    Args:
        parent: What `os.getppid()` said at the start. Whoever asks only later may be told of the orphans' keeper.
        call: What to do then.
    """

    def wait() -> None:
        wait_for_parent(parent)
        call()

    threading.Thread(target=wait, name="hermes-hud-parent", daemon=True).start()


def wait_for_parent(parent: int) -> None:
    """Returns when the parent has ended; at once if it has by now."""
    try:
        descriptor = os.pidfd_open(parent)
    except (AttributeError, OSError):  # not Linux, a kernel before 5.3, or it has ended
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        return
    try:
        # Its number may have been given to another process before it was opened.
        if os.getppid() == parent:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
    finally:
        os.close(descriptor)
