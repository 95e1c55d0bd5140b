"""The demo's home is in good health but for what its story tells: a job that failed, platforms in trouble."""

from __future__ import annotations

import time
from pathlib import Path

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import find_place


def test_nothing_is_broken_and_hermes_is_up_to_date(home: Path) -> None:
    demo = DemoHome(home, seed=7, now=time.time())
    opened = OpenHome(find_place(home), all_panels())
    try:
        shown = opened.collect("health", opened.parse_query("health", {}), 1).data
    finally:
        opened.close()
        demo.close()
    checks = {check["check"]: check for check in shown["checks"]}
    assert shown["errors"] == 0
    assert checks["update"]["code"] == "update-none"
    assert checks["jobs"]["code"] == "jobs-failed"
    assert {checks[name]["level"] for name in ("database", "provider", "memory", "skills")} == {"ok"}
