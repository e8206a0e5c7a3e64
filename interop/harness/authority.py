"""The server under test: configured only by `passavant apply`, run from its release binary."""

import json
from pathlib import Path

from harness.http import send
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.world import World

COMMAND_SECONDS = 60
STOP_SECONDS_MAX = 10
US = "passavant"


class Authority:
    """One server, its files and its command line."""

    def __init__(self, binary: Path, folder: Path, world: World) -> None:
        self.binary = binary
        self.folder = folder
        self.world = world
        self.issuer = world.issuer
        self.config = folder / "passavant.toml"
        self.log = folder / "serve.log"
        self.daemon: Daemon | None = None
        self.version = complete([binary, "--version"], COMMAND_SECONDS, folder).split()[-1]
        key = folder / "master.key"
        complete([binary, "key", "master", key], COMMAND_SECONDS, folder)
        self.config.write_text(
            f'issuer = "{self.issuer}"\n'
            f'[http]\nlisten = "127.0.0.1:{world.ports.authority}"\n'
            f'[management]\nlisten = "127.0.0.1:{world.ports.management}"\n'
            f'[database]\nurl = "sqlite:{folder / "passavant.db"}"\n'
            f'[secrets]\nmaster_key_file = "{key}"\n'
            f'[clients.registration]\ndynamic = "open"\n'
        )

    def apply(self, document: dict, table: Table) -> None:
        """Applies the document twice; the second time, nothing changes."""
        path = self.folder / "world.json"
        path.write_text(json.dumps(document, indent=2))
        table.cell(US, self.version, "apply configures the server", lambda: self._apply(path))

        def again() -> None:
            said = self._apply(path)
            expect("0 changes" in said, True, f"a second apply says `0 changes` in {said!r}")

        table.cell(US, self.version, "apply again changes nothing", again)

    def _apply(self, path: Path) -> str:
        return complete([self.binary, "apply", "-f", path, "-c", self.config], COMMAND_SECONDS, self.folder)

    def start(self) -> None:
        """Starts the server, and returns once discovery is answered."""
        self.daemon = Daemon([self.binary, "serve", "-c", self.config], self.folder, self.log)
        self.daemon.wait_for(self.discovery_url)
        expect(self.discovery()["issuer"], self.issuer, "the issuer in discovery")

    def stop(self, table: Table | None = None) -> None:
        """Asks the server to stop; with a table, how it stops is a cell."""

        def end() -> None:
            daemon = self.daemon
            seconds = daemon.stop()
            expect(seconds < STOP_SECONDS_MAX, True, f"ended by itself in {seconds:.1f} s")
            expect(daemon.process.returncode, 0, "the exit code after SIGTERM")
            expect("panicked" in self.log.read_text(), False, "a panic in its log")

        if table is None:
            self.daemon.stop()
        else:
            table.cell(US, self.version, "ends on SIGTERM, without a panic in its log", end)

    @property
    def discovery_url(self) -> str:
        return self.issuer + "/.well-known/openid-configuration"

    def discovery(self) -> dict:
        return send("GET", self.discovery_url).json()

    def endpoint(self, name: str) -> str:
        """The address of an endpoint, by its name in the metadata without `_endpoint`."""
        return self.discovery()[name + "_endpoint"]

    def resource_token(self, client_id: str) -> str:
        """A long-lived token for an API that needs a static one, created while the server is running."""
        command = [self.binary, "resource", "token", client_id, "-c", self.config, "--format", "quiet"]
        return complete(command, COMMAND_SECONDS, self.folder).strip()

    def __enter__(self) -> "Authority":
        return self

    def __exit__(self, *_: object) -> None:
        if self.daemon:
            self.daemon.stop()
