import json
import os
import subprocess
import sys
import unittest
import urllib.error
import urllib.request


class Acceptance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = subprocess.Popen(
            [sys.executable, "-m", "service"],
            env={**os.environ, "PORT": "0"},
            stderr=subprocess.PIPE,
        )
        cls.address = json.loads(cls.service.stderr.readline())["addr"]

    @classmethod
    def tearDownClass(cls):
        cls.service.kill()
        cls.service.wait()
        cls.service.stderr.close()

    def status(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}") as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def test_healthz(self):
        self.assertEqual(self.status("/healthz"), 200)

    def test_nowhere(self):
        self.assertEqual(self.status("/nowhere"), 404)
