"""Keycloak as an authorization server: our guards before it with the preset `keycloak`, by its keys and by introspection."""

import base64
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from harness.guard_cells import NO_TOKEN, GuardCells, Setup, Tokens
from harness.guarded import Guarded, refused
from harness.heavy import HeavyBench
from harness.http import send
from harness.issuer import API, BRIEF, COMMAND_SECONDS, MACHINE, PERSON, WEB, Issuer
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.upstream import Upstream
from heavy.keycloak.server import REALM, Administration, Keycloak, unpacked

NEEDS = ("java", "mvn", "node", "npm")
PEER = "guard before keycloak"
NOTES_API = ("notes-api", API[1])
LIGHTWEIGHT = ("lightweight", "lightweight-secret-of-some-length-1")
BOUND = ("bound", "bound-secret-of-some-length-1")
CLIENTS = (WEB, MACHINE, BRIEF, LIGHTWEIGHT, BOUND)
AUDIENCE, ELSEWHERE = "https://notes.example", "https://elsewhere.example"
INTEROP = Path(__file__).resolve().parents[2]


def run(bench: HeavyBench, table: Table) -> None:
    """One Keycloak, and both guards for each kind of check."""
    port = bench.spare.take()
    with Keycloak(unpacked(bench.packages.cache), bench.folder / "keycloak.log", port) as server:
        Cells(bench, server, GuardCells(PEER, server.version, table)).run()


