"""A headless browser: cookies, redirects of the issuer, and the two forms that users fill in.

It knows the forms by their contract alone: `username` and `password` to sign in, `decision` to consent.
"""

from collections.abc import Callable
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urljoin, urlsplit

from harness.http import Answer, send

HOPS_MAX = 12


class Lost(RuntimeError):
    """A page that is neither a known form nor a redirect to the client."""


class Browser:
    """One user with one browser. Cookies are stored for the issuer and sent only to it."""

    def __init__(self, issuer: str, person: dict, send: Callable[..., Answer] = send) -> None:
        self.issuer = issuer
        self.send = send
        self.person = person
        self.cookies: dict[str, str] = {}
        self.pages: list[str] = []

    def authorize(self, url: str, callback: str, decision: str = "allow") -> dict[str, str]:
        """Opens an authorization request, fills in the forms, and returns the parameters at the callback."""
        self.pages = []
        answer = self._open("GET", url)
        for _ in range(HOPS_MAX):
            if answer.status in (302, 303):
                location = urljoin(url, answer.headers["Location"])
                if location.startswith(callback + "?"):
                    return dict(parse_qsl(urlsplit(location).query))
                url = location
                answer = self._open("GET", url)
                continue
            form = self._known_form(url, answer)
            fields = form.hidden | self._filled(form, decision)
            url = urljoin(url, form.action)
            answer = self._open("POST", url, fields)
        raise Lost(f"no way back to {callback} after {HOPS_MAX} hops; pages on the way: {self.pages}")

    def _filled(self, form: "Form", decision: str) -> dict[str, str]:
        if form.is_sign_in:
            self.pages.append("sign-in")
            return {"username": self.person["username"], "password": self.person["password"]}
        self.pages.append("consent")
        return {"decision": decision}

    def _known_form(self, url: str, answer: Answer) -> "Form":
        forms = forms_of(answer.text)
        known = [form for form in forms if form.is_sign_in or form.is_consent]
        if answer.status >= 400 and not known:
            raise Lost(f"{url} answered {answer.status}: {answer.text[:2000]}")
        if len(known) != 1:
            raise Lost(f"{url} has {len(known)} known forms: {answer.text[:2000]}")
        return known[0]

    def _open(self, method: str, url: str, form: dict[str, str] | None = None) -> Answer:
        headers = {"Accept": "text/html"}
        if not url.startswith(self.issuer + "/"):
            raise Lost(f"the issuer sends the browser to {url}")
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers["Origin"] = self.issuer
        answer = self.send(method, url, headers, form)
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer


class Form:
    """A form of a page: its target and its fields."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.hidden: dict[str, str] = {}
        self.controls: set[str] = set()
        # By `id`, or by name without one.
        self.submits: dict[str, tuple[str, str]] = {}

    @property
    def is_sign_in(self) -> bool:
        return {"username", "password"} <= self.controls and "login" in self.submits

    @property
    def is_consent(self) -> bool:
        wanted = {name: ("decision", name) for name in ("allow", "deny")}
        return wanted.items() <= self.submits.items()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.form: Form | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.form = Form(values.get("action", ""))
            self.forms.append(self.form)
        elif self.form is None or tag not in ("input", "button"):
            return
        elif values.get("type") == "hidden":
            self.form.hidden[values["name"]] = values.get("value", "")
        elif tag == "button" or values.get("type") == "submit":
            name = values.get("name", "")
            self.form.submits[values.get("id") or name] = (name, values.get("value", ""))
        else:
            self.form.controls.add(values.get("name", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None


def forms_of(page: str) -> list[Form]:
    """The forms of a page, in order."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms
