"""A map without addresses: what an external session sees of everything that is not meant for it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
