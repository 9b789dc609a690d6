"""Several clients create rows with one unique value at the same moment: exactly one may succeed."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from acceptance.exchange import API_KEY, Exchange, Step, Values
from acceptance.process import Service
from acceptance.suite import SUITE, Case, play, start


class Races(unittest.TestCase):
    """One test for each unique field."""

    service: Service

    @classmethod
    def setUpClass(cls) -> None:
        """Start the service."""
        cls.service = start(cls)

    def race(self, case: Case) -> None:
        """Let the clients of one case run."""
        values = {"api_key": API_KEY}
        client = self.service.client()
        self.addCleanup(client.close)
        play(self, client, case["steps"], values)
        with ThreadPoolExecutor(len(case["together"])) as clients:
            answers = list(clients.map(lambda step: self.send(step, values), case["together"]))
        created = [answer for answer in answers if answer.status == 201]
        for answer in answers:
            if answer.status != 201:
                self.assertEqual("", answer.faults(values))
        self.assertEqual(1, len(created), "clients that created a row with the same value")

    def send(self, step: Step, values: Values) -> Exchange:
        """Send one step over a connection of its own."""
        client = self.service.client()
        try:
            return client.send(step, values)
        finally:
            client.close()


for number, one in enumerate(SUITE["races"]):
    name = f"test_{number:04d}_{one['id']}".replace(".", "_")
    setattr(Races, name, lambda self, case=one: self.race(case))

if __name__ == "__main__":
    unittest.main()
