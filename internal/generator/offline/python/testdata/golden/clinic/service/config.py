"""The settings of the process. They come from the environment alone; an empty one counts as not set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.logs import LEVELS


class SettingError(Exception):
    """A setting is not valid. The message says which one, and what it must be."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set."""

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("data")
    log_level: str = "info"


def read(environ: Mapping[str, str]) -> Config:
    """Read the settings, or raise SettingError for the first one that is not valid."""
    given = {name: value for name, value in environ.items() if value}
    usual = Config()
    return Config(
        host=given.get("HOST", usual.host),
        port=_port(given.get("PORT", str(usual.port))),
        data_dir=Path(given.get("DATA_DIR", usual.data_dir)),
        log_level=_level(given.get("LOG_LEVEL", usual.log_level)),
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise SettingError(f"PORT must be a number from 0 to 65535, and is {text!r}")


def _level(text: str) -> str:
    if text.lower() in LEVELS:
        return text.lower()
    raise SettingError(f"LOG_LEVEL must be one of {', '.join(LEVELS)}, and is {text!r}")
