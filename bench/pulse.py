"""Asks a server again and again whether it answers, and notes how long each answer took; run as a program.

    python -m bench.pulse PORT        asks `GET /healthz` on one connection, 2 ms after each answer
    python -m bench.pulse --echo      is the other side that does nothing else: says its port, answers at once

It ends when stdin closes, and prints what it measured as JSON: a list of [seconds since the epoch, milliseconds].
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

PAUSE_S = 0.002
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'


def ask(port: int) -> None:
    """Asks until stdin closes."""
    is_over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        is_over.set()

    threading.Thread(target=listen, daemon=True).start()
    measured = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("ready", flush=True)
        while not is_over.is_set():
            at, before = time.time(), time.perf_counter()
            connection.sendall(REQUEST)
            answer = b""
            while not answer.endswith(b"}"):
                received = connection.recv(4_096)
                if not received:
                    raise SystemExit("the server closed the connection")
                answer += received
            measured.append((at, (time.perf_counter() - before) * 1_000))
            if b" 200 " not in answer:
                raise SystemExit(f"unexpected answer: {answer[:100]!r}")
            time.sleep(PAUSE_S)
    print(json.dumps(measured), flush=True)


def echo() -> None:
    """Answers one connection until stdin closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while connection.recv(4_096):
                connection.sendall(ANSWER)


if __name__ == "__main__":
    if sys.argv[1] == "--echo":
        echo()
    else:
        ask(int(sys.argv[1]))
