"""The cells of every guard, the same for every authorization server."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from harness.guarded import CACHE_SECONDS, Guarded, accepted, refused
from harness.http import Answer
from harness.issuer import BRIEF_SECONDS, Server
from harness.ports import Spare
from harness.table import Table, expect

# How much longer than necessary this test waits for a guard, and how far clocks may differ.
SLACK_SECONDS = 5
LEEWAY_SECONDS = 30
# A guard's requests time out after five seconds.
SILENCE_SECONDS_MAX = 8

GARBAGE = ("A" * 43, "not.a.token", "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.")
NO_SCOPE = "insufficient_scope"
NO_TOKEN = "invalid_token"


@dataclass
class Tokens:
    """How the cells obtain tokens of a peer. Kinds that the peer can't issue are omitted."""

    person: Callable[[], str] | None = None
    machine: Callable[[], str] | None = None
    wrong_scope: Callable[[], str] | None = None
    wrong_audience: Callable[[], str] | None = None
    brief: Callable[[], str] | None = None
    # Each is a token that has just been accepted, and an action that ends it.
    ending: Mapping[str, tuple[Callable[[], str], Callable[[str], None]]] = field(default_factory=dict)
    # Tokens of other kinds that the same server issues.
    foreign: Mapping[str, Callable[[], str]] = field(default_factory=dict)


@dataclass
class Setup:
    """One guard for one peer: its settings, and the identities that it should report."""

    name: str
    guard: Guarded
    tokens: Tokens
    person: Mapping[str, str | None] | None = None
    machine: Mapping[str, str | None] | None = None
    # Whether tokens are verified only by their signature, with cached keys.
    is_local: bool = False
    # Whether the peer forgets its tokens when it is restarted.
    forgets: bool = False
    # The status of a guard with a wrong secret; none if it has no secret.
    wrong_secret: int | None = 503
    # The status for made-up tokens: 503 if the peer itself fails on them.
    garbage: int = 401


class GuardCells:
    """Runs the cells of the guards of one peer."""

    def __init__(self, peer: str, version: str, table: Table) -> None:
        self.peer = peer
        self.version = version
        self.table = table
        self.setup: Setup | None = None

    def cell(self, name: str, work: Callable[[], None]) -> None:
        self.table.cell(self.peer, self.version, name, work)

    def absent(self, name: str, why: str) -> None:
        self.table.absent(self.peer, self.version, name, why)

    def run(self, setups: Iterable[Setup], server: Server, spare: Spare) -> None:
        """Every cell of every configuration, with the server available, stopped, unresponsive, and available again."""
        setups = list(setups)
        with ExitStack() as running:
            for setup in setups:
                running.enter_context(setup.guard)
            brief = {setup.name: self.begin_brief(setup) for setup in setups if setup.tokens.brief}
            for setup in setups:
                for name, work in self.with_server(setup, spare).items():
                    self.cell(f"{setup.name}: {name}", work)
            self.without_server(setups, server)
            for setup in setups:
                if begun := brief.get(setup.name):
                    self.cell(f"{setup.name}: expired token, 401", lambda: self.end_brief(setup, *begun))

    def with_server(self, setup: Setup, spare: Spare) -> dict[str, Callable[[], None]]:
        guard, tokens = setup.guard, setup.tokens
        cells: dict[str, Callable[[], None]] = {}
        if tokens.person:
            cells["user token, accepted"] = lambda: accepted(guard.ask(tokens.person()), setup.person)
        if tokens.machine:
            cells["machine token, accepted"] = lambda: accepted(guard.ask(tokens.machine()), setup.machine)
        if tokens.wrong_scope:
            cells["wrong scope, 403"] = lambda: wrong_scope(guard.ask(tokens.wrong_scope()))
        if tokens.wrong_audience:
            cells["wrong audience, 401"] = lambda: refused(guard.ask(tokens.wrong_audience()), 401, NO_TOKEN)
        for kind, make in tokens.foreign.items():
            cells[f"{kind}, 401"] = lambda make=make: refused(guard.ask(make()), 401, NO_TOKEN)
        cells["no token, 401"] = lambda: refused(guard.ask(None), 401)
        cells[f"garbage tokens, {setup.garbage}"] = lambda: garbage(guard, setup.garbage)
        for how, (make, end) in tokens.ending.items():
            cells[f"{how}, 401 after the cache"] = lambda make=make, end=end: self.ended(guard, make, end)
        if setup.wrong_secret and "PASSAVANT_CLIENT_SECRET" in guard.environment:
            cells[f"guard with a wrong secret, {setup.wrong_secret}"] = lambda: wrong_secret(setup, spare)
        return cells

    def ended(self, guard: Guarded, make: Callable[[], str], end: Callable[[str], None]) -> None:
        token = make()
        expect(guard.ask(token).status, 200, "the status before its end")
        end(token)
        refused(until_refused(guard, token, CACHE_SECONDS), 401, NO_TOKEN)

    def begin_brief(self, setup: Setup) -> tuple[str, int, float]:
        token = setup.tokens.brief()
        return token, setup.guard.ask(token).status, time.monotonic()

    def end_brief(self, setup: Setup, token: str, status: int, begun: float) -> None:
        """The guard has leeway if it checks `exp` itself; an introspection endpoint has none."""
        expect(status, 200, "the status while it lasts")
        lasts = BRIEF_SECONDS + (LEEWAY_SECONDS if setup.is_local else CACHE_SECONDS)
        rest = begun + lasts - time.monotonic()
        refused(until_refused(setup.guard, token, max(rest, 0)), 401, NO_TOKEN)

    def without_server(self, setups: list[Setup], server: Server) -> None:
        """The server is stopped once for all guards of the peer."""
        kept = {setup.name: any_token(setup) for setup in setups}
        seen = {setup.name: any_token(setup) for setup in setups if setup.is_local}
        for setup in setups:
            if setup.is_local:
                expect(setup.guard.ask(seen[setup.name]).status, 200, "the status that brings the keys")
        asking = [setup for setup in setups if not setup.is_local]
        with server.silent(), ThreadPoolExecutor(max_workers=len(asking)) as pool:
            waiting = {setup.name: pool.submit(timed, setup.guard, kept[setup.name]) for setup in asking}
            for name, answer in waiting.items():
                self.cell(f"{name}: server silent, 503 in time", lambda: in_time(*answer.result()))
        for setup in asking:
            name = f"{setup.name}: server speaks again, same token accepted"
            self.cell(name, lambda: until_accepted(setup.guard, kept[setup.name]))
        fresh = {setup.name: any_token(setup) for setup in setups}
        with server.away():
            for setup in setups:
                token = fresh[setup.name]
                if setup.is_local:
                    name = f"{setup.name}: server away, keys at hand, accepted"
                    self.cell(name, lambda: expect(setup.guard.ask(token).status, 200, "the status"))
                    setup.guard.start()
                self.cell(f"{setup.name}: server away, 503", lambda: refused(setup.guard.ask(token), 503))
        for setup in setups:
            token = any_token(setup) if setup.forgets else fresh[setup.name]
            which = "a new" if setup.forgets else "the same"
            self.cell(f"{setup.name}: server back, {which} token accepted", lambda: until_accepted(setup.guard, token))


