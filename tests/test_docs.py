"""What the documents list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from hermes_hud_widget.panels import BUILT_IN

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
# A panel's name, with its picture, and its frames.
PANEL = r"\[\*\*(\w+)\*\*\]\(docs/images/\1\.png\)(?: → (.*))?"
PARITY = (ROOT / "docs" / "parity.md").read_text("utf-8")


def test_the_readme_lists_every_panel_with_its_frames_by_group() -> None:
    listed: dict[str, list[tuple[str, list[str]]]] = {}
    for group, cell in re.findall(
        r"^\| (now|knowledge|history|models|system) \| (.*) \|$", README, re.MULTILINE
    ):
        panels = [re.fullmatch(PANEL, each.strip()) for each in cell.split(" · ")]
        listed[group] = [(found[1], re.findall(r"`(\w+)`", found[2] or "")) for found in panels if found]
    there: dict[str, list[tuple[str, list[str]]]] = {}
    for panel in BUILT_IN:
        there.setdefault(panel.group, []).append((panel.name, [frame.name for frame in panel.frames]))
    assert listed == there
    assert f"in {len(BUILT_IN)} panels" in README


def test_what_other_tools_show_is_told_with_panels_that_are_there() -> None:
    rows = [line for line in PARITY.splitlines() if line.startswith("|")]
    named = set(re.findall(r"\*\*(\w+)\*\*", "\n".join(rows)))
    assert named <= {panel.name for panel in BUILT_IN}
    assert {panel.name for panel in BUILT_IN} - named <= {"goals", "verification"}  # nobody else shows them


def test_every_page_that_the_documents_link_to_is_there() -> None:
    for page in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").glob("*.md"),
    ):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_what_is_left_out_is_left_out_for_a_reason() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PARITY.splitlines()
        if line[:1] == "|"
    ]
    left_out = [row for row in rows if "—" in row[:-1]]
    assert len(left_out) > 5
    assert [row for row in left_out if row[-1] in ("", "—")] == []
