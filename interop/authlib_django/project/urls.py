"""The endpoints of both servers, the keys, and the admin's sign-in page."""

from authlib.oauth2 import OAuth2Error
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt

from server import servers

CONSENT = """<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">
<button name="allow" value="yes">Allow {}</button></form>"""


def endpoints(name, server):
    """The four endpoints of a server, under its name."""

    @login_required
    def authorize(request):
        try:
            grant = server.get_consent_grant(request, end_user=request.user)
        except OAuth2Error as error:
            return server.handle_error_response(request, error)
        if request.method == "GET":
            return HttpResponse(format_html(CONSENT, get_token(request), grant.client.client_id))
        person = request.user if "allow" in request.POST else None
        return server.create_authorization_response(request, grant_user=person, grant=grant)

    def token(request):
        return server.create_token_response(request)

    def introspect(request):
        return server.create_endpoint_response("introspection", request)

    def revoke(request):
        return server.create_endpoint_response("revocation", request)

    return [
        path(f"{name}/authorize", authorize),
        path(f"{name}/token", csrf_exempt(token)),
        path(f"{name}/introspect", csrf_exempt(introspect)),
        path(f"{name}/revoke", csrf_exempt(revoke)),
    ]


def jwks(request):
    return JsonResponse(servers.keys().as_dict(private=False))


urlpatterns = [
    path("admin/", admin.site.urls),
    path("jwks", jwks),
    *endpoints("opaque", servers.opaque),
    *endpoints("jwt", servers.jwt),
]
