"""Classes: what one holds, and which values are accepted."""

from decimal import Decimal

from service.domain.entity import Entity
from service.domain.fields import BoolField, EnumField, ReferenceField
from service.domain.numbers import DecimalField, IntField
from service.domain.texts import StringField, TextField, UuidField

CLASS = Entity(
    name="class",
    plural="classes",
    fields=(
        StringField("from", unique=True, max_length=20),
        EnumField(
            "select",
            values=("'''", '"', "\n", "{{.}}", "%s", "日本 😀", "\\", "a\x00b", "\u202e", "null"),
            default="\n",
        ),
        TextField("list", default="\"'\\\n{{ %d"),
        IntField("self", optional=True, min=-5, below=5),
        DecimalField("none", unique=True, above=0, below=Decimal("0.001")),
        BoolField("true", default=True),
        IntField("order", default=7),
        UuidField("rowid", optional=True),
        ReferenceField("str_id", to="class", on_delete="set_null", optional=True),
    ),
    search=("from", "list"),
    filters=("select", "none", "true", "order", "rowid", "str_id"),
)
