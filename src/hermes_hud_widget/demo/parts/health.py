"""What Hermes noted when it last looked for a newer release: there was none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

LOOKED_S = 2 * 3600.0
"""So long before the demo begins."""


def play(home: DemoHome) -> Script:
    """Writes `.update_check`; nothing more happens."""
    found = {"ts": home.now - LOOKED_S, "behind": 0, "rev": None, "ver": "0.19.0"}
    (home.path / ".update_check").write_text(json.dumps(found), "utf-8")
    yield from ()
