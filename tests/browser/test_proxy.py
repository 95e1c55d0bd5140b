"""Pages of another machine than the server's: over https, below a hub's base URL, with a proxy and without."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.lab import HUB, Lab, wait_for
from browser.notebook import Hud, Notebook
from browser.scene import CONVERGED_S, Diary, cell, furnish
from support.agent import MakeAgent

GONE = r"Failed to load resource: the server responded with a status of 5\d\d"
WHY_GONE = "the server was killed, and the browser reports what Jupyter's proxy says about its port"
BLOCKED = "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS|WebSocket connection to 'ws://127.0.0.1.*failed"
WHY_BLOCKED = "the test tries it once, to see that chromium takes the page for a public one"
MISSING = r"status of 404 .*/(proxy/\d+/healthz|server-proxy/servers-info\?\d+)\)"
WHY_MISSING = (
    "the browser reports what Jupyter says where it has no proxy; the proxy's own extension asks, too"
)
BUSY_S = 2.0
PINGS = 20
OPEN = "probe.sockets.filter((socket) => socket.readyState <= WebSocket.OPEN).length"
PING = f"""(address) => new Promise((resolve, reject) => {{
    let pongs = 0;
    const socket = new (Object.getPrototypeOf(WebSocket))(address, ["hermes-hud.v1"]);
    const ping = () => socket.send(JSON.stringify({{ type: "ping", id: pongs }}));
    socket.onerror = () => reject(new Error("no socket to the side panel's server"));
    socket.onmessage = ({{ data }}) => {{
        const {{ type }} = JSON.parse(data);
        if (type === "hello") ping();
        if (type !== "pong") return;
        pongs += 1;
        if (pongs < {PINGS}) return ping();
        socket.close();
        resolve(pongs);
    }};
}})"""
ASLEEP = "import time\nprint('begun', flush=True)\ntime.sleep(60)"


def test_a_public_https_page_goes_through_the_proxy_and_never_dials_loopback(
    agent: MakeAgent, notebook: OpenNotebook, hub: Lab
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), ASLEEP, at=hub, is_public=True)
    page.run(0)
    hud = page.hud()
    hud.expect_live("proxied")
    expect(hud.root.locator(".chip")).to_contain_text("proxied")
    [server] = page.servers()
    [address] = page.sockets()
    assert address.startswith(f"wss://{HUB}:{hub.port}/user/me/proxy/")
    diary = Diary(one, hud)
    page.start(1, "begun")
    diary.write()
    diary.expect_shown()
    page.interrupt()

    page.allowed[GONE] = WHY_GONE
    server.kill()
    diary.write()
    wait_for(lambda: page.servers() and server not in page.servers(), "a server in its place", 20)
    hud.expect_live("proxied", seconds=20)
    diary.expect_shown()
    diary.write()
    diary.expect_shown()

    # While somebody looks, what the agent writes counts as use.
    before = _activity(hub)
    diary.write(1)
    wait_for(lambda: _activity(hub) > before, "use of the hub")
    _hide(page)
    wait_for(lambda: page.page.evaluate(OPEN) == 0, "the end of the page's socket")
    wait_for(lambda: _is_unused(hub, lambda: diary.write(1)), "writing that is no use", 12)
    # Nor does it ever count what passes to the side panel's server.
    named = f"wss://{HUB}:{hub.port}/user/me/hermes-hud/ws"
    wait_for(lambda: _is_unused(hub, lambda: page.page.evaluate(PING, named)), "pings that are no use", 12)
    dialled = len(page.sockets())
    _show(page)
    hud.expect_live("proxied", seconds=CONVERGED_S)
    diary.expect_shown()
    assert len(page.sockets()) == dialled + 1

    # Also everything that the page asked for was asked of its own host: the fixture says so at the end.
    assert all(address.startswith(f"wss://{HUB}:") for address in page.sockets())
    page.allowed[BLOCKED] = WHY_BLOCKED
    assert not _can_reach_loopback(page), (
        "chromium does not take this page for a public one: nothing was proven"
    )


def test_a_public_page_without_a_proxy_stays_on_the_comm_says_why_and_that_the_kernel_is_busy(
    agent: MakeAgent, notebook: OpenNotebook, bare_lab: Lab
) -> None:
    one = furnish(agent())
    shows = cell(one).replace("HUD(", "hud = HUD(") + "\nhud"
    page = notebook(shows, "hud.transport", ASLEEP, at=bare_lab, is_public=True)
    page.allowed[MISSING] = WHY_MISSING
    page.run(0)
    hud = page.hud()
    hud.expect_live("comm")
    expect(hud.root.locator(".chip")).to_have_attribute("title", re.compile("has no proxy"))
    page.run(1)
    assert "'comm'" in page.output(1)
    assert page.sockets() == []
    diary = Diary(one, hud)
    diary.write()
    diary.expect_shown()

    page.start(2, "begun")
    diary.write()
    diary.expect_shown()
    # What is asked for waits for the cell; what is pushed does not.
    _turn_to(hud, "sessions")
    expect(hud.root).to_have_attribute("data-state", "busy", timeout=(BUSY_S + 2) * 1000)
    expect(hud.root.locator(".chip")).to_contain_text("kernel busy")
    _turn_to(hud, "memory")
    diary.write()
    diary.expect_shown()
    assert page.is_busy(2)
    page.interrupt()
    hud.show("sessions")
    hud.expect_text("Sweep the harbour", seconds=CONVERGED_S)
    hud.expect_live("comm")

    page.restart()
    expect(hud.root).to_have_attribute("data-state", "gone", timeout=5_000)
    diary.write()
    page.run(0)
    hud.expect_live("comm")
    diary.show()
    diary.expect_shown()
    diary.write()
    diary.expect_shown()


def test_a_page_from_loopback_has_a_socket_of_its_own_over_https_too(
    agent: MakeAgent, notebook: OpenNotebook, hub: Lab
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), at=hub)
    page.run(0)
    hud = page.hud()
    hud.expect_live("direct")
    diary = Diary(one, hud)
    diary.write()
    diary.expect_shown()
    assert page.url.startswith("https://127.0.0.1:")
    assert [address for address in page.sockets() if not address.startswith("ws://127.0.0.1:")] == []


def _turn_to(hud: Hud, panel: str) -> None:
    """Clicks the tab of the group that a panel stands in first, and waits for nothing."""
    hud.root.locator(f'[data-panels~="{panel}"]').click()
    hud.root.locator(f'[data-tab="{panel}"]').click()


def _can_reach_loopback(page: Notebook) -> bool:
    """Whether a socket from this page to the HUD's server so much as opens, past the proxy."""
    [server] = page.servers()
    [port] = {each.laddr.port for each in server.net_connections("tcp") if each.status == "LISTEN"}
    requests, page.requests = page.requests, []
    opened = page.page.evaluate(
        """([port, token]) => new Promise((resolve) => {
            const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["hermes-hud.v1", token]);
            socket.onopen = () => resolve(true);
            socket.onerror = () => resolve(false);
        })""",
        [port, page.tokens()[-1]],
    )
    page.requests = requests
    return bool(opened)


def _activity(lab: Lab) -> str:
    """When Jupyter was used last; to ask for it is no use."""
    return str(lab.request("GET", "api/status")["last_activity"])


def _is_unused(lab: Lab, act: Callable[[], object]) -> bool:
    """Whether Jupyter takes nothing for use while `act` is done three times, each time followed by a second's wait."""
    before = _activity(lab)
    for _ in range(3):
        act()
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            if _activity(lab) != before:  # JupyterLab itself has something to store now and then
                return False
    return True


def _hide(page: Notebook) -> None:
    """Another tab comes to the front, and half a minute is over in half a second."""
    page.page.evaluate(
        """() => {
            const native = window.setTimeout;
            window.setTimeout = (then, ms, ...more) => native(then, ms === 30_000 ? 500 : ms, ...more);
            Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
            Object.defineProperty(document, "hidden", { value: true, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )


def _show(page: Notebook) -> None:
    """And this one again."""
    page.page.evaluate(
        """() => {
            delete document.visibilityState;
            delete document.hidden;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
