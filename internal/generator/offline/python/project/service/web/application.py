"""Answers every request, whatever happens: with a row, with a problem, or with a fault of which it tells nothing."""

import hashlib
import hmac
import logging
from collections.abc import Iterable

from service.web import problems
from service.web.messages import ProblemError, Request, Response, answer
from service.web.routing import Route, Router

OPEN_PATHS = ("/healthz", "/openapi.json")
log = logging.getLogger(__name__)


class Application:
    """The service without its sockets. Safe for concurrent use."""

    def __init__(
        self, routes: Iterable[Route], description: bytes, api_key: str | None = None
    ) -> None:
        """Serve the routes, the description of the service, and its health; protected when there is a key."""
        healthy = answer(200, {"status": "ok"})
        described = Response(200, description)
        own = [
            Route("GET", "/healthz", lambda _request: healthy),
            Route("GET", "/openapi.json", lambda _request: described),
        ]
        self._router = Router([*own, *routes])
        self._key = _digest(api_key.encode()) if api_key is not None else None

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        try:
            self._authorize(request)
            return self._router.respond(request)
        except Exception as error:
            known = problems.problem(error)
            if known is None:
                log.exception("request failed", extra={"path": request.path})
                return problems.response(500, "the service has a fault")
            return known

    def _authorize(self, request: Request) -> None:
        """Compare the key in constant time, and its digest instead of itself so that its length stays secret too."""
        if self._key is None or request.path in OPEN_PATHS:
            return
        given = request.headers.get("X-API-Key")
        if given is None:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            given = token.strip() if scheme.lower() == "bearer" else ""
        if not hmac.compare_digest(_digest(given.encode("latin-1", "replace")), self._key):
            challenge = (("WWW-Authenticate", "Bearer"),)
            raise ProblemError(
                401, "the header X-API-Key must hold the key of this service", headers=challenge
            )


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
