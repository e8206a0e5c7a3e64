"""npm oidc-provider as an authorization server: opaque tokens by JSON and RFC 9701 responses, JWTs, and DPoP."""

import json
from collections.abc import Callable
from pathlib import Path

from harness.guard_cells import NO_TOKEN, Bench, GuardCells, Setup, Tokens
from harness.guarded import Guarded, accepted, refused
from harness.http import Answer
from harness.issuer import BRIEF, BRIEF_SECONDS, CALLBACK, COMMAND_SECONDS, MACHINE, PERSON, WEB, Issuer, Server
from harness.packages import Packages
from harness.process import complete
from harness.table import Table, expect

PEER = "guard before oidc-provider"
API_SECRET = "api-secret-of-32-or-more-characters"
ELSEWHERE = "https://elsewhere.example"


def run(bench: Bench, packages: Packages, table: Table) -> None:
    """One server, and a guard for each kind of token and of response."""
    package = packages.oidc_provider / "node_modules" / "oidc-provider" / "package.json"
    version = json.loads(package.read_text())["version"]
    folder = bench.folder / "oidc-provider-keys"
    folder.mkdir()
    complete(["node", "keys.mjs", folder], COMMAND_SECONDS, packages.oidc_provider)
    Cells(bench, packages.oidc_provider, folder, GuardCells(PEER, version, table)).run()


