"""One protected view, and the key to which responses for this API are encrypted."""

from django.urls import include, path
from lasuite.oidc_resource_server.authentication import ResourceServerAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class WhoView(APIView):
    """Returns the subject and the client of the token."""

    authentication_classes = [ResourceServerAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"sub": request.user.sub, "audience": request.resource_server_token_audience})


urlpatterns = [path("who", WhoView.as_view()), path("", include("lasuite.oidc_resource_server.urls"))]
