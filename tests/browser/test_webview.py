"""VS Code and Colab, played: their frames around the real module, a real kernel behind it, and no way but the comm.

Neither can run here. What is theirs: an origin that is not loopback's, a sandboxed frame, no Jupyter base URL, a theme's
marks, custom messages as JSON. A page cannot pretend to be of `vscode-webview:`; `js/tests/connection.test.ts` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Route

from browser.hosts import Visit
from browser.scene import furnish, nonce
from live.kernel import Kernel
from support.agent import MakeAgent

FRONT_END = """
window.dialled = [];
window.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    window.dialled.push(String(url));
    super(url, protocols);
  }
};
window.fetch = (asked) => {
  window.dialled.push(String(asked));
  return Promise.reject(new TypeError("refused"));
};
const listeners = new Set();
const controller = new AbortController();
let state = {};
const model = {
  get: (name) => state[name],
  set() {},
  save_changes() {},
  send: (content) => toKernel(JSON.stringify(content)),
  on: (event, listener) => event === "msg:custom" && listeners.add(listener),
  off: (event, listener) => listeners.delete(listener),
};
window.deliver = (messages) => {
  for (const text of messages) for (const listener of listeners) listener(JSON.parse(text), []);
};
window.start = async (text, options) => {
  state = { options };
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { default: make } = await import(url);
  const widget = await make();
  // anywidget before 0.11 hands out none.
  const signal = document.body.matches(".vscode-dark") ? undefined : controller.signal;
  await widget.initialize({ model, signal, experimental: {} });
  await widget.render({ model, el: document.querySelector("main"), signal, experimental: {} });
};
"""
"""What anywidget's front end does with a model; `dialled` is what the module tried to reach, refused or not."""

STRICT = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'"
)
"""Stricter than either host: nothing but the module itself and those that it brings along."""

HOSTS = {
    "vscode": ("https://editor.example.test/", "https://0webview.vscode-cdn.net/index.html"),
    "colab": (
        "https://notebook.example.test/",
        "https://0abc-0-colab.googleusercontent.com/outputframe.html",
    ),
}
"""The page, and the frame in it that holds a cell's output."""


class Played:
    """A frame that shows a kernel's model, and the bridge between both.

    Args:
        kernel: The kernel.
        frame: The frame.
    """

    def __init__(self, kernel: Kernel, frame: Frame) -> None:
        self._kernel = kernel
        self._frame = frame
        self._model: str | None = None
        self._delivered = 0

    def show(self, source: str) -> None:
        """Runs a cell that shows a HUD, and mounts the module that the kernel sent for it."""
        self._kernel.run(source)
        [self._model] = self._kernel.models()
        [opened] = [
            one["content"]["data"]["state"]
            for one in self._kernel.messages
            if one["msg_type"] == "comm_open" and one["content"]["comm_id"] == self._model
        ]
        self._frame.evaluate(
            "([text, options]) => window.start(text, options)", [opened["_esm"], opened["options"]]
        )

    def from_page(self, text: str) -> None:
        """A custom message of the page."""
        assert self._model is not None
        self._kernel.send(self._model, json.loads(text))

    def wait(self, fact: Callable[[], Any], what: str, seconds: float) -> None:
        """Passes messages on until `fact` is true."""

        def passed_on() -> Any:
            assert self._model is not None
            customs = self._kernel.customs(self._model)
            late = [json.dumps(content) for content in customs[self._delivered :]]
            self._delivered = len(customs)
            self._frame.evaluate("messages => window.deliver(messages)", late)
            return fact()

        self._kernel.wait(passed_on, what, seconds)

    def wait_for_text(self, text: str, seconds: float) -> None:
        """Waits until `text` is on screen."""
        self.wait(lambda: self._frame.get_by_text(text).first.is_visible(), f"{text!r} on screen", seconds)


@pytest.fixture(params=HOSTS)
def visit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Visit]:
    """A page of the host with one output frame, both answered by the test itself."""
    page_url, frame_url = HOSTS[request.param]
    visit = Visit(browser)
    origins = [url.rpartition("/")[0] for url in (page_url, frame_url)]
    visit.allowed |= {origin: "the host itself, answered by the test" for origin in origins}

    def answer(route: Route) -> None:
        if route.request.url == page_url:
            sandbox = "allow-same-origin allow-scripts allow-forms allow-pointer-lock allow-downloads"
            frame = f'<iframe src="{frame_url}" sandbox="{sandbox}" width="1200" height="800"></iframe>'
            route.fulfill(content_type="text/html", body=f"<!doctype html>{frame}")
        elif route.request.url == frame_url:
            marks = (
                'class="vscode-dark" data-vscode-theme-kind="vscode-dark"' if "vscode" in frame_url else ""
            )
            body = f"<!doctype html><body {marks}><main></main><script>{FRONT_END}</script>"
            headers = {"content-type": "text/html", "content-security-policy": STRICT}
            route.fulfill(headers=headers, body=body)
        else:
            route.abort()

    visit.page.route("**/*", answer)
    visit.page.goto(page_url)
    yield visit
    visit.close()


def test_where_only_the_comm_leads_to_the_kernel_the_hud_is_live_and_says_why(
    agent: MakeAgent, visit: Visit, tmp_path: Path
) -> None:
    one = furnish(agent())
    frame = visit.page.frames[1]
    with Kernel(tmp_path / "user") as kernel:
        played = Played(kernel, frame)
        visit.page.expose_function("toKernel", played.from_page)
        played.show(f"from hermes_hud_widget import HUD\nhud = HUD({str(one.home)!r})\ndisplay(hud)")
        root = frame.locator("[data-hermes-hud]")
        played.wait_for_text("4,321", 10)
        played.wait(lambda: root.get_attribute("data-transport") == "comm", "live over the comm", 5)
        played.wait(lambda: root.get_attribute("data-state") == "live", "live over the comm", 5)
        for _ in range(3):
            word = nonce("title")
            one.update("20260101_080000_aaaaaa", title=word)
            played.wait_for_text(word, 2)
        played.wait(
            lambda: "Not direct" in (root.locator(".chip").get_attribute("title") or ""), "why not", 5
        )
        assert "the page's computer is not the server's" in (
            root.locator(".chip").get_attribute("title") or ""
        )
        assert kernel.run("print(hud.transport)").strip() == "comm"
        assert frame.evaluate("window.dialled") == []
