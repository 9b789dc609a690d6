"""The sockets: what goes over the wire."""

import socket
import unittest
from http.client import HTTPConnection
from threading import Thread

from service.web.body import MAX_BODY
from service.web.server import Server
from tests.web.client import library

POLL_SECONDS = 0.005


class ServerTest(unittest.TestCase):
    """Every test talks to one server of its own."""

    def setUp(self) -> None:
        store, client = library()
        self.addCleanup(store.close)
        self.server = Server("127.0.0.1", 0, client.application)
        self.addCleanup(self.server.server_close)
        thread = Thread(target=self.server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)
        self.port = self.server.server_port
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        self.addCleanup(self.connection.close)

    def talk(self, raw: bytes) -> bytes:
        """Send bytes, and return all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while block := client.recv(65536):
                answer += block
            return answer

    def test_one_connection_serves_many_requests(self) -> None:
        for method, path, body, status in (
            ("POST", "/authors", b'{"name":"a"}', 201),
            ("POST", "/nowhere", b'{"name":"a"}', 404),
            ("POST", "/authors", b"x" * (MAX_BODY + 1), 413),
            ("POST", "/authors", b'{"name":"' + b"x" * (MAX_BODY - 11) + b'"}', 201),
            ("GET", "/authors", None, 200),
            ("HEAD", "/authors", None, 200),
            ("DELETE", "/authors/2", None, 204),
        ):
            with self.subTest(method=method, path=path, status=status):
                self.connection.request(method, path, body)
                response = self.connection.getresponse()
                content = response.read()
                self.assertEqual(response.status, status)
                self.assertIsNone(response.headers["Connection"])
                self.assertEqual(bool(content), method not in ("HEAD", "DELETE"))

    def test_body_in_chunks(self) -> None:
        for chunks, status in (([b'{"name"', b':"a"}'], 201), ([b"x" * 65536] * 17, 413)):
            self.connection.request("POST", "/authors", iter(chunks), encode_chunked=True)
            response = self.connection.getresponse()
            response.read()
            self.assertEqual(response.status, status)

    def test_unclear_requests_are_refused_and_end_the_connection(self) -> None:
        host = b"Host: x\r\n"
        for raw, status in (
            (b"POST /authors HTTP/1.1\r\n" + host + b"Content-Length: x\r\n\r\n", b"400"),
            (b"POST /authors HTTP/1.1\r\n" + host + b"Content-Length: 9\r\n\r\n{}", b"400"),
            (b"POST /authors HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"400"),
            (
                b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"400",
            ),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", b"400"),
            (b"nonsense\r\n\r\n", b"400"),
            (b"GET / HTTP/9.9\r\n\r\n", b"505"),
            (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
            (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        ):
            with self.subTest(raw=raw[:40]):
                answer = self.talk(raw)
                self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), answer[:80])
                self.assertIn(b"\r\nConnection: close\r\n", answer)
                self.assertIn(b"\r\nContent-Type: application/problem+json\r\n", answer)

    def test_server_stops_once_requests_have_ended(self) -> None:
        self.connection.request("GET", "/healthz")
        self.connection.getresponse().read()
        with self.server.running():
            self.assertFalse(self.server.drain(0.001))
        self.assertTrue(self.server.drain(5))
