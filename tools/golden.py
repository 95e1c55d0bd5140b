"""golden.py PANEL …: puts snapshots of these panels, of a demo's home, into tests/golden/messages.json.

For panels without one, or whose payload has changed. Lists are cut to a few entries, so that a person can read it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import DEMO_MARKER, Place

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "messages.json"
LIVE_S = 21.0
"""So much of the demo's script is played: its past, and the first live steps."""
KEPT = 3
LONGEST = 240


def main(names: list[str]) -> None:
    """Adds or replaces the default snapshot of each panel."""
    golden = json.loads(GOLDEN.read_text("utf-8"))
    now = datetime.fromisoformat(golden["now"])
    home_id = next(frame["home"] for frame in golden["outbound"] if frame["type"] == "panel")
    for name, data in _collected(names, now):
        frame = {
            "type": "panel",
            "id": 1,
            "home": home_id,
            "panel": name,
            "query": {},
            "version": 2,
            "status": "ok",
            "error": None,
            "progress": None,
            "unchanged": False,
            "data": data,
        }
        outbound = golden["outbound"]
        at = next((index for index, one in enumerate(outbound) if _is_default(one, name)), len(outbound))
        # In place, since tests take some by their order.
        outbound[at : at + 1] = [frame]
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _collected(names: list[str], now: datetime) -> Iterator[tuple[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".hermes"
        path.mkdir()
        (path / DEMO_MARKER).touch()
        demo, left = DemoHome(path, seed=7, now=now.timestamp()), LIVE_S
        for pause in demo.script:
            left -= pause
            if left < 0:
                break
        with closing(OpenHome(Place(path, path, None), all_panels())) as opened:
            for name in names:
                opened.settle(name)
                snapshot = opened.collect(name, opened.parse_query(name, {}), 2, now)
                assert snapshot.status == "ok", f"{name}: {snapshot.error}"
                payload = opened.panel(name).payload
                data = _cut(json.loads(json.dumps(snapshot.data).replace(str(path), "~/.hermes")))
                yield name, payload.model_validate(data).model_dump(mode="json")
        demo.close()


def _is_default(frame: dict[str, Any], panel: str) -> bool:
    return (
        frame["type"] == "panel"
        and frame["panel"] == panel
        and frame["query"] == {}
        and frame["status"] == "ok"
    )


def _cut(value: Any) -> Any:
    """Fewer entries in lists of objects, and shorter texts."""
    match value:
        case dict():
            return {key: _cut(each) for key, each in value.items()}
        case list():
            is_long = len(value) > KEPT and isinstance(value[0], dict)
            return [_cut(each) for each in (value[:KEPT] if is_long else value)]
        case str() if len(value) > LONGEST:
            return value[:LONGEST]
    return value


if __name__ == "__main__":
    main(sys.argv[1:])
