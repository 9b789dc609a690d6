"""A row of every entity that is accepted, in an order in which the rows that one refers to come before it."""

from service.domain.forms import Body

EXAMPLES: dict[str, Body] = {
    "patient": {"name": "Some name", "email": "ada@example.com", "date_of_birth": "2026-02-28"},
    "visit": {"patient_id": 1, "notes": "Some notes", "fee": "10.00"},
}
