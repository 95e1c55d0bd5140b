"""What a real Jupyter server does with the HUD's server and kernels; no browser."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from browser.lab import Lab
from hermes_hud_widget.protocol import SUBPROTOCOL
from support.agent import MakeAgent

WAIT_S = 30.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with jupyter-server-proxy."""
    with Lab(tmp_path_factory.mktemp("jupyter")) as lab:
        yield lab


def _socket(lab: Lab, path: str, token: str | None, **more: Any) -> ClientConnection:
    headers = {"Authorization": f"token {token}"} if token else {}
    address = f"ws://127.0.0.1:{lab.port}/{path}"
    return connect(address, additional_headers=headers, proxy=None, open_timeout=WAIT_S, **more)


@pytest.mark.parametrize("token", [None, "guessed"])
def test_without_a_login_nobody_gets_a_socket_of_the_side_panels_server(lab: Lab, token: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _socket(lab, "hermes-hud/ws", token, subprotocols=[SUBPROTOCOL])
    assert refused.value.response.status_code == 403


def test_with_a_login_its_server_says_hello(lab: Lab) -> None:
    with _socket(lab, "hermes-hud/ws", lab.token, subprotocols=[SUBPROTOCOL]) as connection:
        assert json.loads(connection.recv(WAIT_S))["type"] == "hello"


def test_a_hud_is_live_in_a_page_of_jupyter_that_lets_no_cell_ask_for_input(
    agent: MakeAgent, lab: Lab
) -> None:
    kernel = lab.request("POST", "api/kernels")["id"]
    with _socket(lab, f"api/kernels/{kernel}/channels", lab.token) as connection:
        source = f"from hermes_hud_widget import HUD\nHUD({str(agent().home)!r})"
        content = {"code": source, "silent": False, "allow_stdin": False}
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "username": "",
            "session": "page",
        }
        message = {"header": header | {"version": "5.3"}, "parent_header": {}, "metadata": {}}
        connection.send(json.dumps(message | {"content": content, "channel": "shell"}))
        while True:
            answer = json.loads(connection.recv(WAIT_S))
            assert answer["msg_type"] != "error", answer["content"]
            if answer["msg_type"] == "execute_result":
                break
    assert {"application/vnd.jupyter.widget-view+json", "text/html"} <= set(answer["content"]["data"])
