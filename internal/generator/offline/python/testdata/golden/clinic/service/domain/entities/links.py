"""Linkses: what one holds, and which values are accepted."""

from service.domain.entity import Entity
from service.domain.times import DateField

LINKS_ = Entity(name="links", plural="linkses", fields=(DateField("created_on", auto="creation"),))
