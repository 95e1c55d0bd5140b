"""The stand-alone page of `hermes-hud serve --open`: opened as a person's browser would, in chromium."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from hermes_hud_widget.panels import BUILT_IN
from support.agent import Agent
from support.docs import example

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"
COMMAND = str(Path(sys.executable).with_name("hermes-hud"))
WAIT_S = 20.0
HAS_SHEET = """name => [...document.querySelector("#hud").shadowRoot.adoptedStyleSheets].some(
  sheet => [...sheet.cssRules].some(rule => rule.cssText.includes(name)))"""
VIOLATIONS = """addEventListener("securitypolicyviolation",
  each => console.error(`policy: ${each.violatedDirective} ${each.blockedURI}`), true)"""


@dataclass
class Opened:
    """A server whose page was to be opened, and what the browser's command was given."""

    agent: Agent
    process: subprocess.Popen[str]
    announced: dict[str, Any]
    file: Path
    ticket: str
    log: Path
    said: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> tuple[str, str]:
        return self.announced["token"], self.ticket

    def hear(self, page: Page) -> Page:
        """Keeps what its console says, and what its policy refuses."""

        def keep(message: ConsoleMessage) -> None:
            self.said.append(f"{message.type}: {message.text}")

        page.add_init_script(VIOLATIONS)
        page.on("console", keep)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        return page


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """In place of a browser stands a program that writes down how it was called."""
    folder = tmp_path_factory.mktemp("page")
    called, log = folder / "called", folder / "log"
    program = folder / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$*" > {called}.new && mv {called}.new {called}\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "BROWSER": str(program),
        "XDG_RUNTIME_DIR": str(folder),
        "PYTHONPATH": str(_plugin(folder / "site")),
    }
    with Agent(folder / "hermes") as agent, log.open("w") as stderr:
        agent.session("s1", title="Before anybody looked")
        agent.file("reading.json", json.dumps({"items": [{"title": "A paper", "minutes": 40}]}).encode())
        process = subprocess.Popen(
            [COMMAND, "serve", "--home", str(agent.home), "--open"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment,
        )
        try:
            assert process.stdout is not None
            announced = json.loads(process.stdout.readline())
            deadline = time.monotonic() + WAIT_S
            while not called.exists():
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            file = Path(called.read_text().removeprefix("file://"))
            (ticket,) = set(re.findall(r"#ticket=([\w-]+)", file.read_text()))
            yield Opened(agent, process, announced, file, ticket, log)
        finally:
            process.terminate()
            process.communicate(timeout=WAIT_S)


def _plugin(site: Path) -> Path:
    """A folder for `sys.path` with the package that the documentation shows, which brings a view with a style sheet."""
    about = example(site, with_view=True) / "hermes_hud_reading-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hermes-hud-reading\nVersion: 1.0\n", "utf-8"
    )
    (about / "entry_points.txt").write_text(
        "[hermes_hud_widget.panels]\nreading = hermes_hud_reading.panel:PANEL\n", "utf-8"
    )
    return site


def live(page: Page) -> None:
    expect(page.locator("[data-hermes-hud]")).to_have_attribute("data-state", "live", timeout=WAIT_S * 1000)


def axe(page: Page, selector: str) -> list[str]:
    # Not as a script of the page, whose policy would refuse it.
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate("selector => axe.run(selector)", selector)
    assert [each for each in result["passes"] if each["id"] == "color-contrast"], "axe looked at no colour"
    return [
        f"{each['id']}: {[node['failureSummary'] for node in each['nodes']]}" for each in result["violations"]
    ]


def test_the_ticket_lies_in_a_file_that_only_its_user_can_read(opened: Opened) -> None:
    assert opened.file.stat().st_mode & 0o777 == 0o600
    assert opened.file.parent.stat().st_mode & 0o777 == 0o700
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = process.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        for secret in opened.secrets:
            assert secret.encode() not in arguments


