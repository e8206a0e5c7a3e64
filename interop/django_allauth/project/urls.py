"""The views of django-allauth, and two that tell what it knows. It stores the refresh token and leaves its use to the
application, which here is done with requests.
"""

import os

import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.urls import include, path


def who(request):
    """Who is signed in."""
    if not request.user.is_authenticated:
        return JsonResponse({})
    account = SocialAccount.objects.get(user=request.user)
    user = request.user
    name = f"{user.first_name} {user.last_name}".strip()
    return JsonResponse({"sub": account.uid, "email": user.email, "username": user.username, "name": name})


@login_required
def refresh(request):
    """Redeems the stored refresh token."""
    token = SocialToken.objects.get(account__user=request.user)
    fields = {"grant_type": "refresh_token", "refresh_token": token.token_secret}
    credentials = (os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    response = requests.post(os.environ["TOKEN_ENDPOINT"], data=fields, auth=credentials, timeout=10)
    response.raise_for_status()
    told = response.json()
    changed = told["access_token"] != token.token
    token.token, token.token_secret = told["access_token"], told["refresh_token"]
    token.save()
    return JsonResponse({"changed": changed})


urlpatterns = [path("", who), path("refresh", refresh), path("accounts/", include("allauth.urls"))]
