"""The shape of a kind of row."""

from dataclasses import dataclass
from functools import cached_property

from service.domain.fields import Field


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A kind of row: its names, its fields in the order of the answers, and how a list of it can be narrowed."""

    name: str
    plural: str
    fields: tuple[Field, ...]
    search: tuple[str, ...] = ()  # fields that ?q= looks in
    filters: tuple[str, ...] = ()  # fields that are query parameters

    @property
    def path(self) -> str:
        """Where the rows live."""
        return "/" + self.plural.replace("_", "-")

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names in JSON."""
        return {field.name: field for field in self.fields}


@dataclass(frozen=True, kw_only=True)
class Link:
    """A many-to-many relation between the rows of two entities."""

    left: Entity
    right: Entity

    @property
    def name(self) -> str:
        """How the relation is called."""
        return f"{self.left.name}.{self.right.name}"
