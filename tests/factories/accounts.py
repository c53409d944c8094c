"""People and departments. Everybody's password is PASSWORD."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import Consent, Department, PrivacyNotice, User
from accounts.names import columns
from accounts.services import departments
from core.actors import SystemActor

PASSWORD = "correct horse battery 42"
BY = SystemActor("tests")


class UserFactory(factory.django.DjangoModelFactory):
    """An active staff member without any right. `password=None` gives an unusable one."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"测试员工{n}")
    kind = User.Kind.STAFF
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        kwargs["password"] = make_password(kwargs.pop("password"))
        return super()._create(model_class, *args, **{**columns(kwargs["name"]), **kwargs})


class StaffFactory(UserFactory):
    """A staff member; `department=` puts him into one (groups included)."""

    @factory.post_generation
    def department(self: User, create: bool, extracted: Department | None, **_: Any) -> None:  # type: ignore[misc]
        if create and extracted is not None:
            departments.add_member(department=extracted, user=self, by=BY)


class AdminFactory(UserFactory):
    is_superuser = True


class HolderFactory(UserFactory):
    is_holder = True


class ExternalUserFactory(UserFactory):
    """An external login that has accepted the newest privacy notice (`consented=False`: has not)."""

    username = factory.Sequence(lambda n: f"ext{n}")
    name = factory.Sequence(lambda n: f"外部人员{n}")
    kind = User.Kind.EXTERNAL

    @factory.post_generation
    def consented(self: User, create: bool, extracted: bool | None, **_: Any) -> None:  # type: ignore[misc]
        newest = PrivacyNotice.objects.order_by("-version").first()
        if create and extracted is not False and newest is not None:
            Consent.objects.create(user=self, notice=newest)


class DepartmentFactory(factory.django.DjangoModelFactory):
    """An internal department with its group; members come through accounts.services.departments."""

    class Meta:
        model = Department

    name = factory.Sequence(lambda n: f"部门{n}")
    parent = None
    group = factory.LazyFunction(
        lambda: Group.objects.create(name=f"department:test:{Group.objects.count()}")
    )

    @classmethod
    def _create(cls, model_class: type[Department], *args: Any, **kwargs: Any) -> Department:
        kwargs = {**columns(kwargs["name"], surname=False), **kwargs}
        return super()._create(model_class, *args, **kwargs)


class PrivacyNoticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PrivacyNotice

    version = factory.Sequence(lambda n: 100 + n)
    body = "隐私说明"
