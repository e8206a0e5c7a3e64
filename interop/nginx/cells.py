"""nginx with `auth_request`, configured as in docs/guard.md, in front of a small upstream."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from harness.authority import Authority
from harness.document import printed
from harness.http import Answer, send
from harness.packages import Packages
from harness.process import Daemon
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.upstream import Upstream
from harness.world import MACHINE, NGINX, WEB

PEER = "nginx"
# The addresses in the document, which are replaced by free ports.
LISTENS, ASKS, PASSES_TO = "127.0.0.1:8080", "127.0.0.1:4180", "127.0.0.1:3000"
COMMAND_SECONDS = 20


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Starts the guard, the upstream and nginx, and runs every cell."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    said = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True).stderr
    version = said.strip().rpartition("/")[2]
    world = authority.world
    with ExitStack() as running:
        upstream = Upstream(world.ports.nginx_upstream)
        running.callback(upstream.stop)
        guard = running.enter_context(start_guard(authority))
        guard.wait_for(f"http://127.0.0.1:{world.ports.nginx_guard}/health/live")
        nginx = running.enter_context(start_nginx(authority, program))
        nginx.wait_for(world.nginx + "/notes")
        cells = Cells(authority, upstream)
        for cell, work in cells.all().items():
            table.cell(PEER, version, cell, work)
        guard.stop()
        table.cell(PEER, version, "guard away, nothing passes", cells.guard_away)


def start_guard(authority: Authority, flags: Iterable[str] = ()) -> Daemon:
    """`passavant guard` without an upstream: it serves only /check."""
    folder = authority.folder
    secret = folder / "nginx.secret"
    secret.write_text(NGINX[1])
    command = [authority.binary, "guard", "--issuer", authority.issuer, "--audience", authority.world.nginx + "/notes"]
    command += ["--client-id", NGINX[0], "--client-secret", f"@{secret}", "--cache-seconds", "0"]
    command += ["--listen", f"127.0.0.1:{authority.world.ports.nginx_guard}", *flags]
    return Daemon(command, folder, folder / "guard.log")


def addresses(authority: Authority) -> dict[str, str]:
    """The addresses in the document, and those of this run."""
    ports = authority.world.ports
    replaced = {LISTENS: ports.nginx, ASKS: ports.nginx_guard, PASSES_TO: ports.nginx_upstream}
    return {written: f"127.0.0.1:{port}" for written, port in replaced.items()}


def start_nginx(authority: Authority, program: str) -> Daemon:
    """A separate process with its own folder; the system's service is not touched."""
    folder = authority.folder / "nginx"
    folder.mkdir()
    server = printed("guard.md", "nginx", addresses(authority))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr info; events {{}}\n"
        f"http {{ access_log off; {paths}\n{server} }}\n"
    )
    return Daemon([program, "-p", folder, "-c", config, "-e", "stderr"], folder, authority.folder / "nginx.log")


def raw(port: int, target: str, token: str) -> str:
    """The first line of the answer to a request whose target is sent as it is, one byte for each character."""
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=COMMAND_SECONDS) as connection:
        connection.sendall(head.encode("latin-1"))
        return connection.makefile("r", encoding="latin-1").readline()


