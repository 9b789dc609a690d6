"""Imports: what one holds, and which values are accepted."""

from service.domain.entity import Entity
from service.domain.fields import ReferenceField
from service.domain.texts import StringField
from service.domain.times import DateField, DateTimeField

IMPORT = Entity(
    name="import",
    plural="imports",
    fields=(
        ReferenceField("class_id", to="class", on_delete="cascade"),
        StringField("group", length=3),
        DateField("on", default="2026-01-31"),
        DateTimeField("updated_at", auto="change"),
    ),
    filters=("class_id", "on", "updated_at"),
)