class Cells:
    """The peer and its guards."""

    def __init__(self, bench: HeavyBench, server: Keycloak, cells: GuardCells) -> None:
        self.bench = bench
        self.server = server
        self.cells = cells
        self.administration = Administration(server.origin)
        origin = f"{server.origin}/realms/{REALM}"
        self.issuer = Issuer.discovered(origin, "/.well-known/openid-configuration")
        self.settings = {"PASSAVANT_ISSUER": origin, "PASSAVANT_AUDIENCE": AUDIENCE, "PASSAVANT_PROVIDER": "keycloak"}
        self.introspecting = {
            "PASSAVANT_TOKEN": "introspection",
            "PASSAVANT_CLIENT_ID": NOTES_API[0],
            "PASSAVANT_CLIENT_SECRET": NOTES_API[1],
        }

    def run(self) -> None:
        self.add_scopes()
        self.cells.run(self.setups(), self.server, self.bench.spare)
        self.identities()
        self.client_roles()
        self.proofs()
        self.audience_of_client()
        self.rotation()

    def add_scopes(self) -> None:
        """The scopes of the API, and a client scope for each audience, as the documentation of Keycloak has it."""
        for name in ("notes.read", "notes.write"):
            self.administration.create("/client-scopes", scope(name, is_shown=True))
        for name, audience in (("notes", AUDIENCE), ("elsewhere", ELSEWHERE)):
            mappers = [mapper("custom", audience), mapper("client", NOTES_API[0])]
            self.administration.create("/client-scopes", {**scope(name, is_shown=False), "protocolMappers": mappers})
        scopes = {each["name"]: each["id"] for each in self.administration.read("/client-scopes")}
        clients = {each["clientId"]: each["id"] for each in self.administration.read("/clients")}
        for client, _ in CLIENTS:
            for name in ("notes.read", "notes.write", "notes", "elsewhere"):
                path = f"/clients/{clients[client]}/optional-client-scopes/{scopes[name]}"
                self.administration.change(path, {})

    def setups(self) -> list[Setup]:
        kinds = {"keys": self.settings, "introspection": self.settings | self.introspecting}
        return [
            self.setup(f"{kind}, {which}", guard, is_local=kind == "keys")
            for kind, settings in kinds.items()
            for which, guard in self.bench.both_guards(f"keycloak-{kind}", settings).items()
        ]

    def setup(self, name: str, guard: Guarded, is_local: bool) -> Setup:
        ending = {
            "user token revoked": (self.of_person, lambda token: self.issuer.revoke(WEB, token)),
            "user signed out by the administrator": (self.of_person, lambda _: self.sign_out()),
        }
        tokens = Tokens(
            person=self.of_person,
            machine=self.of_machine,
            wrong_scope=lambda: self.of_machine("notes.write notes"),
            wrong_audience=lambda: self.of_machine("notes.read elsewhere"),
            brief=lambda: self.of_machine(client=BRIEF),
            ending={} if is_local else ending,
            foreign={
                "ID token": lambda: self.person_tokens()["id_token"],
                "refresh token": lambda: self.person_tokens()["refresh_token"],
                "offline token": lambda: self.person_tokens("offline_access ")["refresh_token"],
                "token without the audience": lambda: self.of_machine("notes.read"),
            },
        )
        person = {"sub": self.person(), "client_id": WEB[0]}
        machine = {"sub": self.account_of(MACHINE), "client_id": MACHINE[0]}
        # The cell for a wrong secret starts the guard of the crate.
        wrong_secret = None if "binary" in name else 503
        return Setup(name, guard, tokens, person, machine, is_local=is_local, wrong_secret=wrong_secret)

    def person(self) -> str:
        [found] = self.administration.read(f"/users?exact=true&username={PERSON['username']}")
        return found["id"]

    def account_of(self, client: tuple[str, str]) -> str:
        """The account that Keycloak keeps for a client that acts for itself."""
        [found] = self.administration.read(f"/clients?clientId={client[0]}")
        return self.administration.read(f"/clients/{found['id']}/service-account-user")["id"]

    def sign_out(self) -> None:
        self.administration.create(f"/users/{self.person()}/logout", {})

    def person_tokens(self, more: str = "") -> dict:
        return self.issuer.of_person(f"openid {more}notes.read notes")

    def of_person(self) -> str:
        return self.person_tokens()["access_token"]

    def of_machine(self, scope: str = "notes.read notes", client: tuple[str, str] = MACHINE) -> str:
        return self.issuer.of_machine(scope, client)["access_token"]

    def of_password(self) -> str:
        form = {"grant_type": "password", **PERSON, "scope": "notes.read notes"}
        return self.issuer.token(WEB, form)["access_token"]

    def identities(self) -> None:
        """What the service behind `passavant guard` learns by default."""
        for kind, more in (("keys", []), ("introspection", self.introspecting_flags())):
            with self.upstream(f"roles-{kind}", more) as told:
                cells = {
                    "a user's kind and realm roles": (self.of_person, "user", "staff"),
                    "a user's kind and realm roles, signed in by password": (self.of_password, "user", "staff"),
                    "a machine's kind and realm roles": (self.of_machine, "client", "offline_access"),
                }
                for name, (make, who, role) in cells.items():
                    self.cells.cell(f"{kind}, binary: {name}", lambda: identified(told(make()), who, role))

    def client_roles(self) -> None:
        """Roles of a client, by the path in docs/guard.md."""
        flags = ["--roles-from", f"/resource_access/{NOTES_API[0]}/roles"]
        with self.upstream("client-roles", flags) as told:
            def work() -> None:
                expect(told(self.of_person())["x-auth-roles"], "editor", "the roles")
                expect(told(self.of_machine()).get("x-auth-roles"), None, "the roles of a machine without any")

            self.cells.cell("keys, binary: roles of a client reach X-Auth-Roles", work)

    def introspecting_flags(self) -> list[str]:
        secret = self.bench.folder / "keycloak.secret"
        secret.write_text(NOTES_API[1])
        return ["--token", "introspection", "--client-id", NOTES_API[0], "--client-secret", f"@{secret}"]

    def upstream(self, name: str, more: list[str]) -> "Told":
        """`passavant guard`, configured by its flags as in docs/guard.md, in front of a service."""
        listen, behind = self.bench.spare.take(), self.bench.spare.take()
        flags = ["--provider", "keycloak", "--issuer", self.settings["PASSAVANT_ISSUER"], "--audience", AUDIENCE]
        flags += ["--required-scopes", "notes.read", "--listen", f"127.0.0.1:{listen}"]
        flags += ["--upstream", f"http://127.0.0.1:{behind}", *more]
        log = self.bench.folder / f"guard-{name}.log"
        return Told([self.bench.binary, "guard", *flags], log, listen, behind)

    def proofs(self) -> None:
        """Tokens that are bound to a key (RFC 9449): Keycloak names their kind in two more places."""
        packages = Packages(INTEROP, self.bench.packages.cache.parent)
        packages.install_node("oidc_provider", packages.oidc_provider)
        keys = self.bench.folder / "keys"
        keys.mkdir()
        complete(["node", "keys.mjs", keys], COMMAND_SECONDS, packages.oidc_provider)

        def proof(method: str, url: str, token: str = "") -> str:
            command = ["node", "proof.mjs", keys / "proof.json", method, url, *([token] if token else [])]
            return complete(command, COMMAND_SECONDS, packages.oidc_provider)

        def bound() -> str:
            form = {"grant_type": "client_credentials", "scope": "notes.read notes"}
            answer = self.issuer.token(BOUND, form, {"DPoP": proof("POST", self.issuer.endpoints["token_endpoint"])})
            expect(answer["token_type"], "DPoP", "the type of the token")
            return answer["access_token"]

        for kind, more in (("keys", {}), ("introspection", self.introspecting)):
            settings = self.settings | more | {"PASSAVANT_DPOP": "accept"}
            with ExitStack() as running:
                guard = self.bench.guard(f"keycloak-dpop-{kind}", settings)
                # Proofs are for the address that is requested.
                guard.environment["PASSAVANT_ORIGIN"] = guard.url
                running.enter_context(guard)

                def with_proof() -> None:
                    token = bound()
                    headers = {"DPoP": proof("GET", guard.url + "/notes", token)}
                    answer = guard.ask(token, "DPoP", headers)
                    expect(answer.status, 200, f"the status ({answer.text})")

                def as_bearer() -> None:
                    expect(guard.ask(bound()).status, 401, "the status")

                self.cells.cell(f"{kind}: token bound by DPoP with its proof, accepted", with_proof)
                self.cells.cell(f"{kind}: token bound by DPoP as a bearer token, 401", as_bearer)

    def audience_of_client(self) -> None:
        """Without an Audience mapper, `aud` names the clients of which the user has roles."""
        settings = self.settings | {"PASSAVANT_AUDIENCE": NOTES_API[0]}

        def work() -> None:
            with self.bench.guard("keycloak-client-audience", settings) as guard:
                token = self.issuer.of_person("openid notes.read")["access_token"]
                expect(guard.ask(token).status, 200, "the status for a user with a role of the client")
                refused(guard.ask(self.of_machine("notes.read")), 401, NO_TOKEN)

        self.cells.cell("keys: audience by a role of a client, accepted; without the role, 401", work)

        def light() -> None:
            with self.bench.guard("keycloak-lightweight", self.settings) as guard:
                refused(guard.ask(self.of_machine(client=LIGHTWEIGHT)), 401, NO_TOKEN)

        self.cells.cell("keys: lightweight token, which has no audience, 401", light)

    def rotation(self) -> None:
        """A key that was made after the guard read the keys, and one that was taken away."""
        with self.bench.guard("keycloak-rotation", self.settings) as guard:
            before = self.of_machine()

            def added() -> None:
                expect(guard.ask(before).status, 200, "the status before the rotation")
                self.add_key()
                after = self.of_machine()
                expect(kid(after) != kid(before), True, "another key")
                expect(guard.ask(after).status, 200, "the status of a token that the new key signed")
                expect(guard.ask(before).status, 200, "the status of a token that the old key signed")

            def removed() -> None:
                self.disable_keys_but(kid(self.of_machine()))
                guard.start()
                refused(guard.ask(before), 401, NO_TOKEN)
                expect(guard.ask(self.of_machine()).status, 200, "the status of a token that the new key signed")

            self.cells.cell("keys: new key in the realm, its tokens are accepted at once", added)
            self.cells.cell("keys: old key disabled, its tokens are refused by a guard that starts", removed)

    def add_key(self) -> None:
        realm = self.administration.read("")
        config = {"priority": "200", "enabled": "true", "active": "true", "algorithm": "RS256", "keySize": "2048"}
        document = {
            "name": "rotated",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {name: [value] for name, value in config.items()},
        }
        self.administration.create("/components", document)

    def disable_keys_but(self, kept: str) -> None:
        """As in the console: the other providers of signing keys are switched off."""
        keys = self.administration.read("/keys")["keys"]
        others = {key["providerId"] for key in keys if key.get("algorithm") == "RS256" and key["kid"] != kept}
        for provider in others:
            component = self.administration.read(f"/components/{provider}")
            component["config"]["enabled"] = ["false"]
            self.administration.change(f"/components/{provider}", component)


