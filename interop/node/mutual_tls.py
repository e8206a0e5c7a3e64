"""openid-client over mutual TLS, with a server of its own that has TLS itself."""

import base64
import hashlib
import json
from pathlib import Path

from harness.authority import Authority
from harness.packages import Packages
from harness.ports import free_ports
from harness.process import Daemon, complete
from harness.script import run_script
from harness.table import Table

PEER = "openid-client-mtls"
HOST = "id.example.org"
ALIAS = "mtls.id.example.org"
SECRET = "api-secret-of-22-characters-or-more"
SECONDS = 60


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Certificates of an authority made here, a server, and the script."""
    folder = authority.folder / PEER
    folder.mkdir()
    make_certificates(folder)
    _, spare = free_ports(3)
    public, mutual, management = spare.take(), spare.take(), spare.take()
    config = folder / "passavant.toml"
    key = folder / "master.key"
    complete([authority.binary, "key", "master", key], SECONDS, folder)
    config.write_text(
        f'issuer = "https://{HOST}"\n'
        f'[http]\nlisten = "127.0.0.1:{public}"\n'
        f'[http.tls]\ncert_file = "server.pem"\nkey_file = "server.key"\n'
        f'[http.mtls]\nlisten = "127.0.0.1:{mutual}"\nurl = "https://{ALIAS}"\nclient_ca_file = "ca.pem"\n'
        f'[management]\nlisten = "127.0.0.1:{management}"\n'
        f'[database]\nurl = "sqlite:passavant.db"\n[secrets]\nmaster_key_file = "master.key"\n'
    )
    der = der_of(folder / "client.pem")
    (folder / "world.json").write_text(json.dumps(world(der, public_jwk(folder))))
    complete([authority.binary, "apply", "-f", folder / "world.json", "-c", config], SECONDS, folder)
    daemon = Daemon([authority.binary, "serve", "-c", config], folder, folder / "serve.log")
    try:
        daemon.wait_for(f"http://127.0.0.1:{management}/health/ready")
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
        facts = folder / "facts.json"
        facts.write_text(
            json.dumps(
                {
                    "issuer": f"https://{HOST}",
                    "alias": ALIAS,
                    "publicPort": public,
                    "mutualPort": mutual,
                    "folder": str(folder),
                    "secret": SECRET,
                    "thumbprint": thumbprint,
                }
            )
        )
        run_script(PEER, ["node", "mutual_tls.mjs", facts], packages.node, table)
    finally:
        daemon.stop()


def world(der: bytes, jwk: dict) -> dict:
    """A client of each method, and an API that introspects."""
    machine = {
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "notes.read",
        "tls_client_certificate_bound_access_tokens": True,
    }
    keys = {"keys": [{**jwk, "x5c": [base64.b64encode(der).decode()]}]}
    return {
        "clients": [
            {
                "client_id": "by-authority",
                "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": "CN=client,O=Interop",
                **machine,
            },
            {
                "client_id": "by-itself",
                "token_endpoint_auth_method": "self_signed_tls_client_auth",
                "jwks": keys,
                **machine,
            },
        ],
        "resources": [
            {
                "resource": "https://notes.example",
                "scopes": ["notes.read"],
                "client_id": "api",
                "client_secret": SECRET,
            }
        ],
    }


def make_certificates(folder: Path) -> None:
    """An authority, the server, a client of the authority, and another client of nobody's."""
    openssl(folder, "req", "-x509", "-nodes", "-subj", "/CN=interop", "-days", "2", *new_key("ca"))
    for name, subject, extensions in [
        ("server", f"/CN={HOST}", f"subjectAltName=DNS:{HOST},DNS:{ALIAS}\nextendedKeyUsage=serverAuth\n"),
        ("client", "/O=Interop/CN=client", "extendedKeyUsage=clientAuth\n"),
    ]:
        (folder / f"{name}.ext").write_text("basicConstraints=CA:FALSE\n" + extensions)
        openssl(folder, "req", "-nodes", "-subj", subject, *new_key(name, ".csr"))
        issue = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext"]
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *issue)
    openssl(folder, "req", "-x509", "-nodes", "-subj", "/O=Interop/CN=client", "-days", "2", *new_key("other"))


def new_key(name: str, suffix: str = ".pem") -> list[str]:
    """The options that make a key beside a certificate or a request."""
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    return [*kind, "-keyout", f"{name}.key", "-out", f"{name}{suffix}"]


def openssl(folder: Path, *arguments: str) -> str:
    return complete(["openssl", *arguments], SECONDS, folder)


def der_of(path: Path) -> bytes:
    """The one certificate of a PEM file."""
    body = [line for line in path.read_text().splitlines() if line and not line.startswith("-----")]
    return base64.b64decode("".join(body))


def public_jwk(folder: Path) -> dict:
    """The public key of the client: the last 64 bytes of its structure are the coordinates."""
    openssl(folder, "ec", "-in", "client.key", "-pubout", "-out", "client.pub")
    point = der_of(folder / "client.pub")[-64:]
    encoded = lambda part: base64.urlsafe_b64encode(part).rstrip(b"=").decode()
    return {"kty": "EC", "crv": "P-256", "x": encoded(point[:32]), "y": encoded(point[32:]), "use": "sig"}
