"""The Python SDK of the Model Context Protocol against the guard: prints one JSON object per line."""

import importlib.metadata
import json
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# Moved to the end, so that `mcp` is the package and not this folder.
sys.path.append(str(Path(__file__).resolve().parent.parent))

import anyio
import httpx2
from harness.browser import Browser
from harness.http import send
from harness.table import Unexpected, expect
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

WORLD = json.loads(Path(sys.argv[1]).read_text())
CELL_SECONDS = 40
# A failed sign-in is checked by a cell and need not be logged.
logging.getLogger("mcp").addHandler(logging.NullHandler())
TOOLS = ["delete_note", "list_notes", "who_am_i"]


class Storage:
    """Tokens in memory, and a preregistered client."""

    def __init__(self, client_id: str, secret: str | None) -> None:
        method = "client_secret_basic" if secret else "none"
        self.client = OAuthClientInformationFull(
            client_id=client_id, client_secret=secret, token_endpoint_auth_method=method, issuer=WORLD["issuer"]
        )
        self.tokens: OAuthToken | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull:
        return self.client

    async def set_client_info(self, client: OAuthClientInformationFull) -> None:
        raise Unexpected(f"it registers by itself: {client}")


class Registering(Storage):
    """Tokens in memory, and the client as it registers itself."""

    def __init__(self) -> None:
        self.client: OAuthClientInformationFull | None = None
        self.tokens: OAuthToken | None = None

    async def set_client_info(self, client: OAuthClientInformationFull) -> None:
        self.client = client


class Person:
    """One user with one MCP client: its authorization requests, and all requests and responses."""

    def __init__(self, resource: str = WORLD["resource"], client: str = WORLD["client"], secret: str | None = None):
        self.resource = resource
        self.storage = Storage(client, secret)
        self.browser = Browser(WORLD["issuer"], WORLD["person"])
        self.decision = "allow"
        self.asked: list[dict[str, list[str]]] = []
        self.wire: list[tuple[str, int, str]] = []
        self.back: dict[str, str] = {}

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        provider = OAuthClientProvider(
            self.resource,
            OAuthClientMetadata(redirect_uris=[WORLD["callback"]]),
            self.storage,
            redirect_handler=self.open,
            callback_handler=self.come_back,
        )
        hooks = {"response": [self.note]}
        async with httpx2.AsyncClient(auth=provider, event_hooks=hooks, timeout=CELL_SECONDS) as http:
            async with Client(streamable_http_client(self.resource, http_client=http)) as client:
                yield client

    async def note(self, response: httpx2.Response) -> None:
        request = response.request
        told = response.headers.get("www-authenticate", "")
        self.wire.append((f"{request.method} {request.url}", response.status_code, told))

    async def open(self, url: str) -> None:
        self.asked.append(parse_qs(urlsplit(url).query))
        visit = lambda: self.browser.authorize(url, WORLD["callback"], self.decision)
        self.back = await anyio.to_thread.run_sync(visit)

    async def come_back(self) -> AuthorizationCodeResult:
        code = self.back.get("code", "")
        return AuthorizationCodeResult(code=code, state=self.back.get("state"), iss=self.back.get("iss"))

    @property
    def scopes(self) -> list[str]:
        """The scopes of each authorization request, sorted."""
        return [" ".join(sorted(asked["scope"][0].split())) for asked in self.asked]

    def refusals(self, status: int) -> list[str]:
        """The challenges of the MCP server with this status."""
        return [told for line, seen, told in self.wire if line.endswith(" " + self.resource) and seen == status]

    def fetched(self) -> list[str]:
        """The discovered metadata."""
        return [line.removeprefix("GET ") for line, status, _ in self.wire if ".well-known" in line and status == 200]

async def called(client: Client, tool: str, arguments: dict[str, str] | None = None) -> str:
    """The result of the tool."""
    result = await client.call_tool(tool, arguments or {})
    expect(result.is_error, False, f"whether {tool} failed ({result.content})")
    return result.content[0].text


async def discovery(person: Person | None = None) -> None:
    person = person or Person()
    async with person.connected() as client:
        expect(sorted(tool.name for tool in (await client.list_tools()).tools), TOOLS, "the tools")
        expect(await called(client, "who_am_i"), WORLD["person"]["sub"], "the user that the tool sees")
        expect("bread" in await called(client, "list_notes"), True, "bread is listed")
    server = urlsplit(person.resource)
    metadata = f"{server.scheme}://{server.netloc}/.well-known/oauth-protected-resource{server.path}"
    expect(person.fetched(), [metadata, f"{WORLD['issuer']}/.well-known/oauth-authorization-server"], "the metadata")
    expect(len(person.asked), 1, "authorization requests")
    expect(person.asked[0]["resource"], [person.resource], "the resource that was asked for")
    expect(person.asked[0]["code_challenge_method"], ["S256"], "the method of PKCE")
    expect(person.scopes, ["notes.read offline_access"], "the scopes that were asked for")
    told = person.refusals(401)
    expect(len(told), 1, f"refusals in {told}")
    expect(f'scope="notes.read", resource_metadata="{metadata}"' in told[0], True, f"both in {told[0]}")


