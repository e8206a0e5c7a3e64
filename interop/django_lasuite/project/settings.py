"""Settings of a Django REST project whose API accepts tokens of another server through django-lasuite."""

import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SECRET_KEY = "of a project that lives for one test"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "people"]
MIDDLEWARE = []
AUTH_USER_MODEL = "people.User"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "DEBUG"},
}

OIDC_OP_URL = os.environ["ISSUER"]
OIDC_OP_INTROSPECTION_ENDPOINT = os.environ["INTROSPECTION_URL"]
OIDC_OP_JWKS_ENDPOINT = os.environ["JWKS_URL"]
OIDC_VERIFY_SSL = True
OIDC_TIMEOUT = 5
OIDC_PROXY = None
OIDC_RS_BACKEND_CLASS = "lasuite.oidc_resource_server.backend." + os.environ["BACKEND"]
OIDC_RS_CLIENT_ID = os.environ["CLIENT_ID"]
OIDC_RS_CLIENT_SECRET = os.environ["CLIENT_SECRET"]
OIDC_RS_AUDIENCE_CLAIM = os.environ["AUDIENCE_CLAIM"]
OIDC_RS_SCOPES = ["groups"]
OIDC_RS_SIGNING_ALGO = "ES256"
OIDC_RS_ENCRYPTION_ALGO = "RSA-OAEP"
OIDC_RS_ENCRYPTION_ENCODING = "A256GCM"
OIDC_RS_ENCRYPTION_KEY_TYPE = "RSA"
OIDC_RS_PRIVATE_KEY_STR = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)
