"""Spring Boot 3 and 4 with Spring Security, from one source: signing users in, and protecting an API in three ways."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from harness import maven
from harness.authority import Authority
from harness.document import printed
from harness.heavy import HeavyBench
from harness.http import Answer, send
from harness.process import Daemon, Failed
from harness.table import Table, expect
from harness.tokens import Tokens
from harness.world import ALICE, MACHINE, RELYING_PARTY_SCOPE, RELYING_PARTY_SECRET, relying_party, resource
from relying_parties.cells import Application, known, run_cells

NEEDS = ("java", "mvn")
HERE = Path(__file__).resolve().parent
START_SECONDS = 600
API_SECRET = "spring-rs-secret-of-some-length"
# The audience in the document, which is that of the resource.
WRITTEN_AUDIENCE = "https://notes.example.org"
PLAIN_AUDIENCE, OPAQUE_AUDIENCE = "https://plain.example.org", "https://opaque.example.org"
OTHER_AUDIENCE, OTHER_PLAIN_AUDIENCE = "https://photos.example.org", "https://calendar.example.org"
ELSEWHERE = "https://elsewhere.example"
# What the block of the document needs around it.
IMPORTS = """
org.springframework.beans.factory.annotation.Value
org.springframework.context.annotation.Bean
org.springframework.context.annotation.Configuration
org.springframework.context.annotation.Profile
org.springframework.security.oauth2.jose.jws.SignatureAlgorithm
org.springframework.security.oauth2.jwt.JwtAudienceValidator
org.springframework.security.oauth2.jwt.JwtDecoder
org.springframework.security.oauth2.jwt.JwtIssuerValidator
org.springframework.security.oauth2.jwt.JwtTypeValidator
org.springframework.security.oauth2.jwt.JwtValidators
org.springframework.security.oauth2.jwt.NimbusJwtDecoder
""".split()


def run(boot: str, bench: HeavyBench, table: Table) -> None:
    """The client, then the API in three configurations."""
    files = {"pom.xml": HERE / boot / "pom.xml", "src": HERE / "src", "src/main/java/app/AtJwt.java": documented()}
    jar = maven.build(f"spring-{boot}", files, bench.packages.cache) / "app.jar"
    version = re.search(r"<version>(.*?)</version>", (HERE / boot / "pom.xml").read_text())[1]
    peer = f"Spring {boot.replace('-', ' ').title()}"
    origin = f"http://127.0.0.1:{bench.spare.take()}"
    client = relying_party(
        "spring",
        origin + "/login/oauth2/code/passavant",
        post_logout_redirect_uris=[origin],
        scope=RELYING_PARTY_SCOPE + " calendar.read",
        # Spring Security 6 sends a nonce, and a code challenge only if it is told to; version 7 sends both.
        require_pkce=boot != "boot-3",
    )
    with bench.authority(table, [client], resources()) as authority:
        Cells(bench, jar, authority, table, peer, version).run(origin)


def documented() -> str:
    """The configuration for Spring Security in docs/guard.md, as a class."""
    block = printed("guard.md", "java", {WRITTEN_AUDIENCE: WRITTEN_AUDIENCE})
    imports = "".join(f"import {name};\n" for name in IMPORTS)
    return f'package app;\n\n{imports}\n@Configuration\n@Profile("jwt")\nclass AtJwt {{\n{block}}}\n'


def resources() -> list[dict]:
    def api(audience: str, name: str, **more: str) -> dict:
        return resource(audience, ["notes.read", "notes.write"], (f"spring-{name}", API_SECRET), **more)

    jwt, plain = {"access_token_format": "jwt"}, {"access_token_format": "jwt", "access_token_typ": "JWT"}
    return [
        api(WRITTEN_AUDIENCE, "jwt", **jwt),
        api(OTHER_AUDIENCE, "other-jwt", **jwt),
        api(PLAIN_AUDIENCE, "plain", **plain),
        api(OTHER_PLAIN_AUDIENCE, "other-plain", **plain),
        api(OPAQUE_AUDIENCE, "opaque"),
    ]


class Cells:
    """One version of Spring Boot."""

    def __init__(
        self, bench: HeavyBench, jar: Path, authority: Authority, table: Table, peer: str, version: str
    ) -> None:
        self.bench = bench
        self.jar = jar
        self.authority = authority
        self.table = table
        self.peer = peer
        self.version = version
        self.tokens = Tokens(authority)

    def run(self, origin: str) -> None:
        self.client(origin)
        self.api("jwt", WRITTEN_AUDIENCE, {})
        self.api("plain-jwt", PLAIN_AUDIENCE, {"AUDIENCE": PLAIN_AUDIENCE})
        caller = {"CLIENT_ID": "spring-opaque", "CLIENT_SECRET": API_SECRET}
        caller["INTROSPECTION_ENDPOINT"] = self.authority.endpoint("introspection")
        self.api("opaque", OPAQUE_AUDIENCE, caller)

    def start(self, profile: str, port: str, variables: Mapping[str, str]) -> Daemon:
        command = ["nice", "-n", "10", "java", *maven.JVM_OPTIONS.split(), "-XX:TieredStopAtLevel=1", "-jar", self.jar]
        environment = {"ISSUER": self.authority.issuer, "PORT": port, "SPRING_PROFILES_ACTIVE": profile, **variables}
        log = self.bench.folder / f"{self.peer}-{profile}.log"
        daemon = Daemon(command, self.bench.folder, log, environment)
        try:
            daemon.wait_for(f"http://127.0.0.1:{port}/", START_SECONDS)
        except Failed:
            daemon.stop()
            raise
        return daemon

    def client(self, origin: str) -> None:
        """The application that signs users in."""
        def signed_in(app: Application) -> None:
            page = app.open("/oauth2/authorization/passavant")
            expect(page.url, origin + "/", f"where a sign-in ends ({page.text[:2000]})")
            told = page.json()
            for place in ("id_token", "userinfo"):
                read = {name: told[place].get(name) for name in ("sub", "name", "email")}
                expect(read, known(), place)

        def refreshed(app: Application) -> None:
            # An access token for the calendar ends within the minute in which Spring Security refreshes it in advance.
            first = app.open("/tokens").json()
            second = app.open("/tokens").json()
            expect(first["access_token"] != second["access_token"], True, "another access token")
            expect(second["refresh_token"] is not None, True, "a refresh token")
            expect(app.who()["id_token"]["sub"], ALICE["sub"], "who is signed in")

        def signed_out(app: Application) -> None:
            csrf = app.who()["csrf"]
            page = app.visitor.post(origin + "/logout", {"_csrf": csrf})
            expect((page.url.rstrip("/"), page.json().get("id_token")), (origin, None), "where a sign-out ends")
            app.open("/oauth2/authorization/passavant")
            expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")

        variables = {"CLIENT_ID": "spring", "CLIENT_SECRET": RELYING_PARTY_SECRET}
        with self.start("client", origin.rpartition(":")[2], variables):
            cells = (signed_in, refreshed, signed_out)
            run_cells(f"{self.peer}, client", self.version, origin, self.authority, self.table, cells)

    def api(self, profile: str, audience: str, variables: Mapping[str, str]) -> None:
        """A protected API for one audience."""
        port = str(self.bench.spare.take())
        ask = lambda token: send("GET", f"http://127.0.0.1:{port}/notes", {"Authorization": f"Bearer {token}"})
        machine = lambda scope="notes.read", resource=audience: self.tokens.of_machine(scope, resource)

        def person() -> None:
            accepted(ask(self.tokens.of_person("openid notes.read", audience)), ALICE["sub"])

        def of_client() -> None:
            accepted(ask(machine()), "machine")

        def missing_scope() -> None:
            answer = ask(machine("notes.write"))
            expect(answer.status, 403, f"the status ({answer.text})")

        def wrong_audience() -> None:
            # A token of the same format, so that nothing but its audience is wrong.
            others = {"jwt": OTHER_AUDIENCE, "plain-jwt": OTHER_PLAIN_AUDIENCE, "opaque": ELSEWHERE}
            answer = ask(machine(resource=others[profile]))
            expect(answer.status, 401, f"the status ({answer.text})")

        def id_token() -> None:
            answer = ask(self.tokens.person_tokens("openid notes.read", audience)["id_token"])
            expect(answer.status, 401, f"the status ({answer.text})")

        def revoked() -> None:
            token = machine()
            accepted(ask(token), "machine")
            self.tokens.revoke(MACHINE, token)
            expect(ask(token).status, 401, "the status after the revocation")

        def nothing() -> None:
            for token in ("A" * 43, "a.b.c"):
                expect(ask(token).status, 401, "the status")

        cells = {
            "user token, accepted": person,
            "machine token, accepted": of_client,
            "missing scope, 403": missing_scope,
            "wrong audience, 401": wrong_audience,
            "ID token, 401": id_token,
            "garbage tokens, 401": nothing,
        }
        if profile == "opaque":
            cells["revoked token, 401"] = revoked
        with self.start(profile, port, variables):
            for name, work in cells.items():
                self.table.cell(f"{self.peer}, API, {profile}", self.version, name, work)


def accepted(answer: Answer, name: str) -> None:
    expect(answer.status, 200, f"the status ({answer.text} {answer.headers.get('WWW-Authenticate')})")
    expect(answer.json(), {"name": name}, "who asks")


PEERS = {"spring-boot-3": partial(run, "boot-3"), "spring-boot-4": partial(run, "boot-4")}
