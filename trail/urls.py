"""Addresses of the audit trail in the back office."""

from django.urls import URLPattern, path

from trail.views import checks, files, pages

app_name = "trail"
urlpatterns: list[URLPattern] = [
    path("console/audit/", pages.entries, name="list"),
    path("console/audit/export/", files.export, name="export"),
    path("console/audit/check/", checks.check, name="check"),
    path("console/audit/checks/<int:pk>/", checks.card, name="check-card"),
    path("console/audit/<int:pk>/", pages.entry, name="entry"),
]
