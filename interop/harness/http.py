"""Single HTTP requests: no redirects are followed, no cookies are stored, and every request has a deadline."""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus, urlencode, urlsplit

DEADLINE_SECONDS = 15
FORM = "application/x-www-form-urlencoded"


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
    return _send(method, url, {**headers, "Content-Type": FORM}, urlencode(form))


def send_json(method: str, url: str, members: object, headers: Mapping[str, str] = {}) -> Answer:
    """Sends JSON to the loopback interface."""
    return _send(method, url, {**headers, "Content-Type": "application/json"}, json.dumps(members))


def _send(method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError(f"{url} is not on the loopback interface")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE_SECONDS)
    return _exchange(connection, method, url, headers, body)


def _exchange(
    connection: http.client.HTTPConnection, method: str, url: str, headers: Mapping[str, str], body: str | None
) -> Answer:
    try:
        target = urlsplit(url)._replace(scheme="", netloc="").geturl() or "/"
        connection.request(method, target, body, {"Accept": "*/*", **headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


class Tls:
    """Requests to a public name whose server listens on the loopback interface, from an address of that interface."""

    def __init__(self, name: str, port: int, authority: Path, source: str) -> None:
        self.name = name
        self.port = port
        self.authority = authority
        self.source = source

    def send(
        self, method: str, url: str, headers: Mapping[str, str] = {}, form: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a request as `send` does; the certificate must be issued by the authority to the name."""
        if not url.startswith(f"https://{self.name}/"):
            raise ValueError(f"{url} is not at {self.name}")
        body = None
        if form is not None:
            headers, body = {**headers, "Content-Type": FORM}, urlencode(form)
        context = ssl.create_default_context(cafile=self.authority)
        plain = socket.create_connection(("127.0.0.1", self.port), DEADLINE_SECONDS, (self.source, 0))
        connection = http.client.HTTPSConnection(self.name, timeout=DEADLINE_SECONDS)
        try:
            connection.sock = context.wrap_socket(plain, server_hostname=self.name)
        except BaseException:
            plain.close()
            raise
        return _exchange(connection, method, url, headers, body)


def basic(client_id: str, secret: str) -> str:
    """The `Authorization` header of a client with a secret (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
