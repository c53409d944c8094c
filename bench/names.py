"""Names for composed files: from a folder with lists, or made up.

A folder holds company_names.txt and person_names.txt, one name a line. Without one the names are put
together from syllables, the same for the same seed.
"""

from __future__ import annotations

import random
from pathlib import Path

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "单仇解查区朴翟缪覃张陳劉楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇"
)
COMPOUND_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "尉迟", "万俟", "长孙", "令狐", "皇甫", "歐陽")
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰文辉力玲飞建国庆华志玉萍红鹏鑫波斌宇浩凯健俊帆雪婷佳嘉欣怡悦晨曦"
    "子涵梓轩浩然思远乐行重朝長樂華偉麗傑國慶"
)
PLACES = (
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "成都",
    "武汉",
    "苏州",
    "重庆",
    "天津",
    "西安",
    "厦门",
    "臺北",
    "長沙",
)
COMPANY_FIRST = "华信恒盛博瑞鼎泰安远鸿达中创新联汇通金科宏润东方天诚海纳星辰九州万嘉德利明卓越"
COMPANY_KIND = (
    "机电",
    "科技",
    "物流",
    "贸易",
    "材料",
    "食品",
    "软件",
    "医药",
    "建设",
    "传媒",
    "能源",
    "纺织",
    "包装",
    "咨询",
)


def read_list(path: Path) -> list[str]:
    """The lines of a list, without duplicates, in their order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def companies(count: int, rng: random.Random, folder: Path | None = None) -> list[str]:
    """`count` different company names."""
    names = read_list(folder / "company_names.txt")[:count] if folder else []
    taken = set(names)
    while len(names) < count:
        name = "".join(
            (rng.choice(PLACES), *rng.choices(COMPANY_FIRST, k=2), rng.choice(COMPANY_KIND))
        )
        if name in taken:
            name += str(len(names))
        taken.add(name)
        names.append(name)
    return names


def people(count: int, rng: random.Random, folder: Path | None = None) -> list[str]:
    """`count` names of persons; some occur more than once, as in life."""
    names = read_list(folder / "person_names.txt")[:count] if folder else []
    while len(names) < count:
        surname = rng.choice(COMPOUND_SURNAMES) if rng.random() < 0.03 else rng.choice(SURNAMES)
        names.append(surname + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2)))))
    return names