async def registering() -> None:
    """RFC 7591: no client is registered before."""
    person = Person()
    person.storage = Registering()
    async with person.connected() as client:
        expect(await called(client, "who_am_i"), WORLD["person"]["sub"], "the user that the tool sees")
        expect("bread" in await called(client, "list_notes"), True, "bread is listed")
    registered = [line for line, status, _ in person.wire if line == f"POST {WORLD['issuer']}/register" and status == 201]
    expect(len(registered), 1, f"registrations in {person.wire}")
    expect(person.asked[0]["client_id"], [person.storage.client.client_id], "the client of the request")
    expect(person.asked[0]["resource"], [person.resource], "the resource that was asked for")


async def with_a_secret() -> None:
    await discovery(Person(client=WORLD["web"][0], secret=WORLD["web"][1]))


async def by_jwt() -> None:
    person = Person(WORLD["jwt"])
    await discovery(person)
    expect(person.storage.tokens.access_token.count("."), 2, "the dots of the access token")


async def step_up() -> None:
    person = Person()
    async with person.connected() as client:
        await called(client, "list_notes")
        expect(await called(client, "delete_note", {"title": "milk"}), "milk is gone", "the result of the tool")
        await called(client, "list_notes")
    told = person.refusals(403)
    expect(len(told), 1, f"refusals in {told}")
    expect('error="insufficient_scope"' in told[0], True, f"insufficient_scope in {told[0]}")
    expect('scope="notes.read notes.write"' in told[0], True, f"the scopes in {told[0]}")
    asked = ["notes.read offline_access", "notes.read notes.write offline_access"]
    expect(person.scopes, asked, "the scopes that were asked for")
    granted = person.storage.tokens.scope.split()
    expect({"notes.read", "notes.write"} <= set(granted), True, f"both scopes in {granted}")


async def denied() -> None:
    person = Person()
    try:
        async with person.connected() as client:
            await called(client, "list_notes")
            person.decision = "deny"
            said = await called(client, "delete_note", {"title": "bread"})
    except* OAuthFlowError:
        # It ends the whole connection, not only the call.
        said = None
    expect(said, None, "the result of the tool")
    expect(len(person.asked), 2, "authorization requests")
    async with Person().connected() as client:
        expect("bread" in await called(client, "list_notes"), True, "bread is still listed")


async def expired() -> None:
    person = Person(WORLD["brief"])
    async with person.connected() as client:
        await called(client, "list_notes")
        first = person.storage.tokens
        await anyio.sleep(WORLD["briefSeconds"] + 1)
        expect(await called(client, "who_am_i"), WORLD["person"]["sub"], "the user that the tool sees")
    second = person.storage.tokens
    expect(second.access_token != first.access_token, True, "the access token is another one")
    expect(second.refresh_token != first.refresh_token, True, "the refresh token is another one")
    expect(len(person.asked), 1, "authorization requests")


async def revoked() -> None:
    person = Person()
    async with person.connected() as client:
        await called(client, "list_notes")
        form = {"token": person.storage.tokens.access_token, "client_id": WORLD["client"]}
        expect(send("POST", WORLD["issuer"] + "/revoke", form=form).status, 200, "the status of the revocation")
        expect(await called(client, "who_am_i"), WORLD["person"]["sub"], "the user that the tool sees")
    refused_and_signed_in(person, 2)


async def elsewhere() -> None:
    person = Person()
    person.storage.tokens = OAuthToken(access_token=WORLD["elsewhereToken"], scope="notes.read")
    async with person.connected() as client:
        expect(await called(client, "who_am_i"), WORLD["person"]["sub"], "the user that the tool sees")
    refused_and_signed_in(person, 1)


def refused_and_signed_in(person: Person, requests: int) -> None:
    told = person.refusals(401)
    expect(sum('error="invalid_token"' in challenge for challenge in told), 1, f"invalid_token, once, in {told}")
    expect(len(person.asked), requests, "authorization requests")


CELLS: dict[str, Callable[[], Awaitable[None]]] = {
    "401 leads by RFC 9728 to sign-in, consent and tools": discovery,
    "registers itself by RFC 7591, then sign-in, consent and tools": registering,
    "the same with client_secret_basic": with_a_secret,
    "the same with a JWT access token": by_jwt,
    "tool beyond the scope, 403, asks for more and goes on": step_up,
    "asks for more and is denied, the tool is not called": denied,
    "token expired, refreshes without the person": expired,
    "token revoked, 401, signs in again": revoked,
    "token for another resource, 401, signs in": elsewhere,
}


async def within(work: Callable[[], Awaitable[None]]) -> None:
    with anyio.fail_after(CELL_SECONDS):
        await work()


def main() -> None:
    print(json.dumps({"version": importlib.metadata.version("mcp")}), flush=True)
    for cell, work in CELLS.items():
        problem = None
        try:
            anyio.run(within, work)
        except BaseException:
            problem = traceback.format_exc()
        print(json.dumps({"cell": cell, "problem": problem}), flush=True)


if __name__ == "__main__":
    main()
