"""Single HTTP requests: no redirects are followed, no cookies are stored, and every request has a deadline."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode, urlsplit

DEADLINE_SECONDS = 15


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def json(self) -> dict:
        return json.loads(self.text)


def send(method: str, url: str, headers: Mapping[str, str] = {}, form: Mapping[str, str] | None = None) -> Answer:
    """Sends a request to the loopback interface, with a form if there is one."""
    if form is None:
        return _send(method, url, headers, None)
    return _send(method, url, {**headers, "Content-Type": "application/x-www-form-urlencoded"}, urlencode(form))


def send_json(method: str, url: str, members: object, headers: Mapping[str, str] = {}) -> Answer:
    """Sends JSON to the loopback interface."""
    return _send(method, url, {**headers, "Content-Type": "application/json"}, json.dumps(members))


def _send(method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError(f"{url} is not on the loopback interface")
    headers = {"Accept": "*/*", **headers}
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def basic(client_id: str, secret: str) -> str:
    """The `Authorization` header of a client with a secret (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
