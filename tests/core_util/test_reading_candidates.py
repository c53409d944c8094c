"""Other ways to read a name, to be offered to whoever corrects it (SPEC CON-1)."""

import pytest

from core.reading import candidates


@pytest.mark.parametrize(
    ("name", "reading", "offered"),
    [
        ("单晓彤", None, ["dan xiao tong"]),
        ("单晓彤", "dan xiao tong", ["shan xiao tong"]),
        ("曾乐", None, ["zeng yue", "ceng le", "ceng yue"]),
        ("仇英", None, ["chou ying"]),
        ("解宁", None, ["jie ning"]),
        ("王伟", None, []),
        ("Smith", None, []),
        ("", None, []),
    ],
)
def test_offered(name, reading, offered) -> None:
    assert sorted(candidates(name, reading)) == sorted(offered)


def test_a_name_of_many_readings_stays_short() -> None:
    assert len(candidates("单曾仇解查区朴盖乐翟")) == 8
