"""The settings of the process."""

import unittest
from pathlib import Path

from service.config import Config, SettingError, read

KEY: dict[str, str] = {}


class ConfigTest(unittest.TestCase):
    """Each setting by what it takes and what it refuses."""

    def test_defaults(self) -> None:
        settings = read(KEY | {"HOST": "", "PORT": ""})
        found = (settings.host, settings.port, settings.data_dir, settings.log_level)
        self.assertEqual(found, ("127.0.0.1", 8080, Path("data"), "info"))

    def test_everything_set(self) -> None:
        given = {"HOST": "::1", "PORT": "0", "DATA_DIR": "/rows", "LOG_LEVEL": "WARN"}
        expected = Config("::1", 0, Path("/rows"), "warn")
        self.assertEqual(read(KEY | given), expected)

    def test_wrong_setting_is_named(self) -> None:
        for name, value in (
            ("PORT", "65536"),
            ("PORT", "-1"),
            ("PORT", "http"),
            ("LOG_LEVEL", "loud"),
        ):
            with self.subTest(name=name, value=value), self.assertRaisesRegex(SettingError, name):
                read(KEY | {name: value})
