"""The sockets: HTTP/1.1 with connections that are kept open, one thread for each."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Condition
from typing import Any

from service.web import problems
from service.web.application import Application
from service.web.messages import ProblemError, Request, Response
from service.web.transfer import read_body

IDLE_SECONDS = 60  # a connection that says nothing for so long is closed
MAX_CONNECTIONS = 1000
MAX_LINE = 65536
BODILESS = (204, 304)
log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Listens from the moment it is made."""

    daemon_threads = (
        True  # idle connections do not hold the process; running requests are waited for in drain
    )
    request_queue_size = 256

    def __init__(self, host: str, port: int, application: Application) -> None:
        """Open the socket."""
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        self.application = application
        self.stopping = False
        self._state = Condition()
        self._running = 0
        self._connections = 0
        super().__init__((str(address[0]), int(address[1])), Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds where there is none."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.listening

    @property
    def address(self) -> str:
        """Where the server listens, as host:port."""
        host, port = self.listening
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def listening(self) -> tuple[str, int]:
        """The address and the port of the socket."""
        host, port = self.socket.getsockname()[:2]
        return str(host), int(port)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a request while it runs."""
        with self._state:
            self._running += 1
        try:
            yield
        finally:
            with self._state:
                self._running -= 1
                self._state.notify_all()

    def shutdown(self) -> None:
        """Stop accepting at once, not at the next poll."""
        with suppress(OSError):  # where a socket that listens cannot be shut down, the poll must do
            self.socket.shutdown(socket.SHUT_RDWR)
        super().shutdown()

    def drain(self, seconds: float) -> bool:
        """Wait until no request runs, and say whether that came to pass in time."""
        self.stopping = True
        with self._state:
            return self._state.wait_for(lambda: self._running == 0, seconds)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Take a connection unless there are too many."""
        return self._connections < MAX_CONNECTIONS

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in its base
        """Serve one connection to its end."""
        with self._state:
            self._connections += 1
        try:
            super().finish_request(request, client_address)
        finally:
            with self._state:
                self._connections -= 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Note a connection that broke; it concerns no other."""
        log.debug("connection broke", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """Carries requests from one connection to the application."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Read one request and answer it."""
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(MAX_LINE + 1)
        if not self.raw_requestline:
            return
        with self.server.running():
            self._answer_one()

    def _answer_one(self) -> None:
        started = time.perf_counter()
        self.requestline, self.command, self.request_version = "", "", "HTTP/1.1"
        if len(self.raw_requestline) > MAX_LINE:
            self.send_error(414)
            return
        if not self.parse_request():  # it has answered through send_error
            return
        path, _, query = self.path.partition("?")
        try:
            body = read_body(self.rfile, self.headers)
            response = self.server.application.respond(
                Request(self.command, path, query, self.headers, body.content)
            )
            self.close_connection |= body.broken or self.server.stopping
        except ProblemError as error:
            response = problems.response(error.status, error.detail)
            self.close_connection = True
        self._send(response)
        log.info(
            "request",
            extra={
                "method": self.command,
                "path": path,
                "status": response.status,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
            },
        )

    def _send(self, response: Response) -> None:
        """Write the whole answer at once, so that it leaves in as few packets as possible."""
        head = [
            f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            "X-Content-Type-Options: nosniff",
        ]
        head += [f"{name}: {value}" for name, value in response.headers]
        if response.status not in BODILESS:
            head += [
                f"Content-Type: {response.content_type}",
                f"Content-Length: {len(response.body)}",
            ]
        if self.close_connection:
            head.append("Connection: close")
        body = b"" if self.command == "HEAD" else response.body
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that could not be read at all."""
        self.close_connection = True
        self._send(problems.response(int(code), message or HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: each request has its own line."""
