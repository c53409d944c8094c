"""Addresses of the portal, and of its registry of apps in the back office."""

from django.urls import URLPattern, path

from portal import views

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
]
