from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from hermes_hud_widget.sources import Proc

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")


def test_this_process_has_memory_and_a_start() -> None:
    facts = Proc().facts(os.getpid())
    assert facts is not None
    assert facts.memory_bytes is not None
    assert facts.memory_bytes > 1_000_000
    assert datetime.now(UTC) - timedelta(days=1) < facts.started_at < datetime.now(UTC)
    assert not Proc().is_gone(os.getpid())
    assert Proc().host == socket.gethostname()


def test_one_that_ended_is_gone_also_while_nobody_has_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", "print('here'); input()"], stdin=-1, stdout=-1) as process:
        assert process.stdout
        process.stdout.readline()
        assert not Proc().is_gone(process.pid)
        process.kill()
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Proc().is_gone(process.pid)
        assert Proc().facts(process.pid) is None
    assert Proc().is_gone(process.pid)
