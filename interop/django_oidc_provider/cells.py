"""django-oidc-provider as an authorization server: introspection by default, and relaxed by its settings."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.guard_cells import LEEWAY_SECONDS, NO_SCOPE, NO_TOKEN, Bench, GuardCells, Setup, Tokens, until_refused
from harness.guarded import Guarded, accepted, refused
from harness.http import basic, send
from harness.issuer import API, BRIEF_SECONDS, COMMAND_SECONDS, MACHINE, WEB, Issuer, Server, django
from harness.packages import Packages
from harness.process import complete
from harness.table import Table, expect

PEER = "guard before django-oidc-provider"
PROJECT = Path(__file__).resolve().parent / "project"
OTHER = ("other", "other-secret-of-some-length-1")
# The only user of the project, as the peer identifies it.
ALICE = {"sub": "1", "client_id": WEB[0]}


def run(bench: Bench, packages: Packages, table: Table) -> None:
    """Its own pages and endpoints, under different settings."""
    python = packages.python("django_oidc_provider")
    asked = "from importlib.metadata import version; print(version('django-oidc-provider'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, PROJECT).strip()
    cells = GuardCells(PEER, version, table)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # This waits for half a minute, so it has its own server.
        late = pool.submit(Cells(bench, python, cells).short_lived)
        Cells(bench, python, cells).run()
        late.result()


class Cells:
    """The peer with its default settings and with relaxed introspection."""

    def __init__(self, bench: Bench, python: Path, cells: GuardCells) -> None:
        self.bench = bench
        self.python = python
        self.cells = cells
        self.site = bench.spare.take()

    def run(self) -> None:
        with self.server("open") as server:
            issuer = self.issuer()
            self.without_means(issuer)
            self.id_token(issuer)
            setups = [self.setup(issuer, method) for method in ("basic", "post")]
            self.cells.run(setups, server, self.bench.spare)
        with self.server("default"):
            self.default(self.issuer())

    def server(self, introspection: str, **more: str) -> Server:
        base = self.bench.folder / f"dop-{self.site}"
        environment = {"DATABASE": f"{base}.db", "INTROSPECTION": introspection, **more}
        return django(PROJECT, self.python, Path(f"{base}.log"), self.site, environment)

    def issuer(self) -> Issuer:
        origin = f"http://127.0.0.1:{self.site}"
        return Issuer.discovered(origin, "/openid/.well-known/openid-configuration")

    def guard(self, name: str, **more: str) -> Guarded:
        settings = {
            "PASSAVANT_ISSUER": f"http://127.0.0.1:{self.site}/openid",
            # It writes the client id into `aud`, so that is the audience of an API that uses it.
            "PASSAVANT_AUDIENCE": WEB[0],
            "PASSAVANT_CLIENT_ID": API[0],
            "PASSAVANT_CLIENT_SECRET": API[1],
            **more,
        }
        return self.bench.guard(f"dop-{name}", settings)

    def setup(self, issuer: Issuer, method: str) -> Setup:
        def person() -> str:
            return issuer.of_person("openid notes.read")["access_token"]

        refreshed: dict[str, str] = {}

        def refreshable() -> str:
            answer = issuer.of_person("openid notes.read")
            refreshed[answer["access_token"]] = answer["refresh_token"]
            return answer["access_token"]

        def refresh(token: str) -> None:
            issuer.token(WEB, {"grant_type": "refresh_token", "refresh_token": refreshed[token]})

        tokens = Tokens(
            person=person,
            machine=lambda: issuer.of_machine("notes.read")["access_token"],
            wrong_scope=lambda: issuer.of_machine("notes.write")["access_token"],
            wrong_audience=lambda: issuer.of_person("openid notes.read", OTHER)["access_token"],
            ending={"user token replaced by a refresh": (refreshable, refresh)},
        )
        return Setup(
            name=f"opened, {method}",
            guard=self.guard(method, PASSAVANT_CLIENT_AUTH=method),
            tokens=tokens,
            person=ALICE,
            machine={"sub": None, "client_id": MACHINE[0]},
            # A caller that may not introspect receives the same response as for an invalid token.
            wrong_secret=401,
        )

    def without_means(self, issuer: Issuer) -> None:
        expect(issuer.endpoints.get("revocation_endpoint"), None, "a revocation endpoint")
        self.cells.absent("revoked token", "no revocation endpoint; a refresh replaces a token instead")
        self.cells.absent("JWT access tokens", "its access tokens are opaque")

    def id_token(self, issuer: Issuer) -> None:
        def work() -> None:
            with self.guard("id-token") as guard:
                refused(guard.ask(issuer.of_person("openid notes.read")["id_token"]), 401, NO_TOKEN)

        self.cells.cell("its ID token is no access token, 401", work)

    def short_lived(self) -> None:
        """Lifetimes are settings of the server and are stored with each token."""
        brief = str(BRIEF_SECONDS)
        with self.server("open", TOKEN_EXPIRE=brief), self.guard("brief") as guard:
            self.cells.cell("opened: expired token, 401", lambda: self.expires(guard, 0))
        with self.server("open", IDTOKEN_EXPIRE=brief), self.guard("brief-id-token") as guard:
            name = "opened: active though its `exp`, the ID token's, has passed: 401"
            self.cells.cell(name, lambda: self.expires(guard, LEEWAY_SECONDS))

    def expires(self, guard: Guarded, leeway: int) -> None:
        token = self.issuer().of_person("openid notes.read")["access_token"]
        begun = time.monotonic()
        accepted(guard.ask(token), ALICE)
        rest = begun + BRIEF_SECONDS + leeway - time.monotonic()
        refused(until_refused(guard, token, max(rest, 0)), 401, NO_TOKEN)
        # The server's own response shows whether the server or the guard decided.
        headers = {"Authorization": basic(*API)}
        answer = send("POST", self.issuer().endpoints["introspection_endpoint"], headers, {"token": token})
        expect(answer.json()["active"], leeway > 0, "what the server says of it")

    def default(self, issuer: Issuer) -> None:
        person = issuer.of_person("openid notes.read")["access_token"]
        machine = issuer.of_machine("notes.read")["access_token"]
        other = issuer.of_person("openid notes.read", OTHER)["access_token"]
        with self.guard("default") as guard, self.guard("no-scope", PASSAVANT_REQUIRED_SCOPES="") as lenient:
            self.cells.cell("default: no scope is told, so 403", lambda: refused(guard.ask(person), 403, NO_SCOPE))

            def without_scope() -> None:
                answer = lenient.ask(person)
                expect(answer.status, 200, f"the status ({answer.text[:300]})")
                expect(answer.json(), {**ALICE, "scope": ""}, "the user that the API sees")

            self.cells.cell("default: user token, accepted where no scope is needed", without_scope)
            name = "default: token of a client that the API is not for, 401"
            self.cells.cell(name, lambda: refused(lenient.ask(other), 401, NO_TOKEN))
            name = "default: machine token, 401, since it is introspected as inactive"
            self.cells.cell(name, lambda: refused(lenient.ask(machine), 401, NO_TOKEN))
