"""Looking at the address book as somebody else: what it shows, what it closes, when it ends (SPEC VIS-3, row 28)."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import ViewAs
from contacts.services import places, view_as
from core.actors import SystemActor
from core.models import AuditEntry
from orgs.models import NodeUserGrant
from orgs.services import nodes
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact, share

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def begin(client: Client, user: User) -> Client:
    """A client that looks through the eyes of `user`."""
    answer = client.post("/contacts/view-as/", {"person": user.pk})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/contacts/")
    return client


def text(client: Client, path: str = "/contacts/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()[-3000:]
    return answer.content.decode()


def trail() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(action__startswith="view_as.").order_by("pk")
    return [(row.action, row.actor_id, str(row.after.get("reason", ""))) for row in rows]


def test_the_page_is_that_of_the_other_person(as_, book) -> None:
    client = begin(as_(book.holder), book.ranged)
    page = text(client)
    assert "林晓彤" in page
    assert "王嘉禾" not in page
    assert "渠道" not in page
    assert "正以 有范围人 的身份查看，只读" in page
    assert 'data-countdown="89' in page
    assert client.get(f"/contacts/?c={book.wang.pk}").status_code == 404
    assert client.get(f"/contacts/o/{book.haichuan.pk}/").status_code == 404
    assert "王嘉禾" not in text(client, "/contacts/?q=wjh")
    ended = client.post("/contacts/view-as/end/")
    assert ended.headers["Location"] == "/contacts/"
    assert "王嘉禾" in text(client)
    who = str(book.holder.pk)
    assert trail() == [("view_as.start", who, ""), ("view_as.end", who, "button")]


def test_nothing_offers_or_does_anything(as_, book) -> None:
    """The creator may edit, share, reveal, apply; who looks through his eyes reads the areas and no more."""
    give_login(book.lin, book.external)
    client = begin(as_(book.holder), book.creator)
    for tab in ("basic", "rights", "account"):
        page = text(client, f"/contacts/?c={book.lin.pk}&tab={tab}")
        for word in (
            "/edit/",
            "/reveal/",
            "/disable/",
            "/share/",
            "/staff/",
            "/messages/",
            "/new/",
            "/console/",
            "/account/",
        ):
            assert word not in page.replace("tab=account", ""), (tab, word)
    assert client.get(f"/contacts/?c={book.lin.pk}&tab=history").status_code == 404
    for path in ("reveal/mobile", "edit", "share/view", "disable", "delete", "account/open"):
        assert client.post(f"/contacts/{book.lin.pk}/{path}/", {}).status_code == 403
    book.lin.refresh_from_db()
    assert book.lin.enabled


def test_a_maintainer_is_shown_his_own_dimensions_only(as_, book) -> None:
    """S sees a contact of the other dimension, and one of both by a share: the first stays hidden, of the second the
    place that is none of the maintainer's business."""
    org.let_view(book.ranged, book.channels)
    both = make_contact(book.purchase, "两边都在")
    places.add_membership(by=book.holder, contact=both, node=book.secret)
    share(both, book.ranged)
    share(book.hidden, book.ranged, "edit")
    client = begin(as_(book.maintainer), book.ranged)
    for path in (
        "/contacts/",
        "/contacts/?q=mi",
        f"/contacts/?c={both.pk}",
        f"/contacts/o/{book.suppliers.pk}/",
    ):
        page = text(client, path)
        assert "秘密" not in page, path
        assert "渠道" not in page, path
    assert "两边都在" in text(client)
    for path in (
        f"?c={book.hidden.pk}", f"o/{book.channels.pk}/", f"o/{book.channels.pk}/children/",
        f"{book.hidden.pk}/row/", f"{book.hidden.pk}/masked/mobile/",
    ):  # fmt: skip
        assert client.get(f"/contacts/{path}").status_code == 404, path
    # Looking through an administrator gives him nothing either.
    client.post("/contacts/view-as/end/")
    begin(client, org.make_administrator("管理员"))
    assert "王嘉禾" in text(client)
    assert "秘密" not in text(client)


def test_who_and_whom(as_, book) -> None:
    for who in (book.creator, book.ranged, book.stranger):
        assert as_(who).get("/contacts/view-as/").status_code == 403
        assert as_(who).post("/contacts/view-as/", {"person": book.lin.pk}).status_code == 403
    client = as_(book.maintainer)
    assert f'value="{book.ranged.pk}"' in text(
        client, f"/contacts/view-as/?person={book.ranged.pk}"
    )
    gone = org.make_person("离职", is_active=False)
    for person in ("", "abc", "0", str(gone.pk), str(book.external.pk), str(book.maintainer.pk)):
        assert client.post("/contacts/view-as/", {"person": person}).status_code == 422, person
    assert not trail()


def test_it_ends_with_the_time(as_, book) -> None:
    client = begin(as_(book.holder), book.ranged)
    ViewAs.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))
    fragment = client.get("/contacts/", headers={**HTMX, "HX-Target": "people"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/contacts/")
    page = text(client)
    assert "data-countdown" not in page
    assert "已结束" in page
    assert trail()[-1] == ("view_as.end", "", "time")
    begin(client, book.ranged)
    assert view_as.end_overdue(by=SystemActor("schedule")) == 0
    ViewAs.objects.filter(ended_at=None).update(until=timezone.now())
    assert [view_as.end_overdue(by=SystemActor("schedule")) for _ in "12"] == [1, 0]


@pytest.mark.parametrize("how", ["right", "target", "viewer", "logout", "elsewhere"])
def test_it_ends_with_the_right_to_it(as_, book, how) -> None:
    client = begin(as_(book.maintainer), book.ranged)
    if how == "right":
        NodeUserGrant.objects.filter(user=book.maintainer).delete()
    elif how == "target":
        User.objects.filter(pk=book.ranged.pk).update(is_active=False)
    elif how == "viewer":
        User.objects.filter(pk=book.maintainer.pk).update(is_active=False)
    elif how == "logout":
        client.post("/logout/")
    else:  # begun anew in another browser
        begin(as_(book.maintainer), book.creator)
    answer = client.get("/contacts/")
    assert answer.status_code == 302
    if how in ("viewer", "logout"):
        assert answer.headers["Location"].startswith("/login/")
    else:
        assert "data-countdown" not in text(client)
    if how != "viewer":
        assert (
            "view_as.end",
            str(book.maintainer.pk) if how in ("logout", "elsewhere") else "",
            {"elsewhere": "replaced", "target": "right"}.get(how, how),
        ) in trail()


def test_a_right_taken_away_is_gone_at_the_next_request(as_, book) -> None:
    """VIS-5 through other eyes: what the other loses, the page loses."""
    client = begin(as_(book.holder), book.ranged)
    assert "林晓彤" in text(client)
    nodes.set_enabled(by=book.maintainer, node=book.hengtuo, enabled=False)
    assert "林晓彤" not in text(client)
    nodes.set_enabled(by=book.maintainer, node=book.hengtuo, enabled=True)
    NodeUserGrant.objects.filter(user=book.ranged).delete()
    assert "林晓彤" not in text(client)
