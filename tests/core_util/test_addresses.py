"""The quick way to an address is the address."""

import pytest
from django.urls import NoReverseMatch, get_script_prefix, reverse, set_script_prefix

from core.addresses import address


@pytest.mark.parametrize(
    "name", ["contacts:node", "contacts:children", "orgs:node", "orgs:node-children"]
)
@pytest.mark.parametrize("number", [0, 1, 10, 2_000_000])
def test_it_is_what_reverse_says(name: str, number: int) -> None:
    assert address(name, number) == reverse(name, args=[number])


def test_below_another_place_of_the_server_it_stands_there() -> None:
    before = get_script_prefix()
    assert address("orgs:node", 7).startswith("/console/")
    set_script_prefix("/partners/")
    try:
        assert address("orgs:node", 7) == reverse("orgs:node", args=[7])
        assert address("orgs:node", 7).startswith("/partners/console/")
    finally:
        set_script_prefix(before)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(NoReverseMatch):
        address("orgs:nowhere", 1)
