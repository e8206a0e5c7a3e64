"""Users, clients, codes and tokens, with the methods that Authlib requires."""

import secrets
import time

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin
from django.contrib.auth.models import AbstractUser
from django.db import models

CODE_SECONDS = 300


def now():
    return int(time.time())


class Person(AbstractUser):
    """A user; the method returns the subject of JWT access tokens."""

    def get_user_id(self):
        return str(self.pk)


class OAuth2Client(models.Model, ClientMixin):
    client_id = models.CharField(max_length=48, unique=True)
    client_secret = models.CharField(max_length=120)
    redirect_uri = models.TextField(default="")
    scope = models.TextField(default="")
    grant_types = models.TextField(default="")
    # The audience of this client's tokens.
    audience = models.TextField()
    # Lifetime of its tokens in seconds.
    lifetime = models.IntegerField(default=600)
    user_id = None

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return self.redirect_uri

    def get_allowed_scope(self, scope):
        allowed = self.scope.split()
        return " ".join(word for word in (scope or "").split() if word in allowed)

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(self.client_secret, client_secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in self.grant_types.split()


class AuthorizationCode(models.Model, AuthorizationCodeMixin):
    code = models.CharField(max_length=120, unique=True)
    client_id = models.CharField(max_length=48)
    user = models.ForeignKey(Person, on_delete=models.CASCADE)
    redirect_uri = models.TextField()
    scope = models.TextField()
    code_challenge = models.TextField(default="")
    code_challenge_method = models.CharField(max_length=48, default="")
    auth_time = models.IntegerField(default=now)

    def is_expired(self):
        return self.auth_time + CODE_SECONDS < time.time()

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class OAuth2Token(models.Model, TokenMixin):
    client_id = models.CharField(max_length=48)
    user = models.ForeignKey(Person, null=True, on_delete=models.CASCADE)
    token_type = models.CharField(max_length=40)
    access_token = models.TextField(unique=True)
    scope = models.TextField(default="")
    revoked = models.BooleanField(default=False)
    issued_at = models.IntegerField(default=now)
    expires_in = models.IntegerField(default=0)

    def check_client(self, client):
        return self.client_id == client.client_id

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return self.issued_at + self.expires_in < time.time()

    def is_revoked(self):
        return self.revoked
