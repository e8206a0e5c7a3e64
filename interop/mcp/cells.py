"""Released clients of the Model Context Protocol with our guard and our server."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from harness.authority import Authority
from harness.guarded import Guarded
from harness.packages import Packages
from harness.script import run_script
from harness.table import Table
from harness.tokens import Tokens
from harness.world import ALICE, MCP, MCP_BRIEF_SECONDS, MCP_CLIENT, MCP_ONCE, MCP_WEB

SCRIPT = Path(__file__).resolve().with_name("client.py")


def python(example: Path, authority: Authority, packages: Packages, table: Table) -> None:
    """The Python SDK."""
    run("mcp-python", [packages.python("mcp"), SCRIPT], example, authority, table)


def typescript(example: Path, authority: Authority, packages: Packages, table: Table) -> None:
    """The TypeScript SDK."""
    run("mcp-typescript", ["node", packages.mcp / "client.mjs"], example, authority, table)


def run(peer: str, command: list, example: Path, authority: Authority, table: Table) -> None:
    """A script, with an MCP server for each resource."""
    world = authority.world
    facts = authority.folder / f"{peer}.json"
    facts.write_text(
        json.dumps(
            {
                "issuer": authority.issuer,
                "callback": world.callback,
                "person": ALICE,
                "resource": world.mcp,
                "brief": world.mcp_brief,
                "jwt": world.mcp_jwt,
                "briefSeconds": MCP_BRIEF_SECONDS,
                "client": MCP_CLIENT,
                "once": MCP_ONCE,
                "web": MCP_WEB,
                "elsewhereToken": Tokens(authority).of_person("openid notes.read", world.elsewhere),
            }
        )
    )
    ports = world.ports
    introspecting = {"PASSAVANT_CLIENT_ID": MCP[0], "PASSAVANT_CLIENT_SECRET": MCP[1]}
    servers = (
        (world.mcp, ports.mcp, introspecting),
        (world.mcp_brief, ports.mcp_brief, introspecting),
        (world.mcp_jwt, ports.mcp_jwt, {"PASSAVANT_TOKEN": "jwt"}),
    )
    with ExitStack() as running:
        for audience, port, settings in servers:
            running.enter_context(guarded(example, authority, audience, port, settings))
        run_script(peer, [*command, facts], authority.folder, table)


def guarded(
    example: Path, authority: Authority, audience: str, port: int, settings: Mapping[str, str]
) -> Guarded:
    """The example, with our server as its issuer. It does not cache, so that a revocation is noticed at once."""
    settings = {
        "PASSAVANT_ISSUER": authority.issuer,
        "PASSAVANT_AUDIENCE": audience,
        "PASSAVANT_CACHE_SECONDS": "0",
        "PASSAVANT_REQUIRED_SCOPES": "",
        **settings,
    }
    return Guarded(example, authority.folder / f"mcp-{port}.log", port, settings)
