"""django-oauth-toolkit, with credentials and with a static token: which requests it accepts, and when."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.authority import Authority
from harness.http import Answer, send
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.world import DOT_BASIC, DOT_BEARER, MACHINE, WEB

PEER = "django-oauth-toolkit"
PROJECT = Path(__file__).resolve().parent / "project"
# How long the peer caches a response, and how much longer this test waits.
CACHE_SECONDS = 3
CACHE_SLACK_SECONDS = 4
COMMAND_SECONDS = 60


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Starts the peer in both configurations and runs every cell with each."""
    world = authority.world
    python = packages.python("django_oauth_toolkit")
    asked = "from importlib.metadata import version as of; print(of('django-oauth-toolkit'), of('oauthlib'))"
    version = ", oauthlib ".join(complete([python, "-c", asked], COMMAND_SECONDS, PROJECT).split())
    credentials = {"CLIENT_ID": DOT_BASIC[0], "CLIENT_SECRET": DOT_BASIC[1]}
    static = {"AUTH_TOKEN": authority.resource_token(DOT_BEARER[0])}
    with ExitStack() as running:
        peers = []
        for name, origin, settings in (
            ("credentials", world.dot_basic, credentials),
            ("static token", world.dot_bearer, static),
        ):
            daemon = start(authority, python, origin, settings)
            running.enter_context(daemon)
            peers.append(Peer(name, origin, daemon))
        for peer in peers:
            peer.daemon.wait_for(peer.origin + "/notes")
            cells = Cells(authority, peer.origin)
            for cell, work in cells.all().items():
                table.cell(PEER, version, f"{peer.name}: {cell}", work)
        while_the_server_is_away(authority, peers, lambda cell, work: table.cell(PEER, version, cell, work))


class Peer:
    """A running peer."""

    def __init__(self, name: str, origin: str, daemon: Daemon) -> None:
        self.name = name
        self.origin = origin
        self.daemon = daemon


def start(authority: Authority, python: Path, origin: str, settings: dict[str, str]) -> Daemon:
    """A project with its own database, in its own process."""
    address = origin.removeprefix("http://")
    environment = {
        "DATABASE": str(authority.folder / f"dot-{address.rpartition(':')[2]}.db"),
        "INTROSPECTION_URL": authority.endpoint("introspection"),
        "CACHE_SECONDS": str(CACHE_SECONDS),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }
    complete([python, "manage.py", "migrate", "--verbosity", "0"], COMMAND_SECONDS, PROJECT, environment)
    command = [python, "manage.py", "runserver", "--noreload", address]
    return Daemon(command, PROJECT, Path(environment["DATABASE"]).with_suffix(".log"), environment)


class Cells:
    """The cells of the peer at one address."""

    def __init__(self, authority: Authority, origin: str) -> None:
        self.tokens = Tokens(authority)
        self.world = authority.world
        self.origin = origin

    def all(self) -> dict[str, Callable[[], None]]:
        cells = {
            "user token, scope ok": self.user,
            "machine token, scope ok, no user": self.machine,
            "user token, missing scope refused": self.user_missing_scope,
            "machine token, missing scope refused": self.machine_missing_scope,
            "no token and a made-up token refused": self.no_token,
            "user token revoked, refused after the cache": self.user_revoked,
            "machine token revoked, refused after the cache": self.machine_revoked,
            "token bound to this resource": self.bound,
            "token bound to another resource refused": self.bound_elsewhere,
        }
        if self.origin == self.world.dot_basic:
            cells["token bound to another address of this API refused"] = self.bound_beside
        else:
            cells["JWT access token, then revoked"] = self.jwt
        return cells

    def user(self) -> None:
        let_through(self.ask(self.tokens.of_person("notes.read")), "alice")

    def machine(self) -> None:
        let_through(self.ask(self.tokens.of_machine("notes.read")), None)

    def user_missing_scope(self) -> None:
        token = self.tokens.of_person("notes.read")
        refused(self.ask(token, "/notes/write"))
        let_through(self.ask(self.tokens.of_person("notes.read notes.write"), "/notes/write"), "alice")

    def machine_missing_scope(self) -> None:
        refused(self.ask(self.tokens.of_machine("notes.write")))

    def no_token(self) -> None:
        refused(send("GET", self.origin + "/notes"))
        refused(self.ask("A" * 43))

    def user_revoked(self) -> None:
        self._revoked(self.tokens.of_person("notes.read"), WEB, "alice")

    def machine_revoked(self) -> None:
        self._revoked(self.tokens.of_machine("notes.read"), MACHINE, None)

    def bound(self) -> None:
        resource = self.origin + "/notes"
        let_through(self.ask(self.tokens.of_person("notes.read notes.write", resource)), "alice")
        let_through(self.ask(self.tokens.of_machine("notes.read", resource)), None)

    def bound_elsewhere(self) -> None:
        refused(self.ask(self.tokens.of_person("notes.read", self.world.elsewhere)))
        refused(self.ask(self.tokens.of_machine("notes.read", self.world.elsewhere)))

    def bound_beside(self) -> None:
        """The peer compares the audience with its address, so it must have received the audience."""
        token = self.tokens.of_person("notes.read", self.origin + "/archive")
        let_through(self.ask(token, "/archive"), "alice")
        refused(self.ask(token))

    def jwt(self) -> None:
        token = self.tokens.of_person("notes.read", self.origin + "/notes")
        expect(token.count("."), 2, "the dots in a JWT access token")
        self._revoked(token, WEB, "alice")

    def ask(self, token: str, path: str = "/notes") -> Answer:
        return ask(self.origin + path, token)

    def _revoked(self, token: str, client: tuple[str, str], user: str | None) -> None:
        let_through(self.ask(token), user)
        self.tokens.revoke(client, token)
        revoked = time.monotonic()
        answer = self.ask(token)
        while answer.status == 200 and time.monotonic() < revoked + CACHE_SECONDS + CACHE_SLACK_SECONDS:
            time.sleep(0.2)
            answer = self.ask(token)
        refused(answer)


def while_the_server_is_away(
    authority: Authority, peers: list[Peer], cell: Callable[[str, Callable[[], None]], None]
) -> None:
    """Stops the server, sends a request to every peer, starts the server again and repeats the requests."""
    tokens = Tokens(authority)
    fresh = {peer.name: tokens.of_person("notes.read") for peer in peers}
    authority.stop()
    try:
        for peer in peers:
            token = fresh[peer.name]
            url = peer.origin + "/notes"
            cell(f"{peer.name}: server away, unknown token refused", lambda: refused(ask(url, token)))
    finally:
        authority.start()
    for peer in peers:
        token = fresh[peer.name]
        url = peer.origin + "/notes"
        cell(f"{peer.name}: server back, same token good", lambda: let_through(ask(url, token), "alice"))


def ask(url: str, token: str) -> Answer:
    return send("GET", url, {"Authorization": f"Bearer {token}"})


def let_through(answer: Answer, user: str | None) -> None:
    expect(answer.status, 200, "the status of the protected view")
    expect(answer.json(), {"user": user}, "the answer of the protected view")


def refused(answer: Answer) -> None:
    """The peer's plain decorator refuses with 403 for any reason."""
    expect(answer.status, 403, "the status of the protected view")
