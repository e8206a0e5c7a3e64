"""Applications that sign their users in at our server: signed in, refreshed and signed out, as a user at a browser."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.authority import Authority
from harness.packages import Packages
from harness.process import Daemon, complete
from harness.table import Table, expect
from harness.visitor import Page, Visitor
from harness.world import ALICE, ALICE_CLAIMS, CALENDAR_SECONDS, RELYING_PARTY_SECRET

COMMAND_SECONDS = 60
HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Application:
    """A running application, and a user with a browser who visits it."""

    origin: str
    visitor: Visitor
    authority: Authority

    def open(self, path: str) -> Page:
        """Opens a page of the application."""
        page = self.visitor.open(self.origin + path)
        expect(page.status, 200, f"{page.url}: {page.text[:1000]}")
        return page

    def who(self) -> dict:
        """What the application says of who is signed in."""
        return self.open("/").json() or {}


Context = tuple[Authority, Packages, Table]
Cells = tuple[Callable[[Application], None], ...]


def auth_js(authority: Authority, packages: Packages, table: Table) -> None:
    """Auth.js."""
    origin = authority.world.auth_js

    def sign_in(app: Application) -> Page:
        token = app.open("/auth/csrf").json()["csrfToken"]
        return app.visitor.post(origin + "/auth/signin/passavant", {"csrfToken": token, "callbackUrl": origin + "/"})

    def signed_in(app: Application) -> None:
        told = sign_in(app).json()
        expect(told.get("user"), {"name": ALICE_CLAIMS["name"], "email": ALICE_CLAIMS["email"]}, "the user")

    def refreshed(app: Application) -> None:
        before = app.who()
        time.sleep(CALENDAR_SECONDS + 1)
        after = app.who()
        expect(after.get("error"), None, "the error of the refresh")
        expect(after["refreshed"], before["refreshed"] + 1, "the number of refreshes")
        expect(after["access_token"] != before["access_token"], True, "another access token")

    def signed_out(app: Application) -> None:
        token = app.open("/auth/csrf").json()["csrfToken"]
        app.visitor.post(origin + "/auth/signout", {"csrfToken": token, "callbackUrl": origin + "/"})
        expect(app.who(), {}, "who is signed in")
        # It ends only its own session: the server still knows the user.
        told = sign_in(app)
        expect(app.visitor.asked, ["consent"], "what the server asked at the next sign-in")
        expect(told.json()["user"]["email"], ALICE_CLAIMS["email"], "who signed in")

    version = packages.node_version(packages.express, "@auth/express")
    run_node("Auth.js", version, "auth_js.mjs", origin, (authority, packages, table), (signed_in, refreshed, signed_out))


def express_openid_connect(authority: Authority, packages: Packages, table: Table) -> None:
    """express-openid-connect."""
    origin = authority.world.express_openid_connect

    def signed_in(app: Application) -> None:
        told = app.open("/login").json()
        expect({name: told.get(name) for name in ("sub", "name", "email")}, known(), "the ID token")
        expect(app.open("/userinfo").json()["email"], ALICE_CLAIMS["email"], "UserInfo")

    def refreshed(app: Application) -> None:
        expect(app.open("/refresh").json(), {"changed": True, "sub": ALICE["sub"]}, "the refresh")

    def signed_out(app: Application) -> None:
        page = app.open("/logout")
        expect((page.url.rstrip("/"), page.json()), (origin, None), "where a sign-out ends")
        app.open("/login")
        expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")

    name = "express-openid-connect"
    version = packages.node_version(packages.express, name)
    context = (authority, packages, table)
    run_node(name, version, "express_openid_connect.mjs", origin, context, (signed_in, refreshed, signed_out))


def passport_openidconnect(authority: Authority, packages: Packages, table: Table) -> None:
    """passport-openidconnect, which sends neither a code challenge nor a nonce."""
    origin = authority.world.passport

    def signed_in(app: Application) -> None:
        told = app.open("/login").json()
        expected = {"issuer": authority.issuer, "id": ALICE["sub"], "name": ALICE_CLAIMS["name"]}
        expect(told, expected, "the profile")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True}, "the refresh")

    def signed_out(app: Application) -> None:
        page = app.open("/logout")
        expect((page.url.rstrip("/"), page.json()), (origin, {}), "where a sign-out ends")
        app.open("/login")
        expect(app.visitor.asked[:1], ["sign-in"], "what the server asked at the next sign-in")

    name = "passport-openidconnect"
    version = packages.node_version(packages.express, name)
    run_node(name, version, "passport.mjs", origin, (authority, packages, table), (signed_in, refreshed, signed_out))


def django_allauth(authority: Authority, packages: Packages, table: Table) -> None:
    """django-allauth."""
    origin = authority.world.allauth

    def sign_in(app: Application) -> Page:
        button = app.open("/accounts/oidc/passavant/login/")
        return app.visitor.submit(button, button.form("/accounts/oidc/passavant/login/"))

    def signed_in(app: Application) -> None:
        told = sign_in(app).json()
        expect({name: told.get(name) for name in ("sub", "name", "email")}, known(), "the account")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True}, "the refresh")

    def signed_out(app: Application) -> None:
        page = app.open("/accounts/logout/")
        app.visitor.submit(page, page.form("/accounts/logout/"))
        expect(app.who(), {}, "who is signed in")
        sign_in(app)
        expect(app.visitor.asked, ["consent"], "what the server asked at the next sign-in")

    context = (authority, packages, table)
    run_django("django-allauth", "django_allauth", origin, context, (signed_in, refreshed, signed_out))


def social_auth(authority: Authority, packages: Packages, table: Table) -> None:
    """python-social-auth."""
    origin = authority.world.social_auth

    def sign_in(app: Application) -> Page:
        button = app.open("/login")
        return app.visitor.submit(button, button.form("/login/oidc/"))

    def signed_in(app: Application) -> None:
        told = sign_in(app).json()
        expected = {**known(), "username": ALICE["username"]}
        expect({name: told.get(name) for name in expected}, expected, "the account")

    def refreshed(app: Application) -> None:
        for _ in range(2):
            expect(app.open("/refresh").json(), {"changed": True}, "the refresh")

    def signed_out(app: Application) -> None:
        told = app.who()
        app.visitor.post(origin + told["logout"], {"csrfmiddlewaretoken": told["csrfmiddlewaretoken"]})
        expect(app.who(), {}, "who is signed in")
        sign_in(app)
        expect(app.visitor.asked, ["consent"], "what the server asked at the next sign-in")

    context = (authority, packages, table)
    run_django("social-auth-app-django", "social_auth", origin, context, (signed_in, refreshed, signed_out))


def known() -> dict:
    """What applications read of the user."""
    return {"sub": ALICE["sub"], "name": ALICE_CLAIMS["name"], "email": ALICE_CLAIMS["email"]}


def run_node(peer: str, version: str, script: str, origin: str, context: Context, cells: Cells) -> None:
    """An application on Node."""
    authority, packages, table = context
    daemon = Daemon(["node", script], packages.express, log(authority, peer), environment(authority, peer, origin))
    with daemon:
        daemon.wait_for(origin)
        run_cells(peer, version, origin, authority, table, cells)


def run_django(peer: str, folder: str, origin: str, context: Context, cells: Cells) -> None:
    """A Django project with its own database."""
    authority, packages, table = context
    python, project = packages.python(folder), HERE / folder / "project"
    asked = f"from importlib.metadata import version; print(version('{peer}'))"
    version = complete([python, "-c", asked], COMMAND_SECONDS, project).strip()
    variables = {
        **environment(authority, peer, origin),
        "DATABASE": str(authority.folder / f"{folder}.db"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    complete([python, "manage.py", "migrate", "--verbosity", "0"], COMMAND_SECONDS, project, variables)
    address = origin.removeprefix("http://")
    command = [python, "manage.py", "runserver", "--noreload", address]
    with Daemon(command, project, log(authority, peer), variables) as daemon:
        daemon.wait_for(origin)
        run_cells(peer, version, origin, authority, table, cells)


def run_cells(
    peer: str, version: str, origin: str, authority: Authority, table: Table, cells: Cells
) -> None:
    """One user, who does one after the other."""
    app = Application(origin, Visitor(authority.issuer, ALICE), authority)
    for work in cells:
        table.cell(peer, version, work.__name__.replace("_", " "), lambda: work(app))


def log(authority: Authority, peer: str) -> Path:
    return authority.folder / f"{peer}.log"


def environment(authority: Authority, peer: str, origin: str) -> dict[str, str]:
    """How each application learns of the server."""
    names = ("authorization", "token", "userinfo", "end_session")
    endpoints = {f"{name.upper()}_ENDPOINT": authority.endpoint(name) for name in names}
    return {
        "ISSUER": authority.issuer,
        "CLIENT_ID": peer,
        "CLIENT_SECRET": RELYING_PARTY_SECRET,
        "ORIGIN": origin,
        "PORT": origin.rpartition(":")[2],
        **endpoints,
    }
