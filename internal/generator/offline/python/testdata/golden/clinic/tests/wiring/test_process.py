"""The process: it starts, says where it listens, and stops when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path

from service.app import run

ROOT = Path(__file__).parents[2]
SECONDS = 10.0


class ProcessTest(unittest.TestCase):
    """Every test has a folder for rows of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.settings = {"PORT": "0", "DATA_DIR": folder.name}

    def test_serves_until_it_is_stopped(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=os.environ | self.settings,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = json.loads(process.stderr.readline() if process.stderr else "")
        self.assertEqual((line["level"], line["msg"]), ("INFO", "listening"))
        connection = HTTPConnection(line["addr"], timeout=SECONDS)
        self.addCleanup(connection.close)
        for path in ("/healthz", "/openapi.json"):
            connection.request("GET", path)
            response = connection.getresponse()
            self.assertTrue(json.loads(response.read()))
            self.assertEqual(response.status, 200)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(SECONDS), 0)

    def run_with(self, settings: dict[str, str]) -> tuple[int, str]:
        """Run the service in this process, which it must not do for long."""
        with redirect_stderr(StringIO()) as errors:
            code = run(self.settings | settings)
        return code, errors.getvalue()

    def test_wrong_setting_ends_it_with_one_line(self) -> None:
        code, errors = self.run_with({"PORT": "http"})
        self.assertEqual((code, errors.count("\n")), (2, 1))
        self.assertIn("PORT", errors)

    def test_taken_port_ends_it(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            code, errors = self.run_with({"PORT": str(port)})
        self.assertEqual(code, 2)
        self.assertIn(str(port), errors)

    def test_damaged_rows_end_it_with_the_name_of_the_file(self) -> None:
        path = Path(self.settings["DATA_DIR"], "service.db")
        path.write_text("this is no database")
        code, errors = self.run_with({})
        self.assertEqual(code, 3)
        self.assertIn(str(path), errors)
