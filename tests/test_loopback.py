"""The demo's servers say nothing of clients that hang up, and do not hide other errors."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from monitor.demo.loopback import Answer, Loopback, Request


def ask_and_hang_up(port: int, asked: threading.Event) -> None:
    """One request whose answer is refused by a reset, not waited for."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.wait(5)


@pytest.mark.parametrize(("fault", "told"), [(None, False), (ValueError("a fault of our own"), True)])
def test_only_faults_of_our_own_are_told(
    fault: Exception | None, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def route(_request: Request) -> Answer:
        asked.set()
        if fault is not None:
            raise fault
        assert answered.wait(5)
        return Answer(body=b"x" * 10_000_000)

    with Loopback(route) as server:
        ask_and_hang_up(server.port, asked)
        answered.set()
        for thread in threading.enumerate():
            if "process_request" in thread.name:
                thread.join(5)
    assert ("Traceback" in capsys.readouterr().err) is told
