"""Runs a command until stdin closes, then ends it and removes a folder: `keeper.py FOLDER COMMAND …`.

Whoever starts the keeper holds the other end of its stdin, so that nothing stays behind when that
process is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

PATIENCE_S = 15.0


def main() -> int:
    """Returns the command's exit code."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=end_with_stdin, args=(process,), daemon=True).start()
    code = process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return code


def end_with_stdin(process: subprocess.Popen[bytes]) -> None:
    """Asks the process to end once stdin is at its end, and kills its group if it does not."""
    while os.read(0, 4096):
        pass
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