class Cells:
    """The cells of nginx."""

    def __init__(self, authority: Authority, upstream: Upstream) -> None:
        self.tokens = Tokens(authority)
        self.url = authority.world.nginx + "/notes?x=1"
        self.resource = authority.world.nginx + "/notes"
        self.upstream = upstream
        self.port = authority.world.ports.nginx
        self.metadata = authority.world.nginx + "/.well-known/oauth-protected-resource/notes"

    def all(self) -> dict[str, Callable[[], None]]:
        return {
            "user token, scope ok, the upstream knows who": self.user,
            "machine token, scope ok": self.machine,
            "no token and a made-up token, 401 with a challenge": self.no_token,
            "missing scope, 403 with a challenge": self.missing_scope,
            "user token revoked, 401": self.revoked,
            "token for another resource, 401": self.elsewhere,
            "spoofed X-Auth headers do not arrive": self.spoofed,
            "the caller can't say what is judged": self.contradicting,
            "raw UTF-8 and quotes in the URL are judged": self.unusual,
            "metadata of the resource is found": self.found,
        }

    def user(self) -> None:
        seen = self.passed(self.ask(self.tokens.of_person("openid notes.read", self.resource)))
        expect(seen.get("x-auth-subject"), ["u-alice"], "X-Auth-Subject")
        expect(seen.get("x-auth-username"), ["alice"], "X-Auth-Username")
        expect(seen.get("x-auth-client"), [WEB[0]], "X-Auth-Client")
        expect(seen.get("authorization"), None, "the token")

    def machine(self) -> None:
        seen = self.passed(self.ask(self.machine_token()))
        expect(seen.get("x-auth-client"), [MACHINE[0]], "X-Auth-Client")
        expect(seen.get("x-auth-scope"), ["notes.read"], "X-Auth-Scope")

    def no_token(self) -> None:
        self.refused(send("GET", self.url), 401, "resource_metadata")
        self.refused(self.ask("made-up"), 401, "invalid_token")

    def missing_scope(self) -> None:
        self.refused(self.ask(self.tokens.of_machine("notes.write", self.resource)), 403, "insufficient_scope")

    def revoked(self) -> None:
        token = self.tokens.of_person("openid notes.read", self.resource)
        self.passed(self.ask(token))
        self.tokens.revoke(WEB, token)
        self.refused(self.ask(token), 401, "invalid_token")

    def elsewhere(self) -> None:
        other = self.tokens.of_machine("notes.read", "https://elsewhere.example")
        self.refused(self.ask(other), 401, "invalid_token")

    def spoofed(self) -> None:
        names = ("X-Auth-Subject", "x-auth-username", "X-AUTH-ISSUER", "X-Auth-Claims", "x_auth_subject", "X-Auth-Scope")
        seen = self.passed(self.ask(self.machine_token(), {name: "root" for name in names}))
        found = [name for name, values in seen.items() if "root" in values]
        expect(found, [], "headers that the caller wrote")

    def unusual(self) -> None:
        for target in ("/notes?x=1&q=\xc3\xb8", '/notes?x=1&q="<b>"'):
            answer = raw(self.port, target, self.machine_token())
            expect(answer.split(" ")[1:2], ["200"], f"the status for {target!r}")

    def contradicting(self) -> None:
        spoofed = {"X-Original-URI": "/other", "X-Forwarded-Uri": "/other", "X-Forwarded-Method": "OPTIONS"}
        self.passed(self.ask(self.machine_token(), spoofed))

    def found(self) -> None:
        answer = send("GET", self.metadata)
        expect((answer.status, answer.json()["resource"]), (200, self.resource), "the metadata")

    def guard_away(self) -> None:
        before = self.upstream.asked
        expect(self.ask("made-up").status, 500, "the status while nobody can be asked")
        expect(self.upstream.asked, before, "how often the upstream was asked")

    def machine_token(self) -> str:
        return self.tokens.of_machine("notes.read", self.resource)

    def ask(self, token: str, headers: dict[str, str] = {}) -> Answer:
        return send("GET", self.url, {"Authorization": f"Bearer {token}", **headers})

    def passed(self, answer: Answer) -> dict[str, list[str]]:
        """The headers that the upstream saw."""
        expect(answer.status, 200, f"the status ({answer.text})")
        seen: dict[str, list[str]] = {}
        for name, value in answer.json()["headers"]:
            seen.setdefault(name, []).append(value)
        expect(answer.json()["target"], "/notes?x=1", "what the upstream was asked for")
        return seen

    def refused(self, answer: Answer, status: int, words: str) -> None:
        before = self.upstream.asked
        expect(answer.status, status, "the status")
        challenges = answer.headers.get_all("WWW-Authenticate") or []
        expect(len(challenges), 1, f"challenges in {challenges}")
        expect(words in challenges[0], True, f"{words} in {challenges[0]}")
        expect(self.upstream.asked, before, "how often the upstream was asked")
