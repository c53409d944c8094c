"""The URL map of the product with messages in both places, whatever the portal does around them."""

from django.urls import include, path

from config.urls import urlpatterns as product

urlpatterns = [
    path("portal/messages/", include("im.urls", namespace="portal-im")),
    *[entry for entry in product if getattr(entry, "namespace", "") != "portal-im"],
]
