"""Finds the handler of a request."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from service.domain.errors import NotFoundError
from service.domain.fields import is_id
from service.web.body import check_content
from service.web.messages import ProblemError, Request, Response

Handler: TypeAlias = Callable[
    ..., Response
]  # (request, id, ...): one id for each {…} of the route's path

PARAMETER = "{id}"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path; every other part of the path may be {id}."""

    method: str
    path: str
    handler: Handler


class Router:
    """Knows all routes. A look-up costs the same however many there are."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._paths: dict[tuple[str, ...], dict[str, Handler]] = {}
        for route in routes:
            self._paths.setdefault(tuple(route.path.split("/")[1:]), {})[route.method] = (
                route.handler
            )

    def respond(self, request: Request) -> Response:
        """Answer the request, or raise the error that says why there is no answer."""
        parts = [unquote(part) for part in request.path.split("/")[1:]]
        shape = tuple(PARAMETER if place % 2 else part for place, part in enumerate(parts))
        methods = self._paths.get(shape)
        if methods is None or "" in parts:
            raise ProblemError(404, "there is no such path")
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
            raise ProblemError(
                405,
                f"{request.method} is not possible here",
                headers=(("Allow", ", ".join(sorted(allowed))),),
            )
        ids = parts[1::2]
        if not all(map(is_id, ids)):
            raise NotFoundError
        check_content(request)
        return handler(request, *map(int, ids))
