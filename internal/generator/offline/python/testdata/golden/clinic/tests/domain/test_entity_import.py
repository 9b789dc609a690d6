"""The rules of the entity import."""

from service.domain.entities.import_ import IMPORT
from tests.domain import rules
from tests.domain.examples import EXAMPLES


class ImportTest(rules.RulesTest):
    """Tries every rule of every field from both sides."""

    entity = IMPORT
    example = EXAMPLES["import"]
    accepted = (("group", "x" * 3), ("on", None))
    refused = (
        ("class_id", None, "required"),
        ("class_id", "1", "type"),
        ("class_id", 2, "reference"),
        ("group", None, "required"),
        ("group", "two\nlines", "type"),
        ("group", "x" * 4, "length"),
        ("on", "2026-02-30", "type"),
        ("updated_at", "2026-02-28", "read_only"),
    )
