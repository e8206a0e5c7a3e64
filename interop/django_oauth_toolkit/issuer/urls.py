"""The server at the root, so that its metadata is where RFC 8414 requires it."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("oauth2_provider.urls"))]
