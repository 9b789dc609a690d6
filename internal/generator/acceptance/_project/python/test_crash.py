"""The service is killed while clients write: what it answered is there when it starts again."""

import tempfile
import unittest
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from acceptance.document import at, parse, show
from acceptance.exchange import API_KEY, Client, Exchange, Values
from acceptance.process import Service
from acceptance.suite import SUITE, play, start

CLIENTS = 4


class Crash(unittest.TestCase):
    """Kills the service twice."""

    def test_nothing_answered_is_lost(self) -> None:
        """Every row that was answered is there as it was answered, and no id is given a second time."""
        plan = SUITE["crash"]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        half = len(plan["bodies"]) // 2
        rows: dict[str, str] = {}  # id → the row as it was answered
        values = {"api_key": API_KEY}
        for number, bodies in enumerate((plan["bodies"][:half], plan["bodies"][half:])):
            service = Service(folder.name, protected=SUITE["protected"])
            self.addCleanup(service.kill)
            client = service.client()
            if number == 0:
                play(self, client, plan["before"], values)
            self.verify(client, plan, rows)
            client.close()
            self.assertGreater(self.write_and_kill(service, plan, bodies, values, rows), 0)
        client = start(self, folder.name).client()
        self.addCleanup(client.close)
        self.verify(client, plan, rows)

    def write_and_kill(
        self,
        service: Service,
        plan: dict[str, Any],
        bodies: list[str],
        values: Values,
        rows: dict[str, str],
    ) -> int:
        """Send the bodies, kill the service in the middle, and add what was answered to rows."""
        waiting: SimpleQueue[str] = SimpleQueue()
        answers: SimpleQueue[Exchange | None] = SimpleQueue()
        for body in bodies:
            waiting.put(body)
        threads = [
            Thread(target=write, args=(service.client(), plan["path"], waiting, values, answers))
            for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        running, count, enough = CLIENTS, 0, len(bodies) // 3
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
                continue
            self.keep(answer, rows)
            count += 1
            if count == enough:
                service.kill()
        for thread in threads:
            thread.join()
        if count < enough:
            service.kill()
        return count

    def keep(self, answer: Exchange, rows: dict[str, str]) -> None:
        """Remember a row that was answered."""
        self.assertEqual(201, answer.status, answer.body)
        row = parse(answer.body)
        number = show(at(row, "/id"))
        self.assertNotIn(number, rows, "an id is given a second time")
        rows[number] = show(row)

    def verify(self, client: Client, plan: dict[str, Any], rows: dict[str, str]) -> None:
        """Read every row again."""
        found = self.read(client, plan, rows) if plan.get("get") else self.listed(client, plan)
        for number, row in rows.items():
            self.assertEqual(row, found.get(number), f"row {number} after kill -9")

    def read(self, client: Client, plan: dict[str, Any], rows: dict[str, str]) -> dict[str, str]:
        """Read the rows one by one."""
        found = {}
        for number in rows:
            answer = client.send({"method": "GET", "path": f"{plan['path']}/{number}"}, {})
            found[number] = show(parse(answer.body)) if answer.status == 200 else str(answer.status)
        return found

    def listed(self, client: Client, plan: dict[str, Any]) -> dict[str, str]:
        """Read the rows from their list."""
        found: dict[str, str] = {}
        page = 0
        while True:
            page += 1
            path = f"{plan['path']}?page_size=100&page={page}"
            items = at(parse(client.send({"method": "GET", "path": path}, {}).body), "/items")
            if not items or not isinstance(items, list):
                return found
            found.update({show(at(item, "/id")): show(item) for item in items})


def write(
    client: Client,
    path: str,
    waiting: "SimpleQueue[str]",
    values: Values,
    answers: "SimpleQueue[Exchange | None]",
) -> None:
    """Send bodies until there are none, or the service has gone."""
    try:
        while True:
            step = {"method": "POST", "path": path, "body": waiting.get_nowait()}
            answer = client.send(step, values)
            if answer.error:
                return
            answers.put(answer)
    except Empty:
        pass
    finally:
        client.close()
        answers.put(None)


if __name__ == "__main__":
    unittest.main()
