"""A Keycloak in development mode, and its administration API."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness import maven
from harness.http import Answer, basic, send, send_json
from harness.issuer import MACHINE, Server
from harness.process import Daemon, Failed
from harness.table import expect

HERE = Path(__file__).resolve().parent
REALM = "notes"
ADMINISTRATOR = ("admin", "admin-secret-of-some-length-1")
# It builds itself at its first start, which takes minutes on a busy machine.
START_SECONDS = 900


def unpacked(cache: Path) -> Path:
    """The folder of the distribution, without the data of earlier runs, and with our realm to be imported."""
    target = maven.build("keycloak", {"pom.xml": HERE / "pom.xml"}, cache)
    found = list(target.glob("keycloak-*/bin/kc.sh"))
    if len(found) != 1:
        raise Failed(f"{target} has {len(found)} distributions of Keycloak")
    home = found[0].parent.parent
    shutil.rmtree(home / "data", ignore_errors=True)
    (home / "data" / "import").mkdir(parents=True)
    shutil.copy(HERE / "realm.json", home / "data" / "import")
    return home


class Keycloak(Server):
    """`kc.sh start-dev`: a script, and the server as its child."""

    def __init__(self, home: Path, log: Path, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.version = home.name.removeprefix("keycloak-")
        command = ["nice", "-n", "10", "sh", home / "bin" / "kc.sh", "start-dev", "--import-realm"]
        command += ["--http-host", "127.0.0.1", "--http-port", str(port)]
        environment = {
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMINISTRATOR[0],
            "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMINISTRATOR[1],
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx768m",
            "JAVA_OPTS_APPEND": "-XX:ActiveProcessorCount=1",
        }
        super().__init__(command, home, log, environment, f"{self.origin}/realms/{REALM}")

    def start(self) -> None:
        """Returns once the realm is there."""
        self.daemon = Daemon(self.command, self.folder, self.log, self.environment)
        try:
            self.daemon.wait_for(self.probe, START_SECONDS)
            self.warm_up()
        except BaseException:
            self.stop()
            raise

    def warm_up(self) -> None:
        """Its first answers take longer than a guard waits."""
        endpoint = f"{self.probe}/protocol/openid-connect/token"
        form = {"grant_type": "client_credentials"}
        token = send("POST", endpoint, {"Authorization": basic(*MACHINE)}, form).json()["access_token"]
        send("POST", endpoint + "/introspect", {"Authorization": basic(*MACHINE)}, {"token": token})

    def stop(self) -> None:
        """Also ends a server whose script was killed."""
        server = self.process()
        super().stop()
        if server is not None:
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Makes it accept connections without ever answering."""
        server = self.process()
        os.kill(server, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(server, signal.SIGCONT)

    def process(self) -> int | None:
        """The server: a child of the script, or what the script has become."""
        if self.daemon is None or self.daemon.process.poll() is not None:
            return None
        script = self.daemon.process.pid
        children = Path(f"/proc/{script}/task/{script}/children").read_text().split()
        return int(children[0]) if children else script


class Administration:
    """What an administrator does in the console, by the API that the console uses."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def read(self, path: str) -> list | dict:
        """A document of the realm."""
        return self._checked(send("GET", self._url(path), self._headers())).json()

    def create(self, path: str, document: dict) -> None:
        """Adds to the realm."""
        self._checked(send_json("POST", self._url(path), document, self._headers()))

    def change(self, path: str, document: dict) -> None:
        """Replaces a document of the realm."""
        self._checked(send_json("PUT", self._url(path), document, self._headers()))

    def _url(self, path: str) -> str:
        return f"{self.origin}/admin/realms/{REALM}{path}"

    def _headers(self) -> dict[str, str]:
        form = {"grant_type": "password", "client_id": "admin-cli"}
        form |= {"username": ADMINISTRATOR[0], "password": ADMINISTRATOR[1]}
        url = f"{self.origin}/realms/master/protocol/openid-connect/token"
        return {"Authorization": "Bearer " + self._checked(send("POST", url, {}, form)).json()["access_token"]}

    def _checked(self, answer: Answer) -> Answer:
        expect(answer.status in (200, 201, 204), True, f"success of the administration ({answer.status} {answer.text})")
        return answer
