"""django-lasuite, with its JSON backend and with its JWT backend (RFC 9701): which requests it accepts."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.authority import Authority
from harness.http import Answer, send
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.world import ALICE, BOB, LASUITE_JSON, LASUITE_JWT, MACHINE, WEB

PEER = "django-lasuite"
PROJECT = Path(__file__).resolve().parent / "project"
COMMAND_SECONDS = 60


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Starts the peer with each of its backends and runs every cell with each."""
    world = authority.world
    python = packages.python("django_lasuite")
    asked = "from importlib.metadata import version; print(version('django-lasuite'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, PROJECT).strip()
    setups = (
        ("JSON", world.lasuite_json, settings("ResourceServerBackend", LASUITE_JSON, "client_id")),
        ("JWT", world.lasuite_jwt, settings("JWTResourceServerBackend", LASUITE_JWT, "aud")),
    )
    with ExitStack() as running:
        daemons = {
            name: running.enter_context(start(authority, python, origin, setting)) for name, origin, setting in setups
        }
        for name, origin, _ in setups:
            daemons[name].wait_for(origin + "/jwks")
            cells = Cells(authority, origin)
            for cell, work in cells.all().items():
                table.cell(PEER, version, f"{name} backend: {cell}", work)


def settings(backend: str, caller: tuple[str, str], audience_claim: str) -> dict[str, str]:
    """The differences between the two configurations."""
    return {
        "BACKEND": backend,
        "CLIENT_ID": caller[0],
        "CLIENT_SECRET": caller[1],
        "AUDIENCE_CLAIM": audience_claim,
    }


def start(authority: Authority, python: Path, origin: str, setting: dict[str, str]) -> Daemon:
    """A project with its own database and users, in its own process."""
    address = origin.removeprefix("http://")
    environment = {
        "DATABASE": str(authority.folder / f"lasuite-{address.rpartition(':')[2]}.db"),
        "ISSUER": authority.issuer,
        "INTROSPECTION_URL": authority.endpoint("introspection"),
        "JWKS_URL": authority.discovery()["jwks_uri"],
        "PYTHONDONTWRITEBYTECODE": "1",
        **setting,
    }
    manage = [python, "manage.py"]
    complete([*manage, "migrate", "--run-syncdb", "--verbosity", "0"], COMMAND_SECONDS, PROJECT, environment)
    complete([*manage, "loaddata", "--verbosity", "0", "known"], COMMAND_SECONDS, PROJECT, environment)
    command = [*manage, "runserver", "--noreload", address]
    return Daemon(command, PROJECT, Path(environment["DATABASE"]).with_suffix(".log"), environment)


class Cells:
    """The cells of the peer with one of its backends."""

    def __init__(self, authority: Authority, origin: str) -> None:
        self.tokens = Tokens(authority)
        self.world = authority.world
        self.origin = origin

    def all(self) -> dict[str, Callable[[], None]]:
        return {
            "user token, scope ok": self.user,
            "machine token, scope ok, known sub": self.machine,
            "token bound to this resource": self.bound,
            "user token, wrong scope refused": self.wrong_scope,
            "machine token, wrong scope refused": self.machine_wrong_scope,
            "token for other resources refused": self.not_for_here,
            "user unknown to the API refused": self.unknown_user,
            "user token revoked, refused at once": self.user_revoked,
            "machine token revoked, refused at once": self.machine_revoked,
            "no token and a made-up token refused": self.no_token,
        }

    def user(self) -> None:
        self._let_through(self.tokens.of_person("openid groups"), ALICE["sub"], WEB[0])

    def machine(self) -> None:
        self._let_through(self.tokens.of_machine("groups"), MACHINE[0], MACHINE[0])

    def bound(self) -> None:
        self._let_through(self.tokens.of_person("groups notes.read", self.origin), ALICE["sub"], WEB[0])
        self._let_through(self.tokens.of_machine("groups", self.origin), MACHINE[0], MACHINE[0])

    def wrong_scope(self) -> None:
        """This peer answers 400 where RFC 6750 requires 403."""
        refused(self.ask(self.tokens.of_person("openid teams")), 400)

    def machine_wrong_scope(self) -> None:
        refused(self.ask(self.tokens.of_machine("teams")), 400)

    def not_for_here(self) -> None:
        refused(self.ask(self.tokens.of_person("notes.read")), 401)
        refused(self.ask(self.tokens.of_machine("notes.read", self.world.elsewhere)), 401)

    def unknown_user(self) -> None:
        refused(self.ask(self.tokens.of_person("groups", person=BOB)), 401)

    def user_revoked(self) -> None:
        token = self.tokens.of_person("groups")
        self._let_through(token, ALICE["sub"], WEB[0])
        self.tokens.revoke(WEB, token)
        refused(self.ask(token), 401)

    def machine_revoked(self) -> None:
        token = self.tokens.of_machine("groups")
        self._let_through(token, MACHINE[0], MACHINE[0])
        self.tokens.revoke(MACHINE, token)
        refused(self.ask(token), 401)

    def no_token(self) -> None:
        refused(send("GET", self.origin + "/who"), 401)
        refused(self.ask("A" * 43), 401)

    def ask(self, token: str) -> Answer:
        return send("GET", self.origin + "/who", {"Authorization": f"Bearer {token}"})

    def _let_through(self, token: str, sub: str, client_id: str) -> None:
        answer = self.ask(token)
        expect(answer.status, 200, f"the status of the protected view ({answer.text[:300]})")
        # The JWT backend reads `aud`, for which the resource has registered its own identifier.
        audience = client_id if self.origin == self.world.lasuite_json else self.origin
        expect(answer.json(), {"sub": sub, "audience": audience}, "the answer of the protected view")


def refused(answer: Answer, status: int) -> None:
    expect(answer.status, status, f"the status of the protected view ({answer.text[:300]})")
