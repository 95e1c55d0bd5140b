"""The browser's types and the golden messages say what the models say."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from hermes_hud_widget import protocol
from hermes_hud_widget.panels import BUILT_IN

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((ROOT / "tests/golden/messages.json").read_text(encoding="utf-8"))
ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "outbound": protocol.OUTBOUND,
    "inbound": protocol.INBOUND,
    "kernel_to_model": TypeAdapter(protocol.KernelToModel),
    "model_to_kernel": protocol.FROM_MODEL,
}
PANELS = {panel.name: panel for panel in BUILT_IN}


def of_kind(kind: str) -> list[Any]:
    return [
        pytest.param(message, id=f"{message['type']}-{place}") for place, message in enumerate(GOLDEN[kind])
    ]


def test_the_schema_file_is_what_the_models_say() -> None:
    tool = runpy.run_path(str(ROOT / "tools/schema.py"))
    assert tool["FILE"].read_text(encoding="utf-8") == tool["text"](), (
        "js/src/generated/schema.json is out of date: run `python tools/schema.py`, then `npm run types` in js/"
    )


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_golden_file_has_every_message(kind: str) -> None:
    schema = ADAPTERS[kind].json_schema()
    assert {message["type"] for message in GOLDEN[kind]} == set(schema["discriminator"]["mapping"])


@pytest.mark.parametrize(
    ("kind", "message"),
    [pytest.param(kind, *each.values, id=f"{kind}-{each.id}") for kind in ADAPTERS for each in of_kind(kind)],
)
def test_a_golden_message_survives_the_model_unchanged(kind: str, message: dict[str, Any]) -> None:
    adapter = ADAPTERS[kind]
    assert adapter.dump_python(adapter.validate_python(message), mode="json") == message


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(frame, id=f"{frame['panel']}-{place}")
        for place, frame in enumerate(GOLDEN["outbound"])
        if frame["type"] == "panel" and frame["data"] is not None and frame["panel"] in PANELS
    ],
)
def test_a_golden_snapshot_is_a_payload_of_its_panel(frame: dict[str, Any]) -> None:
    panel = PANELS[frame["panel"]]
    panel.query.model_validate(frame["query"])
    text = json.dumps(frame["data"])
    assert panel.payload.model_validate_json(text).model_dump(mode="json") == frame["data"]


def test_every_built_in_panel_has_a_golden_snapshot() -> None:
    shown = {
        frame["panel"]
        for frame in GOLDEN["outbound"]
        if frame["type"] == "panel" and frame["data"] is not None
    }
    assert PANELS.keys() <= shown
