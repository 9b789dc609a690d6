"""Visits: what one holds, and which values are accepted."""

from service.domain.entity import Entity
from service.domain.fields import ReferenceField
from service.domain.numbers import DecimalField
from service.domain.texts import TextField

VISIT = Entity(
    name="visit",
    plural="visits",
    fields=(
        ReferenceField("patient_id", to="patient"),
        TextField("notes"),
        DecimalField("fee", min=0),
    ),
    filters=("patient_id",),
)
