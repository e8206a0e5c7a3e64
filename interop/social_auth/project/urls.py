"""The views of python-social-auth, and what its documentation leaves to the application: a sign-in button, who is signed
in, a refresh and a sign-out.
"""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import include, path, reverse
from django.views.decorators.http import require_POST
from social_django.utils import load_strategy


def login(request):
    """The button."""
    token, action = get_token(request), reverse("social:begin", args=["oidc"])
    hidden = f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
    return HttpResponse(f'<form method="post" action="{action}">{hidden}<button>Sign in</button></form>')


def who(request):
    """Who is signed in."""
    if not request.user.is_authenticated:
        return JsonResponse({})
    user = request.user
    social = user.social_auth.get(provider="oidc")
    token, action = get_token(request), reverse("logout")
    told = {"sub": social.uid, "email": user.email, "username": user.username, "name": user.get_full_name()}
    return JsonResponse({**told, "logout": action, "csrfmiddlewaretoken": token})


@login_required
def refresh(request):
    """Redeems the refresh token."""
    social = request.user.social_auth.get(provider="oidc")
    before = social.extra_data["access_token"]
    social.refresh_token(load_strategy(request))
    return JsonResponse({"changed": social.extra_data["access_token"] != before})


@require_POST
def sign_out(request):
    """Ends the session of the application."""
    logout(request)
    return redirect("/")


urlpatterns = [
    path("", who),
    path("login", login),
    path("refresh", refresh),
    path("logout", sign_out, name="logout"),
    path("", include("social_django.urls", namespace="social")),
]
