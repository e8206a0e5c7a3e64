"""Runs the scripts of this folder, each in its own process, and turns what they print into cells."""

import json
import subprocess

from harness.authority import Authority
from harness.packages import Packages
from harness.process import Failed
from harness.table import Table
from harness.world import ALICE, NODE_SECRET

RUN_SECONDS = 150


def openid_client(authority: Authority, packages: Packages, table: Table) -> None:
    """The relying party library of npm, in all that it can do with this server."""
    run("openid-client", "openid_client.mjs", authority, packages, table)


def chromium(authority: Authority, packages: Packages, table: Table) -> None:
    """A real browser, from another site to sign-in, consent and back."""
    run("chromium", "chromium.mjs", authority, packages, table)


def run(peer: str, script: str, authority: Authority, packages: Packages, table: Table) -> None:
    """A script prints one JSON object per line: first its version, then its cells."""
    world = authority.world
    facts = authority.folder / f"{peer}.json"
    facts.write_text(
        json.dumps(
            {
                "issuer": authority.issuer,
                "callback": world.callback,
                "signedOut": world.signed_out,
                "secondOrigin": f"http://127.0.0.1:{world.ports.second_origin}",
                "nodeKeys": world.node_keys,
                "secret": NODE_SECRET,
                "person": ALICE,
                "pictures": str(packages.cache / "pictures"),
            }
        )
    )
    process = subprocess.Popen(
        ["node", script, facts], cwd=packages.node, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    version = "-"
    try:
        said, _ = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        table.add(peer, version, f"ends within {RUN_SECONDS} s", "it was still running")
    for line in said.splitlines():
        word = json.loads(line)
        if "version" in word:
            version = word["version"]
        else:
            table.add(peer, version, word["cell"], word["problem"])
    if process.returncode != 0:
        raise Failed(f"{script} ended with {process.returncode}")
