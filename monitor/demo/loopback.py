"""An HTTP server on a free port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

MAX_REQUEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Answer(status=404, body=b"not found", content_type="text/plain")


class Loopback:
    """Serves `route` while entered; `port` 0 takes a free one.

    Requests are answered in threads: `route` must bear being called from several at a time.
    """

    def __init__(self, route: Callable[[Request], Answer], *, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _handler(route))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """Says nothing of a client that has hung up; any other error is one to be seen."""

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's types
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(route: Callable[[Request], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = self.headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > MAX_REQUEST_BYTES:
                self.close_connection = True
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(length))
            answer = route(Request(method=self.command, path=self.path, headers=headers, body=body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            bodiless = answer.status == HTTPStatus.NOT_MODIFIED
            if not bodiless:
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD" and not bodiless:
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
            """The story in the terminal says what happens; one line a request would drown it."""

    return Handler
