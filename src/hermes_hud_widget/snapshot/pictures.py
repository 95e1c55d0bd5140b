"""Charts as images within the HTML: an untrusted JupyterLab leaves these and takes `<svg>` away.

Transparent, in middle tones that stand out from light and dark paper, and without text: that stands beside them, in the
reader's own colour.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

BAR, FAINT, AMBER, RED, LINE = "#6f7fe8", "#8a94a6", "#c98a12", "#dd5248", "#8a94a6"


def columns(values: Sequence[float | None], alt: str, height_px: int = 88) -> str:
    """One column for each value, as wide as there is room; None and 0 are a dot on the line."""
    top = max((value for value in values if value), default=0.0) or 1.0
    height, each = 100.0, 10.0
    drawn: list[str] = []
    for number, value in enumerate(values):
        tall = max(2.0, (height - 4) * value / top) if value else 0.0
        colour = BAR if value else FAINT
        x, y = number * each + 1.4, height - 2 - (tall or 1.0)
        drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="7.2" height="{tall or 1.0:.1f}" fill="{colour}"/>'
        )
    width = max(1, len(values)) * each
    drawn.append(f'<rect x="0" y="{height - 1}" width="{width:.0f}" height="1" fill="{LINE}"/>')
    return _image(
        f'viewBox="0 0 {width:.0f} {height:.0f}" preserveAspectRatio="none"', drawn, alt, "100%", height_px
    )


def bar(share: float, alt: str, colour: str = BAR, width: str = "100%") -> str:
    """How much of something, from 0 to 1."""
    filled = max(1.0, 100 * min(1.0, share)) if share > 0 else 0.0
    drawn = [f'<rect width="100" height="8" rx="1" fill="{FAINT}" fill-opacity=".28"/>']
    if filled:
        drawn.append(f'<rect width="{filled:.1f}" height="8" rx="1" fill="{colour}"/>')
    return _image('viewBox="0 0 100 8" preserveAspectRatio="none"', drawn, alt, width, 8)


def _image(head: str, drawn: Sequence[str], alt: str, width: str, height_px: int) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(drawn)}</svg>'
    data = base64.b64encode(svg.encode()).decode()
    style = f"display:block;width:{width};height:{height_px}px;max-width:100%;margin:0"
    # Attributes besides the style: some readers of notebooks take styles away.
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" width="{width}" height="{height_px}" '
        f'style="{style}">'
    )
