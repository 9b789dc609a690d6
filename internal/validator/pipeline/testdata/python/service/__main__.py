"""Answers GET /healthz."""

import json
import os
import pathlib
import signal
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "/healthz": b'{"status":"ok"}',
    "/openapi.json": (pathlib.Path(__file__).parent / "openapi.json").read_bytes(),
}


class Handler(BaseHTTPRequestHandler):
    """Answers from a table."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Answer a request."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body, status = ANSWERS.get(self.path), 200
        if body is None:
            status = 404
        elif self.command not in ("GET", "HEAD"):
            status = 405
        if status != 200:
            title = HTTPStatus(status).phrase
            body = json.dumps(
                {
                    "type": "about:blank",
                    "title": title,
                    "status": status,
                    "detail": title,
                }
            ).encode()
        self.send_response(status)
        self.send_header(
            "Content-Type",
            "application/json" if status == 200 else "application/problem+json",
        )
        self.send_header("Content-Length", str(len(body)))
        if status == 405:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until a signal comes."""
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080")))
    server = ThreadingHTTPServer(address, Handler)
    host, port = server.server_address[:2]
    print(
        json.dumps({"level": "INFO", "msg": "listening", "addr": f"{host}:{port}"}),
        file=sys.stderr,
        flush=True,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(
            number, lambda *_: threading.Thread(target=server.shutdown).start()
        )
    server.serve_forever()


if __name__ == "__main__":
    main()
