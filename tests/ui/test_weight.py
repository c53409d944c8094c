"""The first visit of the fullest pages brings at most 100 KB, compressed as servers send it (issue 3)."""

import gzip
import re
from pathlib import Path

import pytest

from core.embedded.home import CHECKOUT
from tests.factories import orgs as org
from tests.factories.contacts import make_many

pytestmark = pytest.mark.django_db
LIMIT = 100 * 1024
LINKED = re.compile(r'(?:href|src)="/static/([^"#?]+)')
IMPORTED = re.compile(r"""(?:from|import) ?['"](\.[^'"]+)['"]""")


def files(html: str) -> set[Path]:
    """Everything a page loads of ours: style sheets, icons, scripts, and what scripts import."""
    waiting = [CHECKOUT / "static" / name for name in LINKED.findall(html)]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop().resolve()
        if file not in found:
            found.add(file)
            if file.suffix == ".js" and "vendor" not in file.parts:
                waiting += [
                    file.parent / name for name in IMPORTED.findall(file.read_text("utf-8"))
                ]
    return found


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


@pytest.mark.parametrize("address", ["/contacts/", "/console/orgs/{node}/contacts/", "/messages/"])
def test_a_first_visit_is_light(client, address: str) -> None:
    dimension = org.make_dimension()
    places = [org.make_organization(dimension, f"恒拓精密机械有限公司{n}") for n in range(30)]
    make_many(places, 60)
    client.force_login(org.make_holder())
    html = client.get(address.format(node=dimension.pk)).content
    weights = {file.name: compressed(file.read_bytes()) for file in files(html.decode())}
    assert {"bootstrap.min.css", "htmx.min.js", "app.js", "tree.js", "icons.svg"} <= weights.keys()
    total = compressed(html) + sum(weights.values())
    assert total <= LIMIT, {"page": compressed(html), **weights}
