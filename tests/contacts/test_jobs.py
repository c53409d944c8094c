"""The bin is emptied after 30 days; files of pictures go when nobody shows them."""

import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from contacts import closure, jobs
from contacts.models import Contact
from contacts.services import people
from core.models import AuditEntry, OutboxEntry
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, share

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_only_what_is_old_enough_goes_for_good() -> None:
    node, holder = org.make_dimension(), org.make_holder()
    kept, young, old = (make_contact(node, name) for name in ("留着", "刚删", "早删"))
    share(old, org.make_person())
    for contact in (young, old):
        people.delete(by=holder, contact=contact)
    ago = timezone.now() - datetime.timedelta(days=jobs.BIN_DAYS, minutes=1)
    Contact.objects.filter(pk=old.pk).update(deleted_at=ago)
    assert jobs.purge_bin() == 1
    assert jobs.purge_bin() == 0
    assert set(Contact.objects.all()) == {kept, young}
    entry = AuditEntry.objects.get(action="contact.purge")
    assert (entry.object_label, entry.actor_kind) == ("早删", "system")
    assert not closure.problems()


def test_former_pictures_are_deleted_after_the_change() -> None:
    contact = make_contact(org.make_dimension())
    contact.avatar.save("a.webp", ContentFile(b"x"))
    name = contact.avatar.name
    people.change_avatar(by=org.make_holder(), contact=contact, file=None)
    entry = OutboxEntry.objects.get(task="contacts.delete_picture")
    assert default_storage.exists(name)
    jobs.delete_picture(**entry.arguments)
    jobs.delete_picture(**entry.arguments)
    assert not default_storage.exists(name)


def test_a_picture_that_is_shown_stays() -> None:
    contact = make_contact(org.make_dimension())
    contact.avatar.save("a.webp", ContentFile(b"x"))
    jobs.delete_picture(name=contact.avatar.name)
    jobs.delete_picture(name="imports/other.xlsx")
    assert default_storage.exists(contact.avatar.name)
