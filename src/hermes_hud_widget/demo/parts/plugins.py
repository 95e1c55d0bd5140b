"""Plugins, a gateway hook and a skin of Mira's; one plugin's manifest is damaged, and is mended now and then."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

EVERY_S = (24.0, 40.0)

FILES = {
    "plugins/gbfs-tools/plugin.yaml": """name: gbfs-tools
version: 0.4.1
description: Reads bike-sharing feeds (GBFS) and knows their stations
author: mira
provides_tools: [gbfs_stations, gbfs_status]
hooks: [post_tool_call]
""",
    "plugins/gbfs-tools/__init__.py": "def register(ctx):\n    pass\n",
    "plugins/memory/fieldnotes/plugin.yaml": """name: fieldnotes
version: 1.2.0
description: Keeps memories in plain notes beside the repository
kind: exclusive
requires_env: [FIELDNOTES_DIR]
""",
    "plugins/weather/plugin.yaml": """name: weather
version: 0.1.0
description: Hourly forecasts for the demand model
provides_tools: [weather_hourly]
requires_env: [WEATHER_API_KEY]
""",
    "hooks/tell-dispatch/HOOK.yaml": """name: tell-dispatch
description: Tells the dispatchers when a forecast is published
events: [agent:end, session:reset]
""",
    "hooks/tell-dispatch/handler.py": "async def handle(event_type, context):\n    pass\n",
    "skins/velo.yaml": """name: velo
description: Green on paper white, like the bikes
colors:
  banner_border: "#1a7437"
""",
}
BROKEN, MENDED = (
    "plugins/tide/plugin.yaml",
    "name: tide\nversion: 0.0.1\ndescription: Tides, for the ferry terminals\n",
)


def play(home: DemoHome) -> Script:
    """Four plugins; from now on somebody works on one of them."""
    random = Random(f"plugins {home.seed}")
    for path, text in {**FILES, BROKEN: "name: [tide\n"}.items():
        file = home.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    is_broken = True
    while True:
        yield random.uniform(*EVERY_S)
        is_broken = not is_broken
        (home.path / BROKEN).write_text("name: [tide\n" if is_broken else MENDED, encoding="utf-8")
