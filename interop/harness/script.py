"""A script of a peer, in its own process: which prints one JSON object per line: its version, then its cells."""

import json
import subprocess
from pathlib import Path

from harness.process import Failed
from harness.table import Table

RUN_SECONDS = 150


def run_script(peer: str, command: list, folder: Path, table: Table) -> None:
    """Turns the output of the script into rows."""
    words = [str(word) for word in command]
    process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
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
        raise Failed(f"`{' '.join(words)}` ended with {process.returncode}")
