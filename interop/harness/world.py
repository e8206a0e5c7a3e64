"""The configuration shared by all peers of our server, as the document for `passavant apply`."""

from harness.ports import Ports

ALICE = {"sub": "u-alice", "username": "alice", "password": "correct-horse-battery"}
ALICE_CLAIMS = {"name": "Alice Adams", "given_name": "Alice", "family_name": "Adams"}
ALICE_CLAIMS |= {"email": "alice@example.org", "email_verified": True}
BOB = {"sub": "u-bob", "username": "bob", "password": "staple-purple-monkey"}

# The driver's client for users, and its client that acts for itself.
WEB = ("web", "web-secret-of-some-length-1")
MACHINE = ("machine", "machine-secret-of-some-length-1")

# The client_id and secret with which each peer introspects.
DOT_BASIC = ("dot-basic-rs", "dot-basic-rs-secret-of-some-length")
DOT_BEARER = ("dot-bearer-rs", "dot-bearer-rs-secret-of-some-length")
LASUITE_JSON = ("lasuite-json-rs", "lasuite-json-rs-secret-of-some-length")
LASUITE_JWT = ("lasuite-jwt-rs", "lasuite-jwt-rs-secret-of-some-length")
MOD_OAUTH2 = ("mod-oauth2-rs", "mod-oauth2-rs-secret-of-some-length")
# The lifetime of tokens for its third resource.
MOD_OAUTH2_BRIEF_SECONDS = 3
NGINX = ("nginx-rs", "nginx-rs-secret-of-some-length")
MCP = ("mcp-rs", "mcp-rs-secret-of-some-length")
# The lifetime of tokens for its second resource.
MCP_BRIEF_SECONDS = 3
# The MCP clients: one with refresh tokens, and one without. Neither has a secret.
MCP_CLIENT = "mcp-client"
MCP_ONCE = "mcp-once"
# And one with a secret.
MCP_WEB = ("mcp-web", "mcp-web-secret-of-some-length")
# The applications that sign users in, each a client with the name of its library as its id.
RELYING_PARTY_SECRET = "relying-party-secret-of-some-length"
RELYING_PARTY_SCOPE = "openid profile email offline_access"
# The lifetime of tokens for the API that one of them calls.
CALENDAR_SECONDS = 4
ELSEWHERE = ("elsewhere-rs", "elsewhere-rs-secret-of-some-length")

NODE_SECRET = "node-peer-secret-of-32-or-more-characters"


