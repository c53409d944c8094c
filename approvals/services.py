"""Asking for an account and deciding about it (SPEC section 5; SECURITY T31 to T35).

pending → approved | refused | withdrawn | lapsed, nothing else. Locks are taken in one order everywhere: trees
(shared), contact, application. Whoever comes second reads who was first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from approvals import events, jobs, permissions, selectors
from approvals.models import Application
from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, role_on, viewer_of
from contacts.services import accounts as contact_accounts
from contacts.services.shared import dimension_of, missing
from core import audit, outbox
from core.actors import Actor
from core.errors import Conflict, Denied, Invalid, UserError
from core.text import clean
from orgs.permissions import as_now

Status = Application.Status
MAX_TEXT = 200
MAX_AT_ONCE = 200
NUMBER_LOCK = 72_011


@transaction.atomic
def apply(*, contact_id: int, remark: str, by: User) -> Application:
    """申请开通 for a contact without an account (SPEC APR-1, matrix row 36).

    Raises Hidden unless `by` may edit the contact, Denied (code "opens_directly") for those who may open the account
    themselves, Conflict when one is pending, there is an account, or the contact is disabled, Invalid(field="remark").
    """
    text = _text(remark, field="remark", empty=_("Write what the account is needed for."))
    rows = closure.lock(contact_ids=[contact_id])
    contact = rows.get(contact_id)
    role = role_on(viewer_of(as_now(by)), contact_id)
    if contact is None or role < Role.EDITOR:
        raise missing()
    if role >= Role.MAIN_MAINTAINER:
        raise Denied(_("You may open this account directly."), code="opens_directly")
    contact = contact_accounts.mark_pending(contact=contact)
    application: Application = Application.objects.create(
        number=_next_number(),
        contact=contact,
        applicant=by,
        remark=text,
        contact_version=contact.version,
    )
    _record(application, "application.create", by=by, after={"status": "pending", "remark": text})
    jobs.ask(application, dedupe_key=jobs.first_key(application))
    jobs.show(application)
    return application


@transaction.atomic
def withdraw(*, application_id: int, by: User) -> Application:
    """Takes a pending application back; the contact is 未开通 again.

    Raises Hidden when `by` does not see it, Denied when it is not his, Conflict when it was decided meanwhile.
    """
    application = _locked(application_id, by=by, own=True)
    _claim(application, status=Status.WITHDRAWN, decided_at=timezone.now())
    contact_accounts.clear_pending(contact_id=application.contact_id)
    _record(application, "application.withdraw", by=by, after={"status": "withdrawn"})
    jobs.show(application)
    return application


@transaction.atomic
def remind(*, application_id: int, by: User) -> Application:
    """催办: asks those who may decide now once more, once a day.

    Raises Hidden and Denied as `withdraw`, Conflict when it is decided or was reminded within 24 hours.
    """
    application = _locked(application_id, by=by, own=True)
    _require_pending(application)
    now = timezone.now()
    due = Q(reminded_at=None) | Q(reminded_at__lte=now - selectors.REMIND_AFTER)
    rows = Application.objects.pending().filter(due, pk=application.pk)
    if not rows.update(reminded_at=now):
        raise Conflict(_("You can remind once a day."), code="reminded")
    application.reminded_at = now
    _record(application, "application.remind", by=by)
    jobs.ask(application, dedupe_key=f"application:{application.pk}:remind:{now:%Y%m%d%H%M%S}")
    return application


@transaction.atomic
def decide(
    *,
    application_id: int,
    approve: bool,
    reason: str = "",
    version: int,
    by: User,
    channel: str = "",
) -> Application:
    """One decision for one application (SPEC APR-2 to APR-6; SECURITY T31 to T34).

    Everything is asked anew under the lock of the contact: is `by` active and entitled now, neither applicant nor
    beneficiary, and is the contact as he saw it (`version`). Approving creates the login without a usable password;
    the worker makes the credentials, which decider and applicant may look at once, or which go by `channel` ("link",
    "sms" or "panel") where one of several is wanted.
    Raises Hidden, Denied (his own), Conflict (code "decided": who and when; "changed": what), Invalid(field="reason").
    """
    application = _locked(application_id, by=by, own=False)
    _require_pending(application)
    _require_version(application, version)
    text = "" if approve else _text(reason, field="reason", empty=_("Say why it is refused."))
    status = Status.APPROVED if approve else Status.REFUSED
    _claim(application, status=status, decided_at=timezone.now(), decided_by=by, reason=text)
    if approve:
        application.secret = contact_accounts.begin_opening(
            by=by,
            contact=application.contact,
            issue_key=application.issue_key,
            reader_ids=[by.pk, application.applicant_id],
            channel=channel,
        )
        application.save(update_fields=["secret"])
    else:
        contact_accounts.clear_pending(contact_id=application.contact_id)
    after = {"status": str(status), "reason": text, "version": version}
    _record(application, f"application.{'approve' if approve else 'refuse'}", by=by, after=after)
    jobs.tell(application)
    jobs.show(application)
    return application


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line of a bulk decision."""

    application_id: int
    number: str
    ok: bool
    message: str = ""


