"""Runs Maven on projects of ours, in the versions of their pom.xml."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.process import Failed, complete

# The first build downloads a few hundred megabytes.
BUILD_SECONDS = 1200
JVM_OPTIONS = "-XX:ActiveProcessorCount=1 -Xmx768m"


def build(name: str, files: Mapping[str, Path | str], cache: Path) -> Path:
    """Packages a project that is made of these files, folders and texts by their path, unless it is built already.

    Returns its target folder. Maven is first run offline, with what an earlier build downloaded.
    """
    folder = cache / "maven" / name
    stamp = folder / "made-from"
    wanted = digest(files)
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder / "target"
    print(f"building {name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, source in files.items():
        place(folder / path, source)
    command = ["nice", "-n", "10", "mvn", "-B", "-q", "package"]
    try:
        complete([*command, "--offline"], BUILD_SECONDS, folder, {"MAVEN_OPTS": JVM_OPTIONS})
    except Failed:
        complete(command, BUILD_SECONDS, folder, {"MAVEN_OPTS": JVM_OPTIONS})
    stamp.write_text(wanted)
    return folder / "target"


def place(target: Path, source: Path | str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, str):
        target.write_text(source)
    elif source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


def digest(files: Mapping[str, Path | str]) -> str:
    whole = hashlib.sha256()
    for path, source in sorted(files.items()):
        whole.update(path.encode())
        if isinstance(source, str):
            whole.update(source.encode())
            continue
        for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if file.is_file():
                whole.update(file.name.encode() + file.read_bytes())
    return whole.hexdigest()
