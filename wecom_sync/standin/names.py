"""Words from which people, departments and corps of an invented world are named. Nobody and nothing here is real."""

from __future__ import annotations

import random
from typing import Final

SURNAMES: Final = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤仇单解查盖区乐曲朴"
)
COMPOUND: Final = ("欧阳", "上官", "司马", "诸葛", "尉迟", "令狐", "皇甫", "夏侯", "慕容", "长孙")
FIRST: Final = "子文嘉雨思明晓建国志春海雪若浩俊佳欣梓一立永新秀玉天宏泽书静云安以景承怀令"
SECOND: Final = (
    "轩涵怡瑞琪辰宇婷杰强华英敏洋磊涛军霞丽娜慧斌超博航宁远舟彤昂仪桐溪源豪然帆笑楠祎翀喆昊"
)
# Letters that sort, search and encode in unusual ways, and names that are not Chinese.
RARE: Final = (
    "㛃",
    "𠅤",
    "䶮",
    "仝",
    "逄",
    "濮阳·阿依古丽",
    "Ámal O'Brien",
    "Kim-Lee",
    "阿卜杜热合曼·买买提",
)

PLACES: Final = tuple("华东 临江 北辰 南岭 滨海 西岳 云岭 长河 东湖 青原 宁川 沙洲".split())
BRANDS: Final = tuple(
    "恒拓 云际 蓝鲸 九方 启明 远桥 鼎元 嘉禾 汇川 百川 星野 磐石 松果 海棠".split()
)
TRADES: Final = tuple("精密 物流 材料 信息 贸易 电子 包装 检测 机械 食品 医疗 能源".split())
MARK: Final = "（示例）"

DEPARTMENTS: Final = (
    *"销售部 市场部 采购部 质量部 财务部 客服部 技术部 生产部 仓储部 人事部 商务部 法务部".split(),
    *"研发中心 交付中心 项目部 运营部 华东大区 华南大区 华北大区 西南大区 一组 二组 三组 四组".split(),
)
POSITIONS: Final = tuple("经理 主管 专员 工程师 总监 助理 会计 采购员 客户经理 项目经理".split())
GROUPS: Final = tuple("供应商 经销商 服务商 华东 华南 华北 重点 一般 试用 战略 物流 外包".split())


class Names:
    """Names by the dice of one world."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def person(self) -> str:
        throw = self._dice.random()
        if throw < 0.005:
            rare = self._dice.choice(RARE)
            return rare if len(rare) > 1 else f"{rare}{self._dice.choice(SECOND)}"
        surname = self._dice.choice(COMPOUND if throw < 0.03 else SURNAMES)
        first = self._dice.choice(FIRST) if throw < 0.8 else ""
        return f"{surname}{first}{self._dice.choice(SECOND)}"

    def corp(self, number: int) -> str:
        """Different for different numbers as long as they are fewer than the combinations."""
        place = PLACES[number % len(PLACES)]
        brand = BRANDS[number // len(PLACES) % len(BRANDS)]
        trade = TRADES[(number + number // len(PLACES)) % len(TRADES)]
        more = number // (len(PLACES) * len(BRANDS))
        return f"{place}{brand}{trade}{more or ''}{MARK}"

    def department(self) -> str:
        return self._dice.choice(DEPARTMENTS)

    def position(self) -> str:
        return self._dice.choice(POSITIONS)