def decide_many(
    *, items: Iterable[tuple[int, int]], approve: bool, reason: str = "", by: User
) -> list[Outcome]:
    """Decides each (application id, contact version) in a transaction of its own; one result for each, in order.

    Raises Invalid for more than 200 at once, and for refusing without a reason before anything is done.
    """
    wanted = list(dict(items).items())
    if len(wanted) > MAX_AT_ONCE:
        raise Invalid(_("At most %(n)s at once.") % {"n": MAX_AT_ONCE})
    if not approve:
        reason = _text(reason, field="reason", empty=_("Say why they are refused."))
    seen = Application.objects.visible_to(by).filter(pk__in=[pk for pk, _version in wanted])
    numbers = dict(seen.values_list("pk", "number"))
    found = []
    for pk, version in wanted:
        try:
            decide(application_id=pk, approve=approve, reason=reason, version=version, by=by)
        except UserError as error:
            found.append(Outcome(pk, numbers.get(pk, ""), ok=False, message=str(error)))
        else:
            found.append(Outcome(pk, numbers.get(pk, ""), ok=True))
    return found


def lapse(*, contact_id: int, reason: str, by: Actor) -> bool:
    """A pending application has lost its object: account opened directly, contact disabled, deleted or merged (APR-6).

    Part of the change that is the cause; the contact is locked. `reason` is "opened", "disabled", "deleted" or
    "merged". False when nothing was pending.
    """
    application = Application.objects.pending().filter(contact_id=contact_id).first()
    if application is None:
        return False
    with transaction.atomic():
        _lapse(application, reason=reason, by=by)
    return True


def _lapse(application: Application, *, reason: str, by: Actor) -> None:
    _claim(application, status=Status.LAPSED, decided_at=timezone.now(), reason=reason)
    contact_accounts.clear_pending(contact_id=application.contact_id)
    _record(application, "application.lapse", by=by, after={"status": "lapsed", "reason": reason})
    # The cause may be one of a thousand in one transaction, so the conversation of the applicant is not locked here.
    outbox.enqueue(
        task="approvals.tell_applicant",
        dedupe_key=f"application:{application.pk}:lapsed",
        application_id=application.pk,
    )


@transaction.atomic
def note_export(*, by: User, format_: str, count: int, filters: str) -> None:
    """Writes down that a list of applications leaves. Raises Hidden for those who decide none (any more)."""
    fresh = as_now(by)
    if not viewer_of(fresh).scope.maintains_any:
        raise permissions.missing()
    after = {"format": format_, "count": count, "filters": filters}
    audit.record(action="application.export", obj=fresh, by=fresh, after=after)


