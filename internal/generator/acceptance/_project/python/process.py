"""Starts the service as a process, and ends it."""

import json
import os
import subprocess
import sys
from collections import deque
from pathlib import Path
from threading import Event, Thread

from acceptance.exchange import API_KEY, Client

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 20.0  # seconds
LEAN = ["-S"] if sys.flags.no_site else []  # without installed packages, as these tests are run


class Service:
    """A running process of the service over the rows in a folder."""

    def __init__(self, data_dir: str, *, protected: bool) -> None:
        """Start the process. It takes a moment until it listens, which client waits for."""
        self.protected = protected
        self.address = ""
        self.log: deque[str] = deque(maxlen=20)
        self._listening = Event()
        environment = {
            **os.environ,
            "HOST": "127.0.0.1",
            "PORT": "0",
            "DATA_DIR": data_dir,
            "LOG_LEVEL": "info",
            "API_KEY": API_KEY,
        }
        self.process = subprocess.Popen(
            [sys.executable, *LEAN, "-m", "service"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._reader = Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self) -> None:
        for raw in self.process.stderr or ():
            line = raw.decode("utf-8", "replace").rstrip()
            self.log.append(line)
            if self.address or '"listening"' not in line:
                continue
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("msg") == "listening":
                self.address = str(entry["addr"])
                self._listening.set()
        self._listening.set()  # it has ended

    def client(self) -> Client:
        """Return a new client, as soon as the service listens."""
        if not self._listening.wait(PATIENCE) or not self.address:
            self.kill()
            raise AssertionError("the service does not listen:\n" + "\n".join(self.log))
        return Client(self.address, protected=self.protected)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self._ended()

    def stop(self) -> None:
        """Ask the process to end, which it must do in time and with exit code 0."""
        self.process.terminate()
        self._reader.join(PATIENCE)  # its log ends with it, which is seen sooner than a poll would
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the service did not end after SIGTERM") from None
        self._ended()
        if code != 0:
            log = "\n".join(self.log)
            raise AssertionError(f"the service ended with exit code {code} after SIGTERM:\n{log}")

    def _ended(self) -> None:
        self.process.wait()
        self._reader.join()
        if self.process.stderr is not None:
            self.process.stderr.close()
