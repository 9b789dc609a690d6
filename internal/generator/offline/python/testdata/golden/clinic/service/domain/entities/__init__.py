"""Every kind of row, and how the rows are linked."""

from service.domain.entities.patient import PATIENT
from service.domain.entities.visit import VISIT
from service.domain.entity import Entity, Link

ENTITIES: tuple[Entity, ...] = (PATIENT, VISIT)
LINKS: tuple[Link, ...] = ()
