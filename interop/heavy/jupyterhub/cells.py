"""JupyterHub, whose users sign in at our server with GenericOAuthenticator."""

import secrets
import time
from pathlib import Path

from harness.heavy import HeavyBench
from harness.http import send
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.world import ALICE, ALICE_CLAIMS, CALENDAR_SECONDS, RELYING_PARTY_SCOPE, relying_party
from relying_parties.cells import Application, environment, log, run_cells

NEEDS = ("node", "npm")
HERE = Path(__file__).resolve().parent
PEER = "JupyterHub"
COMMAND_SECONDS = 120
START_SECONDS = 300
SIGN_IN = "/hub/oauth_login?next=%2Fhub%2Fhome"


def run(bench: HeavyBench, table: Table) -> None:
    """One hub, and the proxy that it starts."""
    bench.packages.install_python("jupyterhub")
    python = bench.packages.python("jupyterhub")
    proxy = bench.packages.cache / "jupyterhub_node"
    Packages(HERE.parents[1], bench.packages.cache).install_node("heavy/jupyterhub", proxy)
    asked = "from importlib.metadata import version; print(version('jupyterhub'), version('oauthenticator'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, bench.folder).strip().replace(" ", " / ")
    origin = f"http://127.0.0.1:{bench.spare.take()}"
    observer = secrets.token_hex(16)

    def known_user() -> dict:
        """What the hub has stored about the user."""
        answer = send("GET", f"{origin}/hub/api/users/{ALICE['username']}", {"Authorization": f"token {observer}"})
        expect(answer.status, 200, f"the status of the user ({answer.text})")
        return answer.json()

    def signed_in(app: Application) -> None:
        page = app.open(SIGN_IN)
        expect(page.url, origin + "/hub/home", "where a sign-in ends")
        expect(ALICE["username"] in page.text, True, f"the user on the page {page.text[:1000]}")
        read = known_user()["auth_state"]["oauth_user"]
        expected = {"sub": ALICE["sub"], "name": ALICE_CLAIMS["name"], "email": ALICE_CLAIMS["email"]}
        expect({name: read.get(name) for name in expected}, expected, "UserInfo")

    def refreshed(app: Application) -> None:
        before = known_user()["auth_state"]
        time.sleep(CALENDAR_SECONDS + 1)
        expect(app.open("/hub/home").url, origin + "/hub/home", "the page after the access token has expired")
        expect(app.visitor.asked, [], "what the server asked")
        after = known_user()["auth_state"]
        for name in ("access_token", "refresh_token"):
            expect(before[name] != after[name], True, f"another {name}")

    def signed_out(app: Application) -> None:
        page = app.open("/hub/logout")
        page = app.visitor.submit(page, page.form("/logout"))
        expect(page.url.partition("?")[0], origin + "/hub/login", "where a sign-out ends")
        app.open(SIGN_IN)
        expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")

    client = relying_party(
        "jupyterhub",
        origin + "/hub/oauth_callback",
        post_logout_redirect_uris=[origin + "/hub/login"],
        scope=RELYING_PARTY_SCOPE + " calendar.read",
    )
    with bench.authority(table, [client]) as authority:
        folder = bench.folder / "jupyterhub"
        folder.mkdir()
        variables = environment(authority, "jupyterhub", origin) | {
            "HUB": f"http://127.0.0.1:{bench.spare.take()}",
            "PROXY": str(proxy / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"),
            "PROXY_API": f"http://127.0.0.1:{bench.spare.take()}",
            "OBSERVER": observer,
            "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
        }
        command = [python, "-m", "jupyterhub", "-f", HERE / "jupyterhub_config.py"]
        with Daemon(command, folder, log(authority, "jupyterhub"), variables) as daemon:
            daemon.wait_until(lambda: send("GET", origin + "/hub/health").status == 200, START_SECONDS, "the hub")
            run_cells(PEER, version, origin, authority, table, (signed_in, refreshed, signed_out))


PEERS = {"jupyterhub": run}
