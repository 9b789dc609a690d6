"""The rules of the entity visit."""

from service.domain.entities.visit import VISIT
from tests.domain import rules
from tests.domain.examples import EXAMPLES


class VisitTest(rules.RulesTest):
    """Tries every rule of every field from both sides."""

    entity = VISIT
    example = EXAMPLES["visit"]
    accepted = (("fee", "0"),)
    refused = (
        ("patient_id", None, "required"),
        ("patient_id", "1", "type"),
        ("patient_id", 2, "reference"),
        ("notes", None, "required"),
        ("notes", 7, "type"),
        ("fee", None, "required"),
        ("fee", "1e5", "type"),
        ("fee", "-1", "min"),
    )
