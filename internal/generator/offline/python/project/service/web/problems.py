"""Errors as application/problem+json (RFC 9457)."""

from dataclasses import asdict
from http import HTTPStatus

from service.domain.errors import ConflictError, InvalidError, NotFoundError, Violation
from service.web.messages import ProblemError, Response, dump

PROBLEM = "application/problem+json"


def problem(error: Exception) -> Response | None:
    """Return the answer for an error that was foreseen, and None for any other."""
    match error:
        case ProblemError():
            return response(error.status, error.detail, error.errors, error.headers)
        case InvalidError():
            count = len(error.violations)
            detail = "1 field is not valid" if count == 1 else f"{count} fields are not valid"
            return response(422, detail, error.violations)
        case ConflictError():
            return response(409, str(error), error.violations)
        case NotFoundError():
            return response(404, "there is no such row")
    return None


def response(
    status: int,
    detail: str,
    errors: list[Violation] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """Write one problem."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = [asdict(violation) for violation in errors]
    return Response(status, dump(content), PROBLEM, headers)


TITLES = {
    413: "Content Too Large",
    422: "Unprocessable Entity",
}  # Python renames some of these between versions
