"""Apache mod_oauth2 in front of an API of our server: by introspection (RFC 7662), and JWTs by the server's keys."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from harness.authority import Authority
from harness.http import Answer, send
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.world import ALICE, MACHINE, MOD_OAUTH2, MOD_OAUTH2_BRIEF_SECONDS, WEB

PEER = "mod_oauth2"
# How long the peer caches a response, and how much longer this test waits.
CACHE_SECONDS = 1
SLACK_SECONDS = 5
COMMAND_SECONDS = 20
MODULES = Path("/usr/lib/apache2/modules")

# `verify.iat` would refuse tokens older than a few seconds; `aud` and `scope` are checked by `Require`.
CONFIGURATION = r"""
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
LogLevel warn oauth2:info
{modules}
{user}
Header always set X-Remote-User "expr=%{{REMOTE_USER}}"
# As in its documentation: the challenge for a token without the required claims.
Header always append WWW-Authenticate %{{OAUTH2_BEARER_SCOPE_ERROR}}e \
    "expr=%{{REQUEST_STATUS}} == 401 && -n reqenv('OAUTH2_BEARER_SCOPE_ERROR')"
RewriteEngine on

<Location /introspected>
    AuthType oauth2
    OAuth2TokenVerify introspect {introspection} \
        introspect.auth=client_secret_basic&client_id={id}&client_secret={secret}&expiry={cache}
    Require oauth2_claim scope:notes.read
    RewriteRule ^ - [R=204]
</Location>
<Location /jwt>
    AuthType oauth2
    OAuth2TokenVerify jwks_uri {jwks} verify.iat=skip&verify.exp=required&expiry={cache}
    <RequireAll>
        Require oauth2_claim scope:notes.read
        Require oauth2_claim aud:{audience}
    </RequireAll>
    RewriteRule ^ - [R=204]
</Location>
<Location /brief>
    AuthType oauth2
    OAuth2TokenVerify jwks_uri {jwks} verify.iat=skip&verify.exp=required&expiry={cache}
    Require oauth2_claim aud:{brief}
    RewriteRule ^ - [R=204]
