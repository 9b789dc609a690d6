"""What a caller gives becomes a row, or a list of every rule that it breaks."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from service.domain.entity import Entity
from service.domain.errors import BrokenRuleError, InvalidError, Violation
from service.domain.fields import Field, ReferenceField, Row, Value
from service.domain.texts import TextField
from service.domain.times import stamp

Body: TypeAlias = dict[str, object]
Exists: TypeAlias = Callable[[str, int], bool]  # is there a row of this entity with this id?


def new_row(entity: Entity, body: Body, now: datetime, exists: Exists) -> Row:
    """Read a row that is created."""
    given = _read(entity, body, entity.fields, exists)
    for field in entity.fields:
        if field.auto:
            given[field.name] = stamp(field, now)
    return _in_order(entity, given)


def replaced_row(entity: Entity, body: Body, old: Row, now: datetime, exists: Exists) -> Row:
    """Read a row that takes the place of old: what is not given becomes its default or nothing."""
    given = _read(entity, body, entity.fields, exists)
    return _in_order(entity, {**_automatic(entity, old, now), **given})


def changed_row(entity: Entity, body: Body, old: Row, now: datetime, exists: Exists) -> Row:
    """Read a change of old: what is not given stays."""
    fields = tuple(field for field in entity.fields if field.name in body)
    given = _read(entity, body, fields, exists, defaults=False)
    return _in_order(entity, {**old, **_automatic(entity, old, now), **given})


def _read(
    entity: Entity, body: Body, fields: tuple[Field, ...], exists: Exists, *, defaults: bool = True
) -> Row:
    """Read the given fields, and refuse the body with all that is wrong with it."""
    values: Row = {}
    broken: list[Violation] = []
    if body.get("id") is not None:
        broken.append(Violation("id", "read_only", "id is given by the service"))
    for field in fields:
        try:
            if not field.auto:
                values[field.name] = _value(field, body.get(field.name), exists, defaults=defaults)
            elif body.get(field.name) is not None:
                raise BrokenRuleError("read_only", "is set by the service")
        except BrokenRuleError as error:
            broken.append(Violation(field.name, error.rule, f"{field.name} {error.message}"))
    unknown = sorted(key for key in body if key not in entity.by_name and key != "id")
    broken += [
        Violation(key, "unknown", f"{key} is not a field of {entity.name}") for key in unknown
    ]
    if broken:
        raise InvalidError(broken)
    return values


def _value(field: Field, raw: object, exists: Exists, *, defaults: bool) -> Value:
    """Return the value of one field, where nothing given means its default."""
    if raw is None and defaults:
        raw = field.default
    if raw is None:
        if field.optional:
            return None
        raise BrokenRuleError("required", "is required")
    if field.required and isinstance(field, TextField) and isinstance(raw, str) and not raw.strip():
        raise BrokenRuleError("required", "is required")
    value = field.read(raw)
    if isinstance(field, ReferenceField) and not exists(field.to, int(str(value))):
        raise BrokenRuleError("reference", f"must be the id of a {field.to} that exists")
    return value


def _automatic(entity: Entity, old: Row, now: datetime) -> Row:
    """Return the automatic fields after a change: times of creation stay."""
    return {
        field.name: stamp(field, now) if field.auto == "change" else old[field.name]
        for field in entity.fields
        if field.auto
    }


def _in_order(entity: Entity, values: Row) -> Row:
    """Return the values in the order of the entity's fields."""
    return {field.name: values[field.name] for field in entity.fields}
