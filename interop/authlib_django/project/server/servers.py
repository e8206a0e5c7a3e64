"""Two servers with the same clients: one issues opaque tokens, the other JWTs (RFC 9068)."""

import json
import os
from pathlib import Path

from authlib.common.security import generate_token
from authlib.integrations.django_oauth2 import AuthorizationServer, RevocationEndpoint
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator, JWTIntrospectionEndpoint
from joserfc.jwk import KeySet

from server.models import AuthorizationCode, OAuth2Client, OAuth2Token, Person

METHODS = ["client_secret_basic", "client_secret_post"]
ORIGIN = os.environ["ORIGIN"]
KEYS = Path(os.environ["KEYS"])


def keys():
    return KeySet.import_key_set(json.loads(KEYS.read_text()))


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        return AuthorizationCode.objects.create(
            code=code,
            client_id=request.client.client_id,
            user=request.user,
            redirect_uri=request.payload.redirect_uri,
            scope=request.payload.scope,
            code_challenge=request.payload.data.get("code_challenge", ""),
            code_challenge_method=request.payload.data.get("code_challenge_method", ""),
        )

    def query_authorization_code(self, code, client):
        found = AuthorizationCode.objects.filter(code=code, client_id=client.client_id).first()
        return found if found and not found.is_expired() else None

    def delete_authorization_code(self, authorization_code):
        authorization_code.delete()

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class ClientCredentialsGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class OpaqueIntrospection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return OAuth2Token.objects.filter(access_token=token_string).first()

    def check_permission(self, token, client, request):
        return client.client_id == "api"

    def introspect_token(self, token):
        """As in the documentation, with the audience of the client's tokens."""
        answer = {
            "active": True,
            "client_id": token.client_id,
            "token_type": token.token_type,
            "scope": token.get_scope(),
            "aud": OAuth2Client.objects.get(client_id=token.client_id).audience,
            "iss": f"{ORIGIN}/opaque",
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }
        if token.user:
            answer |= {"sub": str(token.user.pk), "username": token.user.get_username()}
        return answer


class JwtIntrospection(JWTIntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def get_jwks(self):
        return keys()

    def check_permission(self, token, client, request):
        return client.client_id == "api"

    def get_username(self, user_id):
        return Person.objects.get(pk=user_id).get_username() if user_id.isdigit() else None


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token, token_type_hint):
        return OAuth2Token.objects.filter(access_token=token).first()


class JwtGenerator(JWTBearerTokenGenerator):
    def get_jwks(self):
        return keys()

    def get_audiences(self, client, user, scope):
        return client.audience


def lifetime(client, grant_type):
    return client.lifetime


def server(generator):
    """A server with both grants, which issues tokens with this generator."""
    made = AuthorizationServer(OAuth2Client, OAuth2Token)
    made.register_token_generator("default", generator)
    made.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=True)])
    made.register_grant(ClientCredentialsGrant)
    made.register_endpoint(Revocation)
    return made


opaque = server(
    BearerTokenGenerator(
        access_token_generator=lambda **_: generate_token(42),
        expires_generator=lifetime,
    )
)
opaque.register_endpoint(OpaqueIntrospection)
jwt = server(JwtGenerator(issuer=f"{ORIGIN}/jwt", alg="ES256", expires_generator=lifetime))
jwt.register_endpoint(JwtIntrospection(issuer=f"{ORIGIN}/jwt"))
