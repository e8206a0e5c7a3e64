"""Builds programs from Go modules, in the versions of a go.mod of ours."""

import hashlib
import os
from pathlib import Path

from harness.process import complete

# Large servers need minutes on a small machine.
BUILD_SECONDS = 1800
COMMAND_SECONDS = 60


def build(module: Path, package: str, cache: Path, tags: str = "") -> Path:
    """Builds a package of this module, or of one that it requires, unless it is built already."""
    program = cache / "go" / f"{module.name}-{package.rpartition('/')[2]}"
    stamp = program.with_suffix(".made-from")
    wanted = digest(module, tags)
    if program.exists() and stamp.exists() and stamp.read_text() == wanted:
        return program
    print(f"building {package} of {module.name}", flush=True)
    program.parent.mkdir(parents=True, exist_ok=True)
    command = ["nice", "go", "build", "-buildvcs=false", "-tags", tags, "-o", program, package]
    complete(command, BUILD_SECONDS, module, {"GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=readonly".strip()})
    stamp.write_text(wanted)
    return program


def version(module: Path, required: str) -> str:
    """The version of a module that go.mod requires."""
    command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Version}}", required]
    return complete(command, COMMAND_SECONDS, module).strip()


def digest(module: Path, tags: str) -> str:
    files = [module / "go.mod", module / "go.sum", *sorted(module.rglob("*.go"))]
    whole = hashlib.sha256(tags.encode())
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()
