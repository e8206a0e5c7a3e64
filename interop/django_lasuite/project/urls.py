"""One protected view, and the key to which answers to this API are encrypted."""

from django.urls import include, path
from lasuite.oidc_resource_server.authentication import ResourceServerAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class WhoView(APIView):
    """Says whose token it was, and through whom it came."""

    authentication_classes = [ResourceServerAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"sub": request.user.sub, "audience": request.resource_server_token_audience})


urlpatterns = [path("who", WhoView.as_view()), path("", include("lasuite.oidc_resource_server.urls"))]
