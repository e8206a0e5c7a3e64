"""Ory Hydra as an authorization server: our guards before it with the preset `hydra`, for opaque tokens and for JWTs."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from harness import go
from harness.browser import Lost
from harness.guard_cells import NO_TOKEN, GuardCells, Setup, Tokens
from harness.guarded import Guarded, accepted, refused
from harness.heavy import HeavyBench
from harness.http import send, send_json
from harness.issuer import BRIEF, BRIEF_SECONDS, CALLBACK, COMMAND_SECONDS, MACHINE, PERSON, WEB, Issuer, Server
from harness.process import complete
from harness.table import Table, expect
from harness.tokens import proof_key

HERE = Path(__file__).resolve().parent
HOPS_MAX = 12
AUDIENCE, ELSEWHERE = "https://notes.example", "https://elsewhere.example"
SCOPES = "openid offline notes.read notes.write"


def run(bench: HeavyBench, table: Table) -> None:
    """One Hydra for each kind of access token, with both guards."""
    program = go.build(HERE, "github.com/ory/hydra/v2", bench.packages.cache, tags="sqlite")
    version = go.version(HERE, "github.com/ory/hydra/v2")
    for strategy in ("opaque", "jwt"):
        Cells(bench, program, strategy, GuardCells(f"guard before hydra, {strategy}", version, table)).run()


class Cells:
    """One Hydra, and the guards before it."""

    def __init__(self, bench: HeavyBench, program: Path, strategy: str, cells: GuardCells) -> None:
        self.bench = bench
        self.program = program
        self.strategy = strategy
        self.cells = cells
        self.folder = bench.folder / f"hydra-{strategy}"
        self.folder.mkdir()
        public, admin = bench.spare.take(), bench.spare.take()
        self.origin = f"http://127.0.0.1:{public}"
        self.admin = f"http://127.0.0.1:{admin}"
        self.config = self.folder / "hydra.yml"
        self.config.write_text(
            (HERE / "hydra.yml").read_text()
            + f"dsn: sqlite://{self.folder}/hydra.sqlite?_fk=true&mode=rwc\n"
            + f"strategies: {{ access_token: {strategy} }}\n"
        )
        self.environment = {
            "SERVE_PUBLIC_HOST": "127.0.0.1",
            "SERVE_PUBLIC_PORT": str(public),
            "SERVE_ADMIN_HOST": "127.0.0.1",
            "SERVE_ADMIN_PORT": str(admin),
            "URLS_SELF_ISSUER": self.origin,
        }
        self.settings = {"PASSAVANT_ISSUER": self.origin, "PASSAVANT_AUDIENCE": AUDIENCE, "PASSAVANT_PROVIDER": "hydra"}
        # The admin port checks no credentials, but the guard introspects only with some.
        self.introspecting = {
            "PASSAVANT_INTROSPECTION_URL": self.admin + "/admin/oauth2/introspect",
            "PASSAVANT_CLIENT_ID": "api",
            "PASSAVANT_CLIENT_SECRET": "a-secret-that-nobody-checks",
        }
        self.issuer: Issuer | None = None

    def run(self) -> None:
        flags = ["-c", self.config]
        complete([self.program, "migrate", *flags, "sql", "up", "-e", "--yes"], COMMAND_SECONDS, self.folder)
        command = [self.program, "serve", *flags, "all", "--dev"]
        log = self.bench.folder / f"hydra-{self.strategy}.log"
        with Server(command, self.folder, log, self.environment, self.origin) as server:
            self.issuer = Issuer.discovered(self.origin, "/.well-known/openid-configuration")
            for client in self.clients():
                answer = send_json("POST", self.admin + "/admin/clients", client)
                expect(answer.status, 201, f"the status of a registration ({answer.text})")
            self.cells.run(self.setups(), server, self.bench.spare)
            self.without_audience()
            self.kinds()

    def clients(self) -> list[dict]:
        """What the clients may ask for; all of them authenticate in the header."""

        def client(who: tuple[str, str], grants: list[str], **more: object) -> dict:
            return {
                "client_id": who[0],
                "client_secret": who[1],
                "grant_types": grants,
                "scope": SCOPES,
                "audience": [AUDIENCE, ELSEWHERE],
                "token_endpoint_auth_method": "client_secret_basic",
                **more,
            }

        machine = ["client_credentials"]
        person = {"redirect_uris": [CALLBACK], "response_types": ["code"]}
        return [
            client(WEB, ["authorization_code", "refresh_token"], **person),
            client((AUDIENCE, WEB[1]), ["authorization_code", "refresh_token"], **person),
            client(MACHINE, machine),
            client(BRIEF, machine, client_credentials_grant_access_token_lifespan=f"{BRIEF_SECONDS}s"),
        ]

    def setups(self) -> list[Setup]:
        is_jwt = self.strategy == "jwt"
        kinds = {"keys": self.settings} if is_jwt else {}
        kinds["introspection"] = self.settings | self.introspecting | ({"PASSAVANT_TOKEN": "introspection"} if is_jwt else {})
        return [
            self.setup(f"{kind}, {which}", guard, is_local=kind == "keys")
            for kind, settings in kinds.items()
            for which, guard in self.bench.both_guards(f"hydra-{self.strategy}-{kind}", settings).items()
        ]

    def setup(self, name: str, guard: Guarded, is_local: bool) -> Setup:
        ending = {
            "user token revoked": (self.of_person, lambda token: self.issuer.revoke(WEB, token)),
            "machine token revoked": (self.of_machine, lambda token: self.issuer.revoke(MACHINE, token)),
        }
        tokens = Tokens(
            person=self.of_person,
            machine=self.of_machine,
            wrong_scope=lambda: self.of_machine("notes.write"),
            wrong_audience=lambda: self.of_machine(audience=ELSEWHERE),
            brief=lambda: self.of_machine(client=BRIEF),
            ending={} if is_local else ending,
            foreign={
                "ID token": lambda: self.person_tokens()["id_token"],
                "ID token for this audience": self.id_token_for_audience,
                "refresh token": lambda: self.person_tokens()["refresh_token"],
            },
        )
        person = {"sub": PERSON["username"], "client_id": WEB[0]}
        machine = {"sub": MACHINE[0], "client_id": MACHINE[0]}
        return Setup(name, guard, tokens, person, machine, is_local=is_local, wrong_secret=None)

    def of_person(self) -> str:
        return self.person_tokens()["access_token"]

    def of_machine(self, scope: str = "notes.read", client: tuple[str, str] = MACHINE, audience: str = AUDIENCE) -> str:
        more = {"audience": audience} if audience else {}
        return self.issuer.of_machine(scope, client, **more)["access_token"]

    def id_token_for_audience(self) -> str:
        """Of a client whose id is the audience of the API, the worst case."""
        return self.person_tokens((AUDIENCE, WEB[1]))["id_token"]

    def person_tokens(self, client: tuple[str, str] = WEB) -> dict:
        """The token response for a user, by code and PKCE. The driver is Hydra's login and consent application."""
        verifier, challenge = proof_key()
        request = {
            "response_type": "code",
            "client_id": client[0],
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "audience": AUDIENCE,
            "state": "a-state-of-some-length",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        url = f"{self.issuer.endpoints['authorization_endpoint']}?{urlencode(request)}"
        form = {
            "grant_type": "authorization_code",
            "code": self.authorize(url)["code"],
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        }
        return self.issuer.token(client, form)

    def authorize(self, url: str) -> Mapping[str, str]:
        """Follows the redirects, answers what Hydra asks by its admin API, and returns the parameters at the callback."""
        cookies: dict[str, str] = {}
        for _ in range(HOPS_MAX):
            query = dict(parse_qsl(urlsplit(url).query))
            if url.startswith(CALLBACK):
                expect("error" in query, False, f"an error in {query}")
                return query
            if kind := next((kind for kind in ("login", "consent") if f"{kind}_challenge" in query), None):
                url = self.answer(kind, query[f"{kind}_challenge"])
                continue
            answer = send("GET", url, {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
            for line in answer.headers.get_all("Set-Cookie") or []:
                cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            expect(answer.status in (302, 303), True, f"a redirect from {url} ({answer.status} {answer.text[:500]})")
            url = urljoin(url, answer.headers["Location"])
        raise Lost(f"no way back to {CALLBACK}")

    def answer(self, kind: str, challenge: str) -> str:
        """Accepts everything; returns where the browser goes next."""
        said = {"subject": PERSON["username"]}
        if kind == "consent":
            said = {"grant_scope": SCOPES.split(), "grant_access_token_audience": [AUDIENCE]}
        url = f"{self.admin}/admin/oauth2/auth/requests/{kind}/accept?{kind}_challenge={challenge}"
        answer = send_json("PUT", url, said)
        expect(answer.status, 200, f"the status of an accepted {kind} ({answer.text})")
        return answer.json()["redirect_to"]

    def without_audience(self) -> None:
        """Clients that name no audience get tokens with an empty one."""
        for rule, status in (("exact", 401), ("exact-or-absent", 200)):
            settings = self.settings | self.introspecting | {"PASSAVANT_AUDIENCE_RULE": rule}
            guards = self.bench.both_guards(f"hydra-{self.strategy}-{rule}", settings)

            def work(guard: Guarded) -> None:
                with guard:
                    answer = guard.ask(self.of_machine(audience=""))
                    if status == 200:
                        accepted(answer, {"sub": MACHINE[0], "client_id": MACHINE[0]})
                    else:
                        refused(answer, status, NO_TOKEN)

            for which, guard in guards.items():
                self.cells.cell(f"no audience, rule {rule}, {which}, {status}", lambda: work(guard))

    def kinds(self) -> None:
        """The subject of a machine is its client, which a service must not take for a user."""
        guard = self.bench.both_guards(f"hydra-{self.strategy}-kinds", self.settings | self.introspecting)["binary"]

        def work() -> None:
            with guard:
                for token, kind in ((self.of_person(), "user"), (self.of_machine(), "client")):
                    expect(guard.ask(token).status, 200, "the status")
                    expect(guard.upstream.last.get("x-auth-kind"), kind, "X-Auth-Kind")

        self.cells.cell("users and machines are told apart, binary", work)


NEEDS = ("go", "gcc")
PEERS = {"hydra": run}
