"""A card that is acted on where it stands, seen by two people at once."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts import expiry
from im.models import Conversation
from tests.e2e.helpers import Open, check_everywhere, check_page
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def test_an_account_is_renewed_in_the_conversation(open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    place = org.make_organization(org.make_dimension("供应商"), "苏州恒拓精密有限公司")
    maintainer = org.make_maintainer(place.dimension, name="李敏")
    ends = timezone.now() + datetime.timedelta(days=6)
    give_login(make_contact(place, "林晓彤", expires_at=ends), org.make_external())
    monkeypatch.setattr(expiry.settings, "IM_DIGEST_HOUR", 0)
    assert expiry.announce() == 1
    talk = Conversation.objects.get(key=f"system:{maintainer.pk}")
    page = open_as(maintainer, f"/messages/{talk.pk}/")
    card = page.get_by_role("article", name="外部账号即将到期")
    expect(card.get_by_role("button", name="续期")).to_be_visible()
    check_everywhere(page, "expiry-card")
    card.get_by_role("button", name="续期").click()
    expect(card).to_contain_text("已续期")
    expect(card).to_contain_text("你 ·")
    check_page(page, "expiry-card-done")
