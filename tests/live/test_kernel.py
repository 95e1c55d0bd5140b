"""The HUD in a kernel without a browser: what it sends unasked, its callbacks, its server's life."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import psutil
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from hermes_hud_widget.protocol import SUBPROTOCOL
from live.kernel import Kernel, is_alive
from support.agent import Agent, MakeAgent
from support.served import Client


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


def test_a_hud_inside_a_layout_is_fed_as_soon_as_its_page_asks(agent: MakeAgent, kernel: Kernel) -> None:
    kernel.run(
        "from ipywidgets import VBox\nfrom hermes_hud_widget import HUD\n"
        f"hud = HUD({str(_furnished(agent()).home)!r})\nVBox([hud.widget])"
    )
    [model] = kernel.models()
    kernel.send(model, {"type": "attach", "client": "page", "look": None})
    hello = kernel.wait(lambda: kernel.frames(model, "hello"), "hello", 20)[0]
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.send(model, {"type": "attach", "client": "page", "look": _look(note, "memory")})
    kernel.wait(lambda: kernel.frames(model, "panel"), "a snapshot")
    assert note["server_id"] == hello["server_id"]


def test_the_greeting_is_repeated_until_it_is_acknowledged(agent: MakeAgent, kernel: Kernel) -> None:
    kernel.run(_hud(_furnished(agent())))
    [model] = kernel.models()
    kernel.wait(lambda: len(_of_type(kernel, model, "server")) >= 2, "a second note", 5)
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})
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
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})
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


# -- over the comm: only while somebody looks


def test_while_no_page_shows_anything_nothing_goes_over_the_comm_however_much_the_agent_works(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run("import hermes_hud_widget.client.relay as relay\nrelay.PREFETCH_AFTER_S = 0.0")
    kernel.run(_hud(one))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})
    kernel.send(model, {"type": "attach", "client": "page", "look": _look(note, "memory")})
    kernel.wait(lambda: _memories(kernel, model), "the memory panel")
    kernel.wait(lambda: "core/tools" in _modules(kernel, model), "the last that comes unasked")
    kernel.send(model, {"type": "relay", "client": "page", "frame": _look(note)})
    with _beside(note) as other:
        one.memory(["perhaps on its way already when the page said so"])
        _wait_memory(other, note, "perhaps on its way already when the page said so")
        kernel.run("pass")
        begun = len(kernel.messages)
        for number in range(300):  # an hour, at one each twelve seconds
            one.memory([f"entry {number}"])
            one.message("harbour", "assistant", f"message {number}")
        _wait_memory(other, note, "entry 299")
    assert _unasked(kernel, begun) == []
    kernel.send(model, {"type": "relay", "client": "page", "frame": _look(note, "memory")})
    kernel.wait(lambda: _memories(kernel, model)[-1][1] == ["entry 299"], "what was written meanwhile")


def test_a_hud_that_no_page_shows_falls_silent_but_not_while_a_cell_may_keep_a_page_waiting(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(
        "import hermes_hud_widget.client.relay as relay\n"
        "relay.REPEAT_GREETING_S, relay.PREFETCH_AFTER_S, relay.PATIENCE_S = (), 0.0, 0.5"
    )
    kernel.run(f"from hermes_hud_widget import HUD\nhud = HUD({str(one.home)!r}, panels='memory')")
    cell = kernel.start("import time\ndisplay(hud)\nprint('begun', flush=True)\ntime.sleep(60)")
    kernel.wait(lambda: "begun" in kernel.printed(cell), "the busy cell")
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.wait(lambda: _memories(kernel, model), "the first snapshot")
    with _beside(note) as other:
        _let_pass(kernel, 1.0)  # twice the patience
        one.memory(["beside a cell"])
        kernel.wait(lambda: _memories(kernel, model)[-1][1] == ["beside a cell"], "a push beside the cell")
        kernel.interrupt_group()
        kernel.wait(lambda: kernel.is_done(cell), "the interrupt")
        _let_pass(kernel, 1.0)
        one.memory(["with this it gives up"])
        _wait_memory(other, note, "with this it gives up")
        kernel.run("pass")
        begun = len(kernel.messages)
        for number in range(50):
            one.memory([f"to nobody {number}"])
        _wait_memory(other, note, "to nobody 49")
    assert _unasked(kernel, begun) == []
    kernel.send(model, {"type": "attach", "client": "page", "look": _look(note, "memory")})
    kernel.wait(lambda: _memories(kernel, model)[-1][1] == ["to nobody 49"], "what was written meanwhile")


def test_a_panel_is_pushed_at_most_ten_times_a_second(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})
    kernel.send(model, {"type": "attach", "client": "page", "look": _look(note, "memory")})
    kernel.wait(lambda: _memories(kernel, model), "the memory panel")
    for number in range(400):
        one.memory([f"entry {number}"])
    kernel.wait(lambda: _memories(kernel, model)[-1][1] == ["entry 399"], "the last write")
    times = [
        message["header"]["date"].timestamp()
        for message in kernel.messages
        if message["msg_type"] == "comm_msg"
        and '"memory"' in json.dumps(message["content"]["data"])
        and message["content"]["data"].get("content", {}).get("frame", {}).get("type") == "panel"
    ]
    assert len(times) <= 10 * (times[-1] - times[0]) + 3  # and the first snapshots, sent unasked


# -- transport, side panel, doctor


def test_the_environment_chooses_the_way_and_nonsense_in_it_is_refused(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(
        "import os\nfrom hermes_hud_widget import HUD\nfrom hermes_hud_widget.errors import ArgumentError\n"
        "os.environ['HERMES_HUD_TRANSPORT'] = 'socket'"
    )
    refused = f"try:\n    HUD({str(one.home)!r})\nexcept ArgumentError as error:\n    print(error)"
    assert "expected one of auto, comm, direct, proxy" in kernel.run(refused)
    assert kernel.servers() == []
    kernel.run("os.environ['HERMES_HUD_TRANSPORT'] = 'comm'")
    kernel.run(_hud(one))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note")[0]
    assert (note["transport"], note["url"], note["token"]) == ("comm", None, None)
    kernel.run("os.environ['HERMES_HUD_TRANSPORT'] = 'proxy'")
    kernel.run("os.environ['HERMES_HUD_PROXY_URL'] = '/user/me/proxy/%PORT%/'")
    kernel.run(_hud(one))
    [_, second] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, second, "server"), "the other note")[0]
    port = str(note["url"]).removeprefix("ws://127.0.0.1:").removesuffix("/ws")
    assert (note["transport"], note["proxy_url"]) == ("proxy", f"/user/me/proxy/{port}/")


def test_a_page_of_a_hub_is_let_in_at_the_server_also_after_it_was_started_again(
    agent: MakeAgent, kernel: Kernel
) -> None:
    origin = "https://hub.example.org:8443"
    kernel.run(_hud(_furnished(agent())))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    assert not _is_let_in(note, origin)
    kernel.send(model, {"type": "attach", "client": "page", "look": None, "origin": origin})

    def notes() -> list[dict[str, Any]]:
        return [one for one in _of_type(kernel, model, "server") if one["origins"] == [origin]]

    kernel.wait(notes, "the note that says so")
    assert _is_let_in(notes()[-1], origin)
    assert not _is_let_in(notes()[-1], "https://other.example.org")
    kernel.servers()[0].kill()
    kernel.wait(lambda: notes()[-1]["server_id"] != note["server_id"], "the next server", 20)
    assert _is_let_in(notes()[-1], origin)


def test_a_side_panel_that_no_page_can_show_is_told_under_its_cell_and_keeps_no_cell_waiting(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run("import hermes_hud_widget.client.relay as relay\nrelay.SIDE_BAR_S = 0.5")
    kernel.run(f"from hermes_hud_widget import HUD\nhud = HUD({str(one.home)!r})")
    nobody = kernel.start("hud.side_panel()")
    kernel.wait(lambda: kernel.is_done(nobody), "the end of the cell")
    kernel.wait(lambda: "No page of this notebook answers" in kernel.printed(nobody), "the line")
    [model] = kernel.models()
    kernel.wait(lambda: _of_type(kernel, model, "server"), "the note, though it was never shown")
    kernel.wait(lambda: kernel.frames(model, "panel"), "what is seen first")

    count = len(_of_type(kernel, model, "side-panel"))
    without = kernel.start("hud.side_panel()")
    kernel.wait(lambda: len(_of_type(kernel, model, "side-panel")) > count, "the question")
    kernel.send(model, {"type": "side-panel", "client": "page", "shown": False})
    kernel.wait(lambda: 'pip install "hermes-hud-widget[lab]"' in kernel.printed(without), "what it needs")
    assert kernel.models() == [model]


def test_the_doctor_says_what_each_page_tried_and_no_token(agent: MakeAgent, kernel: Kernel) -> None:
    kernel.run(_hud(_furnished(agent())))
    [model] = kernel.models()
    note = kernel.wait(lambda: _of_type(kernel, model, "server"), "the note that names the server")[0]
    tried = [{"way": "direct", "outcome": "not-local"}, {"way": "proxied", "outcome": "no-proxy"}]
    ack = {"type": "ack", "client": "page", "transport": "comm", "host": "jupyterlab", "tried": tried}
    kernel.send(model, ack)
    report = kernel.run("print(hud.transport)\nprint(hud.doctor())")
    assert report.startswith("comm\n")
    for words in (
        "/healthz answers",
        f"process {kernel.servers()[0].pid}, at http://127.0.0.1:",
        "jupyterlab: comm (the kernel relays)",
        "tried direct: the page is not of this machine",
        "tried proxied: no proxy answers there",
        'To mend: pip install "hermes-hud-widget[lab]"',
    ):
        assert words in report
    assert str(note["token"]) not in report


WIDGET = "application/vnd.jupyter.widget-view+json"


def test_where_no_cell_may_ask_a_hud_is_a_picture_until_a_page_is_noticed(
    agent: MakeAgent, kernel: Kernel
) -> None:
    one = _furnished(agent())
    kernel.run(_hud(one), may_ask=False)
    assert set(kernel.shown()) == {"text/plain", "text/html"}
    report = kernel.run("print(hud.doctor())", may_ask=False)
    assert "note     output" in report
    assert "no cell may ask for input" in report
    assert "%env HERMES_HUD_STATIC=0" in report
    [model] = kernel.models()
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})
    kernel.run("hud", may_ask=False)
    assert WIDGET in kernel.shown()
    assert "output" not in kernel.run("print(hud.doctor())", may_ask=False)


def test_jupyters_greeting_tells_a_page_from_a_program(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.greet()
    kernel.run(_hud(one), may_ask=False)
    assert {WIDGET, "text/html"} <= set(kernel.shown())


def test_the_environment_chooses_between_picture_and_widget(agent: MakeAgent, kernel: Kernel) -> None:
    one = _furnished(agent())
    kernel.run("import os; os.environ['HERMES_HUD_STATIC'] = '1'")
    kernel.run(_hud(one))
    assert WIDGET not in kernel.shown()
    assert "HERMES_HUD_STATIC says so" in kernel.run("print(hud.doctor())")
    kernel.run("os.environ['HERMES_HUD_STATIC'] = '0'")
    kernel.run("hud", may_ask=False)
    assert WIDGET in kernel.shown()
    kernel.run(
        "from hermes_hud_widget.errors import ArgumentError\nos.environ['HERMES_HUD_STATIC'] = 'maybe'"
    )
    refused = "try:\n    HUD()\nexcept ArgumentError as error:\n    print(error)"
    assert "HERMES_HUD_STATIC='maybe': expected 1, 0" in kernel.run(refused)


def test_no_cell_counts_as_running_for_ever_wherever_that_is_asked_first(
    kernel: Kernel, tmp_path: Path
) -> None:
    kernel.run(
        "import os, pathlib, threading, time\nfrom hermes_hud_widget.client.busy import Busy\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "def until(fact):\n"
        "    while not fact():\n"
        "        time.sleep(0.01)\n"
        "def tell(name, busy):\n"
        "    until(lambda: busy.idle_s() > 0)\n"
        "    (folder / name).touch()\n"
        "def begin(name, make):\n"
        "    threading.Thread(target=lambda: tell(name, make()), daemon=True).start()\n"
        "def after_the_cell():\n"
        "    until((folder / 'go').exists)\n"
        "    return Busy()\n"
        "begin('thread', after_the_cell)\n"
        "busy = Busy()\n"
        "begin('cell', lambda: busy)\n"
        "print(busy.idle_s())"
    )
    kernel.wait((tmp_path / "cell").exists, "the end of the cell in which it was asked first")
    (tmp_path / "go").touch()
    kernel.wait((tmp_path / "thread").exists, "a thread between two cells, to which no end is told")
    kernel.run("begin('silent', lambda busy=Busy(): busy)", silent=True)
    kernel.wait((tmp_path / "silent").exists, "the end of a silent cell, which is told to nobody")
    assert kernel.run("print(busy.idle_s(), Busy().idle_s())").strip() == "0.0 0.0"


def _furnished(agent: Agent) -> Agent:
    agent.session("harbour", title="Sweep the harbour")
    agent.message("harbour", "user", "Please sweep the harbour")
    agent.memory(["The harbour master is called Ada"])
    return agent


def _hud(agent: Agent) -> str:
    return f"from hermes_hud_widget import HUD\nhud = HUD({str(agent.home)!r})\nhud"


def _of_type(kernel: Kernel, model: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in kernel.customs(model) if one.get("type") == kind]


def _look(note: dict[str, Any], *panels: str) -> dict[str, Any]:
    return {
        "type": "look",
        "home": note["home"],
        "panels": list(panels),
        "queries": {panel: [{}] for panel in panels},
    }


def _modules(kernel: Kernel, model: str) -> list[str]:
    return [frame["name"] for frame in kernel.frames(model, "module")]


def _beside(note: dict[str, Any]) -> Client:
    """Another viewer of the same server: what it has seen, the server has told to all."""
    return Client(int(note["url"].removeprefix("ws://127.0.0.1:").removesuffix("/ws")), note["token"])


def _wait_memory(viewer: Client, note: dict[str, Any], entry: str) -> None:
    viewer.wait_data(note["home"], "memory", lambda data: entry in str(data))


def _unasked(kernel: Kernel, begun: int) -> list[str]:
    """What came on IOPub since then, the marks of the cell apart that asks for the rest of it."""
    request = kernel.start("pass")
    kernel.wait(lambda: kernel.is_done(request), "the next cell")
    return [
        message["msg_type"]
        for message in kernel.messages[begun:]
        if message["parent_header"].get("msg_id") != request
    ]


def _let_pass(kernel: Kernel, seconds: float) -> None:
    end = time.monotonic() + seconds
    kernel.wait(lambda: time.monotonic() > end, "the time")


def _is_let_in(note: dict[str, Any], origin: str) -> bool:
    """Whether the server accepts a socket of a page of this origin that comes through a proxy."""
    try:
        with connect(
            note["url"],
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(note["token"])],
            origin=Origin(origin),
            proxy=None,
        ):
            return True
    except InvalidStatus as refused:
        return refused.response.status_code != 403


def _memories(kernel: Kernel, model: str) -> list[tuple[int, list[str]]]:
    """Version and entries of each memory snapshot that was relayed."""
    return [
        (frame["version"], [entry["text"] for entry in frame["data"]["stores"][0]["entries"]])
        for frame in kernel.frames(model, "panel")
        if frame["panel"] == "memory" and frame["data"] is not None
    ]
