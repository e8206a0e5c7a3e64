"""Our guard in front of an API: the example `resource_server`, configured only by its environment."""

import json
from collections.abc import Mapping
from pathlib import Path

from harness.http import Answer, send
from harness.process import Daemon
from harness.table import expect
from harness.upstream import Identified

# How long a guard caches an introspection response here.
CACHE_SECONDS = 1


class Guarded:
    """A protected API in its own process."""

    def __init__(self, binary: Path, log: Path, port: int, settings: Mapping[str, str]) -> None:
        self.binary = binary
        self.log = log
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "LISTEN": f"127.0.0.1:{port}",
            "PASSAVANT_CACHE_SECONDS": str(CACHE_SECONDS),
            "PASSAVANT_REQUIRED_SCOPES": "notes.read",
            "RUST_LOG": "info",
            **settings,
        }
        self.daemon: Daemon | None = None

    def start(self) -> None:
        """Restarts it with empty caches."""
        self.stop()
        self.daemon = Daemon(self.command(), self.log.parent, self.log, self.environment)
        self.daemon.wait_for(self.url)

    def command(self) -> list:
        """What is run."""
        return [self.binary]

    def stop(self) -> None:
        if self.daemon:
            self.daemon.stop()

    def ask(self, token: str | None, scheme: str = "Bearer", headers: Mapping[str, str] = {}) -> Answer:
        """Sends a request to the API with this token, or without one."""
        shown = {"Authorization": f"{scheme} {token}"} if token is not None else {}
        return send("GET", self.url + "/notes", {**shown, **headers})

    def __enter__(self) -> "Guarded":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class GuardedByBinary(Guarded):
    """A small service behind `passavant guard`, with the same variables."""

    def __init__(self, binary: Path, log: Path, port: int, upstream: int, settings: Mapping[str, str]) -> None:
        super().__init__(binary, log, port, settings)
        self.upstream_port = upstream
        self.upstream: Identified | None = None

    def command(self) -> list:
        listen = self.environment["LISTEN"]
        return [self.binary, "guard", "--listen", listen, "--upstream", f"http://127.0.0.1:{self.upstream_port}"]

    def __enter__(self) -> "GuardedByBinary":
        self.upstream = Identified(self.upstream_port)
        return super().__enter__()

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        if self.upstream:
            self.upstream.stop()


def accepted(answer: Answer, who: Mapping[str, str | None]) -> None:
    """Checks that the request was accepted with this identity."""
    expect(answer.status, 200, f"the status ({answer.text[:300]})")
    seen = answer.json()
    scope = seen.pop("scope")
    expect("notes.read" in (scope.split() if isinstance(scope, str) else scope), True, f"notes.read in {scope!r}")
    expect(seen, dict(who), "the user that the API sees")


def refused(answer: Answer, status: int, error: str | None = None) -> None:
    """Checks that the guard refused the request, with its code in the challenge and in the body."""
    expect(answer.status, status, f"the status ({answer.text[:300]})")
    challenge = answer.headers.get("WWW-Authenticate")
    if status == 503:
        expect(challenge, None, "a challenge where the token may be good")
        expect(answer.headers.get("Retry-After") is not None, True, "Retry-After is there")
        return
    expect((challenge or "none").startswith("Bearer"), True, f"the scheme of the challenge {challenge!r}")
    if error is None:
        expect("error" in challenge, False, f"an error in the challenge {challenge!r}")
    else:
        expect(f'error="{error}"' in challenge, True, f"{error} in the challenge {challenge!r}")
        expect(json.loads(answer.text)["error"], error, "the error in the body")
