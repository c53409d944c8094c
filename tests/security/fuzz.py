"""Random requests: any address with right and wrong objects, any method, real form fields with hostile values."""

import random
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import get_resolver

from tests.architecture.sources import sources
from tests.matrix.asking import filled
from tests.matrix.routes import Row, rows
from tests.matrix.world import Matrix
from tests.security.asking import values

NUMBERS = (
    "0",
    "-1",
    "1",
    "007",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 40,
    "1e309",
    "٣",
)
TEXTS = (
    "", " ", "\x00", "a\x00b", "null", "NaN", "true", "[]", "{}", "²", "龘" * 150, "é" * 400, "a" * 6000, "\u202e<b>",
    "'; DROP TABLE x; --", "<script>alert(1)</script>", "{{ 7|add:7 }}", "%s %(x)s %", "../../etc/passwd", "=1+1",
    "\r\nX: y",
    "😀", "\ufffe", "𠮷", "p1", "d1", f"p{'9' * 30}", "1:1", "1:", ":1", f"{'9' * 25}:1", "1,2,x", "a_%\\b*", "(|&!:*'",
    "2026-02-30", "0001-01-01", "9999-12-31", "99999-01-01", "+8613800000000", "138****0000", "x@y", "https://evil.example/",
    "//evil.example", "/contacts/", "1", "0", "on", "all", "view", "edit", "direct", "organization", "maintainer",
)  # fmt: skip
BYTES = (b"%ff%fe", b"%ed%a0%80", b"%00", b"%c0%80", b"%E4%B8")
TARGETS = ("people", "card-slot", "tree-body", "node", "applications", "x" * 300, "龘")
TYPES = (
    "application/json", "text/plain", "application/xml", "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "", "龘",
    "image/svg+xml",
)  # fmt: skip
BODIES = (
    b"",
    b"{",
    b"[1",
    b"\xff\xfe\x00",
    b"--x\r\n",
    b"<a",
    b"a=%",
    b"&&&=;",
    b"a" * 3000,
    b'{"a": NaN}',
)
FILES = (
    b"",
    b"PK\x03\x04",
    b"GIF89a",
    b"\x89PNG\r\n\x1a\n",
    b"<svg onload=x>",
    b"a,b\n" * 50,
    b"\x00" * 2000,
)
METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
)
ASKED = re.compile(r"""(?:GET|POST|FILES|COOKIES)(?:\.get(?:list)?\(|\[)\s*["'](\w+)["']""")


@dataclass
class Asked:
    """One request, to be repeated by hand when it fails."""

    method: str
    path: str
    data: dict[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = MULTIPART_CONTENT
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, client: Client) -> Any:
        """The answer; cookies stay with this request."""
        kept = client.cookies.output()
        for key, value in self.cookies.items():
            client.cookies[key] = value
        try:
            body = self.body if self.body is not None else encode_multipart(BOUNDARY, self.data)
            if self.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
                body = b""
            return client.generic(
                self.method, self.path, body, content_type=self.content_type, headers=self.headers
            )
        finally:
            client.cookies.clear()
            client.cookies.load(re.sub("(?m)^Set-Cookie: ", "", kept))


@cache
def field_names() -> tuple[str, ...]:
    """Every name that a form or a view of the product reads."""
    found = {name for file in sources() for name in ASKED.findall(file.read_text(encoding="utf-8"))}
    known = list(forms.BaseForm.__subclasses__())
    while known:
        form = known.pop()
        known += form.__subclasses__()
        if not form.__module__.startswith("django"):
            found |= set(getattr(form, "base_fields", {}))
    return tuple(sorted(found))


@cache
def everything() -> tuple[Row, ...]:
    return rows()


