"""Opens the stand-alone page in a browser with nothing secret on a command line: through a file only its user reads."""

from __future__ import annotations

import html
import os
import shutil
import signal
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hermes_hud_widget.server.page import TICKET_S, Tickets

_FILE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>Hermes HUD</title>
<p>This page leads to <a href="{address}">Hermes HUD</a>, once.</p>
</html>
"""


@contextmanager
def opened(url: str, tickets: Tickets, say: Callable[[str], None]) -> Iterator[None]:
    """Opens the page in a browser; while the block runs, a file that leads to it is there until its ticket was used or
    expired.

    A command line can be read by every user of the machine, and the browser's is the file's name.

    Args:
        url: Of the server, `http://127.0.0.1:40117`.
        tickets: Of its page.
        say: Tells the person who wants it opened.
    """
    with ExitStack() as undo:
        undo.enter_context(_ended_by_hangup())
        # mkdtemp makes it 0700.
        directory = Path(tempfile.mkdtemp(prefix="hermes-hud-", dir=_runtime_directory()))

        def remove() -> None:
            shutil.rmtree(directory, ignore_errors=True)

        undo.callback(remove)
        file = directory / "open.html"
        ticket = tickets.issue(on_use=remove)
        expiry = threading.Timer(TICKET_S, remove)
        expiry.daemon = True
        expiry.start()
        undo.callback(expiry.cancel)
        address = html.escape(f"{url}/#ticket={ticket}")
        file.touch(0o600, exist_ok=False)
        file.write_text(_FILE.format(address=address), encoding="utf-8")
        browser = _browser()
        if browser is None:
            say(f"No browser could be opened. Open this file in one within five minutes: {file}")
        else:
            say(f"Opening Hermes HUD at {url}. If no browser appears, open {file}")
            # Some commands return only when the browser is closed.
            threading.Thread(
                target=_open, args=(browser, file, say), name="hermes-hud-browser", daemon=True
            ).start()
        yield


@contextmanager
def _ended_by_hangup() -> Iterator[None]:
    """A terminal that is closed ends the block as a wish to terminate does, unless nohup wanted that ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "SIGHUP") or signal.getsignal(signal.SIGHUP) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _open(browser: webbrowser.BaseBrowser, file: Path, say: Callable[[str], None]) -> None:
    try:
        is_open = browser.open(file.as_uri())
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open and file.exists():
        say(f"The browser could not be opened. Open this file in one within five minutes: {file}")


def _browser() -> webbrowser.BaseBrowser | None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    # A browser of the terminal (www-browser, lynx, w3m) runs no scripts; one that the user names is taken as it is.
    is_of_terminal = type(browser) is webbrowser.GenericBrowser and not os.environ.get("BROWSER")
    return None if is_of_terminal else browser


def _runtime_directory() -> str | None:
    """Where a user's running programs keep what is theirs alone; None: the directory of temporary files."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    return named if named and os.access(named, os.W_OK | os.X_OK) else None
