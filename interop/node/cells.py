"""Runs the scripts of this folder, each in its own process, and turns their output into cells."""

import json

from harness.authority import Authority
from harness.packages import Packages
from harness.script import run_script
from harness.table import Table
from harness.world import ALICE, NODE_SECRET


def openid_client(authority: Authority, packages: Packages, table: Table) -> None:
    """The relying party library of npm, with everything that this server supports."""
    run("openid-client", "openid_client.mjs", authority, packages, table)


def dpop(authority: Authority, packages: Packages, table: Table) -> None:
    """The same library with tokens that are bound to a key."""
    run("openid-client-dpop", "dpop.mjs", authority, packages, table)


def chromium(authority: Authority, packages: Packages, table: Table) -> None:
    """A real browser, from another site to sign-in, consent and back."""
    run("chromium", "chromium.mjs", authority, packages, table)


def run(peer: str, script: str, authority: Authority, packages: Packages, table: Table) -> None:
    """One script, with its parameters."""
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
    run_script(peer, ["node", script, facts], packages.node, table)
