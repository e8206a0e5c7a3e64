"""Authlib as a relying party: registers itself, signs a user in, manages its registration, deletes it."""

import importlib.metadata
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from harness.browser import Browser
from harness.table import expect
from joserfc import jwt
from joserfc.jwk import KeySet

WORLD = json.loads(Path(sys.argv[1]).read_text())
SCOPE = "openid profile email"


def metadata() -> dict:
    return requests.get(f"{WORLD['issuer']}/.well-known/openid-configuration", timeout=10).json()


def register(method: str) -> dict:
    """Registers as Authlib's documentation has it: a POST of the metadata (RFC 7591)."""
    asked = {
        "client_name": "Authlib",
        "redirect_uris": [WORLD["callback"]],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": SCOPE + " offline_access",
        "token_endpoint_auth_method": method,
    }
    answer = requests.post(metadata()["registration_endpoint"], json=asked, timeout=10)
    expect(answer.status_code, 201, f"the status of {answer.text}")
    return answer.json()


def session(client: dict) -> OAuth2Session:
    return OAuth2Session(
        client["client_id"],
        client.get("client_secret"),
        token_endpoint_auth_method=client["token_endpoint_auth_method"],
        scope=SCOPE + " offline_access",
        redirect_uri=WORLD["callback"],
        code_challenge_method="S256",
    )


def sign_in(client: dict) -> tuple[OAuth2Session, dict]:
    server, oauth = metadata(), session(client)
    verifier, nonce = generate_token(48), generate_token(16)
    url, state = oauth.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    back = Browser(WORLD["issuer"], WORLD["person"]).authorize(url, WORLD["callback"])
    expect(back["state"], state, "the state")
    token = oauth.fetch_token(server["token_endpoint"], code=back["code"], code_verifier=verifier)
    keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=10).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    wanted = {"iss": WORLD["issuer"], "aud": client["client_id"], "nonce": nonce}
    rules = {name: {"essential": True, "value": value} for name, value in wanted.items()}
    jwt.JWTClaimsRegistry(**rules).validate(claims)
    return oauth, claims


def with_method(method: str) -> Callable[[], None]:
    def cell() -> None:
        oauth, claims = sign_in(register(method))
        expect(claims["sub"], WORLD["person"]["sub"], "the user of the ID token")
        told = oauth.get(metadata()["userinfo_endpoint"]).json()
        expect(told["sub"], WORLD["person"]["sub"], "the user at UserInfo")
        refreshed = oauth.refresh_token(metadata()["token_endpoint"])
        expect(bool(refreshed["access_token"]), True, "a refreshed token")

    return cell


def managed() -> None:
    client = register("client_secret_basic")
    url, token = client["registration_client_uri"], client["registration_access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    expect(requests.get(url, headers=headers, timeout=10).json()["client_name"], "Authlib", "the name that is read")
    asked = {
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "client_name": "Renamed",
        "redirect_uris": [WORLD["callback"]],
    }
    updated = requests.put(url, json=asked, headers=headers, timeout=10)
    expect((updated.status_code, updated.json()["client_name"]), (200, "Renamed"), "the update")
    expect(requests.get(url, headers=headers, timeout=10).status_code, 401, "the token before the update")
    headers = {"Authorization": f"Bearer {updated.json()['registration_access_token']}"}
    expect(requests.delete(url, headers=headers, timeout=10).status_code, 204, "the status of the deletion")
    expect(requests.get(url, headers=headers, timeout=10).status_code, 401, "after the deletion")


CELLS = {
    "registers itself, code + PKCE, refresh: none": with_method("none"),
    "registers itself, code + PKCE, refresh: client_secret_basic": with_method("client_secret_basic"),
    "registers itself, code + PKCE, refresh: client_secret_post": with_method("client_secret_post"),
    "reads, updates and deletes its registration (RFC 7592)": managed,
}


def main() -> None:
    print(json.dumps({"version": importlib.metadata.version("authlib")}), flush=True)
    for cell, work in CELLS.items():
        problem = None
        try:
            work()
        except Exception:
            problem = traceback.format_exc()
        print(json.dumps({"cell": cell, "problem": problem}), flush=True)


if __name__ == "__main__":
    main()
