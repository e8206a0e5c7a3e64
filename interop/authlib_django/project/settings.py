"""Settings of a Django project that is an authorization server built with Authlib."""

from issuer_settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "server"]
AUTH_USER_MODEL = "server.Person"
