"""oauth2-proxy in front of a small service, with the options that its page on OpenID Connect names."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote, urlencode

from harness import go
from harness.heavy import HeavyBench
from harness.process import Daemon
from harness.table import Table, expect
from harness.upstream import Upstream
from harness.visitor import Page
from harness.world import ALICE, ALICE_CLAIMS, RELYING_PARTY_SECRET, relying_party
from relying_parties.cells import Application, run_cells

HERE = Path(__file__).resolve().parent
REFRESH_SECONDS = 2


def run(bench: HeavyBench, table: Table) -> None:
    """Once as its page on OpenID Connect sets it up, and once with a code challenge, which its log recommends."""
    program = go.build(HERE, "github.com/oauth2-proxy/oauth2-proxy/v7", bench.packages.cache)
    version = go.version(HERE, "github.com/oauth2-proxy/oauth2-proxy/v7")
    port, upstream_port = bench.spare.take(), bench.spare.take()
    origin = f"http://127.0.0.1:{port}"
    addresses = {"post_logout_redirect_uris": [origin + "/"]}
    clients = [
        relying_party("oauth2-proxy", origin + "/oauth2/callback", require_pkce=False, **addresses),
        relying_party("oauth2-proxy-pkce", origin + "/oauth2/callback", **addresses),
    ]
    with bench.authority(table, clients) as authority:
        upstream = Upstream(upstream_port)
        try:
            for client, flags in (("oauth2-proxy", []), ("oauth2-proxy-pkce", ["--code-challenge-method=S256"])):
                command = [program, *options(authority.issuer, port, upstream_port, client), *flags]
                with Daemon(command, bench.folder, bench.folder / f"{client}.log") as daemon:
                    daemon.wait_for(origin + "/ping")
                    cells = Cells(client).all()
                    run_cells(client, version, origin, authority, table, cells)
        finally:
            upstream.stop()


def options(issuer: str, port: int, upstream: int, client: str) -> Iterable[str]:
    """Those of its documentation, and what plain HTTP on loopback needs."""
    return (
        "--provider=oidc",
        "--provider-display-name=passavant",
        f"--client-id={client}",
        f"--client-secret={RELYING_PARTY_SECRET}",
        f"--redirect-url=http://127.0.0.1:{port}/oauth2/callback",
        f"--oidc-issuer-url={issuer}",
        "--scope=openid email profile offline_access",
        "--email-domain=*",
        "--cookie-secure=false",
        f"--cookie-secret={token_urlsafe(24)}",
        f"--cookie-refresh={REFRESH_SECONDS}s",
        "--pass-access-token=true",
        f"--whitelist-domain=localhost:*",
        f"--http-address=127.0.0.1:{port}",
        f"--upstream=http://127.0.0.1:{upstream}/",
    )


class Cells:
    """What a user does, in order."""

    def __init__(self, client: str) -> None:
        self.client = client

    def all(self) -> tuple:
        return (self.signed_in, self.refreshed, self.signed_out)

    def signed_in(self, app: Application) -> None:
        seen = headers(app.open("/oauth2/start?rd=/notes"))
        expect(seen.get("x-forwarded-user"), ALICE["sub"], "the user")
        expect(seen.get("x-forwarded-email"), ALICE_CLAIMS["email"], "the email address")
        expect(seen.get("x-forwarded-preferred-username"), ALICE["username"], "the user name")
        told = app.open("/oauth2/userinfo").json()
        expect((told["user"], told["email"]), (ALICE["sub"], ALICE_CLAIMS["email"]), "its UserInfo")

    def refreshed(self, app: Application) -> None:
        for _ in range(2):
            before = headers(app.open("/notes"))["x-forwarded-access-token"]
            time.sleep(REFRESH_SECONDS + 1)
            seen = headers(app.open("/notes"))
            expect(seen["x-forwarded-access-token"] != before, True, "another access token")
            expect(seen["x-forwarded-email"], ALICE_CLAIMS["email"], "the email address")

    def signed_out(self, app: Application) -> None:
        """As its documentation: `sign_out` sends the browser to the address in `rd`, here that of the server."""
        query = urlencode({"client_id": self.client, "post_logout_redirect_uri": app.origin + "/"})
        there = app.authority.endpoint("end_session") + "?" + query
        asked = app.open("/oauth2/sign_out?rd=" + quote(there, safe=""))
        form = asked.form("/logout")
        name, value = form.submits["logout"]
        page = app.visitor.submit(asked, form, {name: value})
        expect((page.url, page.status), (app.origin + "/", 403), "where a sign-out ends, at the page that asks to sign in")
        app.open("/oauth2/start?rd=/notes")
        expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")


def headers(page: Page) -> dict[str, str]:
    """What reached the service."""
    return dict(json.loads(page.text)["headers"])


NEEDS = ("go",)
PEERS = {"oauth2-proxy": run}
