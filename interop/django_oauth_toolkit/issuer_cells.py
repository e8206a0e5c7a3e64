"""django-oauth-toolkit as an authorization server: opaque tokens, introspected with a secret and with a token."""

from pathlib import Path

from harness.guard_cells import Bench, GuardCells, Setup, Tokens
from harness.issuer import API, BRIEF, COMMAND_SECONDS, MACHINE, WEB, Issuer, django
from harness.packages import Packages
from harness.process import complete
from harness.table import Table

PEER = "guard before django-oauth-toolkit"
PROJECT = Path(__file__).resolve().parent / "issuer"
ELSEWHERE = "https://elsewhere.example"


def run(bench: Bench, packages: Packages, table: Table) -> None:
    """One server, and a guard for each way of authenticating at introspection."""
    python = packages.python("django_oauth_toolkit")
    asked = "from importlib.metadata import version as of; print(of('django-oauth-toolkit'), of('oauthlib'))"
    version = ", oauthlib ".join(complete([python, "-c", asked], COMMAND_SECONDS, PROJECT).split())
    port = bench.spare.take()
    environment = {"DATABASE": str(bench.folder / "dot-issuer.db")}
    cells = GuardCells(PEER, version, table)
    with django(PROJECT, python, bench.folder / "dot-issuer.log", port, environment) as server:
        origin = f"http://127.0.0.1:{port}"
        issuer = Issuer.discovered(origin, "/.well-known/oauth-authorization-server")
        common = {"PASSAVANT_ISSUER": origin, "PASSAVANT_AUDIENCE": "https://notes.example/api"}
        by_secret = {"PASSAVANT_CLIENT_ID": API[0], "PASSAVANT_CLIENT_SECRET": API[1]}
        static = issuer.of_machine("introspection", API)["access_token"]
        by_token = {"PASSAVANT_CLIENT_AUTH": "bearer", "PASSAVANT_CLIENT_SECRET": static}
        setups = [
            setup("basic", bench, issuer, common | by_secret),
            setup("post", bench, issuer, common | by_secret | {"PASSAVANT_CLIENT_AUTH": "post"}),
            setup("bearer", bench, issuer, common | by_token),
        ]
        cells.run(setups, server, bench.spare)
    cells.absent("JWT access tokens", "its access tokens are opaque")


def setup(name: str, bench: Bench, issuer: Issuer, settings: dict[str, str]) -> Setup:
    def person() -> str:
        return issuer.of_person("notes.read notes.write")["access_token"]

    def machine(scope: str = "notes.read", client: tuple[str, str] = MACHINE, **more: str) -> str:
        return issuer.of_machine(scope, client, **more)["access_token"]

    tokens = Tokens(
        person=person,
        machine=machine,
        wrong_scope=lambda: machine("notes.write"),
        wrong_audience=lambda: machine(resource=ELSEWHERE),
        brief=lambda: machine(client=BRIEF),
        ending={
            "user token revoked": (person, lambda token: issuer.revoke(WEB, token)),
            "machine token revoked": (machine, lambda token: issuer.revoke(MACHINE, token)),
        },
    )
    # Its response identifies a user only by `username`, and a client only by `client_id`.
    who = {"sub": None, "client_id": WEB[0]}
    return Setup(
        name=name,
        guard=bench.guard(f"dot-{name}", settings),
        tokens=tokens,
        person=who,
        machine={"sub": None, "client_id": MACHINE[0]},
    )
