"""What the templates show of one application: card and course of events. No queries beyond the selectors."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.channels import offered
from accounts.words import ACTIONS as LOGIN_ACTIONS
from approvals import selectors
from approvals.words import ACTIONS
from core.text import mask_email, mask_mobile
from core.ui import Action, Fact, Step

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.selectors import Issue
    from approvals.models import Application

Text = str | Promise
# Seconds between two looks at a card that somebody else may change (SPEC APR-4: within two seconds).
POLL = 1
_EVENTS = {**LOGIN_ACTIONS, **ACTIONS}


@dataclass(frozen=True, slots=True)
class Card:
    """An application as one viewer may see it now; one template draws it in conversations and in the back office."""

    application: Application
    place: str
    facts: Sequence[Fact]
    may_decide: bool
    issue: Issue | None
    login_name: str
    decided_by: str
    note: Text
    reason: Text
    look: str
    """Changes when the card does: a poll that knows it is answered with 204."""
    poll: int
    view: str = "card"
    """"card", or "steps" where the course of events stands below."""
    steps: Sequence[Step] = ()
    events: Sequence[Step] = ()
    """The whole course from the trail, beside the steps."""
    error: Text = ""
    details: Sequence[str] = ()
    reason_error: Text = ""
    reason_value: str = ""
    mark: str = ""
    channels: Sequence[tuple[str, Text]] = ()
    """Ways of the first credentials that whoever approves chooses from."""

    @property
    def id(self) -> int:
        return int(self.application.pk)

    @property
    def key(self) -> str:
        """Part of element ids: the same application may stand twice in one conversation (a reminder)."""
        return f"{self.id}-{self.mark}"

    @property
    def version(self) -> int:
        return int(self.application.contact.version)

    @property
    def state(self) -> str:
        return str(self.application.status)

    def refused_words(self, error: Text, value: str) -> Card:
        """The same with the reason box open and what is wrong with it."""
        return replace(self, reason_error=error, reason_value=value)


def card(
    application: Application,
    user: User,
    *,
    view: str = "card",
    error: Text = "",
    details: Sequence[str] = (),
) -> Card:
    """The card of a visible application for `user`."""
    now = selectors.standing(application, user)
    pending = application.status == "pending"
    login = application.secret.user.username if application.secret else ""
    seen = (
        application.status, application.contact.version, now.may_decide, now.opening, login,
        now.issue.state if now.issue else "", str(application.reminded_at),
    )  # fmt: skip
    return Card(
        application=application,
        place=selectors.place_of(application.contact),
        facts=_facts(application),
        may_decide=now.may_decide,
        issue=now.issue,
        login_name=login,
        decided_by=_who(application.decided_by, user) if application.decided_by else "",
        note=_note(application, now, user),
        reason=reason_of(application),
        look=look(*seen),
        poll=POLL if pending or now.opening else 0,
        view=view,
        **_course(application, view),
        error=error,
        details=details,
        mark=secrets.token_hex(3),
        channels=_channels(application) if now.may_decide else (),
    )


def _course(application: Application, view: str) -> dict[str, Any]:
    if view != "steps":
        return {}
    people = []
    if application.status == "pending":
        about = {"contact_id": application.contact_id, "applicant_id": application.applicant_id}
        people = selectors.asked(**about)
    return {"steps": steps(application, people), "events": events(application)}


def events(application: Application) -> list[Step]:
    """What happened, one line each: what, who, when."""
    return [
        Step(
            str(_EVENTS.get(entry.action, entry.action)), "done",
            [f"{entry.actor_label} · {clock(entry.at)}"],
        )
        for entry in selectors.events(application)
    ]  # fmt: skip


def look(*seen: object) -> str:
    """A short word that changes with what is shown."""
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:10]


def _who(person: User, viewer: User) -> str:
    return _("You") if person.pk == viewer.pk else str(person.name)


def department_of(person: User) -> str:
    """Main internal department of a person whose memberships are at hand."""
    rows = list(person.department_memberships.all())
    return next((str(row.department.name) for row in rows if row.is_main), "")


def _facts(application: Application) -> list[Fact]:
    applicant = application.applicant
    who = " · ".join(part for part in (applicant.name, department_of(applicant)) if part)
    facts = [
        Fact(_("Applicant"), who),
        Fact(_("Remark"), application.remark),
        Fact(_("Application"), application.number),
    ]
    if application.status == "pending":
        facts.append(Fact(_("If approved"), channel_of(application)))
    return facts


def _channels(application: Application) -> list[tuple[str, Text]]:
    contact = application.contact
    return [*offered(email=bool(contact.email), mobile=bool(contact.mobile))]


def channel_of(application: Application) -> str:
    """What approving does, in one sentence."""
    contact = application.contact
    said = _("A random account; the activation link goes to %(address)s")
    if getattr(settings, "MAIL_ENABLED", False) and contact.email:
        return said % {"address": mask_email(contact.email)}
    if settings.SMS and contact.mobile:
        return said % {"address": mask_mobile(contact.mobile)}
    return _("A random account; its first password is shown once")


def _note(application: Application, now: selectors.Standing, user: User) -> Text:
    if application.status == "pending":
        if now.may_decide:
            return _("Others are asked as well; one decision is enough")
        return _("Nobody decides an application of his own") if now.own else ""
    if now.opening and now.issue is None:
        return _("The account is being opened")
    decided_by_other = application.decided_by_id and application.decided_by_id != user.pk
    return _("Nothing left to do for you") if decided_by_other and not now.own else ""


def reason_of(application: Application) -> Text:
    """The reason of a refusal, or in words why it lapsed."""
    if application.status != "lapsed":
        return str(application.reason)
    return {
        "opened": _("The account was opened directly"),
        "disabled": _("The contact was disabled"),
        "deleted": _("The contact was deleted"),
        "merged": _("The contact was merged with another one"),
    }.get(application.reason, str(application.reason))


def clock(at: datetime.datetime | None) -> str:
    """A moment as it stands in the course of events."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def steps(application: Application, asked: Sequence[User]) -> list[Step]:
    """Asked → decided → opened, as far as it has come; `asked` are named while nobody has decided."""
    first = [f"{application.applicant.name} · {clock(application.created_at)}"]
    first.append(_("Remark: %(text)s") % {"text": application.remark})
    if application.reminded_at:
        first.append(_("Reminded %(when)s") % {"when": clock(application.reminded_at)})
    return [
        Step(_("Applied"), "done", first),
        _second_step(application, asked),
        *_third_step(application),
    ]


