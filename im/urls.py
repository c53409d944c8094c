"""Addresses of messages. Included twice: for staff, and in the portal as instance "portal-im"."""

from django.urls import URLPattern, path

from im import views

app_name = "im"
urlpatterns: list[URLPattern] = [
    path("", views.index, name="index"),
    path("badge/", views.badge, name="badge"),
    path("find/", views.find, name="find"),
    path("start/", views.start, name="start"),
    path("<int:pk>/", views.thread, name="thread"),
    path("<int:pk>/older/", views.older, name="older"),
    path("<int:pk>/news/", views.news, name="news"),
    path("<int:pk>/send/", views.send, name="send"),
    path("<int:pk>/read/", views.read, name="read"),
    path("<int:pk>/recall/<int:seq>/", views.recall, name="recall"),
    path("<int:pk>/pin/", views.pin, name="pin"),
    path("<int:pk>/mute/", views.mute, name="mute"),
]
