"""The rules of the entity patient."""

from service.domain.entities.patient import PATIENT
from tests.domain import rules
from tests.domain.examples import EXAMPLES


class PatientTest(rules.RulesTest):
    """Tries every rule of every field from both sides."""

    entity = PATIENT
    example = EXAMPLES["patient"]
    accepted = ()
    refused = (
        ("name", None, "required"),
        ("name", "two\nlines", "type"),
        ("email", None, "required"),
        ("email", "nobody", "type"),
        ("date_of_birth", None, "required"),
        ("date_of_birth", "2026-02-30", "type"),
    )
