"""The URL map of the product. Every name here has a row in tests/matrix (the build fails otherwise)."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from core import views as core_views
from im.live import views as live
from im.views import push

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", core_views.healthz, name="healthz"),
    path("readyz", core_views.readyz, name="readyz"),
    path("push/worker.js", push.worker, name="push-worker"),
    path("push/key/", push.key, name="push-key"),
    path("push/on/", push.subscribe, name="push-on"),
    path("push/off/", push.unsubscribe, name="push-off"),
    path("push/claim/", push.claim, name="push-claim"),
    path("live/", live.elsewhere, name="live"),
    path("", include("accounts.urls")),
    path("", include("contacts.urls")),
    path("", include("orgs.urls")),
    path("", include("approvals.urls")),
    path("messages/", include("im.urls")),
    # Here and not inside the portal's own map: an instance is found by name only at the top.
    path("portal/messages/", include("im.urls", namespace="portal-im")),
    path("portal/", include("portal.urls")),
    path("", include("portal.urls_console")),
    path("", include("trail.urls")),
    path("", include("wecom_sync.urls")),
    path("", include("portal.urls_api")),
    path("", include("wecom_sync.urls_callback")),
    path("", include("wecom_sync.urls_login")),
]

handler500 = "core.views.server_error"

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", include("core.urls_styleguide")))
