"""Creates the database: a signing key, one user, and the clients."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from oidc_provider.models import Client, ResponseType

call_command("migrate", verbosity=0)
call_command("creatersakey")
get_user_model().objects.create_superuser(os.environ["USERNAME"], password=os.environ["PASSWORD"])
for client_id, scope in (
    ("web", ["notes.read"]),
    ("other", ["notes.read"]),
    ("machine", ["notes.read", "notes.write"]),
    # It may introspect, and accepts tokens for `web`.
    ("api", ["token_introspection", "web"]),
):
    client = Client(
        name=client_id, client_id=client_id, client_secret=f"{client_id}-secret-of-some-length-1"
    )
    client.redirect_uris = [os.environ["CALLBACK"]]
    client.scope = scope
    client.save()
    client.response_types.add(ResponseType.objects.get(value="code"))