def any_token(setup: Setup) -> str:
    return (setup.tokens.machine or setup.tokens.person)()


def wrong_scope(answer: Answer) -> None:
    refused(answer, 403, NO_SCOPE)
    challenge = answer.headers["WWW-Authenticate"]
    expect('scope="notes.read"' in challenge, True, f"the needed scope in {challenge!r}")


def garbage(guard: Guarded, status: int) -> None:
    for text in GARBAGE:
        refused(guard.ask(text), status, None if status == 503 else NO_TOKEN)


def wrong_secret(setup: Setup, spare: Spare) -> None:
    settings = {**setup.guard.environment, "PASSAVANT_CLIENT_SECRET": "a-wrong-secret-of-some-length"}
    port = spare.take()
    settings["LISTEN"] = f"127.0.0.1:{port}"
    log = setup.guard.log.with_stem(setup.guard.log.stem + "-wrong-secret")
    with Guarded(setup.guard.binary, log, port, settings) as guard:
        code = None if setup.wrong_secret == 503 else NO_TOKEN
        refused(guard.ask(any_token(setup)), setup.wrong_secret, code)


def timed(guard: Guarded, token: str) -> tuple[Answer, float]:
    asked = time.monotonic()
    return guard.ask(token), time.monotonic() - asked


def in_time(answer: Answer, seconds: float) -> None:
    refused(answer, 503)
    expect(seconds < SILENCE_SECONDS_MAX, True, f"answered after {seconds:.1f} s")


def until_refused(guard: Guarded, token: str, seconds: float) -> Answer:
    """Repeats the request until the token is refused, or the deadline for that has passed."""
    return until(lambda: guard.ask(token), lambda answer: answer.status != 200, seconds)


def until_accepted(guard: Guarded, token: str) -> None:
    answer = until(lambda: guard.ask(token), lambda answer: answer.status == 200, 0)
    expect(answer.status, 200, f"the status ({answer.text[:300]})")


def until(ask: Callable[[], Answer], is_so: Callable[[Answer], bool], seconds: float) -> Answer:
    deadline = time.monotonic() + seconds + SLACK_SECONDS
    answer = ask()
    while not is_so(answer) and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = ask()
    return answer


@dataclass(frozen=True)
class Bench:
    """The addresses of the guards and peers of one run."""

    resource_server: Path
    folder: Path
    spare: Spare

    def guard(self, name: str, settings: Mapping[str, str]) -> Guarded:
        port = self.spare.take()
        return Guarded(self.resource_server, self.folder / f"guard-{name}.log", port, settings)
