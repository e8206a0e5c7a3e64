"""Tokens for the Django peers: of users by code and PKCE, of clients by client_credentials."""

import base64
import hashlib
import secrets
from urllib.parse import urlencode

from harness.authority import Authority
from harness.browser import Browser
from harness.http import basic, send
from harness.table import expect
from harness.world import ALICE, MACHINE, WEB


class Tokens:
    """Requests access tokens from the authority, and revokes them."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.callback = authority.world.callback

    def of_person(self, scope: str, resource: str | None = None, person: dict = ALICE) -> str:
        """An access token of a user who signs in and allows everything."""
        return self.person_tokens(scope, resource, person)["access_token"]

    def person_tokens(self, scope: str, resource: str | None = None, person: dict = ALICE) -> dict:
        """The token response for such a user."""
        verifier, challenge = proof_key()
        request = {
            "response_type": "code",
            "client_id": WEB[0],
            "redirect_uri": self.callback,
            "scope": scope,
            "state": secrets.token_urlsafe(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if resource:
            request["resource"] = resource
        browser = Browser(self.authority.issuer, person)
        url = f"{self.authority.endpoint('authorization')}?{urlencode(request)}"
        answer = browser.authorize(url, self.callback)
        expect(answer.get("state"), request["state"], f"the state in {answer}")
        expect(answer.get("iss"), self.authority.issuer, f"the issuer in {answer} (RFC 9207)")
        form = {
            "grant_type": "authorization_code",
            "code": answer.get("code", f"none in {answer}"),
            "redirect_uri": self.callback,
            "code_verifier": verifier,
        }
        return self._answer(WEB, form)

    def of_machine(self, scope: str, resource: str | None = None) -> str:
        """An access token of a client that acts for itself."""
        form = {"grant_type": "client_credentials", "scope": scope}
        if resource:
            form["resource"] = resource
        return self._answer(MACHINE, form)["access_token"]

    def revoke(self, client: tuple[str, str], token: str) -> None:
        """Revokes a token of this client."""
        headers = {"Authorization": basic(*client)}
        answer = send("POST", self.authority.endpoint("revocation"), headers, {"token": token})
        expect(answer.status, 200, f"the status of the revocation ({answer.text})")

    def _answer(self, client: tuple[str, str], form: dict[str, str]) -> dict:
        answer = send("POST", self.authority.endpoint("token"), {"Authorization": basic(*client)}, form)
        expect(answer.status, 200, f"the status of the token answer ({answer.text})")
        return answer.json()


def proof_key() -> tuple[str, str]:
    """A code verifier and its challenge, S256 (RFC 7636 section 4)."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return verifier, challenge.decode()