class Fuzzer:
    """Makes requests from one seed."""

    def __init__(self, seed: int, matrix: Matrix, role: str) -> None:
        self.rng = random.Random(seed)
        self.matrix = matrix
        self.role = role
        self.open = [row for row in everything() if row.cells[role] in "YSO"]

    def request(self) -> Asked:
        rng = self.rng
        # Half of them where the role gets past the door: what lies behind it is asked however many doors there are.
        row = rng.choice(self.open if self.open and rng.random() < 0.5 else everything())
        method = row.method if rng.random() < 0.6 else rng.choice(METHODS)
        asked = Asked(method, self._path(row), headers=self._headers(), cookies=self._cookies())
        if rng.random() < 0.7:
            asked.path += ("&" if "?" in asked.path else "?") + self._query()
        if method not in ("GET", "HEAD"):
            asked.data = self._data(row)
            if rng.random() < 0.12:
                asked.body, asked.content_type = rng.choice(BODIES), rng.choice(TYPES)
        return asked

    def value(self) -> str:
        pick = self.rng.random()
        if pick < 0.3:
            return self.rng.choice(NUMBERS)
        return self.rng.choice(TEXTS) if pick < 0.7 else self._key()

    def _key(self, kind: str = "") -> str:
        """The key of something in the world."""
        kinds = [one for one in self.matrix.inside if not callable(self.matrix.inside[one]["SA"])]
        return str(self.rng.choice(values(kind or self.rng.choice(kinds), self.matrix)))

    def _path(self, row: Row) -> str:
        """The pattern of the row with right, foreign and hostile arguments; sometimes no address of ours at all."""
        if self.rng.random() < 0.04:
            return "/" + quote(self.rng.choice(TEXTS), safe="/") + self.rng.choice(("", "/", "//"))
        namespace, _, name = row.name.rpartition(":")
        possible = _patterns(namespace).getlist(name)
        template, parameters = possible[0][0][0]
        arguments = {}
        for parameter, arg in zip(parameters, row.args, strict=False):
            arguments[parameter] = self._argument(arg)
        return "/" + _prefix(namespace) + template % arguments

    def _argument(self, arg: str) -> str:
        pick = self.rng.random()
        if arg.startswith("="):
            return arg[1:] if pick < 0.6 else quote(self.value(), safe="")
        if pick < 0.5:
            side = self.matrix.inside if pick < 0.35 else self.matrix.outside
            return str(side[arg][self.role])
        if pick < 0.8:
            return self._key(arg)
        return quote(self.rng.choice(NUMBERS), safe="")

    def _query(self) -> str:
        parts = []
        for _ in range(self.rng.randint(1, 4)):
            name = quote(self.rng.choice(field_names()))
            hostile = self.rng.random() < 0.1
            raw = self.rng.choice(BYTES).decode() if hostile else quote(self.value())
            parts.append(f"{name}={raw}")
        return "&".join(parts)

    def _data(self, row: Row) -> dict[str, Any]:
        side = self.matrix.inside if self.rng.random() < 0.8 else self.matrix.outside
        data = {key: filled(value, side, self.role) for key, value in row.data.items()}
        for _ in range(self.rng.randint(0, 3)):
            name = self.rng.choice([*data, *self.rng.sample(field_names(), 3)])
            data[name] = self._field()
        return {key: value for key, value in data.items() if value is not None}

    def _field(self) -> Any:
        pick = self.rng.random()
        if pick < 0.08:
            name = self.rng.choice(("a.xlsx", "a.png", "\u202egnp.exe", "x" * 300, "a.csv", "../a"))
            return SimpleUploadedFile(
                name, self.rng.choice(FILES), self.rng.choice(("image/png", "", "x"))
            )
        return [self.value(), self.value()] if pick < 0.2 else self.value()

    def _headers(self) -> dict[str, str]:
        rng, found = self.rng, {}
        if rng.random() < 0.5:
            found["HX-Request"] = rng.choice(("true", "true", "x"))
            found["HX-Target"] = rng.choice(TARGETS)
            found["HX-Trigger"] = rng.choice(("search", *TARGETS))
        for name in ("HX-Boosted", "HX-Current-URL", "HX-History-Restore-Request", "Accept-Language", "Referer",
                     "X-Forwarded-For", "X-Request-Id", "If-Modified-Since", "Range", "Accept", "Origin"):  # fmt: skip
            if rng.random() < 0.06:
                found[name] = rng.choice(TEXTS).replace("\r\n", "")
        return found

    def _cookies(self) -> dict[str, str]:
        if self.rng.random() > 0.1:
            return {}
        names = ("wl-lang", "wl-theme", "messages", "wl-csrf", "wl-device", "x")
        return {self.rng.choice(names): quote(self.value())[:2000]}


@cache
def _patterns(namespace: str) -> Any:
    return _resolver(namespace)[1].reverse_dict


def _prefix(namespace: str) -> str:
    return str(_resolver(namespace)[0])


@cache
def _resolver(namespace: str) -> tuple[str, Any]:
    root = get_resolver()
    if not namespace:
        return "", root
    prefix, resolver = root.namespace_dict[namespace]
    return prefix, resolver
