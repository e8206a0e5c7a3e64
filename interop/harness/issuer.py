"""Another authorization server: a process that can be stopped, its endpoints, and tokens of users and clients."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlencode

from harness.browser import Browser, Form, Lost, forms_of
from harness.http import Answer, basic, send
from harness.process import Daemon, complete
from harness.table import expect
from harness.tokens import proof_key

COMMAND_SECONDS = 60
# The settings shared by all Django projects that are authorization servers.
SHARED_SETTINGS = Path(__file__).resolve().parent.parent / "django_issuer"
# The same at each of these servers. Nothing listens at the callback: the browser stops before it.
CALLBACK = "http://127.0.0.1:9/callback"
PERSON = {"username": "alice", "password": "correct-horse-battery"}
WEB = ("web", "web-secret-of-some-length-1")
MACHINE = ("machine", "machine-secret-of-some-length-1")
# A client whose tokens have this short lifetime.
BRIEF = ("brief", "brief-secret-of-some-length-1")
BRIEF_SECONDS = 4
# The client as which the guard introspects.
API = ("api", "api-secret-of-some-length-1")


class Server:
    """A peer that serves in its own process."""

    def __init__(
        self, command: list, folder: Path, log: Path, environment: Mapping[str, str], probe: str
    ) -> None:
        self.command = command
        self.folder = folder
        self.log = log
        self.environment = {"PYTHONDONTWRITEBYTECODE": "1", **environment}
        self.probe = probe
        self.daemon: Daemon | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self.daemon = Daemon(self.command, self.folder, self.log, self.environment)
        self.daemon.wait_for(self.probe)

    def stop(self) -> None:
        if self.daemon:
            self.daemon.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stops it, and starts it again afterwards."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Makes it accept connections without ever answering."""
        self.daemon.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.daemon.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def django(project: Path, python: Path, log: Path, port: int, environment: Mapping[str, str]) -> Server:
    """A Django project whose `seed.py` creates its database, unless it exists already."""
    shared = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(SHARED_SETTINGS), "BRIEF_SECONDS": str(BRIEF_SECONDS)}
    settings = shared | environment
    if not Path(settings["DATABASE"]).exists():
        facts = {"CALLBACK": CALLBACK, "USERNAME": PERSON["username"], "PASSWORD": PERSON["password"]}
        complete([python, "seed.py"], COMMAND_SECONDS, project, settings | facts)
    address = f"127.0.0.1:{port}"
    command = [python, "manage.py", "runserver", "--noreload", address]
    return Server(command, project, log, settings, f"http://{address}/")


class Issuer:
    """The tokens of a peer, requested as its clients do."""

    def __init__(self, origin: str, endpoints: Mapping[str, str]) -> None:
        self.origin = origin
        self.endpoints = endpoints

    @classmethod
    def discovered(cls, origin: str, path: str) -> "Issuer":
        """From its metadata at this path."""
        answer = send("GET", origin + path)
        expect(answer.status, 200, f"the status of the metadata at {path}")
        return cls(origin, answer.json())

    def of_person(self, scope: str, client: tuple[str, str] = WEB, **more: str) -> dict:
        """The token response for a user who signs in and allows everything: code and PKCE."""
        verifier, challenge = proof_key()
        request = {
            "response_type": "code",
            "client_id": client[0],
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": token_urlsafe(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        url = f"{self.endpoints['authorization_endpoint']}?{urlencode(request)}"
        answer = Visitor(self.origin, PERSON).authorize(url, CALLBACK)
        expect(answer.get("state"), request["state"], f"the state in {answer}")
        form = {
            "grant_type": "authorization_code",
            "code": answer.get("code", f"none in {answer}"),
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        }
        return self.token(client, form)

    def of_machine(self, scope: str, client: tuple[str, str] = MACHINE, **more: str) -> dict:
        """The token response for a client that acts for itself."""
        return self.token(client, {"grant_type": "client_credentials", "scope": scope, **more})

    def token(self, client: tuple[str, str], form: Mapping[str, str], headers: Mapping[str, str] = {}) -> dict:
        """Sends a token request and checks that it succeeds."""
        headers = {"Authorization": basic(*client), **headers}
        answer = send("POST", self.endpoints["token_endpoint"], headers, form)
        expect(answer.status, 200, f"the status of the token answer ({answer.text[:500]})")
        return answer.json()

    def revoke(self, client: tuple[str, str], token: str) -> None:
        """Revokes a token of this client."""
        headers = {"Authorization": basic(*client)}
        answer = send("POST", self.endpoints["revocation_endpoint"], headers, {"token": token})
        expect(answer.status, 200, f"the status of the revocation ({answer.text[:500]})")


class Visitor(Browser):
    """A user at pages without a defined contract: fills in sign-in forms, and allows everything else."""

    def _known_form(self, url: str, answer: Answer) -> Form:
        forms = [form for form in forms_of(answer.text) if form.submits]
        if answer.status >= 400 or len(forms) != 1:
            raise Lost(f"{url} answered {answer.status} with {len(forms)} forms: {answer.text[:2000]}")
        return forms[0]

    def _filled(self, form: Form, decision: str) -> dict[str, str]:
        known = {"login": self.person["username"], **self.person}
        asked = {name: known[name] for name in form.controls if name in known}
        self.pages.append("sign-in" if asked else "consent")
        name, value = form.submits.get(decision, ("", ""))
        return asked | ({name: value} if name else {})
