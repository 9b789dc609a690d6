"""Reads cases.json, and makes a test of every case."""

import json
import re
import tempfile
import unittest
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from acceptance.exchange import API_KEY, Client, Step, Values
from acceptance.process import Service

SUITE: dict[str, Any] = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
Case = dict[str, Any]


def start(
    test: type[unittest.TestCase] | unittest.TestCase, data_dir: str | None = None
) -> Service:
    """Start the service for a test, or for all tests of a class; it is stopped at their end."""
    clean_up = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    if data_dir is None:
        folder = tempfile.TemporaryDirectory()
        clean_up(folder.cleanup)
        data_dir = folder.name
    service = Service(data_dir, protected=SUITE["protected"])
    clean_up(service.stop)
    return service


def play(test: unittest.TestCase, client: Client, steps: list[Step], values: Values) -> None:
    """Send the steps, and fail at the first that is not answered as expected."""
    for step in steps:
        faults = client.send(step, values).faults(values)
        if faults:
            test.fail(faults)


class GroupTest(unittest.TestCase):
    """The cases of one group share a service, which starts with no row."""

    service: Service | None = None
    client: Client
    following: "type[GroupTest] | None" = None

    @classmethod
    def launch(cls) -> Service:
        """Start the service, which has the time until the first test to come up."""
        folder = tempfile.TemporaryDirectory()
        cls.service = Service(folder.name, protected=SUITE["protected"])
        unittest.addModuleCleanup(folder.cleanup)
        unittest.addModuleCleanup(cls.service.kill)  # where no test was run, and none has stopped it
        return cls.service

    @classmethod
    def setUpClass(cls) -> None:
        """Wait for the service, and start the one of the group that follows."""
        service = cls.service or cls.launch()
        cls.addClassCleanup(service.stop)
        cls.client = service.client()
        cls.addClassCleanup(cls.client.close)
        if cls.following:
            cls.following.launch()


def test_class(name: str, cases: list[Case]) -> type[GroupTest]:
    """Return a class with one test for each case, which unittest runs in the order of their names."""
    tests: dict[str, Any] = {"__module__": "acceptance.test_acceptance"}
    for number, case in enumerate(cases):
        method = re.sub(r"\W", "_", f"test_{number:04d}_{case['id']}")
        tests[method] = _test(case)
    return type(name, (GroupTest,), tests)


def _test(case: Case) -> Callable[[GroupTest], None]:
    def test(self: GroupTest) -> None:
        play(self, self.client, case["steps"], {"api_key": API_KEY})

    test.__doc__ = f"{case['id']}: {case['when']}: {case['then']}"
    return test


def group_classes(**parts: list[Case]) -> dict[str, type[GroupTest]]:
    """Return a class of tests for each group of the cases, in the order in which unittest runs them."""
    groups: dict[str, list[Case]] = {}
    for part, cases in parts.items():
        for case in cases:
            name = part + re.sub(r"\W", "", case.get("group", "").title())
            groups.setdefault(name, []).append(case)
    found = {name: test_class(name, groups[name]) for name in sorted(groups)}
    for one, following in pairwise(found.values()):
        one.following = following
    return found
