"""Installs peers from their registries, in the versions of the lock files, outside the tracked files."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from harness.process import complete

INSTALL_SECONDS = 300
PYTHON_PEERS = (
    "django_oauth_toolkit",
    "django_lasuite",
    "django_oidc_provider",
    "authlib_django",
    "authlib_client",
    "mcp",
    "django_allauth",
    "social_auth",
)

# Shared by the scripts of all Node peers: the headless browser, and how a script reports its cells.
SHARED_SCRIPTS = ("forms.mjs", "report.mjs")


class Packages:
    """Installed peers. A folder is reused if its stamp matches the lock file."""

    def __init__(self, sources: Path, cache: Path) -> None:
        self.sources = sources
        self.cache = cache
        self.node = cache / "node"
        self.oidc_provider = cache / "oidc_provider"
        self.mcp = cache / "mcp_node"
        self.express = cache / "express_apps"

    def install(self) -> None:
        """Installs what is missing or outdated."""
        self.cache.mkdir(parents=True, exist_ok=True)
        for peer in PYTHON_PEERS:
            self.install_python(peer)
        self.install_node("node", self.node)
        self.install_node("oidc_provider", self.oidc_provider)
        self.install_node("mcp", self.mcp)
        self.install_node("express_apps", self.express)

    def python(self, peer: str) -> Path:
        """The interpreter in which this peer is installed."""
        return self.cache / peer / "bin" / "python"

    def node_version(self, folder: Path, package: str) -> str:
        """The version of a package that is installed in one of the folders of Node packages."""
        return json.loads((folder / "node_modules" / package / "package.json").read_text())["version"]

    def install_python(self, peer: str) -> None:
        """Installs `requirements.txt` of this folder, unless it is installed already."""
        lock = self.sources / peer / "requirements.txt"
        folder = self.cache / peer
        if is_current(folder, lock):
            return
        print(f"installing {peer}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        complete([sys.executable, "-m", "venv", folder], INSTALL_SECONDS, self.cache)
        pip = [self.python(peer), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        complete([*pip, "--require-hashes", "--no-deps", "-r", lock], INSTALL_SECONDS, self.cache)
        complete([self.python(peer), "-m", "pip", "check"], INSTALL_SECONDS, self.cache)
        stamp(folder, lock)

    def install_node(self, peer: str, folder: Path) -> None:
        """Installs `package-lock.json` of this folder, unless it is installed already, and copies its scripts."""
        source = self.sources / peer
        lock = source / "package-lock.json"
        if not is_current(folder, lock):
            print(f"installing the Node packages of {peer}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(source / name, folder)
            complete(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], INSTALL_SECONDS, folder)
            stamp(folder, lock)
        # Modules are resolved relative to the importing script, so the scripts are copied beside the modules.
        for script in [*source.glob("*.mjs"), *(self.sources / "node" / name for name in SHARED_SCRIPTS)]:
            shutil.copy(script, folder)


def is_current(folder: Path, lock: Path) -> bool:
    mark = folder / "made-from"
    return mark.is_file() and mark.read_text() == digest(lock)


def stamp(folder: Path, lock: Path) -> None:
    (folder / "made-from").write_text(digest(lock))


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
