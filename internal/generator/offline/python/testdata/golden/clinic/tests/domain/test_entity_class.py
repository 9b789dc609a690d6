"""The rules of the entity class."""

from service.domain.entities.class_ import CLASS
from tests.domain import rules
from tests.domain.examples import EXAMPLES


class ClassTest(rules.RulesTest):
    """Tries every rule of every field from both sides."""

    entity = CLASS
    example = EXAMPLES["class"]
    accepted = (
        ("from", "x" * 20),
        ("select", None),
        ("select", "'''"),
        ("select", '"'),
        ("select", "\n"),
        ("select", "{{.}}"),
        ("select", "%s"),
        ("select", "日本 😀"),
        ("select", "\\"),
        ("select", "a\x00b"),
        ("select", "\u202e"),
        ("select", "null"),
        ("list", None),
        ("self", None),
        ("self", -5),
        ("true", None),
        ("order", None),
        ("rowid", None),
        ("str_id", None),
    )
    refused = (
        ("from", None, "required"),
        ("from", "two\nlines", "type"),
        ("from", "x" * 21, "max_length"),
        ("select", 7, "type"),
        ("select", "'''\"\n{{.}}%s日本 😀\\a\x00b\u202enull?", "enum"),
        ("list", 7, "type"),
        ("self", "7", "type"),
        ("self", -6, "min"),
        ("self", 5, "exclusive_max"),
        ("none", None, "required"),
        ("none", "1e5", "type"),
        ("none", "0", "exclusive_min"),
        ("none", "0.001", "exclusive_max"),
        ("true", "true", "type"),
        ("order", "7", "type"),
        ("rowid", "123e4567", "type"),
        ("str_id", "1", "type"),
        ("str_id", 2, "reference"),
    )
