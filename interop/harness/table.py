"""The table of results: one row per cell."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass


PASSED = "passed"
FAILED = "FAILED"


class Unexpected(AssertionError):
    """A peer or the server did not behave as expected."""


def expect(seen: object, wanted: object, what: str) -> None:
    """Fails unless the values are equal, and reports both."""
    if seen != wanted:
        raise Unexpected(f"{what}: wanted {wanted!r}, saw {seen!r}")


@dataclass(frozen=True)
class Row:
    """One cell: a peer, its version, what it had to do, and the result."""

    peer: str
    version: str
    cell: str
    status: str


class Table:
    """All rows, in the order in which they ran; a failure is printed at once with its reason."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @property
    def passed(self) -> int:
        return sum(row.status == PASSED for row in self.rows)

    @property
    def failed(self) -> int:
        return sum(row.status == FAILED for row in self.rows)

    def add(self, peer: str, version: str, cell: str, problem: str | None) -> None:
        self.rows.append(Row(peer, version, cell, PASSED if problem is None else FAILED))
        print(f"{'ok    ' if problem is None else 'FAILED'} {peer}: {cell}", flush=True)
        if problem is not None:
            print("       " + problem.strip().replace("\n", "\n       "), flush=True)

    def cell(self, peer: str, version: str, cell: str, work: Callable[[], None]) -> None:
        """Runs one cell. An exception is its failure, and the next cell still runs."""
        try:
            work()
        except Unexpected as error:
            self.add(peer, version, cell, str(error))
        except Exception:
            self.add(peer, version, cell, traceback.format_exc(limit=-4))
        else:
            self.add(peer, version, cell, None)

    def absent(self, peer: str, version: str, cell: str, why: str) -> None:
        """Records a cell that this peer does not support, so that its absence is not mistaken for a pass."""
        self._beside(Row(peer, version, cell, f"not there: {why}"))

    def _beside(self, row: Row) -> None:
        self.rows.append(row)
        print(f"-      {row.peer}: {row.cell}: {row.status}", flush=True)

    def take(self, other: "Table") -> None:
        """Appends the rows of a table that was filled concurrently."""
        self.rows += other.rows

    def guard(self, peer: str, work: Callable[[], None]) -> None:
        """Runs a whole peer. If it can't start, that is a failed cell, and the others still run."""
        print(f"\n== {peer}", flush=True)
        try:
            work()
        except Exception:
            self.add(peer, "-", "starts and runs to its end", traceback.format_exc(limit=-4))
        sys.stdout.flush()

    def __str__(self) -> str:
        lines = [("peer", "version", "cell", "status")]
        lines += [(row.peer, row.version, row.cell, row.status) for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        return "\n".join(
            "  ".join([*(text.ljust(width) for text, width in zip(line, widths)), line[3]]) for line in lines
        )
