"""One module for each built-in panel: how a test gives it something to show, and how Hermes changes it.

QUERY = {"days": 7}                               optional: the query under which the change can be seen

def fill(agent: Agent) -> None                    files and rows with which it and its frames have something to show
def prepare(hermes: Hermes) -> None               optional: what must be there before `change`
def change(hermes: Hermes, nonce: str) -> None    Hermes' own code writes; `nonce` is then a text of the payload and of the view,
                                                  or the text that is returned
SHOWS_A_NUMBER = True                             optional: what is returned is a number, and all that a text on the page says
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType


def case_of(panel: str) -> ModuleType:
    """The case of a built-in panel; one without fails with what to add."""
    name = f"{__name__}.{panel}"
    if find_spec(name) is None:
        raise AssertionError(
            f"the panel {panel!r} has no case: add tests/cases/{panel}.py with fill() and change(), as described in "
            "tests/cases/__init__.py, so that it is tested in an empty home, with damage, and with Hermes writing"
        )
    return importlib.import_module(name)
