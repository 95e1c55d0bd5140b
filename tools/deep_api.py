"""Part of `make deep`: schemathesis sends what the OpenAPI document allows, and what it forbids, to a real server.

Each panel and each frame is an operation of its own, with the parameters and the payload that it declares. Once on
the demo's home, in which an agent works, once on a home in which every file is damaged.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, cast

from hermes_hud_widget.core import find_frame
from hermes_hud_widget.demo.demo import start_demo
from hermes_hud_widget.panels import all_panels
from schema import schema

EXAMPLES = 25
"""Requests for each operation and phase."""
LEFT_OUT = "positive_data_acceptance"
"""Which columns and times a frame takes, only the frame knows: a 400 is right where the types are."""
FILES = (
    "state.db",
    "config.yaml",
    "SOUL.md",
    "gateway_state.json",
    *(f"memories/{name}.md" for name in ("MEMORY", "USER")),
    *(f"cron/{name}" for name in ("jobs.json", "executions.db", "runtime.db", "suggestions.json")),
    *(f"cron/ticker_{name}" for name in ("heartbeat", "last_success")),
    *(f"skills/{name}" for name in ("broken/SKILL.md", ".usage.json", ".curator_state")),
    *(f"skills/{name}" for name in (".hub/lock.json", ".bundled_manifest")),
)
"""Every file that a panel reads."""

Json = dict[str, Any]


def main() -> int:
    """Returns 1 when an answer was not as documented, else 0."""
    with start_demo() as demo:
        is_good = is_as_documented(demo.home)
    with tempfile.TemporaryDirectory(prefix="hermes-hud-deep-") as folder:
        is_good = is_as_documented(damaged(Path(folder) / "hermes")) and is_good
    return 0 if is_good else 1


def damaged(home: Path) -> Path:
    """A home in which nothing can be read."""
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"\xff\xfe: [\0" * 50)
    return home


def is_as_documented(home: Path) -> bool:
    """Runs schemathesis against `hermes-hud serve`; False when it, or the server's log, found something."""
    command = [str(Path(sys.executable).with_name("hermes-hud")), "serve", "--home", str(home)]
    with (
        tempfile.TemporaryDirectory(prefix="hermes-hud-deep-") as name,
        (Path(name) / "log").open("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            announced = json.loads(server.stdout.readline())
            code = run_schemathesis(announced, Path(name))
            has_survived = server.poll() is None
        finally:
            server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            raise
        log.seek(0)
        logged = log.read()
    if "Traceback" in logged:
        print(logged, file=sys.stderr)
    return code == 0 and has_survived and "Traceback" not in logged


def run_schemathesis(announced: Json, folder: Path) -> int:
    """Its exit code."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(expanded(announced)), encoding="utf-8")
    # In a file, not on the command line, where every user of the machine could read it.
    config = folder / "schemathesis.toml"
    config.touch(mode=0o600)
    config.write_text(f'[auth.openapi.HTTPBearer]\nbearer = "{announced["token"]}"\n', encoding="utf-8")
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = ["--checks", "all", "--exclude-checks", LEFT_OUT, "--max-examples", str(EXAMPLES)]
    command = [
        program,
        "--config-file",
        str(config),
        "run",
        str(document),
        "--url",
        announced["url"],
        *options,
    ]
    return subprocess.run(command, cwd=folder, check=False).returncode


def expanded(announced: Json) -> Json:
    """The server's document, in which each panel and each frame of its home has a path of its own."""
    home = announced["homes"][0]["id"]
    document = get(announced, "/openapi.json")
    wire = schema()["$defs"]
    document["components"]["schemas"] |= {f"Wire{name}": renamed(part) for name, part in wire.items()}
    # As text, because the copies must not share a thing.
    paths = {path: json.dumps(item) for path, item in document["paths"].items()}
    for panel in get(announced, f"/api/homes/{home}/panels")["panels"]:
        item = json.loads(paths["/api/homes/{home_id}/panels/{name}"])
        declared = wire["Panels"]["properties"][panel["name"]]["properties"]
        payload, query = (declared[part]["$ref"].rpartition("/")[2] for part in ("payload", "query"))
        item["get"]["parameters"] = [
            {"name": name, "in": "query", "required": False, "schema": renamed(part)}
            for name, part in wire[query].get("properties", {}).items()
        ]
        answer = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        data = {"anyOf": [{"$ref": f"#/components/schemas/Wire{payload}"}, {"type": "null"}]}
        item["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {
            "allOf": [answer, {"properties": {"data": data}}]
        }
        add(document, f"/api/homes/{home}/panels/{panel['name']}", item)
    for frame in get(announced, f"/api/homes/{home}/frames")["frames"]:
        item = json.loads(paths["/api/homes/{home_id}/frames/{name}"])
        item["get"]["parameters"] = frame_parameters(frame["name"], item["get"]["parameters"])
        add(document, f"/api/homes/{home}/frames/{frame['name']}", item)
    return document


def frame_parameters(name: str, general: list[Json]) -> list[Json]:
    """Those of any frame, with more of the values that this one understands."""
    _, frame = find_frame(all_panels(), name)
    time = {
        "anyOf": [{"enum": ["today", "yesterday", "24h", "4w"]}, {"type": "string", "format": "date-time"}]
    }
    better: dict[str, Json] = {
        "since": time,
        "until": time,
        "columns": {"type": "array", "items": {"enum": list(frame.column_names)}, "minItems": 1},
        "limit": {"type": "integer", "minimum": 0},
    }
    return [
        {**part, "schema": better.get(part["name"], part["schema"])}
        for part in general
        if part["in"] == "query"
    ]


def add(document: Json, path: str, item: Json) -> None:
    """Adds a path under an operation id of its own."""
    item["get"]["operationId"] = path
    document["paths"][path] = item


def renamed(part: Json) -> Json:
    """A part of the browser's schema, with its references to where this document keeps them."""
    return cast("Json", json.loads(json.dumps(part).replace("#/$defs/", "#/components/schemas/Wire")))


def get(announced: Json, path: str) -> Json:
    """A JSON answer of the server."""
    request = urllib.request.Request(
        announced["url"] + path, headers={"Authorization": f"Bearer {announced['token']}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return cast("Json", json.load(response))


if __name__ == "__main__":
    sys.exit(main())
