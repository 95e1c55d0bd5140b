"""Front matter: what a text says about itself before it begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.sources.yaml import NotYamlError, load_yaml

FRONT_MATTER_CHARS = 4_000
"""Front matter must end within so many characters (Hermes reads no more, `tools/skills_tool.py`)."""


@frozen
class FrontMatter:
    """A text taken apart: see `Document`."""

    front_matter: Mapping[str, Any] = field(default_factory=dict)
    front_matter_text: str = ""
    text: str = ""
    problem: str | None = None


def split_front_matter(text: str) -> FrontMatter:
    """The YAML between two lines `---` at the beginning of a text, and the rest, as Hermes reads it.

    Broken YAML is read line by line as `key: value`, and is a problem.
    """
    if not text.startswith("---"):
        return FrontMatter(text=text)
    end = re.search(r"\n---\s*\n", text[3:FRONT_MATTER_CHARS])
    if end is None:
        problem = f"its front matter is not closed by a line --- within {FRONT_MATTER_CHARS:,} characters"
        return FrontMatter(text=text, problem=problem)
    front, rest = text[3 : end.start() + 3], text[end.end() + 3 :]
    try:
        values = load_yaml(front)
    except NotYamlError as error:
        return FrontMatter(_by_line(front), front.strip("\n"), rest, f"its front matter {error}")
    if values is not None and not isinstance(values, dict):
        problem = f"its front matter holds a {type(values).__name__}, expected a mapping"
        return FrontMatter({}, front.strip("\n"), rest, problem)
    return FrontMatter(values or {}, front.strip("\n"), rest)


def _by_line(front: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in front.strip().split("\n") if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}
