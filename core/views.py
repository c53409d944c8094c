"""Health probes and the answers to a failed CSRF check and to a fault."""

import datetime
import sys

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from core import jobs


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Live: the process answers."""
    return HttpResponse("ok", content_type="text/plain")


def _database() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _redis() -> bool:
    try:
        cache.set("readyz", "1", 5)
    except (RedisError, OSError):
        return False
    return True


def _worker() -> bool:
    try:
        return jobs.alive(name="worker", within=datetime.timedelta(seconds=90))
    except DatabaseError:
        return False


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: database with all migrations, Redis, a living worker. Says yes or no only (matrix row 59)."""
    checks = {"database": _database(), "redis": _redis(), "worker": _worker()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old or came from elsewhere; says what to do instead of Django's technical page."""
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away for a moment is no fault of ours: 503, and when to ask again. Everything else is a 500.

    Drawn without the request, because reading the person could fail again.
    """
    away = isinstance(sys.exception(), OperationalError | InterfaceError)
    status = 503 if away else 500
    response = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if away:
        response["Retry-After"] = "5"
    return response
