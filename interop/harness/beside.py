"""Runs independent peers concurrently; most of the time they wait."""

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from harness.table import Table


def side_by_side(peers: Mapping[str, Callable[[Table], None]], table: Table) -> None:
    """Each fills its own table; the tables are joined in the given order."""
    print(f"\n== side by side: {', '.join(peers)}", flush=True)
    if not peers:
        return
    with ThreadPoolExecutor(max_workers=len(peers)) as pool:
        running = {name: pool.submit(alone, name, work) for name, work in peers.items()}
        for each in running.values():
            table.take(each.result())


def alone(name: str, work: Callable[[Table], None]) -> Table:
    own = Table()
    try:
        work(own)
    except Exception:
        own.add(name, "-", "starts and runs to its end", traceback.format_exc(limit=-4))
    return own
