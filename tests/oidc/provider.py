"""A real OpenID Connect provider on loopback: allauth's, in a process of its own with a database of its own.

    python -m tests.oidc.provider <folder> <port> <callback>     # prints "ready"

Whoever is sent there is logged in as the person named by the file `who` of the folder: nothing is asked.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from tests.oidc import CLIENT, SECRET


def key() -> str:
    """A fresh signing key."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def configure(folder: Path) -> None:
    """The settings of the little site."""
    settings.configure(
        SECRET_KEY="the-test-provider-signs-nothing-else",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="tests.oidc.provider",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db")}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "allauth",
            "allauth.account",
            "allauth.idp.oidc",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
        SESSION_COOKIE_NAME="provider",
        LOGIN_URL="/enter",
        IDP_OIDC_PRIVATE_KEY=key(),
        IDP_OIDC_RATE_LIMITS=False,
        ACCOUNT_RATE_LIMITS=False,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )


if __name__ == "__main__":
    configure(Path(sys.argv[1]))
    django.setup()

from django.contrib.auth import get_user_model, login  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.urls import include, path  # noqa: E402


def enter(request: HttpRequest) -> HttpResponse:
    """Logs in whoever the file names."""
    name = (Path(settings.DATABASES["default"]["NAME"]).parent / "who").read_text().strip()
    user, _created = get_user_model().objects.get_or_create(username=name)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect(request.GET.get("next", "/"))


urlpatterns = [path("enter", enter, name="account_login"), path("", include("allauth.idp.urls"))]


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


def main(port: int, callback: str) -> None:
    """Makes the database with one client, then answers until it is ended."""
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.hashers import make_password
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    Client.objects.create(
        id=CLIENT, name="Wailian", secret=make_password(SECRET), scopes="openid\nprofile", redirect_uris=callback,
        skip_consent=True, grant_types="authorization_code", response_types="code",
    )  # fmt: skip
    with make_server("127.0.0.1", port, get_wsgi_application(), handler_class=Quiet) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main(int(sys.argv[2]), sys.argv[3])
