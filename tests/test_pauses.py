"""What the server sets up for its whole process, in a process of its own."""

import subprocess
import sys

BEGIN = """
import gc, sys, weakref
from hermes_hud_widget.server.pauses import SWITCH_S, keep_pauses_short, look_at_everything

class Node:
    pass

def in_a_cycle():
    one, other = Node(), Node()
    one.other, other.other = other, one
    return one

keep_pauses_short()
"""


def run(code: str) -> None:
    result = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_threads_take_short_turns() -> None:
    run("assert sys.getswitchinterval() == SWITCH_S")


def test_what_a_full_collection_has_seen_the_next_one_does_not_look_at() -> None:
    run(
        """
at_first = gc.get_freeze_count()
assert at_first > 10_000, at_first
kept = [[number] for number in range(50_000)]
gc.collect()
assert gc.get_freeze_count() >= at_first + 50_000
assert len(gc.get_objects()) < 1_000
"""
    )


def test_cycles_are_freed_still() -> None:
    run(
        """
dropped = weakref.ref(in_a_cycle())
gc.collect()
assert dropped() is None

spared = in_a_cycle()
gc.collect()
reference = weakref.ref(spared)
del spared
gc.collect()
assert reference() is not None
look_at_everything()
assert reference() is None
"""
    )


def test_once_in_an_hour_a_full_collection_looks_at_everything() -> None:
    run(
        """
import time
from hermes_hud_widget.server import pauses

spared = in_a_cycle()
gc.collect()
reference = weakref.ref(spared)
del spared
now = time.monotonic()
pauses.time.monotonic = lambda: now + pauses.LOOK_AGAIN_S
gc.collect()
assert reference() is None
"""
    )
