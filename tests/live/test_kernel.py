"""The HUD in a kernel without a browser: what it sends unasked, its callbacks, its server's life."""

from __future__ import annotations

import json
import signal
import time

import psutil

from live.kernel import Kernel, is_alive
from support.agent import Agent, MakeAgent


def test_the_greeting_comes_unasked_even_when_the_next_cell_sleeps(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.start(_hud(one))
    sleep = kernel.start("import time; time.sleep(5)")

    [model] = kernel.wait(kernel.models, "a widget model", 30)
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    hello = kernel.wait(lambda: kernel.frames(model, "hello"), "hello")[0]
    panels = kernel.wait(lambda: kernel.frames(model, "panel"), "a first snapshot")
    assert not kernel.is_done(sleep), "the next cell had ended: nothing was tried beside it"

    assert note["url"].startswith("ws://127.0.0.1:")
    assert note["server_id"] == hello["server_id"]
    assert note["token"] not in note["url"]
    assert note["home"] in {home["id"] for home in hello["homes"]}
    assert panels[0]["status"] == "ok"
    assert panels[0]["data"]
    kernel.interrupt_group()
    kernel.wait(lambda: kernel.is_done(sleep), "the interrupt")


def test_a_page_that_attaches_before_the_server_is_up_learns_where_it_is(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    show = kernel.start(_hud(one))
    [model] = kernel.wait(kernel.models, "a widget model", 30)
    kernel.send(model, {"type": "attach", "client": "page", "look": None})
    kernel.wait(lambda: kernel.is_done(show), "the end of the cell")
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server", 5)[0]
    hello = kernel.wait(lambda: kernel.frames(model, "hello"), "hello")[0]
    assert note["server_id"] == hello["server_id"]


def test_the_greeting_is_repeated_until_it_is_acknowledged(agent: MakeAgent, kernel: Kernel) -> None:
    kernel.run(_hud(_furnished(agent())))
    [model] = kernel.models()
    kernel.wait(lambda: len(_of_type(kernel, model, "server")) >= 2, "a second note", 5)
    kernel.send(model, {"type": "ack", "client": "page", "direct": False})
    kernel.run("pass")
    told = len(_of_type(kernel, model, "server"))
    quiet_until = time.monotonic() + 4  # longer than the longest pause between two greetings
    kernel.wait(lambda: time.monotonic() > quiet_until, "silence")
    assert len(_of_type(kernel, model, "server")) - told <= 1


def test_no_synced_trait_holds_the_token_or_what_the_agent_wrote(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.wait(lambda: kernel.frames(model, "panel"), "a first snapshot")
    opened = [m["content"]["data"] for m in kernel.messages if m["msg_type"] == "comm_open"]
    updates = [
        m["content"]["data"]
        for m in kernel.messages
        if m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") != "custom"
    ]
    synced = json.dumps([opened, updates])
    assert note["token"] not in synced
    assert "Ada" not in synced
    assert "harbour" not in synced


def test_a_viewer_over_the_comm_gets_every_change_and_nothing_twice(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.send(model, {"type": "ack", "client": "page", "direct": False})
    look = {"type": "look", "home": note["home"], "panels": ["memory"], "queries": {"memory": [{}]}}
    kernel.send(model, {"type": "attach", "client": "page", "look": look})
    kernel.wait(lambda: _memories(kernel, model), "the memory panel")
    for number in range(10):
        one.memory([f"entry {number}"])
    kernel.wait(lambda: _memories(kernel, model)[-1][1] == ["entry 9"], "the last write")
    versions = [version for version, _ in _memories(kernel, model)]
    assert versions == sorted(versions)

    def of_version(version: int) -> list[list[str]]:
        return [entries for one_version, entries in _memories(kernel, model) if one_version == version]

    assert all(entries == of_version(version)[0] for version in versions for entries in of_version(version))


def test_on_change_is_called_in_order_never_twice_at_once_and_prints_into_its_own_cell(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    register = kernel.start(
        "import time\n"
        "running = []\n"
        "def changed(panel, version):\n"
        "    running.append(version)\n"
        "    time.sleep(0.05)\n"
        "    print('changed', panel, version, len(running), flush=True)\n"
        "    running.remove(version)\n"
        "undo = hud.on_change('memory', changed)"
    )
    kernel.wait(lambda: kernel.is_done(register), "the registration")
    for number in range(20):
        one.memory([f"entry {number}"])
    one.message("harbour", "user", "no panel but overview and sessions reads this")

    def last_is_seen() -> bool:
        version, entries = kernel.run(
            "panel = hud.panel('memory')\n"
            "print(panel['version'], [entry['text'] for entry in panel['data']['stores'][0]['entries']])"
        ).split(" ", 1)
        return "entry 19" in entries and f"changed memory {version} " in kernel.printed(register)

    kernel.wait(last_is_seen, "the last write in panel and callback")
    calls = [line.split() for line in kernel.printed(register).splitlines()]
    versions = [int(call[2]) for call in calls]
    assert {call[1] for call in calls} == {"memory"}
    assert {call[3] for call in calls} == {"1"}, "two calls ran at once"
    assert versions == sorted(set(versions))

    kernel.run("undo()")
    one.memory(["after the undo"])
    kernel.wait(lambda: "after the undo" in kernel.run("print(hud.panel('memory')['data'])"), "the write")
    assert len(kernel.printed(register).splitlines()) == len(calls)


def test_a_change_right_after_the_registration_is_not_missed(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    for number in range(5):
        request = kernel.start(
            "import pathlib\n"
            "undo = hud.on_change('memory', lambda panel, version: print('changed', flush=True))\n"
            f"_ = pathlib.Path({str(one.home / 'memories/MEMORY.md')!r}).write_text('entry {number}')"
        )
        kernel.wait(lambda request=request: "changed" in kernel.printed(request), f"call {number}", 5)  # type: ignore[misc]
        kernel.run("undo()")


def test_a_callback_registered_again_by_a_rerun_cell_replaces_the_first(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    source = (
        "def changed(panel, version):\n    print('changed', version, flush=True)\n"
        "undo = hud.on_change('memory', changed)"
    )
    requests = [kernel.start(source) for _ in range(3)]
    kernel.wait(lambda: all(kernel.is_done(request) for request in requests), "three registrations")
    one.memory(["something else"])
    kernel.wait(lambda: "changed" in kernel.printed(requests[-1]), "the call")
    assert [kernel.printed(request) for request in requests[:-1]] == ["", ""]
    assert kernel.printed(requests[-1]).count("changed") == 1


def test_a_callback_that_raises_says_so_in_its_cell_and_is_called_again(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    register = kernel.start("undo = hud.on_change('memory', lambda panel, version: {}[version])")
    kernel.wait(lambda: kernel.is_done(register), "the registration")
    one.memory(["entry 1"])
    kernel.wait(lambda: kernel.printed(register).count("KeyError: ") == 1, "the first error")
    one.memory(["entry 2"])
    kernel.wait(lambda: kernel.printed(register).count("KeyError: ") == 2, "the second error")


def test_the_same_error_of_a_callback_is_shown_once(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    source = "def fail(panel, version):\n    print('called', flush=True)\n    1 / 0\nundo = hud.on_change('memory', fail)"
    register = kernel.start(source)
    kernel.wait(lambda: kernel.is_done(register), "the registration")
    for number in (1, 2, 3):
        one.memory([f"entry {number}"])
        kernel.wait(lambda number=number: kernel.printed(register).count("called") == number, "the next call")
        kernel.wait(lambda: "will not be shown again" in kernel.printed(register), "the error, once")
    assert kernel.printed(register).count("ZeroDivisionError") == 1


def test_an_interrupt_of_the_kernels_process_group_does_not_reach_the_server(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    servers = kernel.servers()
    assert len(servers) == 1
    busy = kernel.start("import time\nprint('begun', flush=True)\ntime.sleep(60)")
    kernel.wait(lambda: "begun" in kernel.printed(busy), "the busy cell")
    kernel.interrupt_group()
    kernel.wait(lambda: kernel.is_done(busy), "the end of the interrupted cell")
    one.memory(["after the interrupt"])
    kernel.wait(
        lambda: "after the interrupt" in kernel.run("print(hud.panel('memory')['data'])"), "the write"
    )
    assert kernel.servers() == servers
    assert psutil.Process(servers[0].pid).status() != psutil.STATUS_STOPPED


def test_a_fork_of_the_kernel_does_not_keep_the_server_alive(agent: MakeAgent, kernel: Kernel) -> None:
    kernel.run(_hud(_furnished(agent())))
    [server] = kernel.servers()
    child = psutil.Process(
        int(
            kernel.run(
                "import multiprocessing, time\n"
                "child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n"
                "child.start()\n"
                "print(child.pid)"
            )
        )
    )
    try:
        kernel.kill()
        server.wait(2)
        assert is_alive(child), "the child had ended: nothing was tried"
    finally:
        child.send_signal(signal.SIGKILL)


def test_all_huds_of_a_kernel_share_a_server_and_close_all_ends_it(agent: MakeAgent, kernel: Kernel) -> None:
    one, other = _furnished(agent("one")), _furnished(agent("other"))
    kernel.run(_hud(one))
    kernel.run(f"other = HUD({str(other.home)!r}); other")
    assert len(kernel.servers()) == 1
    [server] = kernel.servers()
    assert kernel.run(f"print(HUD({str(one.home)!r}).widget is hud.widget)").strip() == "True"
    kernel.run("HUD.close_all()")
    server.wait(2)
    kernel.run(_hud(one))
    assert len(kernel.servers()) == 1


def _furnished(agent: Agent) -> Agent:
    agent.session("harbour", title="Sweep the harbour")
    agent.message("harbour", "user", "Please sweep the harbour")
    agent.memory(["The harbour master is called Ada"])
    return agent


def _hud(agent: Agent) -> str:
    return f"from hermes_hud_widget import HUD\nhud = HUD({str(agent.home)!r})\nhud"


def _of_type(kernel: Kernel, model: str, kind: str) -> list[dict[str, object]]:
    return [one for one in kernel.customs(model) if one.get("type") == kind]


def _memories(kernel: Kernel, model: str) -> list[tuple[int, list[str]]]:
    """Version and entries of each memory snapshot that was relayed."""
    return [
        (frame["version"], [entry["text"] for entry in frame["data"]["stores"][0]["entries"]])
        for frame in kernel.frames(model, "panel")
        if frame["panel"] == "memory" and frame["data"] is not None
    ]