def _second_step(application: Application, asked: Sequence[User]) -> Step:
    status = str(application.status)
    if status == "pending":
        lines = _waiting(application, asked)
        return Step(_("Approval"), "now", lines, ("application", "pending"))
    who = application.decided_by.name if application.decided_by else ""
    line = " · ".join(part for part in (who, clock(application.decided_at)) if part)
    reason = str(reason_of(application))
    lines = [line, *([_("Reason: %(text)s") % {"text": reason}] if reason else [])]
    return Step(
        _("Approval"), "done" if status == "approved" else "bad", lines, ("application", status)
    )


def _waiting(application: Application, asked: Sequence[User]) -> list[str]:
    """Whom it waits for, and what to do where that is nobody in charge (SPEC APR-6)."""
    if not asked:
        return [
            _(
                "Nobody can decide it. Appoint a maintainer of the dimension or another administrator."
            )
        ]
    if selectors.only_administrators(asked, contact_id=application.contact_id):
        told = _("No maintainer or holder can decide it, so administrators are asked.")
        return [told, waiting_line(asked)]
    return [waiting_line(asked)]


def _third_step(application: Application) -> list[Step]:
    status = str(application.status)
    if status == "pending":
        return [Step(_("Open the account and tell the person"), "", [channel_of(application)])]
    secret = application.secret
    if status != "approved" or secret is None:
        return []
    if not secret.issued_at:
        return [Step(_("The account is being opened"), "now")]
    line = f"{secret.user.username} · {clock(secret.issued_at)}"
    return [Step(_("Account opened"), "done", [line])]


def waiting_line(asked: Sequence[User]) -> str:
    """“等待 李敏、吴凯 任一人处理”; at most three are named."""
    names = "、".join(str(person.name) for person in asked[:3])
    if len(asked) > 3:
        values = {"names": names, "n": len(asked)}
        return _("Waiting for one of %(names)s and others, %(n)s in all") % values
    if len(asked) == 1:
        return _("Waiting for %(names)s") % {"names": names}
    return _("Waiting for one of %(names)s") % {"names": names}


def url(name: str, *args: object) -> str:
    """An address of this app."""
    return reverse(f"approvals:{name}", args=args)


def applicant_actions(application: Application) -> list[Action]:
    """催办 and 撤回 on the applicant's own page, while it is open (SPEC APR-1)."""
    if application.status != "pending":
        return []
    actions = [
        Action(
            _("Withdraw the application"), url("withdraw", application.pk), "arrow-back-up",
            style="danger-line", method="post",
        )
    ]  # fmt: skip
    if selectors.may_remind(application):
        actions.insert(0, Action(_("Remind"), url("remind", application.pk), "bell", method="post"))
    return actions