class Told:
    """A guard and the service behind it; called with a token, it returns the headers that reached the service."""

    def __init__(self, command: list, log: Path, listen: int, behind: int) -> None:
        self.command = command
        self.log = log
        self.url = f"http://127.0.0.1:{listen}/notes"
        self.behind = behind
        self.running = ExitStack()

    def __call__(self, token: str) -> Mapping[str, str]:
        answer = send("GET", self.url, {"Authorization": f"Bearer {token}"})
        expect(answer.status, 200, f"the status ({answer.text[:300]})")
        return dict(answer.json()["headers"])

    def __enter__(self) -> "Told":
        service = Upstream(self.behind)
        self.running.callback(service.stop)
        guard = self.running.enter_context(Daemon(self.command, self.log.parent, self.log))
        guard.wait_for(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.running.close()


def identified(headers: Mapping[str, str], kind: str, role: str) -> None:
    expect(headers["x-auth-kind"], kind, "the kind")
    expect(role in headers["x-auth-roles"].split(), True, f"{role} in {headers['x-auth-roles']!r}")


def scope(name: str, is_shown: bool) -> dict:
    return {"name": name, "protocol": "openid-connect", "attributes": {"include.in.token.scope": str(is_shown).lower()}}


def mapper(kind: str, audience: str) -> dict:
    """An Audience mapper."""
    return {
        "name": kind,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            f"included.{kind}.audience": audience,
            "access.token.claim": "true",
            "introspection.token.claim": "true",
        },
    }


def kid(token: str) -> str:
    return json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"]


PEERS = {"keycloak": run}
