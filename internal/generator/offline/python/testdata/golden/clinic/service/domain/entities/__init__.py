"""Every kind of row, and how the rows are linked."""

from service.domain.entities.class_ import CLASS
from service.domain.entities.import_ import IMPORT
from service.domain.entities.links import LINKS_
from service.domain.entity import Entity, Link

ENTITIES: tuple[Entity, ...] = (CLASS, IMPORT, LINKS_)
LINKS: tuple[Link, ...] = (Link(left=CLASS, right=IMPORT), Link(left=IMPORT, right=LINKS_))