class World:
    """Clients, resources, users and scopes, at the addresses of these ports."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        # A name instead of an address, so that clients at 127.0.0.1 are another site for a browser.
        self.issuer = f"http://localhost:{ports.authority}"
        self.callback = f"http://127.0.0.1:{ports.relying_party}/callback"
        self.signed_out = f"http://127.0.0.1:{ports.relying_party}/signed-out"
        self.node_keys = f"http://127.0.0.1:{ports.node_keys}/jwks"
        self.dot_basic = f"http://127.0.0.1:{ports.dot_basic}"
        self.dot_bearer = f"http://127.0.0.1:{ports.dot_bearer}"
        self.lasuite_json = f"http://127.0.0.1:{ports.lasuite_json}"
        self.lasuite_jwt = f"http://127.0.0.1:{ports.lasuite_jwt}"
        self.mod_oauth2 = f"http://127.0.0.1:{ports.mod_oauth2}"
        self.nginx = f"http://127.0.0.1:{ports.nginx}"
        self.mcp = f"http://127.0.0.1:{ports.mcp}/mcp"
        self.mcp_brief = f"http://127.0.0.1:{ports.mcp_brief}/mcp"
        self.mcp_jwt = f"http://127.0.0.1:{ports.mcp_jwt}/mcp"
        self.auth_js = f"http://127.0.0.1:{ports.auth_js}"
        self.express_openid_connect = f"http://127.0.0.1:{ports.express_openid_connect}"
        self.passport = f"http://127.0.0.1:{ports.passport}"
        self.allauth = f"http://127.0.0.1:{ports.allauth}"
        self.social_auth = f"http://127.0.0.1:{ports.social_auth}"
        self.elsewhere = "https://elsewhere.example"

    def document(self) -> dict:
        """The document of `passavant apply`."""
        return {
            "clients": [
                *self._driver_clients(),
                *self._node_clients(),
                *self._browser_clients(),
                *self._mcp_clients(),
                *self._relying_parties(),
            ],
            "resources": [
                *self._web_resources(),
                *self._node_resources(),
                *self._mcp_resources(),
                {
                    "resource": "https://calendar.example",
                    "scopes": ["calendar.read"],
                    "access_token_lifetime": CALENDAR_SECONDS,
                },
            ],
            "users": [
                {**ALICE, "claims": ALICE_CLAIMS},
                {**BOB, "claims": {"name": "Bob Brown", "email": "bob@example.org"}},
            ],
            "scopes": [
                {"scope": "notes.read", "description": {"en": "Read your notes"}},
                {"scope": "notes.write", "description": {"en": "Change your notes"}},
                {"scope": "groups", "description": {"en": "See the groups that you are in"}},
                {"scope": "teams", "description": {"en": "See your teams"}},
            ],
        }

    def _driver_clients(self) -> list[dict]:
        return [
            {
                "client_id": WEB[0],
                "client_secret": WEB[1],
                "client_name": "Web",
                "redirect_uris": [self.callback],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
                "scope": "openid profile offline_access notes.read notes.write groups teams",
            },
            {
                "client_id": MACHINE[0],
                "client_secret": MACHINE[1],
                "client_name": "Machine",
                "grant_types": ["client_credentials"],
                "token_endpoint_auth_method": "client_secret_basic",
                "scope": "notes.read notes.write groups teams",
            },
        ]

    def _node_clients(self) -> list[dict]:
        person = {
            "redirect_uris": [self.callback],
            "post_logout_redirect_uris": [self.signed_out],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "openid profile email offline_access notes.read",
        }
        machine = {"grant_types": ["client_credentials"], "scope": "notes.read"}
        secret = {"client_secret": NODE_SECRET}
        return [
            {"client_id": "node-public", "client_name": "Node public", "token_endpoint_auth_method": "none", **person},
            {
                "client_id": "node-basic",
                "client_name": "Node basic",
                "token_endpoint_auth_method": "client_secret_basic",
                **secret,
                **person,
            },
            {
                "client_id": "node-signed",
                "client_name": "Node signed",
                "token_endpoint_auth_method": "client_secret_post",
                "id_token_signed_response_alg": "ES256",
                "userinfo_signed_response_alg": "ES256",
                **secret,
                **person,
            },
            {
                "client_id": "node-nested",
                "client_name": "Node nested",
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_signing_alg": "ES256",
                "jwks_uri": self.node_keys,
                "userinfo_signed_response_alg": "RS256",
                "userinfo_encrypted_response_alg": "RSA-OAEP-256",
                "userinfo_encrypted_response_enc": "A256GCM",
                **person,
            },
            {"client_id": "node-machine-post", "token_endpoint_auth_method": "client_secret_post", **secret, **machine},
            {
                "client_id": "node-machine-key",
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": self.node_keys,
                **machine,
            },
            {
                "client_id": "node-machine-hmac",
                "token_endpoint_auth_method": "client_secret_jwt",
                **secret,
                **machine,
            },
        ]

    def _browser_clients(self) -> list[dict]:
        return [
            {
                "client_id": "browser",
                "client_secret": NODE_SECRET,
                "client_name": "Browser shop",
                "policy_uri": f"http://127.0.0.1:{self.ports.relying_party}/policy",
                "tos_uri": f"http://127.0.0.1:{self.ports.relying_party}/terms",
                "redirect_uris": [self.callback],
                "post_logout_redirect_uris": [self.signed_out],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
                "scope": "openid profile email notes.read notes.write",
            }
        ]

    def _mcp_clients(self) -> list[dict]:
        person = {
            "redirect_uris": [self.callback],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "offline_access notes.read notes.write",
        }
        once = {"grant_types": ["authorization_code"], "scope": "notes.read notes.write"}
        secret = {"client_secret": MCP_WEB[1], "token_endpoint_auth_method": "client_secret_basic"}
        return [
            {"client_id": MCP_CLIENT, "client_name": "MCP client", **person},
            {"client_id": MCP_ONCE, "client_name": "MCP client without refresh tokens", **person, **once},
            {"client_id": MCP_WEB[0], "client_name": "MCP client on the web", **person, **secret},
        ]

    def _relying_parties(self) -> list[dict]:
        return [
            relying_party("Auth.js", self.auth_js + "/auth/callback/passavant", scope=RELYING_PARTY_SCOPE + " calendar.read"),
            relying_party(
                "express-openid-connect",
                self.express_openid_connect + "/callback",
                post_logout_redirect_uris=[self.express_openid_connect],
            ),
            # It can send neither a code challenge nor, as its documentation sets it up, a nonce.
            relying_party(
                "passport-openidconnect",
                self.passport + "/cb",
                post_logout_redirect_uris=[self.passport + "/"],
                require_pkce=False,
            ),
            relying_party("django-allauth", self.allauth + "/accounts/oidc/passavant/login/callback/"),
            relying_party("social-auth-app-django", self.social_auth + "/complete/oidc/"),
        ]

    def _web_resources(self) -> list[dict]:
        notes = ["notes.read", "notes.write"]
        return [
            resource(self.dot_basic + "/notes", notes, DOT_BASIC),
            resource(self.dot_basic + "/archive", notes, DOT_BASIC),
            resource(self.dot_bearer + "/notes", notes, DOT_BEARER, access_token_format="jwt"),
            resource(self.lasuite_json, ["groups", "teams"], LASUITE_JSON),
            resource(
                self.lasuite_jwt,
                ["groups", "teams"],
                LASUITE_JWT,
                introspection_audience="resource",
                introspection_signed_response_alg="ES256",
                introspection_encrypted_response_alg="RSA-OAEP",
                introspection_encrypted_response_enc="A256GCM",
                jwks_uri=self.lasuite_jwt + "/jwks",
            ),
            resource(self.mod_oauth2 + "/introspected", notes, MOD_OAUTH2),
            resource(self.mod_oauth2 + "/jwt", notes, MOD_OAUTH2, access_token_format="jwt"),
            resource(
                self.mod_oauth2 + "/brief",
                notes,
                MOD_OAUTH2,
                access_token_format="jwt",
                access_token_lifetime=MOD_OAUTH2_BRIEF_SECONDS,
            ),
            resource(self.nginx + "/notes", notes, NGINX),
            resource(self.elsewhere, notes, ELSEWHERE),
        ]

    def _node_resources(self) -> list[dict]:
        here = f"http://127.0.0.1:{self.ports.node_keys}"
        scopes = ["notes.read"]
        signed = {"introspection_signed_response_alg": "ES256"}
        return [
            resource(here + "/json", scopes, ("node-json-rs", NODE_SECRET)),
            resource(here + "/signed", scopes, ("node-signed-rs", NODE_SECRET), **signed),
            resource(
                here + "/nested",
                scopes,
                ("node-nested-rs", NODE_SECRET),
                introspection_encrypted_response_alg="ECDH-ES+A256KW",
                introspection_encrypted_response_enc="A128CBC-HS256",
                jwks_uri=self.node_keys,
                **signed,
            ),
        ]

    def _mcp_resources(self) -> list[dict]:
        notes = ["notes.read", "notes.write"]
        return [
            resource(self.mcp, notes, MCP),
            resource(self.mcp_brief, notes, MCP, access_token_lifetime=MCP_BRIEF_SECONDS),
            resource(self.mcp_jwt, notes, MCP, access_token_format="jwt"),
        ]


def relying_party(name: str, callback: str, **more: str | bool | list[str]) -> dict:
    """An application that signs users in, registered with no more than where it is: what is absent takes its default."""
    return {
        "client_id": name,
        "client_secret": RELYING_PARTY_SECRET,
        "client_name": name,
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": RELYING_PARTY_SCOPE,
        **more,
    }


def resource(identifier: str, scopes: list[str], caller: tuple[str, str], **more: str | int) -> dict:
    """A protected API and the credentials with which it introspects."""
    return {
        "resource": identifier,
        "scopes": scopes,
        "client_id": caller[0],
        "client_secret": caller[1],
        **more,
    }
