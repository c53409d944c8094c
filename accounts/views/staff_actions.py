"""Back office: what may be done to one staff member, each asked before it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.forms import ChannelForm
from accounts.mfa import has_factor
from accounts.models import User
from accounts.selectors import locked_until, logged_in
from accounts.services import access, credentials, people, second_factor
from accounts.views.guards import admin_only, person
from accounts.views.shared import ask
from core import htmx
from core.errors import UserError
from core.ui import Action


@dataclass(frozen=True, slots=True)
class StaffAction:
    """A question, its consequences, and the service behind it. `offered` decides whether it is shown."""

    name: str
    label: str | Promise
    question: str | Promise
    done: str | Promise
    run: Callable[..., Any]
    offered: Callable[[User], bool]
    text: str | Promise = ""
    icon: str = ""
    right: bool = False
    danger: bool = True
    to_oneself: bool = False
    channel: bool = False
    """Whether it is asked by which way first credentials go."""

    def link(self, user: User) -> Action:
        """The button or line that opens the question."""
        url = reverse("accounts:staff-act", args=[user.pk, self.name])
        return Action(
            self.label, url, self.icon, "bad" if self.danger and not self.right else "", dialog=True
        )


def _reissue(*, user: User, by: User, channel: str = "") -> None:
    credentials.reissue(user=user, reader_ids=[by.pk], by=by, channel=channel)


ACTIONS = (
    StaffAction(
        "enable", _("Enable"), _("Enable %(name)s?"), _("%(name)s is enabled"), access.enable,
        lambda user: not user.is_active, _("Old log-ins stay ended."), "user-check", danger=False,
    ),
    StaffAction(
        "reissue", _("Reset the password"), _("Reset the password of %(name)s?"),
        _("A new first password is being made"), _reissue, lambda user: user.is_active,
        _("The present password and all log-ins end at once. A new first password is made and shown once."), "key",
        channel=True,
    ),
    StaffAction(
        "unlock", _("Unlock"), _("Unlock %(name)s?"), _("%(name)s is unlocked"), access.unlock,
        lambda user: bool(locked_until([user])), _("Failed tries are forgotten."), "lock-open", danger=False,
        to_oneself=True,
    ),
    StaffAction(
        "factor-reset", _("Reset the second factor"), _("Reset the second factor of %(name)s?"),
        _("The second factor is reset"), second_factor.reset, has_factor,
        _("For somebody who has lost it: make sure who asks. All log-ins end; the password alone opens until a new "
          "second factor is set up."),
        "fingerprint",
    ),
    StaffAction(
        "end-sessions", _("End all log-ins"), _("End all log-ins of %(name)s?"), _("All log-ins have ended"),
        access.end_staff_sessions, logged_in, "", "logout",
    ),
    StaffAction(
        "holder-grant", _("Give external directory maintenance"), _("Give %(name)s external directory maintenance?"),
        _("%(name)s now maintains the external directory"), people.grant_holder,
        lambda user: user.is_active and not user.is_holder,
        _("Sees and changes everything in every dimension, and decides on applications for accounts."),
        "shield-check", right=True, danger=False,
    ),
    StaffAction(
        "holder-revoke", _("Take external directory maintenance away"),
        _("Take external directory maintenance from %(name)s?"),
        _("%(name)s no longer maintains the external directory"), people.revoke_holder,
        lambda user: user.is_holder, _("Takes effect with the next request."), "shield-lock", right=True,
    ),
    StaffAction(
        "admin-grant", _("Make a system administrator"), _("Make %(name)s a system administrator?"),
        _("%(name)s is now a system administrator"), people.grant_admin,
        lambda user: user.is_active and not user.is_superuser,
        _("May do everything, this page included."), "shield-check", right=True, danger=False,
    ),
    StaffAction(
        "admin-revoke", _("Take administrator rights away"), _("Take the administrator rights from %(name)s?"),
        _("%(name)s is no longer a system administrator"), people.revoke_admin,
        lambda user: user.is_superuser, _("Takes effect with the next request."), "shield-lock", right=True,
    ),
)  # fmt: skip
BY_NAME = {action.name: action for action in ACTIONS}


def allowed(user: User, by: User) -> list[StaffAction]:
    """What `by` is offered on the page of `user`; the services decide again."""
    own = user.pk == by.pk
    return [action for action in ACTIONS if action.offered(user) and (action.to_oneself or not own)]


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def staff_act(request: HttpRequest, user_id: int, action: str) -> HttpResponse:
    """Asks (GET) and does (POST) one of ACTIONS."""
    chosen = BY_NAME.get(action)
    if chosen is None:
        raise Http404
    user = get_object_or_404(User.objects.staff(), pk=user_id)
    form = _form(request, chosen, user)
    if request.method != "POST":
        return ask(request, _question(chosen, user, form))
    try:
        more = {"channel": form.chosen} if form else {}
        chosen.run(user=user, by=person(request), **more)
    except UserError as error:
        return ask(request, _question(chosen, user, form), error)
    messages.success(request, str(chosen.done) % {"name": user.name})
    return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))


def _form(request: HttpRequest, chosen: StaffAction, user: User) -> ChannelForm | None:
    if not chosen.channel:
        return None
    return ChannelForm(request.POST or None, email=bool(user.email), mobile=bool(user.mobile))


def _question(chosen: StaffAction, user: User, form: ChannelForm | None) -> dict[str, Any]:
    return {
        "form": form,
        "title": str(chosen.question) % {"name": user.name},
        "text": chosen.text,
        "action": reverse("accounts:staff-act", args=[user.pk, chosen.name]),
        "submit": chosen.label,
        "style": "danger" if chosen.danger else "primary",
        "back_url": reverse("accounts:staff-page", args=[user.pk]),
    }
