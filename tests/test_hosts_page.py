"""docs/hosts.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_that_the_page_of_hosts_names_exists() -> None:
    page = (ROOT / "docs" / "hosts.md").read_text("utf-8")
    named = re.findall(r"`((?:js/)?tests/[^`]+)`", page)
    assert "tests/browser/test_marimo.py" in named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_host_names_its_tests_or_says_that_it_was_not_tried() -> None:
    rows = [
        line for line in (ROOT / "docs" / "hosts.md").read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    hosts = [row for row in rows if row.count("|") == 6 and not row.startswith("| host")]
    assert len(hosts) >= 6
    assert [row for row in hosts if "tests/" not in row and "not tried" not in row.lower()] == []
