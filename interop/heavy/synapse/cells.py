"""Matrix Synapse, whose users sign in at our server and get a Matrix session with a login token."""

import re
from pathlib import Path
from string import Template

from harness.authority import Authority
from harness.heavy import HeavyBench
from harness.http import Answer, send, send_json
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.world import ALICE, ALICE_CLAIMS, relying_party
from relying_parties.cells import Application, environment, log, run_cells

NEEDS = ()
HERE = Path(__file__).resolve().parent
PEER = "Matrix Synapse"
SERVER_NAME = "matrix.example"
# Where a Matrix client would receive the login token; nothing listens there.
MATRIX_CLIENT = "http://127.0.0.1:9/matrix-client"
COMMAND_SECONDS = 120
START_SECONDS = 300


def run(bench: HeavyBench, table: Table) -> None:
    """One homeserver."""
    bench.packages.install_python("synapse")
    python = bench.packages.python("synapse")
    asked = "from importlib.metadata import version; print(version('matrix-synapse'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, bench.folder).strip()
    origin = f"http://127.0.0.1:{bench.spare.take()}"
    session: dict[str, str] = {}

    def signed_in(app: Application) -> None:
        session["token"] = matrix_session(app)
        expect(app.visitor.asked, ["sign-in", "consent"], "what the server asked")
        expect(matrix(origin, session, "account/whoami").json()["user_id"], user(), "the user")
        told = matrix(origin, session, f"profile/{user()}").json()
        expect(told.get("displayname"), ALICE_CLAIMS["name"], "the display name")
        addresses = matrix(origin, session, "account/3pid").json()["threepids"]
        expect([each["address"] for each in addresses], [ALICE_CLAIMS["email"]], "the email addresses")

    def signed_in_again_without_a_question(app: Application) -> None:
        second = {"token": matrix_session(app)}
        expect(app.visitor.asked, [], "what the server asked")
        expect(matrix(origin, second, "account/whoami").json()["user_id"], user(), "the user")

    def signed_out(app: Application) -> None:
        answer = send_json("POST", f"{origin}/_matrix/client/v3/logout", {}, bearer(session))
        expect(answer.status, 200, f"the status of the sign-out ({answer.text})")
        expect(matrix(origin, session, "account/whoami").status, 401, "the status afterwards")

    client = relying_party("synapse", origin + "/_synapse/client/oidc/callback")
    with bench.authority(table, [client]) as authority, homeserver(authority, python, origin) as daemon:
        daemon.wait_for(origin + "/health", START_SECONDS)
        cells = (signed_in, signed_in_again_without_a_question, signed_out)
        run_cells(PEER, version, origin, authority, table, cells)


def homeserver(authority: Authority, python: Path, origin: str) -> Daemon:
    """The homeserver, with the configuration that it generates and ours."""
    folder = authority.folder / "synapse"
    folder.mkdir()
    command = [python, "-m", "synapse.app.homeserver", "-c", folder / "homeserver.yaml"]
    generate = ["--generate-config", "-H", SERVER_NAME, "--report-stats", "no"]
    complete([*command, *generate], COMMAND_SECONDS, folder)
    values = environment(authority, "synapse", origin)
    (folder / "oidc.yaml").write_text(Template((HERE / "oidc.yaml").read_text()).substitute(values))
    return Daemon([*command, "-c", folder / "oidc.yaml"], folder, log(authority, "synapse"))


def matrix_session(app: Application) -> str:
    """Signs in as a Matrix client does (Matrix client-server API, "SSO client login"), and returns its access token."""
    login = f"{app.origin}/_matrix/client/v3/login"
    offered = {flow["type"]: flow for flow in send("GET", login).json()["flows"]}
    providers = [provider["id"] for provider in offered["m.login.sso"]["identity_providers"]]
    expect(providers, ["oidc-passavant"], "the identity providers")
    page = app.open(f"/_matrix/client/v3/login/sso/redirect/oidc-passavant?redirectUrl={MATRIX_CLIENT}")
    found = re.search(r"[?&;]loginToken=([^&\"]+)", page.text)
    expect(found is not None, True, f"a login token at {page.url}: {page.text[:1000]}")
    answer = send_json("POST", login, {"type": "m.login.token", "token": found[1]})
    expect(answer.status, 200, f"the status of the login ({answer.text})")
    return answer.json()["access_token"]


def matrix(origin: str, session: dict[str, str], path: str) -> Answer:
    return send("GET", f"{origin}/_matrix/client/v3/{path}", bearer(session))


def bearer(session: dict[str, str]) -> dict[str, str]:
    return {"Authorization": "Bearer " + session["token"]}


def user() -> str:
    """The Matrix id of the user."""
    return f"@{ALICE['username']}:{SERVER_NAME}"


PEERS = {"synapse": run}
