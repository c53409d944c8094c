"""Addresses of the registry of apps, for staff: a namespace of their own, closed to external people."""

from django.urls import URLPattern, path

from portal.views import registry

app_name = "portal-console"
urlpatterns: list[URLPattern] = [
    path("console/apps/", registry.app_list, name="apps"),
    path("console/apps/<int:app_id>/", registry.app_edit, name="app-edit"),
]
