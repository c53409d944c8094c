"""Steps that several services take: the lock, a missing node, a code or a name that is taken."""

import contextlib
from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, Hidden, Invalid
from orgs import tree
from orgs.models import Node
from orgs.permissions import scope_for


def locked(*node_ids: int) -> list[Node]:
    """The nodes, read under the locks of their trees; raises Hidden when one is gone."""
    try:
        return tree.locked_all(*node_ids)
    except Node.DoesNotExist as error:
        raise Hidden(_("There is no such organization or department.")) from error


@contextlib.contextmanager
def named(node: Node) -> Iterator[None]:
    """Says for which of many it was refused."""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"“{node.name}”: {error}", field=error.field, code=error.code) from error


def refuse_twin(*, kind: int, name: str, parent: Node | None, besides: int | None = None) -> None:
    """Raises Invalid when a node of this kind and name stands there already; call it under the lock of the tree."""
    twins = Node.objects.filter(kind=kind, name=name, parent=parent)
    if besides:
        twins = twins.exclude(pk=besides)
    if twins.exists():
        raise Invalid(_("“%(name)s” is there already") % {"name": name}, field="name")


@contextlib.contextmanager
def unique_code(*, by: Actor, code: str | None, node_id: int | None = None) -> Iterator[None]:
    """Turns a taken code into Invalid: with the name of its node only for those who maintain that one (T13)."""
    if not code:
        yield
        return
    holder = Node.objects.filter(code=code).exclude(pk=node_id).first()
    if holder:
        raise _code_taken(holder if scope_for(by).maintains(holder.dimension_id) else None)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "code" not in str(error):
            raise
        raise _code_taken(None) from error


def _code_taken(holder: Node | None) -> Invalid:
    if holder:
        message = _("This code belongs to “%(name)s”") % {"name": holder.name}
    else:
        message = _(
            "This code cannot be used. Choose another one, or ask somebody who maintains everything"
        )
    return Invalid(message, field="code", code="code_taken")


def refuse_stale(node: Node, version: str) -> None:
    """Raises Conflict when the node was edited after a form with this `version` was made; "" asks nothing."""
    if version and version != version_of(node):
        raise Conflict(
            _("Somebody has changed “%(name)s” meanwhile. Look at the new values and edit again")
            % {"name": node.name}
        )


def version_of(node: Node) -> str:
    """What a form keeps to notice that the node was changed under its hands."""
    return node.updated_at.isoformat()
