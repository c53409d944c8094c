"""Staff, their rights, the first administrator, and what disabling ends."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ActivationLink, InitialSecret, Session, User
from accounts.services import access, credentials, people
from core.actors import SystemActor
from core.errors import Conflict, Denied, Invalid
from core.models import AuditEntry
from tests.factories.accounts import (
    PASSWORD,
    AdminFactory,
    ExternalUserFactory,
    HolderFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db
SYSTEM = SystemActor("tests")


def test_login_names_are_unique_whatever_their_case() -> None:
    admin = AdminFactory()
    people.create_staff(by=admin, username="Zhang.San", name="张三")
    with pytest.raises(Invalid) as error:
        people.create_staff(by=admin, username="zhang.san", name="张三")
    assert error.value.field == "username"


@pytest.mark.parametrize(
    "name", ["ab", "a" * 65, "张三", "with space", "аdmin", "-x-", "a\u202eb1"]
)
def test_malformed_login_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        people.create_staff(by=SYSTEM, username=name, name="张三")


def test_names_get_their_pinyin() -> None:
    user = people.create_staff(by=SYSTEM, username="danxx", name="單小雪")
    assert (user.sort_key, user.initials, user.simplified) == ("shanxiaoxue", "sxx", "单小雪")
    people.update_staff(user=user, by=SYSTEM, name="曾雪")
    user.refresh_from_db()
    assert user.sort_key == "zengxue"


@pytest.mark.parametrize("factory", [StaffFactory, HolderFactory, ExternalUserFactory])
def test_everybody_but_administrators_is_refused(factory: type) -> None:
    by, target = factory(), StaffFactory()
    for act in (
        lambda: people.create_staff(by=by, username="newone", name="新"),
        lambda: people.update_staff(user=target, by=by, name="新"),
        lambda: people.grant_holder(user=target, by=by),
        lambda: people.revoke_holder(user=target, by=by),
        lambda: people.grant_admin(user=target, by=by),
        lambda: people.revoke_admin(user=target, by=by),
        lambda: access.disable(user=target, by=by),
        lambda: access.enable(user=target, by=by),
        lambda: access.unlock(user=target, by=by),
        lambda: access.end_staff_sessions(user=target, by=by),
        lambda: credentials.reissue(user=target, reader_ids=[by.pk], by=by),
        lambda: credentials.set_own_credentials(
            user=target, username="xxx", password="y" * 20, by=by
        ),
    ):
        with pytest.raises(Denied):
            act()


def test_nobody_edits_his_own_rights() -> None:
    admin = AdminFactory()
    AdminFactory()
    for act in (people.grant_holder, people.revoke_holder, people.grant_admin, people.revoke_admin):
        with pytest.raises(Denied):
            act(user=admin, by=admin)
    with pytest.raises(Denied):
        access.disable(user=admin, by=admin)


def test_rights_are_given_taken_and_written_down() -> None:
    admin, user = AdminFactory(), StaffFactory()
    people.grant_holder(user=user, by=admin)
    people.grant_holder(user=user, by=admin)
    user.refresh_from_db()
    assert user.is_holder
    assert (
        AuditEntry.objects.filter(action="right.holder.grant", object_id=str(user.pk)).count() == 1
    )
    people.revoke_holder(user=user, by=admin)
    user.refresh_from_db()
    assert not user.is_holder
    with pytest.raises(Conflict):
        people.grant_holder(user=ExternalUserFactory(), by=admin)


def test_the_last_administrator_stays() -> None:
    admin = AdminFactory()
    with pytest.raises(Conflict):
        access.disable(user=admin, by=SYSTEM)
    with pytest.raises(Conflict):
        people.revoke_admin(user=admin, by=SYSTEM)
    other = AdminFactory()
    people.revoke_admin(user=admin, by=other)


def test_the_generic_update_reaches_no_protected_field() -> None:
    with pytest.raises(TypeError):
        people.update_staff(user=StaffFactory(), by=SYSTEM, is_superuser=True)


def test_first_administrator_once_and_never_again() -> None:
    by = SystemActor("setup")
    admin = people.create_first_admin(
        username="root1", name="管理员", password="Wolken-Treppe 7 grün", by=by
    )
    assert admin.is_superuser
    assert not admin.must_change_password
    admin.delete()
    with pytest.raises(Conflict):
        people.create_first_admin(
            username="root2", name="管理员", password="Wolken-Treppe 7 grün", by=by
        )


def test_an_administrator_made_otherwise_counts_too() -> None:
    User.objects.create_superuser("boss", PASSWORD, name="管理员").delete()
    with pytest.raises(Conflict):
        people.create_first_admin(
            username="root2", name="管理员", password="Wolken-Treppe 7 grün", by=SYSTEM
        )


def test_create_admin_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_admin", "--username", "root1", "--name", "管理员")
    shown = capsys.readouterr().out
    user = User.objects.get(username="root1")
    password = shown.split()[-1]
    assert user.check_password(password)
    with pytest.raises(CommandError):
        call_command("create_admin", "--username", "root2", "--name", "管理员")


def test_disable_ends_everything_and_enable_revives_nothing() -> None:
    admin, user = AdminFactory(), ExternalUserFactory()
    Session.objects.create(
        session_key="k1", session_data="", expire_date="2999-01-01T00:00Z", user_id=user.pk
    )
    ActivationLink.objects.create(user=user, token_hash="h", expires_at="2999-01-01T00:00Z")
    secret = InitialSecret.objects.create(user=user, issue_key="a:1", ciphertext=b"x")
    epoch = user.session_epoch
    access.disable(user=user, by=admin)
    access.enable(user=user, by=admin)
    user.refresh_from_db()
    secret.refresh_from_db()
    assert user.is_active
    assert user.session_epoch == epoch + 1
    assert not Session.objects.filter(user_id=user.pk).exists()
    assert ActivationLink.objects.get(user=user).revoked_at
    assert secret.revoked_at
    assert secret.ciphertext is None
