"""Logs as JSON lines on standard error, without bodies and without keys."""

import json
import logging
import sys
from datetime import UTC, datetime

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
NAMES = {logging.WARNING: "WARN", logging.CRITICAL: "ERROR"}
USUAL = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))


class JsonFormatter(logging.Formatter):
    """Writes a record as one line: level, message, the record's own attributes, and the time."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "level": NAMES.get(record.levelno, record.levelname),
            "msg": record.getMessage(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in USUAL)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        line["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(
            timespec="milliseconds"
        )
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def set_up(level: str) -> None:
    """Send all records of this level and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)
