"""Addresses of the style guide; config.urls includes them only where DEBUG is on."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from core import styleguide

app_name = "styleguide"
urlpatterns = [
    path("", login_not_required(styleguide.index), name="index"),
    path("book/", login_not_required(styleguide.book), name="book"),
    path("portal/", login_not_required(styleguide.portal), name="portal"),
    path("auth/", login_not_required(styleguide.auth), name="auth"),
    path("messages/", login_not_required(styleguide.messages), name="messages"),
    path("dialog/<slug:name>/", login_not_required(styleguide.dialog), name="dialog"),
    path("tree/<int:node>/", login_not_required(styleguide.children), name="children"),
    path("people/", login_not_required(styleguide.people), name="people"),
    path("error/<int:status>/", login_not_required(styleguide.error), name="error"),
]
