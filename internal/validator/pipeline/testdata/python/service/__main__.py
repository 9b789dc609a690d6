"""Answers GET /healthz."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "/healthz": {"status": "ok"},
    "/openapi.json": {"openapi": "3.1.0", "info": {"title": "Sample", "version": "1.0.0"}, "paths": {}},
}
PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such path"}


class Handler(BaseHTTPRequestHandler):
    """Answers from a table."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        known = self.path in ANSWERS
        body = json.dumps(ANSWERS.get(self.path, PROBLEM)).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json" if known else "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until a signal comes."""
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080")))
    server = ThreadingHTTPServer(address, Handler)
    host, port = server.server_address[:2]
    print(json.dumps({"level": "INFO", "msg": "listening", "addr": f"{host}:{port}"}), file=sys.stderr, flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
