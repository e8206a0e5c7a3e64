"""TLS in front of `passavant serve`: the configuration and the proxies of docs/deploy.md, as they are printed there."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Iterator
from urllib.parse import urlencode

from harness.browser import Browser
from harness.document import printed
from harness.heavy import HeavyBench
from harness.http import Tls, basic
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.tokens import proof_key
from harness.world import ALICE, RELYING_PARTY_SECRET, relying_party
from heavy.proxies.cells import start_traefik

NAME = "id.example.org"
ISSUER = f"https://{NAME}"
CALLBACK = "https://app.example/callback"
# Another address of the loopback interface, from which the browser connects: it must be seen behind the proxy.
BROWSER_ADDRESS = "127.0.0.2"
STATE_BYTES = 8192
COMMAND_SECONDS = 60


def nginx(bench: HeavyBench, table: Table) -> None:
    """nginx, from Debian."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    said = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True).stderr
    site = Site(bench)

    def start() -> Daemon:
        certificate, key = site.certificate()
        server = printed(
            "deploy.md",
            "nginx",
            {
                "listen 443 ssl": f"listen 127.0.0.1:{site.port} ssl",
                "/etc/ssl/id.example.org.pem": str(certificate),
                "/etc/ssl/id.example.org.key": str(key),
                "127.0.0.1:4000": site.server,
            },
        )
        temporary = " ".join(
            f"{kind}_temp_path {site.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = site.folder / "nginx.conf"
        config.write_text(
            # Workers write bodies into the folder of this test, which belongs to whoever runs it.
            ("user root;\n" if os.geteuid() == 0 else "")
            + f"daemon off; pid {site.folder}/pid; error_log stderr warn; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{server} }}\n"
        )
        return Daemon([program, "-p", site.folder, "-c", config, "-e", "stderr"], site.folder, site.folder / "nginx.log")

    run(site, table, "nginx", said.strip().rpartition("/")[2], start, site.folder / "certificate.pem")


def caddy(bench: HeavyBench, table: Table) -> None:
    """Caddy, from Debian, with certificates of its own authority instead of a public one."""
    program = shutil.which("caddy") or "/usr/bin/caddy"
    version = complete([program, "version"], COMMAND_SECONDS, bench.folder).split()[0]
    site = Site(bench)

    def start() -> Daemon:
        config = site.folder / "Caddyfile"
        options = f"admin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\n"
        options += f"default_bind 127.0.0.1\nhttps_port {site.port}\n"
        config.write_text(f"{{\n{options}}}\n" + printed("deploy.md", "caddyfile", {"127.0.0.1:4000": site.server}))
        home = {"HOME": str(site.folder), "XDG_DATA_HOME": str(site.folder), "XDG_CONFIG_HOME": str(site.folder)}
        command = [program, "run", "--adapter", "caddyfile", "--config", config]
        return Daemon(command, site.folder, site.folder / "caddy.log", {**os.environ, **home})

    run(site, table, "caddy", version, start, site.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt")


def traefik(bench: HeavyBench, table: Table) -> None:
    """Traefik, whose resolver of certificates asks nobody: the certificate is a file."""
    bench.packages.install_python("proxies")
    program = bench.packages.python("proxies").with_name("traefik")
    said = complete([program, "version"], COMMAND_SECONDS, bench.folder)
    site = Site(bench)

    def start() -> Daemon:
        certificate, key = site.certificate()
        dynamic = printed("deploy.md", "yaml", {"127.0.0.1:4000": site.server})
        dynamic += f"tls: {{ certificates: [{{ certFile: {certificate}, keyFile: {key} }}] }}\n"
        resolver = f"{{ caServer: 'https://127.0.0.1:9/', storage: {site.folder}/acme.json, tlsChallenge: {{}} }}"
        more = f"certificatesResolvers: {{ letsencrypt: {{ acme: {resolver} }} }}\n"
        return start_traefik(site.folder, program, site.port, dynamic, more)

    version = said.partition("Version:")[2].split()[0]
    run(site, table, "traefik", version, start, site.folder / "certificate.pem")


class Site:
    """The server with the configuration in the document, and the address of the proxy in front of it."""

    def __init__(self, bench: HeavyBench) -> None:
        self.binary = bench.binary
        self.folder = bench.folder
        self.port, server, management = (bench.spare.take() for _ in range(3))
        self.server = f"127.0.0.1:{server}"
        self.log = self.folder / "serve.log"
        self.config = self.folder / "passavant.toml"
        self.config.write_text(
            printed(
                "deploy.md",
                "toml",
                {
                    "127.0.0.1:4000": self.server,
                    "127.0.0.1:4001": f"127.0.0.1:{management}",
                    "/var/lib/passavant/passavant.db": str(self.folder / "passavant.db"),
                    "/etc/passavant/master.key": str(self.folder / "master.key"),
                },
            )
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server, with one client and one user."""
        complete([self.binary, "key", "master", self.folder / "master.key"], COMMAND_SECONDS, self.folder)
        document = self.folder / "world.json"
        document.write_text(json.dumps({"clients": [relying_party("app", CALLBACK)], "users": [ALICE]}))
        complete([self.binary, "apply", "-f", document, "-c", self.config], COMMAND_SECONDS, self.folder)
        with Daemon([self.binary, "serve", "-c", self.config], self.folder, self.log) as daemon:
            daemon.wait_for(f"http://{self.server}/")
            yield

    def certificate(self) -> tuple[Path, Path]:
        """A certificate for the name, and its key."""
        certificate, key = self.folder / "certificate.pem", self.folder / "certificate.key"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        name = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        command = ["openssl", "req", "-x509", *kind, *name, "-keyout", key, "-out", certificate]
        complete(command, COMMAND_SECONDS, self.folder)
        return certificate, key


def run(site: Site, table: Table, peer: str, version: str, start: Callable[[], Daemon], authority: Path) -> None:
    """Starts the server and the proxy, and runs every cell."""
    with site.serving(), start() as proxy:
        tls = Tls(NAME, site.port, authority, BROWSER_ADDRESS)
        proxy.wait_until(lambda: tls.send("GET", ISSUER + "/.well-known/openid-configuration").status == 200)
        for cell, work in {
            "discovery names the issuer": discovery,
            "a page without a request goes to the sign-in page": login,
            "a user signs in": sign_in,
            "a state of 8 KiB returns": long_state,
            "the browser's address is seen, and none that it made up": address,
            "health and metrics are not reachable": management,
        }.items():
            table.cell(f"{peer} before serve", version, cell, partial(work, site, tls))


def discovery(site: Site, tls: Tls) -> None:
    answer = tls.send("GET", ISSUER + "/.well-known/openid-configuration")
    expect((answer.status, answer.json()["issuer"]), (200, ISSUER), "the issuer")


def login(site: Site, tls: Tls) -> None:
    answer = tls.send("GET", ISSUER + "/login")
    expect(answer.status, 303, f"the status ({answer.text[:500]})")
    place = answer.headers["Location"]
    expect(place.startswith(ISSUER + "/login?interaction="), True, f"where it goes: {place}")


def sign_in(site: Site, tls: Tls) -> None:
    told = authorized(tls, "a-state")
    expect((told["iss"], told["state"]), (ISSUER, "a-state"), "issuer and state at the callback")


def long_state(site: Site, tls: Tls) -> None:
    state = "%" * STATE_BYTES
    expect(authorized(tls, state)["state"], state, "the state")


def authorized(tls: Tls, state: str) -> dict[str, str]:
    """Signs a user in, redeems the code, and returns the parameters at the callback."""
    verifier, challenge = proof_key()
    request = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{ISSUER}/authorize?{urlencode(request)}"
    told = Browser(ISSUER, ALICE, tls.send).authorize(url, CALLBACK)
    expect("error" in told, False, f"an error in {told}"[:500])
    form = {"grant_type": "authorization_code", "code": told["code"], "redirect_uri": CALLBACK, "code_verifier": verifier}
    answer = tls.send("POST", ISSUER + "/token", {"Authorization": basic("app", RELYING_PARTY_SECRET)}, form)
    expect(answer.status, 200, f"the status of the token answer ({answer.text})")
    return told


def address(site: Site, tls: Tls) -> None:
    before = len(site.log.read_text())
    made_up = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
    tls.send("GET", ISSUER + "/login", made_up)
    lines = site.log.read_text()[before:].splitlines()
    seen = [json.loads(line).get("peer") for line in lines if '"http.request"' in line]
    expect(seen, [BROWSER_ADDRESS], "the addresses in the log")


def management(site: Site, tls: Tls) -> None:
    for path in ("/health/ready", "/metrics"):
        expect(tls.send("GET", ISSUER + path).status, 404, f"the status of {path}")


NEEDS = ("openssl",)
PEERS = {"tls-nginx": nginx, "tls-caddy": caddy, "tls-traefik": traefik}
