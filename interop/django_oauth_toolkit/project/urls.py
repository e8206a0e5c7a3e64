"""Three protected views: one scope, both scopes, and both again at another address."""

from django.http import JsonResponse
from django.urls import path
from oauth2_provider.decorators import protected_resource


def who(request):
    """Returns the user of the token."""
    owner = request.resource_owner
    return JsonResponse({"user": owner.get_username() if owner else None})


read = protected_resource(scopes=["notes.read"])(who)
write = protected_resource(scopes=["notes.read", "notes.write"])(who)

urlpatterns = [path("notes", read), path("notes/write", write), path("archive", read)]
