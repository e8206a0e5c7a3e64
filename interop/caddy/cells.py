"""Caddy with `forward_auth`, configured as in docs/guard.md. It takes the place of nginx: same addresses, same cells."""

import os
import shutil
import subprocess
from contextlib import ExitStack

from harness.authority import Authority
from harness.document import printed
from harness.http import send
from harness.packages import Packages
from harness.process import Daemon
from harness.table import Table, expect
from harness.upstream import Upstream
from nginx import cells as nginx

PEER = "caddy"
COMMAND_SECONDS = 20


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Starts the guard, the upstream and Caddy, and runs every cell."""
    program = shutil.which("caddy") or "/usr/bin/caddy"
    said = subprocess.run([program, "version"], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True)
    version = said.stdout.split()[0]
    world = authority.world
    with ExitStack() as running:
        upstream = Upstream(world.ports.nginx_upstream)
        running.callback(upstream.stop)
        guard = running.enter_context(nginx.start_guard(authority))
        guard.wait_for(f"http://127.0.0.1:{world.ports.nginx_guard}/health/live")
        caddy = running.enter_context(start_caddy(authority, program))
        caddy.wait_for(world.nginx + "/notes")
        cells = Cells(authority, upstream)
        for cell, work in cells.all().items():
            table.cell(PEER, version, cell, work)
        guard.stop()
        table.cell(PEER, version, "guard away, nothing passes", cells.guard_away)


def start_caddy(authority: Authority, program: str) -> Daemon:
    """A separate process with its own folder; the system's service is not touched."""
    folder = authority.folder / "caddy"
    folder.mkdir()
    site = printed("guard.md", "caddy", nginx.addresses(authority))
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [program, "run", "--adapter", "caddyfile", "--config", config]
    return Daemon(command, folder, authority.folder / "caddy.log", {**os.environ, **home})


class Cells(nginx.Cells):
    """The cells of nginx, where Caddy answers otherwise."""

    def spoofed(self) -> None:
        names = ("X-Auth-Subject", "x-auth-username", "X-AUTH-ISSUER", "X-Auth-Claims", "X-Auth-Scope")
        seen = self.passed(self.ask(self.machine_token(), {name: "root" for name in names}))
        found = [name for name, values in seen.items() if "root" in values or any("{" in value for value in values)]
        expect(found, [], "headers that the caller wrote, or placeholders")
        before = self.upstream.asked
        disguised = self.ask(self.machine_token(), {"x_auth_subject": "root"})
        expect(disguised.status, 400, "the status for a header in disguise")
        expect(self.upstream.asked, before, "how often the upstream was asked")

    def guard_away(self) -> None:
        before = self.upstream.asked
        expect(self.ask("made-up").status, 502, "the status while nobody can be asked")
        expect(self.upstream.asked, before, "how often the upstream was asked")

    def user(self) -> None:
        super().user()
        seen = self.passed(self.ask(self.machine_token()))
        expect(seen.get("x-auth-username", [""]), [""], "X-Auth-Username of a machine")

    def found(self) -> None:
        super().found()
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
        expect(send("OPTIONS", self.metadata, asked).status, 204, "a preflight for the metadata")
