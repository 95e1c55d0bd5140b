"""Part of `make deep`: which changes of the core would no test notice, and are they all explained in docs/mutants.md?

python tools/deep_mutants.py              makes every mutant anew: some 20 minutes
python tools/deep_mutants.py hub cache    only those of these modules, and only what changed since
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

EXPLAINED = Path("docs/mutants.md")
NOTICED = frozenset({"killed", "timeout", "segfault", "caught by type check"})
CONTEXT = 48
"""How much of the changed line's text is shown on either side, in characters."""


class Mutant(NamedTuple):
    """One change that was tried."""

    name: str
    what: str
    status: str


def main() -> int:
    """Returns 1 when a mutant survived that is not explained, else 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", help="module names, such as `hub` or `ledger.database`")
    parser.add_argument("--read", action="store_true", help="run nothing: tell what the last run found")
    chosen = parser.parse_args()
    patterns = [f"hermes_hud_widget.{module}.*" for module in chosen.modules]
    if not chosen.read:
        if not patterns:
            shutil.rmtree("mutants", ignore_errors=True)
        code = run_mutmut(patterns)
        if code != 0:
            return code
    explained = set(read_explained(EXPLAINED.read_text(encoding="utf-8")))
    found = [mutant for file in mutated_files() for mutant in read_mutants(file, chosen.modules)]
    unnoticed = [mutant for mutant in found if mutant.status not in NOTICED]
    new = [mutant for mutant in unnoticed if mutant.what not in explained]
    gone = explained - {mutant.what for mutant in unnoticed}
    for mutant in new:
        print(f"{mutant.status}: {mutant.name}\n    {mutant.what}")
    if gone and not chosen.modules:
        print(f"\nExplained in {EXPLAINED}, but noticed by a test (this time), or gone:")
        print("\n".join(f"    {what}" for what in sorted(gone)))
    print(f"\n{len(found)} mutants, {len(unnoticed)} of them not noticed, {len(new)} of those not explained.")
    return 1 if new or not found else 0


def run_mutmut(patterns: list[str]) -> int:
    """Its exit code."""
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        # Other than that of the real files, which it would make stale.
        "MYPY_CACHE_DIR": str(Path(".mypy_cache/mutants").absolute()),
    }
    command = [str(programs / "mutmut"), "run", "--max-children", "1", *patterns]
    return subprocess.run(command, env=environment, check=False).returncode


def mutated_files() -> list[Path]:
    """The files that pyproject.toml names."""
    with Path("pyproject.toml").open("rb") as file:
        return [Path(name) for name in tomllib.load(file)["tool"]["mutmut"]["only_mutate"]]


def read_explained(text: str) -> Iterator[str]:
    """The changes that the document lists: its indented lines."""
    for line in text.splitlines():
        if line.startswith("    "):
            yield line.strip()


def read_mutants(file: Path, modules: list[str]) -> Iterator[Mutant]:
    """What the last run found out about the mutants of a file."""
    module = ".".join(file.with_suffix("").parts[2:])
    if modules and module not in modules:
        return
    found = json.loads(Path("mutants", f"{file}.meta").read_text(encoding="utf-8"))
    for name, code in found["exit_code_by_key"].items():
        function, owner = orig_function_and_class_names_from_key(name)
        where = ".".join(part for part in (module, owner, function) if part)
        status = status_by_exit_code[code]
        # Finding out what was changed takes a while, and is of no interest for what was noticed.
        what = "" if status in NOTICED else f"{where}: {change(get_diff_for_mutant(name, path=file))}"
        yield Mutant(name, what, status)


def change(diff: str) -> str:
    """A unified diff as one line, which does not depend on where the change is: `before ⟦was → is⟧ after`."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    was, now = (tokens(line[1:] for line in lines if line[0] == sign) for sign in "-+")
    before = common(was, now)
    after = common(was[before:][::-1], now[before:][::-1])
    left, right = "".join(was[:before]), "".join(was[len(was) - after :])
    old, new = ("".join(part[before : len(part) - after]) for part in (was, now))
    left = left if len(left) <= CONTEXT else f"…{left[-CONTEXT:]}"
    right = right if len(right) <= CONTEXT else f"{right[:CONTEXT]}…"
    return f"{left}⟦{old} → {new}⟧{right}".strip()


def tokens(lines: Iterator[str]) -> list[str]:
    """Words, spaces and signs of some lines without their remarks, as if they were one."""
    return re.findall(r"\w+|\s+|\W", " ".join(re.sub(r"  # .*", "", line).strip() for line in lines))


def common(one: list[str], other: list[str]) -> int:
    """How many of the first elements are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


if __name__ == "__main__":
    sys.exit(main())
