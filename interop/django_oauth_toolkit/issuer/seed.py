"""Creates the database: one user, and the clients."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from oauth2_provider.models import get_application_model

call_command("migrate", verbosity=0)
get_user_model().objects.create_superuser(os.environ["USERNAME"], password=os.environ["PASSWORD"])
for client_id, grant_type in (
    ("web", "authorization-code"),
    ("machine", "client-credentials"),
    ("brief", "client-credentials"),
    ("api", "client-credentials"),
):
    get_application_model().objects.create(
        client_id=client_id,
        client_secret=f"{client_id}-secret-of-some-length-1",
        client_type="confidential",
        authorization_grant_type=grant_type,
        redirect_uris=os.environ["CALLBACK"],
        name=client_id,
    )
