"""The product's addresses and the style guide, which is not there without DEBUG."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from config.urls import urlpatterns as product


@login_not_required
def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [*product, path("styleguide/", include("core.urls_styleguide")), path("boom/", boom)]
