"""The token of the HUD's server is nowhere but on its way: not where others read, and in no file."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest

from browser.conftest import OpenNotebook
from browser.lab import Lab, wait_for
from browser.notebook import Notebook
from browser.scene import NUMBER, REFUSED, WHY_REFUSED, cell, furnish
from support.agent import MakeAgent

WIDGETS = "@jupyter-widgets/jupyterlab-manager/plugin"
GONE = r"Failed to load resource: the server responded with a status of 5\d\d"
WHY_GONE = "the server was killed, and the browser reports what Jupyter's proxy says about its port"

TELLS = """
import gc
from hermes_hud_widget.client.child import ServerChild
print("transport:", hud.transport)
print(hud, repr(hud), hud.doctor())
print("the server's log:", [list(child.log) for child in gc.get_objects() if isinstance(child, ServerChild)])
"""

SEEN_BY_SCRIPTS = """() => JSON.stringify([
    location.href, document.referrer, history.state, document.cookie, {...localStorage}, {...sessionStorage},
    navigation.entries().map((entry) => [entry.url, entry.getState()]),
    performance.getEntries().map((entry) => entry.name), document.documentElement.outerHTML,
])"""


def test_the_token_is_in_no_console_address_history_command_line_log_or_file(
    agent: MakeAgent, notebook: OpenNotebook, lab: Lab, request: pytest.FixtureRequest
) -> None:
    lab.set(WIDGETS, {"saveState": True})
    request.addfinalizer(lambda: lab.unset(WIDGETS))
    # A direct socket that is refused is told in the console; over the proxy the token passes Jupyter.
    one = furnish(agent())
    page = notebook(cell(one).replace("HUD(", "hud = HUD(") + "\nhud", TELLS, block_sockets="direct")
    page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
    page.run(0)
    page.hud().expect_live("proxied")
    page.hud().expect_text(NUMBER)
    [server] = page.servers()
    server.kill()
    wait_for(lambda: page.servers() and server not in page.servers(), "a server in its place", 20)
    page.hud().expect_live("proxied", seconds=20)
    page.run(1)
    saved = page.save()
    assert "application/vnd.jupyter.widget-state+json" in saved, "the setting is not on: nothing was tried"

    tokens = set(page.tokens())
    assert len(tokens) == 2, "each of two servers has one of its own"
    found = places(page, lab)
    # Jupyter's own token stands in the address that the page was opened at: so this would find one.
    assert lab.token in found["addresses"]
    assert "the server's log:" in found["outputs"]
    assert [place for place, text in found.items() for token in tokens if token in text] == []
    files = [file for folder in (lab.folder, one.home) for file in folder.rglob("*") if file.is_file()]
    assert lab.log in files
    assert [file for file in files for token in tokens if token.encode() in file.read_bytes()] == []


def places(page: Notebook, lab: Lab) -> dict[str, str]:
    """Everything that may be read by others, by what it is."""
    processes = [process.info for process in psutil.process_iter(["cmdline", "environ"])]
    converted = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(page.file)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "console": "\n".join(page.console),
        "addresses": "\n".join(page.requests),
        "what scripts of the page see": page.page.evaluate(SEEN_BY_SCRIPTS),
        "outputs": page.output(0) + page.output(1),
        "command lines and environments": json.dumps(processes),
        "Jupyter's log": lab.log.read_text("utf-8"),
        "the saved notebook": page.file.read_text("utf-8"),
        "nbconvert": converted.stdout + converted.stderr,
    }


def test_the_token_of_a_direct_socket_is_in_no_address(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))
    page.run(0)
    page.hud().expect_live("direct")
    tokens = page.tokens()
    assert tokens
    assert any(url.startswith("ws://127.0.0.1:") and url.endswith("/ws") for url in page.requests)
    assert not [text for text in [*page.requests, *page.console] for token in tokens if token in text]
