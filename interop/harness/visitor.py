"""A headless browser that visits applications: it follows every redirect on the loopback interface, keeps the cookies of
each host, and fills in the forms of the issuer as they come.
"""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

from harness.browser import Form, Lost, forms_of
from harness.http import Answer, send

HOPS_MAX = 20


class Page:
    """Where a visitor arrived."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.status = answer.status
        self.text = answer.text
        self.json = answer.json

    def form(self, action: str) -> Form:
        """The form that is sent to a path that contains this text."""
        found = [form for form in forms_of(self.text) if action in urljoin(self.url, form.action)]
        if len(found) != 1:
            raise Lost(f"{self.url} has {len(found)} forms for {action}: {self.text[:2000]}")
        return found[0]


class Visitor:
    """One user with one browser."""

    def __init__(self, issuer: str, person: Mapping) -> None:
        self.issuer = issuer
        self.person = person
        self.cookies: dict[str, dict[str, str]] = {}
        # What the issuer asked since the last call of `open` or `submit`.
        self.asked: list[str] = []

    def open(self, url: str) -> Page:
        """Opens an address, and returns the first page that is no form of the issuer."""
        return self._arrive(url, "GET", None)

    def submit(self, page: Page, form: Form, fields: Mapping[str, str] = {}) -> Page:
        """Sends a form of a page, with these fields beside its hidden ones."""
        return self._arrive(urljoin(page.url, form.action), "POST", form.hidden | dict(fields))

    def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Sends a form that a script made."""
        return self._arrive(url, "POST", dict(fields))

    def _arrive(self, url: str, method: str, fields: dict[str, str] | None) -> Page:
        self.asked = []
        hops = [url]
        while len(hops) <= HOPS_MAX:
            answer = self._send(method, url, fields)
            if answer.status in (301, 302, 303, 307):
                url, method, fields = urljoin(url, answer.headers["Location"]), "GET", None
            elif (form := self._known_form(url, answer)) is None:
                return Page(url, answer)
            else:
                url, method, fields = urljoin(url, form.action), "POST", form.hidden | self._filled(form)
            hops.append(url)
        raise Lost("too many hops: " + " -> ".join(hops))

    def _known_form(self, url: str, answer: Answer) -> Form | None:
        if not url.startswith(self.issuer + "/"):
            return None
        known = [form for form in forms_of(answer.text) if form.is_sign_in or form.is_consent]
        return known[0] if known else None

    def _filled(self, form: Form) -> dict[str, str]:
        if form.is_sign_in:
            self.asked.append("sign-in")
            return {"username": self.person["username"], "password": self.person["password"]}
        self.asked.append("consent")
        return {"decision": "allow"}

    def _send(self, method: str, url: str, fields: dict[str, str] | None) -> Answer:
        parts = urlsplit(url)
        headers = {"Accept": "text/html,*/*"}
        # Browsers send the cookies of a host to each of its ports.
        kept = self.cookies.setdefault(parts.hostname, {})
        if kept:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        if method == "POST":
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
        answer = send(method, url, headers, fields)
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                kept[name] = morsel.value
                if morsel["max-age"] == "0" or not morsel.value or "1970" in morsel["expires"]:
                    del kept[name]
        return answer
