"""A card that is acted on where it stands; a browser that is told."""

from __future__ import annotations

import datetime
import json

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


WORDS = {"title": "外联通", "body": "2 条未读消息", "url": "/messages/", "lang": "zh-hans"}


SHOWN = """async () => {
    const made = await navigator.serviceWorker.getRegistration('/push/');
    for (let n = 0; n < 100; n++) {
        const all = await made.getNotifications();
        const shown = all.map(({ title, body, lang, data }) => ({ title, body, lang, url: data.url }));
        if (shown.length) return shown;
        await new Promise(resolve => setTimeout(resolve, 50));
    }
    return [];
}"""


def test_what_a_push_service_brings_is_shown(open_as: Open) -> None:
    """A browser without a screen reaches no push service: the debugging protocol hands its worker the message."""
    page = open_as(org.make_person(), "/messages/settings/")
    origin = page.evaluate("location.origin")
    page.context.grant_permissions(["notifications"], origin=origin)
    page.reload()
    box = page.locator("#channel-push")
    expect(box.get_by_role("button", name="在此浏览器开启提醒")).to_be_visible()
    check_everywhere(page, "reminders-push")
    cdp, seen = page.context.new_cdp_session(page), []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated", lambda event: seen.extend(event["registrations"])
    )
    cdp.send("ServiceWorker.enable")
    page.evaluate(
        """async () => {
            const made = await navigator.serviceWorker.register('/push/worker.js', { scope: '/push/' });
            const worker = made.installing || made.waiting || made.active;
            while (worker.state !== 'activated') await new Promise(resolve => setTimeout(resolve, 20));
        }"""
    )
    assert page.evaluate("navigator.serviceWorker.controller") is None
    (registration,) = [one for one in seen if one["scopeURL"].endswith("/push/")][:1]
    message = {
        "origin": origin, "registrationId": registration["registrationId"], "data": json.dumps(WORDS),
    }  # fmt: skip
    # The protocol drops what comes before the worker of a busy browser listens.
    for _try in range(6):
        cdp.send("ServiceWorker.deliverPushMessage", message)
        if shown := page.evaluate(SHOWN):
            break
    assert shown == [WORDS]
