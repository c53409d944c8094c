"""Addresses of external people. Everything here is open to them and closed to staff (portal/gate.py)."""

from django.urls import URLPattern, path

from portal.views import pages

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("", pages.home, name="home"),
    path("todo/", pages.todo, name="todo"),
    path("people/", pages.people, name="people"),
    path("profile/", pages.profile, name="profile"),
    path("profile/photo/", pages.photo, name="photo"),
]
