"""Processes of peers: their output is written to a file, they are always terminated, and every wait has a deadline."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.http import send

START_SECONDS = 40
END_SECONDS = 10
LAST_LINES = 30


class Failed(RuntimeError):
    """A process that failed, or was not ready in time."""


def complete(command: list, deadline_seconds: int, folder: Path, environment: Mapping[str, str] = {}) -> str:
    """Runs a command and returns its standard output."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_seconds,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"`{' '.join(words)}` did not end within {deadline_seconds} s") from late
    if done.returncode != 0:
        raise Failed(f"`{' '.join(words)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Daemon:
    """A process that runs until it is stopped."""

    def __init__(self, command: list, folder: Path, log: Path, environment: Mapping[str, str] = {}) -> None:
        self.words = [str(word) for word in command]
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.words,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, url: str, seconds: int = START_SECONDS) -> None:
        """Returns as soon as a GET of the address is answered."""

        def answers() -> bool:
            send("GET", url)
            return True

        self.wait_until(answers, seconds, url)

    def wait_until(self, is_ready: Callable[[], bool], seconds: int = START_SECONDS, what: str = "it") -> None:
        """Returns as soon as this holds. An `OSError` means that it does not yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"`{' '.join(self.words)}` ended with {self.process.returncode}:\n{self.last_words()}")
            try:
                if is_ready():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise Failed(f"{what} did not answer within {seconds} s:\n{self.last_words()}")

    def stop(self) -> float:
        """Terminates it, kills it if necessary, and returns how many seconds that took."""
        asked = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(END_SECONDS)
        return time.monotonic() - asked

    def last_words(self) -> str:
        """The last lines of its output."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-40:])

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

def last_words(folder: Path) -> None:
    """The last output of the server and the peers."""
    for log in sorted(folder.rglob("*.log")):
        print(f"\n== {log.name}, last lines")
        print("\n".join(log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]))