def test_a_page_of_another_origin_cannot_use_the_ticket(opened: Opened, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.route("http://localhost:1/", lambda route: route.fulfill(body="<title>elsewhere</title>"))
        page.goto("http://localhost:1/")
        # A form needs nobody's leave to be sent anywhere; as plain text it may even be JSON.
        with page.expect_response("**/api/ticket") as refused:
            page.evaluate(
                """([url, ticket]) => {
                    const form = document.createElement("form");
                    Object.assign(form, {action: url, method: "post", enctype: "text/plain"});
                    const field = document.createElement("input");
                    Object.assign(field, {name: `{"ticket":"${ticket}","x":"`, value: '"}'});
                    form.append(field);
                    document.body.append(form);
                    form.submit();
                }""",
                [f"{opened.announced['url']}/api/ticket", opened.ticket],
            )
        assert refused.value.status == 403
    assert opened.file.exists()


def test_the_page_is_live_keeps_its_session_and_leaves_no_secret(opened: Opened, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 1200, "height": 800}) as context:
        page = opened.hear(context.new_page())
        page.goto(opened.file.as_uri())
        page.wait_for_url(f"{opened.announced['url']}/")
        live(page)
        assert page.title() == "Hermes HUD"
        assert not opened.file.exists()
        expect(page.locator("[data-panel=overview]")).to_be_visible()
        assert page.locator("[data-hermes-hud]").bounding_box() == {
            "x": 0,
            "y": 0,
            "width": 1200,
            "height": 800,
        }

        # In the page, so that no round trip to it counts.
        page.evaluate(
            """() => {
                const root = document.querySelector("#hud").shadowRoot;
                const look = () => {
                    if (root.textContent.includes("While somebody looked")) window.seenAt = Date.now();
                    else requestAnimationFrame(look);
                };
                look();
            }"""
        )
        opened.agent.session("s2", title="While somebody looked")
        written_at = time.time()
        page.wait_for_function("() => window.seenAt", timeout=WAIT_S * 1000)
        assert page.evaluate("() => window.seenAt") / 1000 - written_at < 1.0

        page.reload()
        live(page)
        assert page.evaluate("() => Object.values(sessionStorage)") == [opened.announced["token"]]
        kept = page.evaluate("() => JSON.stringify(localStorage) + document.cookie + location.href")
        history = context.new_cdp_session(page).send("Page.getNavigationHistory")
        for secret in opened.secrets:
            assert secret not in kept
            assert not [entry for entry in history["entries"] if secret in entry["url"]]
        # Chromium remembers besides how an entry was come to: by the ticket, which is good for nothing now.
        assert opened.announced["token"] not in json.dumps(history)

        assert axe(page, "#page") == []
        shown = page.locator("[data-panel]")
        for panel in BUILT_IN:
            group = page.locator(f"#group-{panel.group}")
            if group.count() and group.get_attribute("aria-selected") != "true":
                group.click()
            page.locator(f"#tab-{panel.name}").click()
            expect(shown.first).to_have_attribute("data-panel", panel.name)
            # Of all that a view brings, its own style sheet is what a policy would refuse as an element.
            if _has_style(panel.name):
                page.wait_for_function(HAS_SHEET, arg=f'[data-panel="{panel.name}"]')
        # From another package, whose sheet is written in any way.
        page.locator("[id^=group-][data-panels~=reading]").click()
        page.locator("#tab-reading").click()
        expect(shown.first).to_contain_text("40 minutes to read")
        page.wait_for_function(HAS_SHEET, arg=".reading .done")
        expect(page.locator("style, [data-hermes-hud] style")).to_have_count(0)
    assert opened.said == []


def _has_style(panel: str) -> bool:
    folder = Path(__file__).parents[2] / "js/src/views"
    return (
        "css"
        in next(
            path for path in (folder / f"{panel}.tsx", folder / panel / "index.tsx") if path.exists()
        ).read_text()
    )


def test_a_tab_without_access_says_what_to_do(opened: Opened, browser: Browser) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(opened.announced["url"])
        heading = page.get_by_role("heading")
        expect(heading).to_have_text("This tab has no access yet")
        expect(page.get_by_role("alert")).to_contain_text("hermes-hud serve --open")
        assert axe(page, "#page") == []
        page.goto("about:blank")
        page.goto(f"{opened.announced['url']}/#ticket={opened.ticket}")
        expect(heading).to_have_text("This link was used already")
        assert page.url == f"{opened.announced['url']}/"
        token = page.get_by_label("Or paste the token")
        token.fill("not-the-token")
        token.press("Enter")
        expect(heading).to_have_text("The server was started again")
        token.fill(opened.announced["token"])
        token.press("Enter")
        live(page)

        # What the page is made of may be missing, or be cut short.
        for path, how in (
            ("widget.js", {"status": 404}),
            ("widget.js", {"body": "export default function widget() {", "content_type": "text/javascript"}),
        ):
            page.route(f"**/static/{path}", lambda route, _, how=how: route.fulfill(**how))
            page.reload()
            expect(heading).to_have_text("The HUD could not be loaded")
            page.unroute_all()
        assert axe(page, "#page") == []
        page.get_by_role("button", name="Try again").click()
        live(page)
        page.route("**/static/page/page.js", lambda route: route.abort())
        page.reload()
        expect(heading).to_have_count(0)
        page.evaluate("() => document.getAnimations().forEach(each => each.finish())")
        expect(heading).to_have_text("Hermes HUD is not loaded yet")
        assert axe(page, "#page") == []


def test_a_tab_whose_server_was_started_again_says_so_and_takes_the_new_one_s_token(
    opened: Opened, browser: Browser
) -> None:
    def serve(port: int) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            [COMMAND, "serve", "--home", str(opened.agent.home), "--port", str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    def end(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    process, announced = serve(0)
    try:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(announced["url"])
            token = page.get_by_label("Or paste the token")
            token.fill(announced["token"])
            token.press("Enter")
            live(page)
            hud = page.locator("[data-hermes-hud]")
            before = hud.get_by_text("Before anybody looked").first
            expect(before).to_be_visible()
            end(process)
            expect(hud).to_have_attribute("data-state", "stale")
            # Its first questions, which nobody answers: what was shown last stays.
            with page.expect_event("requestfailed", lambda request: request.url.endswith("/api/homes")):
                pass
            expect(before).to_be_visible()

            process, announced = serve(int(announced["url"].rpartition(":")[2]))
            heading = page.get_by_role("heading", level=1)
            expect(heading).to_have_text("The server was started again", timeout=WAIT_S * 1000)
            assert page.evaluate("() => sessionStorage.length") == 0
            token.fill(announced["token"])
            token.press("Enter")
            live(page)
    finally:
        end(process)


def test_the_server_s_log_and_its_later_output_hold_no_secret(opened: Opened) -> None:
    opened.process.terminate()
    assert opened.process.stdout is not None
    rest = opened.process.stdout.read() + opened.log.read_text()
    assert opened.process.wait(WAIT_S) == 0
    assert str(opened.file) in rest
    for secret in opened.secrets:
        assert secret not in rest
    assert not opened.file.parent.exists()
