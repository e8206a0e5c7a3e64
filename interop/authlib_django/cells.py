"""Authlib on Django as an authorization server: opaque tokens by introspection, JWTs (RFC 9068) by both methods."""

from pathlib import Path

from harness.guard_cells import Bench, GuardCells, Setup, Tokens
from harness.issuer import API, BRIEF, COMMAND_SECONDS, MACHINE, WEB, Issuer, django
from harness.packages import Packages
from harness.process import complete
from harness.table import Table

PEER = "guard before Authlib"
PROJECT = Path(__file__).resolve().parent / "project"
AUDIENCE = "https://notes.example/api"
OTHER = ("other", "other-secret-of-some-length-1")


def run(bench: Bench, packages: Packages, table: Table) -> None:
    """Two servers in one project, and three guards."""
    python = packages.python("authlib_django")
    asked = "from importlib.metadata import version; print(version('Authlib'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, PROJECT).strip()
    cells = GuardCells(PEER, version, table)
    port = bench.spare.take()
    origin = f"http://127.0.0.1:{port}"
    environment = {
        "DATABASE": str(bench.folder / "authlib.db"),
        "KEYS": str(bench.folder / "authlib-keys.json"),
        "ORIGIN": origin,
        "AUDIENCE": AUDIENCE,
    }
    with django(PROJECT, python, bench.folder / "authlib.log", port, environment) as server:
        by_keys = {"PASSAVANT_TOKEN": "jwt", "PASSAVANT_JWKS_URL": origin + "/jwks"}
        setups = [
            setup("opaque, basic", bench, origin, "opaque", introspecting(origin, "opaque")),
            setup("JWT by its keys", bench, origin, "jwt", by_keys),
            setup("JWT by introspection", bench, origin, "jwt", introspecting(origin, "jwt")),
        ]
        cells.run(setups, server, bench.spare)
    for name in ("JWT by its keys", "JWT by introspection"):
        cells.absent(f"{name}: revoked token", "it keeps no JWT that it could revoke; a JWT ends with its `exp`")


def introspecting(origin: str, kind: str) -> dict[str, str]:
    """It publishes no metadata, so the address is configured."""
    return {
        "PASSAVANT_TOKEN": "introspection",
        "PASSAVANT_INTROSPECTION_URL": f"{origin}/{kind}/introspect",
        "PASSAVANT_CLIENT_ID": API[0],
        "PASSAVANT_CLIENT_SECRET": API[1],
    }


def setup(name: str, bench: Bench, origin: str, kind: str, settings: dict[str, str]) -> Setup:
    endpoints = {
        "authorization_endpoint": f"{origin}/{kind}/authorize",
        "token_endpoint": f"{origin}/{kind}/token",
        "revocation_endpoint": f"{origin}/{kind}/revoke",
    }
    issuer = Issuer(origin, endpoints)

    def person() -> str:
        return issuer.of_person("notes.read notes.write")["access_token"]

    def machine(scope: str = "notes.read", client: tuple[str, str] = MACHINE) -> str:
        return issuer.of_machine(scope, client)["access_token"]

    tokens = Tokens(
        person=person,
        machine=machine,
        wrong_scope=lambda: machine("notes.write"),
        wrong_audience=lambda: machine(client=OTHER),
        brief=lambda: machine(client=BRIEF),
    )
    if kind == "opaque":
        tokens.ending = {
            "user token revoked": (person, lambda token: issuer.revoke(WEB, token)),
            "machine token revoked": (machine, lambda token: issuer.revoke(MACHINE, token)),
        }
    common = {"PASSAVANT_ISSUER": f"{origin}/{kind}", "PASSAVANT_AUDIENCE": AUDIENCE}
    return Setup(
        name=name,
        guard=bench.guard("authlib-" + name.replace(" ", "-").replace(",", ""), common | settings),
        tokens=tokens,
        person={"sub": "1", "client_id": WEB[0]},
        # The subject of a client_credentials JWT is the client (RFC 9068 section 2.2); the sample has none.
        machine={"sub": None if kind == "opaque" else MACHINE[0], "client_id": MACHINE[0]},
        is_local="PASSAVANT_JWKS_URL" in settings,
        # With Django, its endpoint for JWTs fails with 500 if the token is not a JWT, so the guard can't decide.
        garbage=503 if name == "JWT by introspection" else 401,
    )
