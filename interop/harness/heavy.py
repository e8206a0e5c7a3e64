"""What the peers of `interop/heavy` have in common: a server of ours for each, guards, installed packages."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.authority import Authority
from harness.guard_cells import Bench
from harness.guarded import Guarded, GuardedByBinary
from harness.packages import Packages
from harness.ports import free_ports
from harness.table import Table
from harness.world import World

SPARE_PORTS = 60


@dataclass(frozen=True)
class HeavyBench(Bench):
    """The binaries, addresses and folders of one peer."""

    binary: Path
    world: World
    # Where packages are installed; they are kept between runs.
    packages: Packages

    @classmethod
    def new(cls, binary: Path, resource_server: Path, folder: Path, sources: Path, cache: Path) -> "HeavyBench":
        """Chooses free ports for a peer."""
        ports, spare = free_ports(SPARE_PORTS)
        cache.mkdir(parents=True, exist_ok=True)
        return cls(resource_server, folder, spare, binary, World(ports), Packages(sources, cache))

    @contextmanager
    def authority(
        self, table: Table, clients: Iterable[dict] = (), resources: Iterable[dict] = ()
    ) -> Iterator[Authority]:
        """Our server, with these clients and resources beside those of the ordinary peers."""
        document = self.world.document()
        document["clients"] += clients
        document["resources"] += resources
        with Authority(self.binary, self.folder, self.world) as authority:
            authority.apply(document, table)
            authority.start()
            yield authority

    def both_guards(self, name: str, settings: Mapping[str, str]) -> dict[str, Guarded]:
        """The guard of the crate and that of the binary, with the same settings."""
        log, ports = self.folder / f"guard-{name}-binary.log", (self.spare.take(), self.spare.take())
        return {"crate": self.guard(name, settings), "binary": GuardedByBinary(self.binary, log, *ports, settings)}
