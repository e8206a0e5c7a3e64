"""Applications in Go that sign their users in at our server, each set up as the examples of its library are."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from harness import go
from harness.authority import Authority
from harness.heavy import HeavyBench
from harness.http import send
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.world import ALICE, ALICE_CLAIMS, relying_party, resource
from relying_parties.cells import Application, Cells, environment, known, log, run_cells

HERE = Path(__file__).resolve().parent
API = ("zitadel-rs", "zitadel-rs-secret-of-some-length")
COMMAND_SECONDS = 60


def goth(bench: HeavyBench, table: Table) -> None:
    """goth, which Gitea and Forgejo use: it sends neither a code challenge nor a nonce."""
    origin = f"http://127.0.0.1:{bench.spare.take()}"

    def signed_in(app: Application) -> None:
        told = app.open("/auth/openid-connect").json()
        expected = {**known(), "nickname": ALICE["username"], "refresh_token": True}
        expect(told, expected, "the user")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True, "id_token": True}, "the refreshes")

    def signed_out(app: Application) -> None:
        left(app, origin, "/auth/openid-connect")

    client = relying_party(
        "goth",
        origin + "/auth/openid-connect/callback",
        post_logout_redirect_uris=[origin + "/"],
        require_pkce=False,
    )
    with bench.authority(table, [client]) as authority:
        version = go.version(HERE, "github.com/markbates/goth")
        run_go(bench, "goth", version, origin, authority, table, (signed_in, refreshed, signed_out))


def go_oidc(bench: HeavyBench, table: Table) -> None:
    """go-oidc and golang.org/x/oauth2: with a nonce as its examples, and with a code challenge as well."""
    version = go.version(HERE, "github.com/coreos/go-oidc/v3")
    origin = f"http://127.0.0.1:{bench.spare.take()}"

    def signed_in(app: Application) -> None:
        told = app.open("/login").json()
        expect({name: told.get(name) for name in known()}, known(), "the ID token")
        expected = {"sub": ALICE["sub"], "email": ALICE_CLAIMS["email"], "email_verified": True}
        expect(app.open("/userinfo").json(), expected, "UserInfo")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True, "sub": ALICE["sub"]}, "the refresh")

    def signed_out(app: Application) -> None:
        left(app, origin, "/login")

    addresses = {"post_logout_redirect_uris": [origin + "/"]}
    client = relying_party("go-oidc", origin + "/callback", **addresses)
    excused = relying_party("go-oidc-nonce", origin + "/callback", require_pkce=False, **addresses)
    cells = (signed_in, refreshed, signed_out)
    with bench.authority(table, [client, excused]) as authority:
        for how, variables in (
            ("nonce", {"CLIENT_ID": "go-oidc-nonce"}),
            ("nonce and code challenge", {"CLIENT_ID": "go-oidc", "PKCE": "true"}),
        ):
            run_go(bench, "go_oidc", version, origin, authority, table, cells, variables, f"go-oidc, {how}")


def zitadel(bench: HeavyBench, table: Table) -> None:
    """zitadel/oidc: its relying party with a secret and with a key, and its resource server."""
    version = go.version(HERE, "github.com/zitadel/oidc/v3")
    origin = f"http://127.0.0.1:{bench.spare.take()}"

    def signed_in(app: Application) -> None:
        told = app.open("/login").json()
        expected = {**known(), "email_verified": True, "of_id_token": ALICE_CLAIMS["email"]}
        expect(told, expected, "the user")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True, "sub": ALICE["sub"]}, "the refresh")

    def signed_out(app: Application) -> None:
        left(app, origin, "/login")

    def revoked(app: Application) -> None:
        expect(app.open("/revoke").json(), {"refused": True}, "a refresh token that was revoked")

    key, jwk = key_pair(bench.folder)
    addresses = {"post_logout_redirect_uris": [origin + "/"]}
    basic = relying_party("zitadel", origin + "/auth/callback", **addresses)
    excused = relying_party("zitadel-state", origin + "/auth/callback", require_pkce=False, **addresses)
    signing = relying_party("zitadel-key", origin + "/auth/callback", **addresses)
    del signing["client_secret"]
    signing |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}
    cells = (signed_in, refreshed, signed_out, signed_in, revoked)
    with bench.authority(table, [basic, excused, signing], zitadel_resources(jwk)) as authority:
        for how, variables in (
            ("state alone", {"CLIENT_ID": "zitadel-state"}),
            ("code challenge", {"PKCE": "true"}),
        ):
            run_go(bench, "zitadel", version, origin, authority, table, cells, variables, f"zitadel/oidc, {how}")
        with_key = {"CLIENT_ID": "zitadel-key", "CLIENT_SECRET": "", "KEY_PATH": str(key), "KEY_ID": jwk["kid"], "PKCE": "true"}
        run_go(bench, "zitadel", version, origin, authority, table, cells, with_key, "zitadel/oidc, key")
        apis(bench, version, authority, table, key, jwk["kid"])


def zitadel_resources(jwk: dict) -> list[dict]:
    """Two APIs: one introspects with a secret, the other with a key."""
    scopes = ["notes.read"]
    signing = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}
    by_key = {"resource": "https://zitadel-key.example", "scopes": scopes, "client_id": "zitadel-key-rs", **signing}
    return [resource("https://zitadel.example", scopes, API), by_key]


def apis(bench: HeavyBench, version: str, authority: Authority, table: Table, key: Path, kid: str) -> None:
    """The resource server of zitadel/oidc, with tokens of users and of machines."""
    file = bench.folder / "zitadel-key.json"
    told = {"type": "application", "keyId": kid, "key": key.read_text(), "clientId": "zitadel-key-rs"}
    file.write_text(json.dumps(told))
    tokens = Tokens(authority)
    program = go.build(HERE, "./zitadel_api", bench.packages.cache)
    for how, audience, variables in (
        ("secret", "https://zitadel.example", {"CLIENT_ID": API[0], "CLIENT_SECRET": API[1]}),
        ("key", "https://zitadel-key.example", {"KEY": str(file)}),
    ):
        port = bench.spare.take()
        settings = {"ISSUER": authority.issuer, "PORT": str(port), **variables}

        def ask(token: str) -> dict:
            answer = send("GET", f"http://127.0.0.1:{port}/protected", {"Authorization": f"Bearer {token}"})
            expect(answer.status, 200, f"the status ({answer.text[:500]})")
            return answer.json()

        def person() -> None:
            seen = ask(tokens.of_person("openid notes.read", audience))
            wanted = {"active": True, "sub": ALICE["sub"], "username": ALICE["username"], "client_id": "web"}
            expect({name: seen.get(name) for name in wanted}, wanted, "the answer about a user's token")

        def machine() -> None:
            seen = ask(tokens.of_machine("notes.read", audience))
            wanted = {"active": True, "scope": "notes.read", "client_id": "machine"}
            expect({name: seen.get(name) for name in wanted}, wanted, "the answer about a machine's token")

        def refused() -> None:
            for token in ("made-up", tokens.of_machine("notes.read", "https://elsewhere.example")):
                expect(ask(token).get("active"), False, "whether it is active")

        with Daemon([program], bench.folder, bench.folder / f"zitadel-api-{how}.log", settings) as daemon:
            daemon.wait_for(f"http://127.0.0.1:{port}/")
            for cell, work in (("user token", person), ("machine token", machine), ("other tokens, inactive", refused)):
                table.cell("zitadel/oidc rs", version, f"{how}: {cell}", work)


def left(app: Application, origin: str, sign_in: str) -> None:
    """A sign-out ends at the application, whose next sign-in asks for the password."""
    page = app.open("/logout")
    expect(page.url.partition("?")[0], origin + "/", "where a sign-out ends")
    expect(app.who(), {}, "who is signed in")
    app.open(sign_in)
    expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")


def run_go(
    bench: HeavyBench,
    program: str,
    version: str,
    origin: str,
    authority: Authority,
    table: Table,
    cells: Cells,
    variables: Mapping[str, str] = {},
    peer: str = "",
) -> None:
    """One of the programs beside this file, and a user who visits it."""
    built = go.build(HERE, f"./{program}", bench.packages.cache)
    settings = environment(authority, program, origin) | dict(variables)
    with Daemon([built], bench.folder, log(authority, program), settings) as daemon:
        daemon.wait_for(origin)
        run_cells(peer or program, version, origin, authority, table, cells)


def key_pair(folder: Path) -> tuple[Path, dict]:
    """An RSA key in a file, and its public half as a JWK."""
    file = folder / "zitadel.pem"
    complete(["openssl", "genrsa", "-traditional", "-out", file, "2048"], COMMAND_SECONDS, folder)
    said = complete(["openssl", "rsa", "-in", file, "-noout", "-modulus"], COMMAND_SECONDS, folder)
    modulus = bytes.fromhex(said.strip().removeprefix("Modulus="))
    encoded = base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()
    return file, {"kty": "RSA", "kid": "zitadel-1", "use": "sig", "alg": "RS256", "n": encoded, "e": "AQAB"}


NEEDS = ("go", "openssl")
PEERS = {"goth": goth, "go-oidc": go_oidc, "zitadel-oidc": zitadel}
