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
from portal import selectors, services, tables
from portal.forms import ProfileForm
from portal.views.guards import identity, person

AT_HOME = 6
TODO_AT_HOME = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What there is to do, the apps, the people of the company, the own account."""
    me, user = identity(request), person(request)
    todo = selectors.todo(user=user, identity=me)
    known = selectors.people(identity=me, limit=AT_HOME)
    context = {
        "todo": tables.todo_rows(todo[:TODO_AT_HOME]),
        "todo_total": len(todo),
        "groups": tables.app_groups(selectors.apps_for(me), todo),
        "people": known.found,
        "people_total": known.total,
        "expiry": tables.expiry(me, known.found),
        "facts": tables.account_facts(user, me, selectors.label_of(me)),
    }
    return render(request, "portal/home.html", context)


@require_safe
def todo(request: HttpRequest) -> HttpResponse:
    """个人待办: everything this identity has to do."""
    items = selectors.todo(user=person(request), identity=identity(request))
    return render(request, "portal/todo.html", {"todo": tables.todo_rows(items)})


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """我的联络人: staff this identity may see, with search."""
    q = clean(request.GET.get("q", "")[:200], 100)
    found = selectors.people(identity=identity(request), q=q)
    context = {"people": found.found, "total": found.total, "q": q}
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
