"""Runs the script of this folder, and turns its output into cells."""

import json
from pathlib import Path

from harness.authority import Authority
from harness.packages import Packages
from harness.script import run_script
from harness.table import Table
from harness.world import ALICE

PEER = "authlib"
SCRIPT = Path(__file__).resolve().with_name("client.py")


def run(authority: Authority, packages: Packages, table: Table) -> None:
    """Authlib as a relying party that registers itself."""
    facts = authority.folder / f"{PEER}.json"
    facts.write_text(
        json.dumps({"issuer": authority.issuer, "callback": authority.world.callback, "person": ALICE})
    )
    # Authlib refuses plain http, which the server under test speaks on this machine, unless it is told otherwise.
    command = ["env", "AUTHLIB_INSECURE_TRANSPORT=1", packages.python("authlib_client"), SCRIPT, facts]
    run_script(PEER, command, authority.folder, table)
