"""A world from a seed and sizes: the same ones give the same world, id by id.

It has what makes naive readers fail: ids that differ in case alone, one user id in two corps, people in two
departments, ranges that are a forest with hidden parents, people allowed singly, a joined corp without a share, corps
seen by two upstream corps under different ids.
"""

from __future__ import annotations

import hashlib
import random
import string
from dataclasses import dataclass

from wecom_sync.standin.names import GROUPS, MARK, Names
from wecom_sync.standin.world import (
    ROOT,
    App,
    Chain,
    Company,
    Department,
    Group,
    Link,
    Person,
    Rule,
    Scope,
    Upstream,
    View,
    World,
    opaque,
)

ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Sizes:
    """corps, people: downstream, over all upstream corps together. The others: of each upstream corp.

    `twice`: so many downstream corps are seen by the next upstream corp, too. `crowd`: people to a department.
    `scoped`: every so manieth downstream corp shows a part of itself only; 0 for none.
    """

    upstreams: int = 1
    corps: int = 6
    people: int = 300
    staff: int = 40
    chains: int = 1
    groups: int = 4
    pending: int = 2
    unshared: int = 1
    rules: int = 2
    twice: int = 0
    crowd: int = 12
    scoped: int = 5


def world(seed: int, sizes: Sizes) -> World:
    """The world of these numbers."""
    made = World(seed, random.Random(seed))  # noqa: S311  # a game's dice: it must be repeatable
    names = Names(made.dice)
    for number in range(sizes.upstreams):
        upstream = _upstream(made, names, sizes, number)
        made.upstreams[upstream.corpid] = upstream
    _downstream(made, names, sizes)
    for upstream in made.upstreams.values():
        _oddities(upstream, sizes)
        _rules(made, upstream, sizes)
    return made


def secret(*parts: str | int) -> str:
    """Letters and digits that belong to these parts."""
    digest = hashlib.sha512("/".join(map(str, parts)).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:43])


def _upstream(made: World, names: Names, sizes: Sizes, number: int) -> Upstream:
    corpid = "ww" + hashlib.sha256(f"up{made.seed}/{number}".encode()).hexdigest()[:16]
    company = Company(corpid, f"远桥科技{number + 1 if number else ''}{MARK}")
    fill(made, names, company, sizes.staff, sizes.crowd)
    app = App(
        agentid=1000002 + number, secret=secret("secret", made.seed, number), name="外联通",
        token=secret("token", made.seed, number)[:24], aes_key=secret("aes", made.seed, number),
    )  # fmt: skip
    upstream = Upstream(company, app)
    for index in range(sizes.chains):
        chain = Chain(
            opaque("wc", corpid, index)[:32], f"{GROUPS[index % len(GROUPS)]}上下游{index + 1}"
        )
        chain.groups[ROOT] = Group(ROOT, chain.name, 0, 0)
        for one in range(2, sizes.groups + 1):
            parent = made.dice.randint(1, one - 1)
            chain.groups[one] = Group(
                one, f"{GROUPS[(one - 2) % len(GROUPS)]}{one}", parent, 1000 - one
            )
        upstream.chains[chain.id] = chain
    return upstream


def _downstream(made: World, names: Names, sizes: Sizes) -> None:
    """Companies, and their places in the chains of one or two upstream corps."""
    upstreams = list(made.upstreams.values())
    shares = _shares(made, sizes.people, sizes.corps)
    for number, people in enumerate(shares):
        company = _company(made, names, number, people, sizes.crowd)
        at = number % len(upstreams)
        # The last of each stay without a share, as where an administrator there has not confirmed it.
        shared = number < sizes.corps - sizes.unshared * len(upstreams)
        part = bool(sizes.scoped) and number % sizes.scoped == sizes.scoped // 2 + 1
        attach(made, upstreams[at], company, number, shared=shared, part=part)
        if number < sizes.twice and len(upstreams) > 1:
            attach(made, upstreams[(at + 1) % len(upstreams)], company, number + sizes.corps)
    number = sizes.corps
    for upstream in upstreams:
        for _one in range(sizes.pending):
            company = _company(made, names, number, 3, sizes.crowd)
            attach(made, upstream, company, number, joined=False)
            number += 1


def _shares(made: World, total: int, parts: int) -> list[int]:
    """So many people over so many corps, unevenly, at least one each."""
    weights = [made.dice.uniform(0.3, 1.7) for _ in range(parts)]
    counts = [max(1, round(total * weight / sum(weights))) for weight in weights]
    if counts:
        counts[0] = max(1, counts[0] + total - sum(counts))
    return counts


