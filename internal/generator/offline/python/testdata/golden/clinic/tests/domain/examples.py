"""A row of every entity that is accepted, in an order in which the rows that one refers to come before it."""

from service.domain.forms import Body

EXAMPLES: dict[str, Body] = {
    "class": {
        "from": "Some from",
        "select": "'''",
        "list": "Some list",
        "self": 1,
        "none": "0.0005",
        "true": True,
        "order": 10,
        "rowid": "123e4567-e89b-12d3-a456-426614174000",
    },
    "import": {"class_id": 1, "group": "123", "on": "2026-02-28"},
    "links": {},
}
