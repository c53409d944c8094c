"""忘记密码: always the same answer, whoever was named (matrix row 4; SECURITY T40)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import LoginNameForm
from accounts.services import reset
from accounts.views.second import again
from core.errors import Throttled

TEMPLATE = "accounts/forgotten.html"


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Asks for the login name; whether a link is sent is decided by the worker and told to nobody."""
    form = LoginNameForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, TEMPLATE, {"form": form}, status=form.http_status)
    try:
        reset.ask(username=form.cleaned_data["username"])
    except Throttled as error:
        return again(request, TEMPLATE, {"form": form, "problem": error}, error.retry_after)
    return render(request, "accounts/forgotten_asked.html")
