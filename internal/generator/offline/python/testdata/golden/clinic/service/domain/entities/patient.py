"""Patients: what one holds, and which values are accepted."""

from service.domain.entity import Entity
from service.domain.texts import EmailField, StringField
from service.domain.times import DateField

PATIENT = Entity(
    name="patient",
    plural="patients",
    fields=(StringField("name"), EmailField("email", unique=True), DateField("date_of_birth")),
)
