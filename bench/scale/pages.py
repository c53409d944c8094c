"""Every list, filter, order and search that a page of the directory offers, as addresses of one viewer."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from contacts.models import Contact
from contacts.permissions import Viewer
from orgs.models import Category, Node, Tag

# Filters of the list in the back office; the address book takes the first three.
NARROWED = (
    {"status": "none"}, {"category": "{category}"}, {"tag": "{tag}"}, {"source": "manual"}, {"source": "wecom"},
    {"follower": "{person}"}, {"from": "2020-01-01"}, {"to": "2020-01-01"}, {"enabled": "no"}, {"mobile": "no"},
    {"email": "yes"}, {"here": "1"}, {"status": "active", "mobile": "yes", "source": "file", "tag": "{tag}"},
)  # fmt: skip
TURNED = ({}, {"sort": "-name"}, {"after": "wang~1"}, {"before": "wang~1"})
BELOW = (
    {"state": "disabled"}, {"source": "manual"}, {"source": "wecom"}, {"category": "{category}"}, {"tag": "{tag}"},
    {"owner": "{person}"}, {"sort": "-name"}, {"sort": "code"}, {"sort": "contacts"}, {"page": "9999"}, {"q": "ke"},
    {"q": "科技"},
)  # fmt: skip
WITHOUT_OBJECT = (
    "contacts:bin", "contacts:export-list", "contacts:import-list", "contacts:import-new", "contacts:job-list",
    "approvals:list", "approvals:mine", "approvals:badge", "orgs:home", "orgs:dimensions", "orgs:categories",
    "accounts:staff", "accounts:departments", "im:index", "contacts:new",
)  # fmt: skip
OF_A_NODE = (
    "orgs:node", "orgs:node-ranges", "orgs:node-history", "orgs:node-children", "orgs:node-disable", "orgs:node-move",
    "contacts:export-contacts", "contacts:console-new", "contacts:children",
)  # fmt: skip
OF_A_CONTACT = (
    "contacts:contact", "contacts:row", "contacts:why", "contacts:edit", "contacts:console-contact",
    "contacts:console-rights", "contacts:console-account", "contacts:console-history", "contacts:console-merge",
)  # fmt: skip


def addresses(viewer: Viewer, node: Node, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(name of the page, address) of everything; what a viewer may not open answers with a refusal."""
    known = {
        "category": Category.objects.values_list("pk", flat=True).first() or 0,
        "tag": Tag.objects.values_list("pk", flat=True).first() or 0,
        "person": User.objects.staff().order_by("-pk").values_list("pk", flat=True)[0],
    }
    for name, url in _book(viewer, node, words):
        yield name, url.format(**known)
    for name, url in _console(node, words):
        yield name, url.format(**known)


def _queries(url: str, name: str, queries: tuple[dict[str, str], ...]) -> Iterator[tuple[str, str]]:
    for query in queries:
        said = urlencode(query, safe="{}~")
        yield f"{name}?{said}" if said else name, f"{url}?{said}" if said else url


def _book(viewer: Viewer, node: Node, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The address book, its tree and its cards; people to write to; whoever is looked for by name."""
    index, here = reverse("contacts:index"), reverse("contacts:node", args=[node.pk])
    for name, url in (("contacts:index", index), ("contacts:node", here)):
        yield from _queries(url, name, (*TURNED, *NARROWED[:3]))
    for name, word in words.items():
        for page, url in (
            ("contacts:index", index),
            ("im:find", reverse("im:find")),
            ("accounts:picker-results", reverse("accounts:picker-results")),
        ):
            yield f"{page}?q={name}", f"{url}?{urlencode({'q': word})}"
    for name in ("orgs:node-picker-results",):
        for query in (
            {"purpose": "create"},
            {"purpose": "create", "q": "ke"},
            {"purpose": "create", "q": "科技"},
        ):
            yield from _queries(reverse(name), name, (query,))
    level = reverse("contacts:children", args=[node.dimension_id])
    yield from _queries(level, "contacts:children", ({"q": "ke"}, {"q": "科技"}, {"offset": "100"}))
    for pk in Contact.objects.page_for(viewer, size=1).ids[:1]:
        for name in OF_A_CONTACT:
            yield name, reverse(name, args=[pk])
        yield from _queries(
            index,
            "contacts:index",
            tuple({"c": str(pk), "tab": tab} for tab in ("basic", "rights", "account", "history")),
        )
        merge = reverse("contacts:console-merge", args=[pk])
        yield from _queries(merge, "contacts:console-merge", ({"q": "wang"}, {"q": "张"}))


def _console(node: Node, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The back office."""
    for name in WITHOUT_OBJECT:
        yield name, reverse(name)
    yield from _queries(reverse("contacts:bin"), "contacts:bin", ({"q": "wang"}, {"page": "99"}))
    statuses = tuple({"status": one} for one in ("pending", "approved", "refused", "withdrawn"))
    yield from _queries(reverse("approvals:list"), "approvals:list", (*statuses, {"q": "wang"}))
    for kind, pk in (("node", node.pk), ("dimension", node.dimension_id)):
        for name in OF_A_NODE:
            yield f"{name} of a {kind}", reverse(name, args=[pk])
        for name in ("orgs:node-organizations", "orgs:node-departments"):
            url = reverse(name, args=[pk])
            yield from _queries(url, f"{name} of a {kind}", ({}, *BELOW))
            every = tuple(query | {"level": "all"} for query in ({}, *BELOW))
            yield from _queries(url, f"{name} of a {kind}", every)
        url = reverse("contacts:console-list", args=[pk])
        yield from _queries(url, f"contacts:console-list of a {kind}", (*TURNED, *NARROWED))
        for word, q in words.items():
            yield f"contacts:console-list of a {kind}?q={word}", f"{url}?{urlencode({'q': q})}"
    for word, q in words.items():
        yield f"orgs:search?q={word}", f"{reverse('orgs:search')}?{urlencode({'q': q})}"
    for query in (
        {"purpose": "maintain"},
        {"purpose": "maintain", "q": "ke"},
        {"purpose": "maintain", "q": "科技"},
    ):
        yield from _queries(
            reverse("orgs:node-picker-results"), "orgs:node-picker-results", (query,)
        )
    yield (
        "contacts:node-counts",
        f"{reverse('contacts:node-counts')}?ids={node.pk},{node.dimension_id}",
    )
