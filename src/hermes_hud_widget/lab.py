"""How Jupyter runs the server of the side panel: an entry point for jupyter-server-proxy."""

from __future__ import annotations

import sys
from typing import Any

START_TIMEOUT_S = 30.0
"""How long jupyter-server-proxy waits for the server's first answer: a cold disk on a busy hub is slow."""


def server() -> dict[str, Any]:
    """The settings of the server `/hermes-hud/`, in the group `jupyter_serverproxy_servers`.

    It is started by the first request and ends with Jupyter. Nobody reaches it but through Jupyter: it listens at a
    socket of its user's own, in a directory that jupyter-server-proxy makes with mode 0700.

    Returns:
        What jupyter-server-proxy knows as `ServerProcess`. Older releases ignore what they do not know.
    """
    return {
        # Whatever lies in the directory in which Jupyter was started is no module of ours: -P.
        "command": [sys.executable, "-P", "-m", "hermes_hud_widget.server", "--unix-socket", "{unix_socket}"],
        "unix_socket": True,
        "timeout": START_TIMEOUT_S,
        "absolute_url": False,
        # A panel that is open is no reason for a hub to keep an idle machine.
        "update_last_activity": False,
        # JupyterLab's extension has a card of its own.
        "launcher_entry": {"enabled": False, "title": "Hermes HUD"},
        "new_browser_tab": False,
    }
