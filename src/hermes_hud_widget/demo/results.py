"""What each tool's result looks like in a transcript: JSON, in the shape that the tool gives it."""

from __future__ import annotations

import json
from typing import Any

from hermes_hud_widget.demo.stories import Call


def result_text(call: Call, took_s: float) -> str:
    """The content of the tool's message; `took_s` is how long it ran, in seconds."""
    result = call.result
    if call.tasks:
        value: Any = _delegated(call, took_s)
    elif not isinstance(result, str):
        value = _wrap_list(call, result) if isinstance(result, list) else result
    else:
        value = _wrap_text(call, result, took_s)
    return json.dumps(value, ensure_ascii=False)


def _wrap_text(call: Call, text: str, took_s: float) -> dict[str, Any]:
    if call.tool == "terminal":
        return {"output": text, "exit_code": 0, "error": None}
    if call.tool == "execute_code":
        return {
            "status": "success",
            "output": text,
            "exit_code": 0,
            "tool_calls_made": 0,
            "duration_seconds": round(took_s, 2),
        }
    if call.tool == "read_file":
        lines = text.splitlines()
        numbered = "\n".join(f"{number}|{line}" for number, line in enumerate(lines, 1))
        return {"content": numbered, "total_lines": len(lines), "file_size": len(text), "truncated": False}
    if call.tool == "patch":
        return {"success": True, "diff": text, "files_modified": [call.arguments["path"]]}
    if call.tool == "write_file":
        return {"bytes_written": len(call.arguments["content"].encode()), "dirs_created": False}
    if call.tool == "clarify":
        arguments = call.arguments
        return {
            "question": arguments["question"],
            "choices_offered": arguments.get("choices"),
            "user_response": text,
        }
    if call.tool == "vision_analyze":
        return {"success": True, "analysis": text}
    return {"success": True, "output": text}


def _wrap_list(call: Call, items: list[Any]) -> dict[str, Any]:
    if call.tool == "web_search":
        web = [{**item, "position": number} for number, item in enumerate(items, 1)]
        return {"success": True, "data": {"web": web}}
    if call.tool == "todo":
        states = [item["status"] for item in items]
        kinds = ("pending", "in_progress", "completed", "cancelled")
        return {
            "todos": items,
            "summary": {"total": len(items), **{kind: states.count(kind) for kind in kinds}},
        }
    if call.tool == "search_files":
        return {"total_count": len(items), "matches": items}
    return {"results": items}


def _delegated(call: Call, took_s: float) -> dict[str, Any]:
    results = [
        {
            "task_index": number,
            "status": "completed",
            "summary": task.turns[-1].answer,
            "api_calls": len(task.turns[-1].steps) + 1,
            "duration_seconds": round(took_s, 2),
        }
        for number, task in enumerate(call.tasks)
    ]
    return {"results": results, "total_duration_seconds": round(took_s, 2)}
