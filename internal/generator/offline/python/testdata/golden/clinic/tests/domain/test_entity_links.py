"""The rules of the entity links."""

from service.domain.entities.links import LINKS_
from tests.domain import rules
from tests.domain.examples import EXAMPLES


class LinksTest(rules.RulesTest):
    """Tries every rule of every field from both sides."""

    entity = LINKS_
    example = EXAMPLES["links"]
    accepted = ()
    refused = (("created_on", "2026-02-28", "read_only"),)
