"""Hermes' logs of the demo: what the sessions do, a warning now and then, one error with its traceback."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

SAYINGS = (
    (
        "INFO",
        "run_agent",
        "API call finished: 18,402 prompt tokens (16,120 cached), 412 completion tokens in 3.1s",
    ),
    ("INFO", "tools.terminal_tool", "Command finished with exit code 0 in 1.4s"),
    ("INFO", "model_tools", "Tool call: read_file"),
    ("INFO", "gateway.platforms.telegram", "Message delivered in 0.3s"),
    ("INFO", "cron.scheduler", "Tick: 5 jobs, none due"),
    ("INFO", "tools.memory_tool", "Memory entry added (1,584 of 2,200 characters)"),
    ("WARNING", "agent.retry", "Provider answered 529 (overloaded); trying again in 2.0s (attempt 1 of 3)"),
    ("INFO", "agent.compression", "Context at 62 % of the window; threshold is 75 %"),
    ("WARNING", "tools.web_tool", "Timed out after 20s: https://gbfs.example.org/gbfs/3/station_status"),
)
TRACEBACK = """Traceback (most recent call last):
  File "/opt/hermes/cron/scheduler.py", line 412, in _run_job
    result = await self._execute(job)
  File "/opt/hermes/cron/scheduler.py", line 466, in _execute
    feed = await fetch(job.url, timeout=30)
TimeoutError: the feed did not answer within 30 s"""
EVERY_S = (4.0, 16.0)
PAST_LINES = 240


def play(home: DemoHome) -> Script:
    """Writes the last two hours, then a line every few seconds."""
    random = Random(f"logs {home.seed}")
    folder = home.path / "logs"
    for number in range(PAST_LINES, 0, -1):
        _say(folder, home.now - number * 30, random, is_error=number in (41, 180))
    yield 20.0
    while True:
        _say(folder, home.clock(), random)
        yield random.uniform(*EVERY_S)


def _say(folder: Path, at: float, random: Random, *, is_error: bool = False) -> None:
    level, logger, text = random.choice(SAYINGS)
    if is_error:
        level, logger, text = "ERROR", "cron.scheduler", f"Job 'station feed' failed\n{TRACEBACK}"
    # As Python's logging writes it: local time, milliseconds after a comma.
    when = datetime.fromtimestamp(at).astimezone()
    line = f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03d} {level} {logger}: {text}\n"
    files = ["agent.log"]
    if level != "INFO":
        files.append("errors.log")
    if logger.startswith("gateway"):
        files.append("gateway.log")
    for name in files:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(line)
