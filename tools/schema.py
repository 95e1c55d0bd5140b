"""Writes `js/src/generated/schema.json`: what the browser's types are made from.

python tools/schema.py            writes it
python tools/schema.py --check    fails when it is out of date
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hermes_hud_widget import protocol
from hermes_hud_widget.panels import BUILT_IN

FILE = Path(__file__).parent.parent / "js/src/generated/schema.json"

Schema = dict[str, Any]


def schema() -> Schema:
    """One schema whose `$defs` are every message, and every built-in panel's payload and query."""
    definitions: Schema = {}
    wire: dict[str, TypeAdapter[Any]] = {
        "Outbound": protocol.OUTBOUND,
        "Inbound": protocol.INBOUND,
        "KernelToModel": TypeAdapter(protocol.KernelToModel),
        "ModelToKernel": protocol.FROM_MODEL,
    }
    for name, adapter in wire.items():
        _define(definitions, name, adapter.json_schema(mode="serialization"))
    panels: dict[str, Schema] = {}
    for panel in BUILT_IN:
        payload, query = panel.payload, panel.query
        _define(definitions, payload.__name__, payload.model_json_schema(mode="serialization"))
        _define(definitions, query.__name__, query.model_json_schema(mode="validation"), is_complete=False)
        panels[panel.name] = _object(payload=_reference(payload.__name__), query=_reference(query.__name__))
    return {
        "title": "Wire",
        "description": "Every message and every built-in panel's data.",
        **_object(**{name: _reference(name) for name in wire}, Panels=_reference("Panels")),
        "$defs": dict(sorted({**definitions, "Panels": _object(**panels)}.items())),
    }


def text() -> str:
    """The file's content."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _define(definitions: Schema, name: str, found: Schema, *, is_complete: bool = True) -> None:
    """Adds a schema and what it refers to; with `is_complete`, every field is always sent."""
    own = found.pop("$defs", {})
    for key, definition in {**own, name: found}.items():
        for part in _objects(definition):
            properties = part["properties"]
            for field in properties.values():
                field.pop("title", None)
            part["required"] = [
                field
                for field, value in properties.items()
                if is_complete or "const" in value or "default" not in value
            ]
            part["additionalProperties"] = False
        if definitions.setdefault(key, definition) != definition:
            raise ValueError(
                f"two different models are called {key!r}: the browser's types need different names"
            )


def _objects(node: Any) -> Iterator[Schema]:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def main() -> int:
    """Writes or checks the file; returns the exit status."""
    if "--check" in sys.argv[1:]:
        is_current = FILE.exists() and FILE.read_text(encoding="utf-8") == text()
        if not is_current:
            print(f"{FILE} is out of date: run `python tools/schema.py`, then `npm run types` in js/")
        return 0 if is_current else 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
