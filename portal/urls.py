"""Addresses of external people. Everything here is open to them and closed to staff (portal/gate.py)."""

from django.urls import URLPattern, path

from portal.views import identities, pages

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("", pages.home, name="home"),
    path("todo/", pages.todo, name="todo"),
    path("people/", pages.people, name="people"),
    path("profile/", pages.profile, name="profile"),
    path("profile/photo/", pages.photo, name="photo"),
    path("identities/", identities.identity_list, name="identities"),
    path("identities/switch/", identities.switch, name="identity-switch"),
    path("identities/offers/<int:offer_id>/", identities.offer, name="identity-offer"),
]
