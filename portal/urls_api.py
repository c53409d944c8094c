"""Addresses for other systems, with a token and without a session."""

from django.urls import URLPattern, path

from portal.views import api

app_name = "portal-api"
urlpatterns: list[URLPattern] = [
    path("api/todo/", api.items, name="todos"),
    path("api/todo/<str:external_id>/", api.item, name="todo"),
    path("api/todo/<str:external_id>/done/", api.done, name="todo-done"),
]
