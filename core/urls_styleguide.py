"""Addresses of the style guide; config.urls includes them only where DEBUG is on."""

from django.urls import path

from core import styleguide

app_name = "styleguide"
urlpatterns = [
    path("", styleguide.index, name="index"),
    path("book/", styleguide.book, name="book"),
    path("portal/", styleguide.portal, name="portal"),
    path("auth/", styleguide.auth, name="auth"),
    path("messages/", styleguide.messages, name="messages"),
    path("dialog/<slug:name>/", styleguide.dialog, name="dialog"),
    path("tree/<int:node>/", styleguide.children, name="children"),
    path("people/", styleguide.people, name="people"),
    path("error/<int:status>/", styleguide.error, name="error"),
]
