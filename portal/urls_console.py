"""Addresses of the registry of apps, for staff: a namespace of their own, closed to external people."""

from django.urls import URLPattern, path

from portal.views import openings, registry, systems

app_name = "portal-console"
urlpatterns: list[URLPattern] = [
    path("console/apps/", registry.app_list, name="apps"),
    path("console/apps/new/", registry.app_new, name="app-new"),
    path("console/apps/people/", openings.picker, name="people-picker"),
    path("console/apps/people/results/", openings.results, name="people-results"),
    path("console/apps/<int:app_id>/", registry.app_edit, name="app-edit"),
    path("console/apps/<int:app_id>/enabled/", registry.app_enabled, name="app-enabled"),
    path("console/apps/<int:app_id>/delete/", registry.app_delete, name="app-delete"),
    path("console/apps/<int:app_id>/shift/<slug:way>/", registry.app_shift, name="app-shift"),
    path("console/apps/<int:app_id>/openings/", openings.openings, name="openings"),
    path(
        "console/apps/<int:app_id>/openings/<int:opening_id>/close/",
        openings.close,
        name="opening-close",
    ),
    path("console/todo-systems/", systems.systems, name="systems"),
    path("console/todo-systems/new/", systems.new, name="system-new"),
    path("console/todo-systems/<int:system_id>/", systems.edit, name="system-edit"),
    path("console/todo-systems/<int:system_id>/roll/", systems.roll, name="system-roll"),
]
