"""Writes `docs/frames.md`: every frame and its columns, from the declarations that build them."""

from __future__ import annotations

from pathlib import Path

from hermes_hud_widget.frames import Frame
from hermes_hud_widget.panels import BUILT_IN

FILE = Path(__file__).parent.parent / "docs/frames.md"
HEAD = """# Frames

`hud.frame(name)` and `Home(…).frame(name)` give these as pandas DataFrames; `describe(name)` gives each table below as one.
The columns, their order and their dtypes are the same without rows. Times are in UTC; what is not known is missing.
`library="polars"` gives `Categorical`, `Datetime("us", "UTC")`, `Int64`, `List(String)` and so on, `library="arrow"` a `pyarrow.Table`.

`list<item: string>[pyarrow]` is a `pandas.ArrowDtype`: its values are lists, `.explode()` and `.list.len()` work with it; pandas compares,
sorts and groups by no lists, so leave it out there: `frame.drop_duplicates(subset="id")`.
"""


def text() -> str:
    """The whole file."""
    frames = [frame for panel in BUILT_IN for frame in panel.frames]
    contents = ", ".join(f"[{frame.name}](#{frame.name})" for frame in frames)
    return "\n".join([HEAD, f"{contents}\n", *map(_section, frames)])


def _section(frame: Frame) -> str:
    takes = ["`columns=`, `limit=`"]
    if frame.time is not None:
        takes.insert(0, f"`since=` and `until=` (by `{frame.time}`)")
    if frame.by_session:
        takes.append("`session_id=`")
    if frame.with_text:
        takes.append(f"`text=True` (adds `{frame.text_column.name}`)")
    lines = [
        f"## {frame.name}\n",
        f"{frame.about}. Takes {', '.join(takes)}.\n",
        "| column | dtype | meaning | source |",
        "|---|---|---|---|",
    ]
    for name, dtype, unit, meaning, source in zip(*frame.describe().values(), strict=True):
        unit_text = f" ({unit})" if unit else ""
        lines.append(f"| `{name}` | {dtype} | {_cell(meaning)}{unit_text} | {_cell(source)} |")
    return "\n".join(lines) + "\n"


def _cell(words: str | None) -> str:
    return (words or "").replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