def _company(made: World, names: Names, number: int, people: int, crowd: int) -> Company:
    corpid = "ww" + hashlib.sha256(f"down{made.seed}/{number}".encode()).hexdigest()[:16]
    company = Company(corpid, names.corp(number))
    fill(made, names, company, people, crowd)
    return company


def fill(made: World, names: Names, company: Company, people: int, crowd: int) -> None:
    """Departments up to five levels deep, and people in them, some in two."""
    dice = made.dice
    company.departments[ROOT] = Department(ROOT, company.name, 0, 100000000)
    depth = {ROOT: 1}
    for _one in range(max(people // crowd, 3 if people > 5 else 0)):
        parent = dice.choice(list(depth)[-30:])
        if depth[parent] >= 5:
            parent = ROOT
        one = new_department(company, names.department(), parent)
        depth[one.id] = depth[parent] + 1
    numbers = list(company.departments)
    for _one in range(people):
        new_person(made, names, company, numbers)


def new_department(company: Company, name: str, parent: int) -> Department:
    number = company.next_number
    company.next_number += 1
    made = Department(number, name, parent, 100000000 - number * 1000)
    company.departments[number] = made
    company.changed()
    return made


def new_person(made: World, names: Names, company: Company, numbers: list[int]) -> Person:
    dice, count = made.dice, len(company.people) + len(company.gone)
    departments = [dice.choice(numbers)]
    if dice.random() < 0.08 and len(numbers) > 1:
        departments.append(dice.choice([one for one in numbers if one != departments[0]]))
    person = Person(
        userid=f"{dice.choice('abcXYZ')}{count + 1:05d}", name=names.person(), departments=departments,
        status=dice.choices((1, 2, 4), (94, 2, 4))[0], position=names.position(),
        mobile=f"160{dice.randrange(10**8):08d}", order=dice.randrange(1000), leads=dice.random() < 0.05,
        custom_id=str(dice.randrange(10**5, 10**9)) if dice.random() < 0.3 else "",
    )  # fmt: skip
    company.people[person.userid] = person
    company.changed()
    return person


def attach(
    made: World, upstream: Upstream, company: Company, number: int, *, joined: bool = True,
    shared: bool = True, part: bool = False,
) -> Link:  # fmt: skip
    """Puts a company into a chain of an upstream corp."""
    chains = list(upstream.chains.values())
    chain = chains[number % len(chains)]
    view = View(
        company, opaque("wp", upstream.corpid, company.corpid), 1000100 + number, upstream.corpid,
        shared=shared, scope=_part(made, company) if part else Scope(),
    )  # fmt: skip
    upstream.views[view.corpid] = view
    link = Link(
        view, made.dice.choice(list(chain.groups)), joined, opaque("wq", upstream.corpid, company.corpid),
        f"C{number:05d}" if number % 3 or not joined else "",
    )  # fmt: skip
    chain.links.append(link)
    return link


def _part(made: World, company: Company) -> Scope:
    """Two branches with hidden parents, and two people singly."""
    numbers = list(company.departments)
    if len(numbers) < 4:
        return Scope()
    inside = made.dice.sample(numbers[1:], 2)
    hidden = set(company.people) - set(company.visible(Scope(departments=inside))[1])
    return Scope(departments=inside, userids=sorted(hidden)[:2])


def _oddities(upstream: Upstream, sizes: Sizes) -> None:
    """Two corp ids that differ in the case of one letter; one user id in two corps."""
    views = [one for one in upstream.views.values() if upstream.joined(one)][:2]
    if len(views) < 2 or sizes.corps < 3:
        return
    first, second = views
    at = next(i for i, letter in enumerate(first.corpid[2:], 2) if letter.isalpha())
    del upstream.views[second.corpid]
    second.corpid = first.corpid[:at] + first.corpid[at].swapcase() + first.corpid[at + 1 :]
    upstream.views[second.corpid] = second
    one = next(iter(first.company.people))
    second.fixed[next(iter(second.company.people))] = first.id_of(one)


def _rules(made: World, upstream: Upstream, sizes: Sizes) -> None:
    for chain in upstream.chains.values():
        for number in range(1, sizes.rules + 1):
            chain.rules[number] = new_rule(made, upstream, chain, number)


def new_rule(made: World, upstream: Upstream, chain: Chain, number: int) -> Rule:
    dice, joined = made.dice, [one.view.corpid for one in chain.links if one.joined]
    near = dice.sample(
        list(upstream.company.departments), min(2, len(upstream.company.departments))
    )
    people = [dice.choice(list(upstream.company.people))] if number % 2 else []
    far = [] if number % 2 and joined else [dice.choice(list(chain.groups))]
    corpids = [dice.choice(joined)] if joined and (number % 2 or not far) else []
    return Rule(number, near, people, far, corpids)
