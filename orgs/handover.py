"""What of the directory hangs on a staff member who is disabled (settings.HAND_OVER; SPEC ACC-6, ORG-9)."""

from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.handover import Hanging
from accounts.models import User
from core.actors import Actor
from im.services import notify
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, OrganizationDetail
from orgs.selectors.ranges import MAINTAIN, maintain
from orgs.services import grants

NAMES = 5
NOBODY_LEFT = gettext_noop("Nobody maintains the dimension %(name)s any more. Appoint a maintainer")


class Dimensions:
    """Dimensions that he maintains by himself; a right of his department stays with the department."""

    key, label = "dimensions", _("Who maintains the dimensions from now on")

    def hanging(self, user: User) -> list[Hanging]:
        own, alone = _own(user), orphaned(user)
        many = OrganizationDetail.objects.filter(owners=user).count()
        others = [one for one in own if one not in alone]
        return [
            Hanging(
                _("Dimensions that nobody else maintains"), len(alone), _names(alone),
                _("Without a successor nobody maintains them; administrators and holders are told."), warning=True,
            ),
            Hanging(_("Other dimensions he maintains"), len(others), _names(others)),
            Hanging(_("Organizations he is responsible for"), many, (), _("He stays named there.")),
        ]  # fmt: skip

    def hand_over(self, *, user: User, to: User, by: Actor) -> int:
        """The successor is appointed, the former one dismissed unless a synchronization rule keeps him."""
        own = _own(user)
        for dimension in own:
            grants.add_maintainer(by=by, dimension=dimension, to=to)
        manual = _granted(user).filter(source="manual").values("content_object")
        for dimension in Node.objects.filter(pk__in=manual):
            grants.remove_maintainer(by=by, dimension=dimension, to=user)
        return len(own)

    def left(self, user: User) -> None:
        """Tells whoever may appoint maintainers of each dimension that has none any more."""
        alone = orphaned(user)
        if not alone:
            return
        people = User.objects.active().filter(Q(is_superuser=True) | Q(is_holder=True))
        ids = list(people.values_list("pk", flat=True))
        for dimension in alone:
            # Kept as it was written, so it is written in the language of the installation.
            with translation.override(settings.LANGUAGE_CODE):
                body = gettext(NOBODY_LEFT) % {"name": dimension.name}
            key = f"no_maintainer:{dimension.pk}:{user.pk}:{user.session_epoch}"
            notify(user_ids=ids, card_kind="", card_ref="", body=body, dedupe_key=key)


def _granted(user: User) -> QuerySet[NodeUserGrant]:
    return NodeUserGrant.objects.filter(user=user, permission__codename=MAINTAIN)


def _own(user: User) -> list[Node]:
    ids = _granted(user).values("content_object")
    return list(Node.objects.filter(pk__in=ids).order_by("sort_key", "pk"))


def orphaned(user: User) -> list[Node]:
    """Dimensions that he maintains, by himself or through a department, and no other active member of staff does."""
    through = NodeGroupGrant.objects.filter(
        group__in=user.groups.all(), permission__codename=MAINTAIN
    )
    rows = (*_granted(user).values_list("content_object"), *through.values_list("content_object"))
    others = User.objects.active().staff().exclude(pk=user.pk)
    mine = Node.objects.filter(pk__in={pk for (pk,) in rows}).order_by("sort_key", "pk")
    return [node for node in mine if not others.filter(maintain([node.pk])).exists()]


def _names(nodes: Sequence[Node]) -> list[str]:
    return [node.name for node in nodes[:NAMES]]
