"""Makes the request of a step, and compares the answer with what is expected of it."""

import http.client
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from acceptance.document import NOTHING, Document, at, normal, parse, show, text

Step: TypeAlias = dict[str, Any]
Values: TypeAlias = dict[str, str]

PLACEHOLDER = re.compile(r"\{\{(?:([a-z][a-z0-9_]*)|([^{}*]+)\*([0-9]{1,8}))\}\}")
API_KEY = "acceptance-acceptance"
TIMEOUT = 20.0


def expand(template: str, values: Values) -> str:
    """Put values in place of their placeholders."""

    def one(found: re.Match[str]) -> str:
        if found[3]:
            return found[2] * int(found[3])
        return values.get(found[1], found[0])

    return PLACEHOLDER.sub(one, template)


@dataclass
class Exchange:
    """One request and its answer."""

    step: Step
    path: str
    sent: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""  # why there was no answer

    def faults(self, values: Values) -> str:
        """Save what the step saves, and return what is wrong with the answer, "" if it is right."""
        wrong = self._faults(values)
        if not wrong:
            return ""
        answer = self.error or self.body.decode("utf-8", "replace")
        return (
            f"\nrequest:  {self.step['method']} {self.path} {self.sent[:800]}"
            f"\nanswer:   {self.status} {answer[:800]}"
            "\nexpected: " + "\n          ".join(wrong)
        )

    def _faults(self, values: Values) -> list[str]:
        want = self.step["expect"]
        if self.error:
            return ["an answer"]
        if self.status != want["status"]:
            return [f"status {want['status']}"]
        if self.step["method"] == "HEAD" or self.status == 204:
            return ["no body"] if self.body else self._header_faults(want, values)
        wanted = "application/problem+json" if self.status >= 400 else "application/json"
        given = self.headers.get("content-type", "")
        if given.partition(";")[0].strip().lower() != wanted:
            return [f"content type {wanted}, not {given!r}"]
        try:
            document = parse(self.body)
        except ValueError as error:
            return [f"JSON ({error})"]
        for name, pointer in self.step.get("save", {}).items():
            values[name] = show(at(document, pointer)).strip('"')
        wrong = self._header_faults(want, values)
        if self.status >= 400:
            wrong += problem_faults(document, want)
        return wrong + content_faults(document, want, values)

    def _header_faults(self, want: dict[str, Any], values: Values) -> list[str]:
        wrong = []
        for name, template in want.get("headers", {}).items():
            expected, given = expand(template, values), self.headers.get(name.lower(), "")
            if given != expected and not given.startswith(expected + ";"):
                wrong.append(f"header {name} {expected!r}, not {given!r}")
        return wrong


def problem_faults(document: Document, want: dict[str, Any]) -> list[str]:
    """Check the form of an error, and its fields where they are expected."""
    wrong = []
    if show(at(document, "/status")) != str(want["status"]):
        wrong.append(f"/status {want['status']}")
    wrong += [
        f"a text at {p}" for p in ("/type", "/title", "/detail") if not text(document, p).strip()
    ]
    if "errors" not in want:
        return wrong
    errors = at(document, "/errors")
    errors = errors if isinstance(errors, list) else []
    given = [(text(e, "/field"), text(e, "/rule")) for e in errors]
    expected = [(e["field"], e["rule"]) for e in want["errors"]]
    if given != expected:
        wrong.append(f"errors (field, rule) {expected}, not {given}")
    if any(not text(e, "/message").strip() for e in errors):
        wrong.append("a message in every error")
    return wrong


def content_faults(document: Document, want: dict[str, Any], values: Values) -> list[str]:
    """Compare the content of an answer."""
    wrong = []
    for pointer, template in want.get("body", {}).items():
        expected, given = normal(expand(template, values)), show(at(document, pointer))
        if given != expected:
            wrong.append(f"{expected[:800]} at {pointer}, not {given[:800]}")
    for pointer, templates in want.get("not", {}).items():
        given = show(at(document, pointer))
        if given in [normal(expand(template, values)) for template in templates]:
            wrong.append(f"something else than {given} at {pointer}")
    for pointer, pattern in want.get("match", {}).items():
        if not re.search(pattern, text(document, pointer)):
            wrong.append(f"a text like {pattern} at {pointer}, not {show(at(document, pointer))}")
    for pointer, keys in want.get("keys", {}).items():
        found = at(document, pointer)
        if not isinstance(found, dict) or list(found) != keys:
            wrong.append(f"the keys {keys} at {pointer!r}")
    for pointer in want.get("absent", []):
        if at(document, pointer) is not NOTHING:
            wrong.append(f"nothing at {pointer}")
    for pointer, count in want.get("count", {}).items():
        found = at(document, pointer)
        if not isinstance(found, list) or len(found) != count:
            wrong.append(f"a list of {count} at {pointer}")
    return wrong


class Client:
    """Sends requests over one connection, which is opened again when the service has closed it."""

    def __init__(self, address: str, *, protected: bool) -> None:
        self.address = address
        self.protected = protected
        self.connection = http.client.HTTPConnection(address, timeout=TIMEOUT)

    def send(self, step: Step, values: Values) -> Exchange:
        """Make the request of a step."""
        exchange = Exchange(
            step, expand(step["path"], values), expand(step.get("body", ""), values)
        )
        headers = {"Content-Type": "application/json"} if exchange.sent else {}
        if self.protected and not step.get("no_auth"):
            headers["X-API-Key"] = API_KEY
        for name, template in step.get("headers", {}).items():
            headers.pop(name, None)
            if template:
                headers[name] = expand(template, values)
        fresh = self.connection.sock is None
        try:
            self._request(exchange, headers)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            if fresh or isinstance(error, TimeoutError):
                exchange.error = repr(error)
                return exchange
            try:  # an idle connection may be closed by either side at any time
                self._request(exchange, headers)
            except (OSError, http.client.HTTPException) as second:
                self.connection.close()
                exchange.error = repr(second)
        return exchange

    def _request(self, exchange: Exchange, headers: dict[str, str]) -> None:
        body = exchange.sent.encode() if exchange.sent else None
        try:
            self.connection.request(exchange.step["method"], exchange.path, body, headers)
        except ConnectionError:
            if body is None or len(body) < 100_000:
                raise  # else the answer may be there although the body was not read to its end
        answer = self.connection.getresponse()
        exchange.status = answer.status
        exchange.headers = {name.lower(): value for name, value in answer.getheaders()}
        exchange.body = answer.read()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
