"""Re-running, reloading, restarting and killing: what stays, what comes back, what must go."""

from __future__ import annotations

import psutil
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.lab import wait_for
from browser.scene import GONE, NUMBER, REFUSED, WHY_GONE, WHY_REFUSED, cell, furnish, nonce
from support.agent import MakeAgent


def test_ten_runs_of_the_cell_leak_nothing(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))

    def run() -> None:
        page.run(0)
        page.hud().expect_text(NUMBER)
        page.hud().expect_live()

    for _ in range(3):  # the first runs load modules and start thread pools
        run()
    kernel, servers = page.kernel, page.servers()
    assert len(servers) == 1
    before = _figures(kernel), _figures(servers[0])
    for _ in range(10):
        run()
    assert page.servers() == servers

    def settled() -> bool:
        after = _figures(kernel), _figures(servers[0])
        return all(now[name] <= was[name] for was, now in zip(before, after, strict=True) for name in was)

    wait_for(
        settled, f"kernel and server at or below {before}; now {_figures(kernel)}, {_figures(servers[0])}"
    )
    assert page.page.evaluate("probe.huds().length") == 1


def test_a_reloaded_page_comes_back_live(agent: MakeAgent, notebook: OpenNotebook) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    page.run(0)
    page.hud().expect_live()
    page.save()
    page.reload()
    page.hud().expect_live()
    page.hud().show("memory")
    word = nonce("reloaded")
    one.memory([word])
    page.hud().expect_text(word, seconds=1)


def test_after_a_kernel_restart_the_hud_says_gone_and_a_rerun_recovers(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    page.run(0)
    page.hud().expect_live()
    page.hud().expect_text(NUMBER)
    servers = page.servers()
    page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
    page.restart()
    expect(page.hud().root).to_have_attribute("data-state", "gone", timeout=5_000)
    page.hud().expect_text(NUMBER)
    wait_for(lambda: not any(_lives(server) for server in servers), "the end of the old server", 2)

    page.run(0)
    page.hud().expect_live()
    page.hud().show("memory")
    word = nonce("again")
    one.memory([word])
    page.hud().expect_text(word, seconds=1)


def test_a_killed_kernel_leaves_no_server_behind(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))
    page.run(0)
    page.hud().expect_live()
    servers = page.servers()
    assert len(servers) == 1
    page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
    page.kernel.kill()
    wait_for(lambda: not any(_lives(server) for server in servers), "the end of the server", 2)
    expect(page.hud().root).not_to_have_attribute("data-state", "live", timeout=5_000)


def test_a_killed_server_is_replaced_and_the_hud_comes_back(agent: MakeAgent, notebook: OpenNotebook) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    hud.show("memory")
    [server] = page.servers()
    page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
    server.kill()
    word = nonce("revived")
    one.memory([word])
    hud.expect_text(word, seconds=20)
    hud.expect_live(seconds=40)
    assert server not in page.servers()


def _figures(process: psutil.Process) -> dict[str, int]:
    with process.oneshot():
        listening = [
            connection
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        return {
            "threads": process.num_threads(),
            "descriptors": process.num_fds(),
            "listening": len(listening),
            "children": len(process.children(recursive=True)),
        }


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
