"""Pages and filters."""

import unittest

from service.domain.entity import Entity
from service.domain.fields import BoolField, EnumField, ReferenceField
from service.domain.numbers import DecimalField, IntField
from service.domain.texts import StringField
from service.web.messages import ProblemError
from service.web.query import Listing, PageSize, read_listing

TASK = Entity(
    name="task",
    plural="tasks",
    fields=(
        StringField("title"),
        BoolField("done"),
        IntField("rank", max=5),
        DecimalField("cost", optional=True),
        EnumField("state", values=("open", "null"), optional=True),
        ReferenceField("owner_id", to="owner"),
    ),
    search=("title",),
    filters=("title", "done", "rank", "cost", "state", "owner_id"),
)


def read(query: str) -> Listing:
    """Read the parameters of a list of tasks."""
    return read_listing(TASK, query, PageSize(usual=20, largest=100))


class QueryTest(unittest.TestCase):
    """Each parameter by what it takes and what it refuses."""

    def test_nothing_given(self) -> None:
        self.assertEqual(read(""), Listing(1, 20))

    def test_values_are_read_by_type(self) -> None:
        listing = read(
            "title=null&done=true&rank=-7&cost=01.0&state=null&owner_id=3&q=a+b%C3%A9&page=2&page_size=100"
        )
        self.assertEqual([value for _, value in listing.equal], ["null", True, -7, "1.0", None, 3])
        self.assertEqual((listing.text, listing.page, listing.page_size), ("a bé", 2, 100))

    def test_what_is_no_parameter_or_no_value_is_named(self) -> None:
        for query, name in (
            ("page=0", "page"),
            ("page=x", "page"),
            ("page=", "page"),
            ("page=-1", "page"),
            ("page=" + "9" * 5000, "page"),
            ("page_size=101", "page_size"),
            ("page_size=0", "page_size"),
            ("page=1&page=1", "page"),
            ("done=1", "done"),
            ("done=null", "done"),
            ("rank=1.0", "rank"),
            ("cost=1e5", "cost"),
            ("state=gone", "state"),
            ("owner_id=0", "owner_id"),
            ("owner_id=1.0", "owner_id"),
            ("owner_id=x", "owner_id"),
            ("other=1", "other"),
            ("title=%00", "title"),
        ):
            with self.subTest(query=query[:20]), self.assertRaises(ProblemError) as caught:
                read(query)
            errors = caught.exception.errors or []
            self.assertEqual([(v.field, v.rule) for v in errors], [(name, "query")])

    def test_broken_encodings_are_refused(self) -> None:
        for query in ("title=%ff", "&".join(f"a{i}=1" for i in range(200))):
            with self.subTest(query=query[:20]), self.assertRaises(ProblemError) as caught:
                read(query)
            self.assertEqual(caught.exception.status, 400)
