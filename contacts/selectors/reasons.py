"""Why somebody sees a contact, in sentences that name the rule (SPEC VIS-3)."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import Contact, ContactGroupGrant, ContactUserGrant
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.selectors.places import places_of
from orgs.models import Node, NodeGroupGrant, NodeUserGrant


def why(user: User, contact: Contact) -> list[str]:
    """Every rule of SPEC VIS-1 by which `user` sees `contact` now; empty when none holds.

    For those who may maintain the contact: the sentences name nodes and departments.
    """
    viewer = viewer_of(user)
    if role_on(viewer, contact.pk) == Role.NONE:
        return []
    if viewer.everything:
        return [
            _("%(who)s is a system administrator and sees everything") % {"who": user.name}
            if viewer.scope.administrator
            else _("%(who)s holds external directory maintenance and sees everything")
            % {"who": user.name}
        ]
    nodes = list(Node.objects.filter(memberships__contact=contact))
    found = [
        _("%(who)s maintains “%(what)s”") % {"who": user.name, "what": node.dimension.name}
        for node in nodes
        if viewer.scope.maintains(node.dimension_id)
    ]
    if contact.live:
        found += _personal(user, viewer, contact) + _ranges(user, viewer, nodes)
    return list(dict.fromkeys(found))


def _personal(user: User, viewer: Viewer, contact: Contact) -> list[str]:
    found = []
    who = {"who": user.name}
    if contact.created_by_id == user.pk:
        found.append(_("%(who)s created this contact") % who)
    if contact.follower_id == user.pk:
        found.append(_("%(who)s is the follower") % who)
    if ContactUserGrant.objects.filter(content_object=contact, user=user).exists():
        found.append(_("It is shared with %(who)s") % who)
    shares = ContactGroupGrant.objects.filter(
        content_object=contact, group_id__in=viewer.groups
    ).select_related("group__department")
    for row in shares:
        department = getattr(row.group, "department", None)
        name = department.name if department else row.group.name
        found.append(_("It is shared with the department “%(name)s”") % {"name": name})
    return found


def _ranges(user: User, viewer: Viewer, nodes: list[Node]) -> list[str]:
    above = {pk for node in nodes if node.live for pk in node.ancestor_ids}
    view = Q(permission__codename="view_node", content_object__in=above)
    rows = [
        *NodeUserGrant.objects.filter(view, user=user).select_related("content_object"),
        *NodeGroupGrant.objects.filter(view, group_id__in=viewer.groups).select_related(
            "content_object", "group__department"
        ),
    ]
    places = places_of(row.content_object for row in rows)
    return [_range_sentence(user, row, places[row.content_object_id].path) for row in rows]


def _range_sentence(user: User, row: NodeUserGrant | NodeGroupGrant, path: str) -> str:
    if isinstance(row, NodeUserGrant):
        return _("The visible range of “%(node)s” holds %(who)s") % {
            "node": path,
            "who": user.name,
        }
    department = getattr(row.group, "department", None)
    return _("The visible range of “%(node)s” holds the department “%(name)s” of %(who)s") % {
        "node": path,
        "name": department.name if department else row.group.name,
        "who": user.name,
    }