def follow(*, contact_id: int, into: int) -> int:
    """What was decided about a merged contact belongs to the one it was merged into; returns how many.

    Part of the merge, which is what is audited; none of them is pending any more and both contacts are locked.
    """
    return int(Application.objects.filter(contact_id=contact_id).update(contact_id=into))


def _locked(application_id: int, *, by: User, own: bool) -> Application:
    """The application as it is now, its contact locked, after the question who may; `by` is read anew too."""
    contact_id = (
        Application.objects.filter(pk=application_id).values_list("contact_id", flat=True).first()
    )
    if contact_id is None:
        raise permissions.missing()
    contact = closure.lock(contact_ids=[contact_id]).get(contact_id)
    rows = Application.objects.select_related("decided_by").filter(pk=application_id)
    application: Application | None = rows.first()
    if contact is None or application is None:
        raise permissions.missing()
    if application.contact_id == contact_id:
        application.contact = (
            contact  # else it was merged away meanwhile, and nothing is pending any more
        )
    actor = User.objects.get(pk=by.pk)
    if not own:
        permissions.require_decider(actor, application)
    elif not Application.objects.visible_to(actor).filter(pk=application_id).exists():
        raise permissions.missing()
    elif application.applicant_id != actor.pk:
        raise Denied(_("Only the applicant can do this."), code="not_own")
    return application


def _require_pending(application: Application) -> None:
    if application.status != Status.PENDING:
        raise taken(application)


def taken(application: Application) -> Conflict:
    """Somebody or something was faster: says who and when."""
    values = {
        "who": application.decided_by.name if application.decided_by else "",
        "when": f"{timezone.localtime(application.decided_at):%H:%M}"
        if application.decided_at
        else "",
    }
    sentences = {
        Status.APPROVED: _("Already approved by %(who)s at %(when)s"),
        Status.REFUSED: _("Already refused by %(who)s at %(when)s"),
        Status.WITHDRAWN: _("The applicant has withdrawn it at %(when)s"),
        Status.LAPSED: _("It has lapsed at %(when)s"),
    }
    return Conflict(sentences[Status(application.status)] % values, code="decided")


def _require_version(application: Application, version: int) -> None:
    contact: Contact = application.contact
    if contact.version == version:
        return
    fields = selectors.changed_fields(contact_id=contact.pk, since=application.created_at)
    details = [_("Changed: %(fields)s") % {"fields": "、".join(fields)}] if fields else []
    raise Conflict(
        _("%(name)s was changed since you opened this. Look again, then decide.")
        % {"name": contact.name},
        code="changed",
        details=details,
    )


def _claim(application: Application, **values: object) -> None:
    """The one way out of pending: a conditional update, so that a second one finds nothing (SECURITY T31)."""
    if not Application.objects.pending().filter(pk=application.pk).update(**values):
        raise taken(Application.objects.select_related("decided_by").get(pk=application.pk))
    for name, value in values.items():
        setattr(application, name, value)
    events.announce_settled(application_id=application.pk)


def _text(value: str, *, field: str, empty: str) -> str:
    text = clean(value, MAX_TEXT + 1)
    if not text:
        raise Invalid(empty, field=field)
    if len(text) > MAX_TEXT:
        raise Invalid(_("At most %(n)s characters.") % {"n": MAX_TEXT}, field=field)
    return text


def _next_number() -> str:
    """AR-20261122-0001: the next of this day; applicants of the same day queue here until the other commits."""
    day = f"{timezone.localdate():%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBER_LOCK, int(day)])
    numbers = Application.objects.filter(number__startswith=f"AR-{day}-")
    last = numbers.order_by(Length("number").desc(), "-number").first()
    return f"AR-{day}-{int(last.number.rpartition('-')[2]) + 1 if last else 1:04d}"


def _record(
    application: Application, action: str, *, by: Actor, after: dict[str, object] | None = None
) -> None:
    audit.record(
        action=action,
        obj=application,
        by=by,
        before={"status": "pending"} if after and action != "application.create" else {},
        after=after or {},
        dimension_id=dimension_of(application.contact),
    )
