"""A small service behind a guard or a proxy: it tells what reached it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Upstream:
    """Answers with the request that it received, and counts requests."""

    def __init__(self, port: int) -> None:
        self.asked = 0
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.asked += 1
                headers = [[name.lower(), value] for name, value in self.headers.items()]
                body = json.dumps(upstream.told(self.command, self.path, headers)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, method: str, target: str, headers: list[list[str]]) -> dict:
        """What it answers."""
        return {"method": method, "target": target, "headers": headers}

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Identified(Upstream):
    """Answers with the identity that a guard in front wrote into headers, as the example `resource_server` does."""

    # The headers of the last request.
    last: dict[str, str] = {}

    def told(self, method: str, target: str, headers: list[list[str]]) -> dict:
        self.last = found = dict(headers)
        read = lambda name: unquote(found.get(name, "")) or None
        return {
            "sub": read("x-auth-subject"),
            "client_id": read("x-auth-client"),
            "scope": read("x-auth-scope") or "",
        }
