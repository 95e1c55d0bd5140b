"""Measures the rows and reports them; see `docs/performance.md`. Wants `PYTHONPATH=tests`, as `make bench` sets it.

python -m bench                    everything; writes bench/results.json and docs/performance.md
python -m bench --quick            fewer repeats, smaller sizes; only prints
python -m bench --only message     some rows; only prints
    … --write                      writes in any case; some rows take their place among those that are there, and say when
python -m bench --texts            measures nothing: writes goals, definitions and causes anew, and the page
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine, report
from bench.row import Row
from bench.rows import ROWS
from bench.scale import FULL, QUICK, Scale
from bench.stage import Stage

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """Returns 0 when every row was measured, also where goals are missed."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="bench", description="Measures what is promised about speed.")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and smaller sizes")
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="ROW", help=f"some of: {', '.join(names)}"
    )
    parser.add_argument("--write", action="store_true", help="write the report after any run")
    parser.add_argument(
        "--texts", action="store_true", help="measure nothing; write the declared texts and the page anew"
    )
    arguments = parser.parse_args()
    if arguments.texts:
        _write(with_declared_texts(_committed()))
        return 0
    rows = [row for row in ROWS if arguments.only is None or row.name in arguments.only]
    results = _circumstances(QUICK if arguments.quick else FULL)
    is_written = arguments.write or not (arguments.quick or arguments.only)
    if is_written and arguments.only:
        kept = _committed()
        if any(kept[name] != results[name] for name in ("mode", "history", "machine")):
            parser.error("some rows can only be written beside others of the same machine and mode")
        # Each says when it was measured if that was not with the others.
        when = {"date": results["date"], "commit": results["commit"]}
        results = {**kept, "rows": kept["rows"]}
    else:
        when = {}
    found = {row["name"]: row for row in results["rows"]}
    found |= {row["name"]: {**row, **when} for row in measure(rows, QUICK if arguments.quick else FULL)}
    results["rows"] = [found[row.name] for row in ROWS if row.name in found]
    if is_written:
        _write(results)
    failed = [row.name for row in rows if "failure" in found[row.name]]
    if failed:
        print(f"\nCould not be measured: {', '.join(failed)}.")
    return 1 if failed else 0


def with_declared_texts(results: dict[str, Any]) -> dict[str, Any]:
    """The results with titles, goals, definitions and causes as the rows declare them now."""
    declared = {row.name: row for row in ROWS}
    rows = [declared[row["name"]].retold(row) if row["name"] in declared else row for row in results["rows"]]
    return {**results, "rows": rows}


def measure(rows: Sequence[Row], scale: Scale) -> Iterator[dict[str, Any]]:
    """Measures these rows, and prints and yields each as soon as it is there."""
    with Stage(scale) as stage, ThreadPoolExecutor() as pool:
        beside = {
            row.name: pool.submit(row.measure, stage)
            for row in rows
            if row.only_waits and not scale.is_thorough
        }
        # Those with a browser after the others, since it would take time from them.
        for row in sorted(rows, key=lambda row: (row.name in beside, row.needs_browser)):
            print(f"\n{row.title} [{row.name}]\n  goal: {row.goal}", flush=True)
            began = time.monotonic()
            try:
                result = row.as_result(
                    beside[row.name].result() if row.name in beside else row.measure(stage)
                )
            except Exception as error:  # noqa: BLE001  the boundary of one row: the others are measured all the same
                traceback.print_exc()
                stage.close_browser()
                yield row.as_failure(error)
                continue
            for line in result["measurements"]:
                print(f"  {report.describe(line)}", flush=True)
            print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
            yield result


def _circumstances(scale: Scale) -> dict[str, Any]:
    """Results without rows."""
    return {
        "mode": scale.name,
        "history": scale.history,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": machine.commit(),
        "machine": machine.describe(),
        "rows": [],
    }


def _committed() -> dict[str, Any]:
    if not RESULTS.exists():
        raise SystemExit(f"There is no {RESULTS.relative_to(ROOT)} yet: run `make bench`.")
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def _write(results: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(report.render(results), encoding="utf-8")
    print(f"\nWrote {RESULTS.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}.")


if __name__ == "__main__":
    sys.exit(main())