</Location>
"""


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """One Apache with a protected location for each method."""
    folder = authority.folder / "apache"
    folder.mkdir()
    file = folder / "apache.conf"
    file.write_text(configuration(authority, folder))
    command = ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", file]
    with Daemon(command, folder, authority.folder / "apache.log") as daemon:
        daemon.wait_for(authority.world.mod_oauth2)
        cells = Cells(authority)
        for cell, work in cells.all().items():
            table.cell(PEER, version(), cell, work)
        cells.without_server(lambda cell, work: table.cell(PEER, version(), cell, work))


def version() -> str:
    """The versions of the module and of the server in Debian."""
    query = ["dpkg-query", "--show", "--showformat", "${Version}"]
    module, apache = (
        complete([*query, package], COMMAND_SECONDS, Path("/")) for package in ("libapache2-mod-oauth2", "apache2-bin")
    )
    return f"{module}, Apache {apache}"


def configuration(authority: Authority, folder: Path) -> str:
    wanted = ("mpm_event", "authn_core", "authz_core", "headers", "rewrite", "oauth2")
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in wanted]
    return CONFIGURATION.format(
        port=authority.world.ports.mod_oauth2,
        folder=folder,
        modules="\n".join(modules),
        # When run as root it needs a user to switch to; other users can't choose one.
        user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        introspection=authority.endpoint("introspection"),
        jwks=authority.discovery()["jwks_uri"],
        id=MOD_OAUTH2[0],
        secret=MOD_OAUTH2[1],
        cache=CACHE_SECONDS,
        audience=authority.world.mod_oauth2 + "/jwt",
        brief=authority.world.mod_oauth2 + "/brief",
    )


class Cells:
    """The cells of the peer, for both locations."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.tokens = Tokens(authority)
        self.origin = authority.world.mod_oauth2
        self.elsewhere = authority.world.elsewhere

    def all(self) -> dict[str, Callable[[], None]]:
        both = {
            "user token, accepted": self.person,
            "machine token, accepted": self.machine,
            "wrong scope, refused": self.wrong_scope,
            "wrong audience, refused": self.wrong_audience,
            "no token and garbage tokens, 401": self.garbage,
        }
        places = {"introspection": "/introspected", "JWT by jwks_uri": "/jwt"}
        cells = {f"{name}: {cell}": bind(work, place) for name, place in places.items() for cell, work in both.items()}
        return cells | {
            "introspection: user token revoked, 401 after the cache": lambda: self.revoked(True),
            "introspection: machine token revoked, 401 after the cache": lambda: self.revoked(False),
            "introspection: JWT access token, accepted": self.introspected_jwt,
            "introspection: expired token, 401": lambda: self.expired("/introspected"),
            "JWT by jwks_uri: expired token, 401": lambda: self.expired("/brief"),
        }

    def of_person(self, place: str, scope: str = "notes.read") -> str:
        return self.tokens.of_person(scope, self.origin + place)

    def of_machine(self, place: str, scope: str = "notes.read") -> str:
        return self.tokens.of_machine(scope, self.origin + place)

    def person(self, place: str) -> None:
        let_through(self.ask(place, self.of_person(place)), ALICE["sub"])

    def machine(self, place: str) -> None:
        let_through(self.ask(place, self.of_machine(place)), MACHINE[0])

    def wrong_scope(self, place: str) -> None:
        """This peer answers 401 where RFC 6750 requires 403, and names the error."""
        answer = self.ask(place, self.of_machine(place, "notes.write"))
        expect(answer.status, 401, "the status")
        challenge = answer.headers["WWW-Authenticate"]
        expect("insufficient_scope" in challenge, True, f"insufficient_scope in {challenge!r}")

    def wrong_audience(self, place: str) -> None:
        expect(self.ask(place, self.tokens.of_machine("notes.read", self.elsewhere)).status, 401, "the status")

    def garbage(self, place: str) -> None:
        expect(self.ask(place, None).status, 401, "the status without a token")
        for text in ("A" * 43, "not.a.token"):
            expect(self.ask(place, text).status, 401, f"the status for {text}")

    def revoked(self, of_person: bool) -> None:
        token = (self.of_person if of_person else self.of_machine)("/introspected")
        let_through(self.ask("/introspected", token), ALICE["sub"] if of_person else MACHINE[0])
        self.tokens.revoke(WEB if of_person else MACHINE, token)
        self._refused_after("/introspected", token, CACHE_SECONDS)

    def expired(self, place: str) -> None:
        token = self.of_machine("/brief")
        let_through(self.ask(place, token), MACHINE[0])
        self._refused_after(place, token, MOD_OAUTH2_BRIEF_SECONDS + CACHE_SECONDS)

    def _refused_after(self, place: str, token: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds + SLACK_SECONDS
        answer = self.ask(place, token)
        while answer.status != 401 and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = self.ask(place, token)
        expect(answer.status, 401, "the status")

    def introspected_jwt(self) -> None:
        token = self.of_person("/jwt")
        expect(len(token.split(".")), 3, "the parts of a JWT")
        let_through(self.ask("/introspected", token), ALICE["sub"])

    def without_server(self, cell: Callable[[str, Callable[[], None]], None]) -> None:
        token = self.of_person("/introspected")
        self.authority.stop()
        try:
            cell(
                "introspection: server away, unknown token refused",
                lambda: expect(self.ask("/introspected", token).status, 401, "the status"),
            )
        finally:
            self.authority.start()
        cell(
            "introspection: server back, same token accepted",
            lambda: let_through(self.ask("/introspected", token), ALICE["sub"]),
        )

    def ask(self, place: str, token: str | None) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return send("GET", f"{self.origin}{place}/notes", headers)


def bind(work: Callable[[str], None], place: str) -> Callable[[], None]:
    return lambda: work(place)


def let_through(answer: Answer, who: str) -> None:
    expect(answer.status, 204, f"the status ({answer.headers.get('WWW-Authenticate')})")
    expect(answer.headers["X-Remote-User"], who, "the user that Apache sees")
