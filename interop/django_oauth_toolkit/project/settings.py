"""Settings of a Django project that protects its views with tokens of another server."""

import os

SECRET_KEY = "of a project that lives for one test"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"]
MIDDLEWARE = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

OAUTH2_PROVIDER = {
    "SCOPES": {"notes.read": "Read notes", "notes.write": "Change notes"},
    "RESOURCE_SERVER_INTROSPECTION_URL": os.environ["INTROSPECTION_URL"],
    "RESOURCE_SERVER_TOKEN_CACHING_SECONDS": int(os.environ["CACHE_SECONDS"]),
}
if "AUTH_TOKEN" in os.environ:
    OAUTH2_PROVIDER["RESOURCE_SERVER_AUTH_TOKEN"] = os.environ["AUTH_TOKEN"]
else:
    OAUTH2_PROVIDER["RESOURCE_SERVER_INTROSPECTION_CREDENTIALS"] = (
        os.environ["CLIENT_ID"],
        os.environ["CLIENT_SECRET"],
    )
