"""Departments and people, by either token (doc 90208, 95350, 95351, 96255, 96260, 90213).

What is withheld is withheld: of downstream people come id, name, departments and status, never a number, a position or
who leads (fact sheet 3.3); of the own people no mobile and no address either, as for every app made after June 2022.
"""

from __future__ import annotations

from wecom_sync.standin.asking import EITHER, Answer, Ask, api
from wecom_sync.standin.state import Bearer, Refused
from wecom_sync.standin.world import Department, Person


def _below(ask: Ask) -> list[Department]:
    """The visible departments, or one of them and what is below it."""
    me = _whose(ask)
    visible = me.company.below(me.scope.departments)
    if ask.query.get("id"):
        top = ask.asked_number("id")
        if top not in visible:
            raise Refused(60011 if top in me.company.departments else 60003, "department")
        visible = me.company.below([top])
    return [me.company.departments[one] for one in visible]


def _whose(ask: Ask) -> Bearer:
    """The corp of the token; another one where that is asked for by a fault."""
    me = ask.me
    if ask.strikes("foreign"):
        other = next(one for one in me.upstream.open_views() if one is not me.view)
        return Bearer("", me.upstream, other, 0.0)
    return me


@api("department/list", EITHER)
def departments(ask: Ask) -> Answer:
    return {"department": [_told(one) for one in _below(ask)]}


@api("department/simplelist", EITHER)
def department_nodes(ask: Ask) -> Answer:
    return {
        "department_id": [
            {"id": one.id, "parentid": one.parentid, "order": one.order} for one in _below(ask)
        ]
    }


@api("department/get", EITHER)
def department(ask: Ask) -> Answer:
    ask.asked_number("id")
    return {"department": _told(_below(ask)[0])}


def _told(one: Department) -> Answer:
    return {
        "id": one.id, "name": one.name, "name_en": "", "parentid": one.parentid, "order": one.order,
        "department_leader": [],
    }  # fmt: skip


@api("user/list", EITHER)
def people(ask: Ask) -> Answer:
    """Of the department itself: fetch_child is gone from the documentation (doc 96259)."""
    me, number = ask.me, ask.asked_number("department_id")
    visible = set(me.company.below(me.scope.departments))
    if number not in visible:
        raise Refused(60011 if number in me.company.departments else 60003, "department")
    whose = _whose(ask)
    if whose is not me:
        visible = set(whose.company.departments)
        number = next(one for one in visible if one != number and whose.company.of_department(one))
    found = whose.company.of_department(number)
    return {"userlist": [_person(whose, one, visible) for one in found]}


@api("user/get", EITHER)
def person(ask: Ask) -> Answer:
    me, given = ask.me, ask.query.get("userid", "")
    if not given:
        raise Refused(41009, "userid missing")
    if me.view:
        found = me.view.person(given)
    else:
        found = next((p for i, p in me.company.people.items() if i.lower() == given.lower()), None)
    if found is None:
        raise Refused(60111, "userid not found")
    departments, visible = me.company.visible(me.scope)
    if found.userid not in visible:
        raise Refused(60011, "no privilege to access/modify contact")
    if ask.strikes("foreign"):
        found = next(one for one in me.company.people.values() if one is not found)
    return _person(me, found, set(departments))


def _person(me: Bearer, one: Person, visible: set[int]) -> Answer:
    departments = [number for number in one.departments if number in visible]
    told: Answer = {
        "userid": me.id_of(one.userid), "name": one.name, "department": departments,
        "order": [one.order] * len(departments), "status": one.status, "gender": "0",
    }  # fmt: skip
    if departments:
        told["main_department"] = departments[0]
    if me.view is None:
        told |= {
            "position": one.position, "alias": "", "telephone": "", "direct_leader": [],
            "is_leader_in_dept": [int(one.leads)] * len(departments), "extattr": {"attrs": []},
        }  # fmt: skip
    return told


@api("tag/get", EITHER)
def tag(ask: Ask) -> Answer:
    me, number = ask.me, ask.asked_number("tagid")
    if number not in me.scope.tags:
        raise Refused(60011, "tag")
    names = [one for one in me.scope.tags[number] if one in me.company.people]
    listed = [{"userid": me.id_of(one), "name": me.company.people[one].name} for one in names]
    return {"tagname": f"标签{number}", "userlist": listed, "partylist": []}


@api("user/list_id", EITHER)
def contact_sync_only(_ask: Ask) -> Answer:
    """The secret of the contact-sync helper alone may ask this; nobody here has it."""
    raise Refused(48002, "api forbidden")