class Cells:
    """The peer and its guards. Each guard is a separate resource, named by its address."""

    def __init__(self, bench: Bench, home: Path, keys: Path, cells: GuardCells) -> None:
        self.bench = bench
        self.home = home
        self.keys = keys
        self.cells = cells
        self.port = bench.spare.take()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.issuer: Issuer | None = None
        signed = {"PASSAVANT_INTROSPECTION_RESPONSE": "jwt"}
        self.json = self.guard("json")
        self.signed = self.guard("signed", signed)
        self.nested = {alg: self.guard(alg, signed | self.decrypting(alg)) for alg in ("RSA-OAEP", "ECDH-ES")}
        self.jwt = self.guard("jwt", {"PASSAVANT_TOKEN": "jwt"})
        self.dpop = {
            (form, policy): self.guard(f"dpop-{form}-{policy}", {"PASSAVANT_DPOP": policy} | more)
            for form, more in (("opaque", {}), ("JWT", {"PASSAVANT_TOKEN": "jwt"}))
            for policy in ("accept", "require")
        }

    def guard(self, name: str, settings: dict[str, str] = {}) -> Guarded:
        guard = self.bench.guard(f"oidc-{name}", {})
        guard.environment |= {
            "PASSAVANT_ISSUER": self.origin,
            "PASSAVANT_AUDIENCE": guard.url,
            "PASSAVANT_CLIENT_ID": f"api-{name}",
            "PASSAVANT_CLIENT_SECRET": API_SECRET,
            **settings,
        }
        return guard

    def decrypting(self, alg: str) -> dict[str, str]:
        return {"PASSAVANT_DECRYPTION_KEY_FILE": str(self.keys / f"{alg}.json")}

    def run(self) -> None:
        with self.server() as server:
            self.issuer = Issuer.discovered(self.origin, "/.well-known/openid-configuration")
            self.id_token()
            self.bound_token_as_bearer()
            self.proofs()
            self.cells.run(self.setups(), server, self.bench.spare)
        self.cells.absent("JWT: revoked token", "it answers that JWTs can't be revoked; a JWT ends with its `exp`")
        self.cells.absent("JWT: introspection", "it answers that JWTs can't be introspected")

    def server(self) -> Server:
        jwt = [guard.url for (form, _), guard in self.dpop.items() if form == "JWT"]
        facts = {
            "issuer": self.origin,
            "port": self.port,
            "keys": str(self.keys / "server.json"),
            "briefSeconds": BRIEF_SECONDS,
            "clients": self.clients(),
            "jwtResources": [self.jwt.url, ELSEWHERE + "/jwt", *jwt],
        }
        path = self.bench.folder / "oidc-provider.json"
        path.write_text(json.dumps(facts))
        command = ["node", "server.mjs", path]
        return Server(command, self.home, self.bench.folder / "oidc-provider.log", {}, self.origin)

    def clients(self) -> list[dict]:
        plain = ("api-json", "api-dpop-opaque-accept", "api-dpop-opaque-require")
        apis = [{"client_id": name, "client_secret": API_SECRET} for name in plain]
        signed = {"introspection_signed_response_alg": "ES256"}
        apis.append({"client_id": "api-signed", "client_secret": API_SECRET, **signed})
        for alg, guard in self.nested.items():
            apis.append(
                {
                    "client_id": f"api-{alg}",
                    "client_secret": API_SECRET,
                    "introspection_encrypted_response_alg": alg,
                    "introspection_encrypted_response_enc": "A256GCM",
                    # The guard publishes the key to which responses are encrypted.
                    "jwks_uri": guard.url + "/jwks",
                    **signed,
                }
            )
        people = [{"client_id": WEB[0], "client_secret": WEB[1], "redirect_uris": [CALLBACK]}]
        machines = [{"client_id": name, "client_secret": secret} for name, secret in (MACHINE, BRIEF)]
        return people + machines + apis

    def setups(self) -> list[Setup]:
        return [
            self.setup("opaque, JSON", self.json),
            self.setup("opaque, RFC 9701 signed", self.signed),
            *(self.setup(f"opaque, RFC 9701 nested, {alg}", guard) for alg, guard in self.nested.items()),
            self.setup("JWT", self.jwt, is_local=True),
        ]

    def setup(self, name: str, guard: Guarded, is_local: bool = False) -> Setup:
        def person() -> str:
            return self.issuer.of_person("notes.read notes.write", resource=guard.url)["access_token"]

        def machine(scope: str = "notes.read", client: tuple[str, str] = MACHINE, resource: str = guard.url) -> str:
            return self.issuer.of_machine(scope, client, resource=resource)["access_token"]

        tokens = Tokens(
            person=person,
            machine=machine,
            wrong_scope=lambda: machine("notes.write"),
            wrong_audience=lambda: machine(resource=ELSEWHERE + ("/jwt" if is_local else "/opaque")),
            brief=lambda: machine(client=BRIEF),
        )
        if not is_local:
            tokens.ending = {
                "user token revoked": (person, lambda token: self.issuer.revoke(WEB, token)),
                "machine token revoked": (machine, lambda token: self.issuer.revoke(MACHINE, token)),
            }
        return Setup(
            name=name,
            guard=guard,
            tokens=tokens,
            person={"sub": PERSON["username"], "client_id": WEB[0]},
            # The subject of a client_credentials JWT is the client (RFC 9068 section 2.2); responses have none.
            machine={"sub": MACHINE[0] if is_local else None, "client_id": MACHINE[0]},
            is_local=is_local,
            forgets=True,
            wrong_secret=None if is_local else 503,
        )

    def id_token(self) -> None:
        def work(guard: Guarded) -> None:
            token = self.issuer.of_person("openid")["id_token"]
            with guard:
                refused(guard.ask(token), 401, NO_TOKEN)

        self.cells.cell("opaque, JSON: its ID token is no access token, 401", lambda: work(self.json))
        self.cells.cell("JWT: its ID token is no access token, 401", lambda: work(self.jwt))

    def bound_token_as_bearer(self) -> None:
        def work(guard: Guarded) -> None:
            with guard:
                refused(guard.ask(self.bound(guard)), 401, NO_TOKEN)

        self.cells.cell("opaque, JSON: token bound by DPoP, as a bearer token, 401", lambda: work(self.json))
        self.cells.cell("JWT: token bound by DPoP, as a bearer token, 401", lambda: work(self.jwt))

    def proofs(self) -> None:
        cells: dict[str, tuple[str, Callable[[Guarded], None]]] = {
            "accept: bound token with its proof, accepted": ("accept", self.with_proof),
            "accept: bearer token, accepted": ("accept", self.bearer),
            "require: bound token with its proof, accepted": ("require", self.with_proof),
            "require: bearer token, 401": ("require", lambda guard: not_let(guard.ask(self.unbound(guard)))),
            "accept: bound token as a bearer token, 401": ("accept", self.bound_as_bearer),
            "accept: proof for another address, 401": ("accept", self.proof_for_elsewhere),
            "accept: proof used twice, 401": ("accept", self.proof_twice),
            "accept: proof for another token, 401": ("accept", self.proof_for_another_token),
        }
        for form in ("opaque", "JWT"):
            for name, (policy, work) in cells.items():
                self.proven(f"{form}, DPoP {name}", self.dpop[form, policy], work)

    def proven(self, name: str, guard: Guarded, work: Callable[[Guarded], None]) -> None:
        def whole() -> None:
            with guard:
                work(guard)

        self.cells.cell(name, whole)

    def with_proof(self, guard: Guarded) -> None:
        token = self.bound(guard)
        answer = guard.ask(token, "DPoP", {"DPoP": self.proof("GET", guard.url + "/notes", token)})
        accepted(answer, {"sub": self.machine_subject(guard), "client_id": MACHINE[0]})

    def bearer(self, guard: Guarded) -> None:
        accepted(guard.ask(self.unbound(guard)), {"sub": self.machine_subject(guard), "client_id": MACHINE[0]})

    def bound_as_bearer(self, guard: Guarded) -> None:
        not_let(guard.ask(self.bound(guard)))

    def proof_for_elsewhere(self, guard: Guarded) -> None:
        token = self.bound(guard)
        not_let(guard.ask(token, "DPoP", {"DPoP": self.proof("GET", guard.url + "/others", token)}))

    def proof_twice(self, guard: Guarded) -> None:
        token = self.bound(guard)
        proof = self.proof("GET", guard.url + "/notes", token)
        expect(guard.ask(token, "DPoP", {"DPoP": proof}).status, 200, "the status of its first use")
        not_let(guard.ask(token, "DPoP", {"DPoP": proof}))

    def proof_for_another_token(self, guard: Guarded) -> None:
        token, other = self.bound(guard), self.bound(guard)
        not_let(guard.ask(token, "DPoP", {"DPoP": self.proof("GET", guard.url + "/notes", other)}))

    def machine_subject(self, guard: Guarded) -> str | None:
        return MACHINE[0] if "PASSAVANT_TOKEN" in guard.environment else None

    def unbound(self, guard: Guarded) -> str:
        return self.issuer.of_machine("notes.read", resource=guard.url)["access_token"]

    def bound(self, guard: Guarded) -> str:
        """A token bound to the key of the proofs."""
        form = {"grant_type": "client_credentials", "scope": "notes.read", "resource": guard.url}
        proof = self.proof("POST", self.issuer.endpoints["token_endpoint"])
        answer = self.issuer.token(MACHINE, form, {"DPoP": proof})
        expect(answer["token_type"], "DPoP", "the type of the token")
        return answer["access_token"]

    def proof(self, method: str, url: str, token: str = "") -> str:
        command = ["node", "proof.mjs", self.keys / "proof.json", method, url, *([token] if token else [])]
        return complete(command, COMMAND_SECONDS, self.home)


def not_let(answer: Answer) -> None:
    """Checks for 401 with a DPoP challenge (RFC 9449 section 7.1)."""
    expect(answer.status, 401, f"the status ({answer.text[:300]})")
    challenges = answer.headers.get_all("WWW-Authenticate") or []
    expect(any("DPoP" in challenge for challenge in challenges), True, f"DPoP in {challenges}")
