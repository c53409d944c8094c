"""首页, 个人待办, 我的联络人, 个人资料 (matrix row 44)."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.errors import Hidden, Invalid
from core.phones import display
from core.text import clean
from portal import gate, selectors, services, tables
from portal.forms import ProfileForm
from portal.todo_sources import Item
from portal.views.guards import apps, identity, person

AT_HOME = 6
TODO_AT_HOME = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What there is to do, the apps, the people of the company, the own account."""
    me, user, mine = identity(request), person(request), apps(request)
    todo = _todo(request)
    known = selectors.people(identity=me, limit=AT_HOME)
    context = {
        "todo": tables.todo_rows(todo[:TODO_AT_HOME]),
        "todo_total": len(todo),
        "groups": tables.app_groups(selectors.apps_among(mine), todo),
        "people_open": "people" in mine,
        "people_css": tables.css_of(mine.get("people")),
        "can_write": "messages" in mine,
        "people": known.found,
        "people_total": known.total,
        "expiry": tables.expiry(me, known.found),
        "facts": tables.account_facts(user, me, selectors.label_of(me)),
    }
    return render(request, "portal/home.html", context)


def _todo(request: HttpRequest) -> list[Item]:
    """What there is to do, without what leads to an app that is not open."""
    items, mine = selectors.todo(user=person(request), identity=identity(request)), apps(request)
    needed = [
        (item, gate.app_of(item.url_name, item.url_name.rpartition(":")[0])) for item in items
    ]
    return [item for item, app in needed if not app or app in mine]


@require_safe
def todo(request: HttpRequest) -> HttpResponse:
    """个人待办: everything this identity has to do."""
    return render(request, "portal/todo.html", {"todo": tables.todo_rows(_todo(request))})


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """我的联络人: staff this identity may see, with search."""
    q = clean(request.GET.get("q", "")[:200], 100)
    found = selectors.people(identity=identity(request), q=q)
    can_write = "messages" in apps(request)
    context = {"people": found.found, "total": found.total, "q": q, "can_write": can_write}
    return htmx.page(request, "portal/people.html", "portal/partials/_people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """个人资料: own fields of the active identity."""
    me = identity(request)
    initial = {name: getattr(me, name) for name in services.OWN_FIELDS}
    initial["mobile"] = display(me.mobile)
    form = ProfileForm(request.POST or None, request.FILES or None, initial=initial)
    if not me.avatar:
        del form.fields["without_picture"]
    if request.method == "POST" and form.is_valid() and _save(request, form):
        messages.success(request, _("Saved"))
        return htmx.done(request, reverse("portal:profile"))
    context = {
        "form": form,
        "me": me,
        "photo": tables.photo_url(me),
        "facts": tables.profile_facts(me, selectors.label_of(me)),
    }
    return render(request, "portal/profile.html", context, status=form.http_status)


def _save(request: HttpRequest, form: ProfileForm) -> bool:
    values, by = form.cleaned_data, person(request)
    try:
        services.update_profile(by=by, fields={key: values[key] for key in services.OWN_FIELDS})
        if values["picture"] or values.get("without_picture"):
            services.change_picture(by=by, file=values["picture"] or None)
    except Invalid as error:
        field = error.field if error.field in form.fields else "picture"
        form.add_error(field, str(error))
        return False
    return True


@require_safe
def photo(request: HttpRequest) -> HttpResponse | FileResponse:
    """The own picture."""
    me = identity(request)
    if not me.avatar:
        raise Hidden(_("There is no picture."))
    response = FileResponse(me.avatar.open("rb"), content_type="image/webp")
    response["Cache-Control"] = "private, no-cache"
    return response
