"""Random login names that can be read out on the telephone (SPEC ACC-3)."""

import secrets
from collections.abc import Callable

# Without i, l, o, 0, 1 and the pairs that fonts or ears confuse (2/z, 5/s, 8/b, u/v).
CONSONANTS = "cdfghjkmnprtwx"
VOWELS = "aeuy"
DIGITS = "34679"
TRIES = 200


def generate(exists: Callable[[str], bool]) -> str:
    """A readable login name such as "taceru473" for which `exists` is False.

    Raises RuntimeError when chance fails TRIES times in a row, which means that `exists` is broken.
    """
    for _try in range(TRIES):
        name = _random()
        if not exists(name):
            return name
    raise RuntimeError("no free login name found")


def _random() -> str:
    letters = "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(3))
    return letters + "".join(secrets.choice(DIGITS) for _ in range(3))
