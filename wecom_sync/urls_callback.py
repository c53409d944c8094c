"""Where WeCom calls, without a session."""

from django.urls import URLPattern, path

from wecom_sync.views import callback

app_name = "wecom-callback"
urlpatterns: list[URLPattern] = [
    path("wecom/<int:pk>/callback/", callback.callback, name="callback"),
]
