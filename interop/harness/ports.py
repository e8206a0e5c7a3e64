"""Free ports of the loopback interface, chosen before anything starts, so that addresses can be registered."""

import socket
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Ports:
    """The port of each process."""

    authority: int
    management: int
    relying_party: int
    second_origin: int
    node_keys: int
    dot_basic: int
    dot_bearer: int
    lasuite_json: int
    lasuite_jwt: int
    mod_oauth2: int
    nginx: int
    nginx_guard: int
    nginx_upstream: int
    mcp: int
    mcp_brief: int
    mcp_jwt: int
    auth_js: int
    express_openid_connect: int
    passport: int
    allauth: int
    social_auth: int


class Spare:
    """Free ports for processes whose addresses need not be registered. Thread-safe."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports

    def take(self) -> int:
        return self._ports.pop()


def free_ports(spare: int) -> tuple[Ports, Spare]:
    """Requests all of them from the system at once, so that they are distinct."""
    named = len(fields(Ports))
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(named + spare)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return Ports(*ports[:named]), Spare(ports[named:])
