"""How Chinese characters are read in names, where that differs from running text."""

from __future__ import annotations

from typing import Final

# Surnames whose reading as a surname is not the character's first one. Where families differ, the
# commoner one stands here; a person's own reading is corrected on the card, and the other is still
# found by search (POLYPHONES).
SINGLE: Final[dict[str, str]] = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "区": "ou", "朴": "piao",
    "盖": "ge", "乐": "yue", "翟": "zhai", "缪": "miao", "覃": "qin", "秘": "bi", "冼": "xian",
    "洗": "xian", "员": "yun", "折": "she", "种": "chong", "重": "chong", "祭": "zhai", "黑": "he",
    "召": "shao", "谌": "chen", "繁": "po", "隗": "wei", "郗": "xi", "车": "che", "句": "gou",
    "阚": "kan", "能": "nai", "哈": "ha", "訾": "zi", "褚": "chu", "宁": "ning", "纪": "ji",
    "柏": "bai", "薄": "bo", "尉": "wei", "过": "guo", "莘": "shen", "沈": "shen", "应": "ying",
    "葛": "ge", "牟": "mou", "幺": "yao", "么": "yao", "藏": "zang", "叶": "ye", "贲": "ben",
    "相": "xiang", "谷": "gu", "眭": "sui", "颉": "xie", "乜": "nie", "亓": "qi", "佴": "nai",
    "逯": "lu", "宿": "su", "石": "shi", "贾": "jia", "殷": "yin", "蔚": "yu", "俞": "yu",
    "余": "yu", "万": "wan", "都": "du", "那": "na", "宓": "mi", "佘": "she", "卜": "bu",
    "干": "gan", "曲": "qu", "适": "kuo", "逄": "pang", "哱": "po", "臧": "zang", "澹": "tan",
    "呙": "guo", "郇": "xun", "璩": "qu", "邵": "shao", "邸": "di", "丌": "qi", "芮": "rui",
    "任": "ren", "华": "hua", "尹": "yin", "盛": "sheng", "晁": "chao", "晟": "cheng",
}  # fmt: skip

# Compound surnames: they decide where the given name begins, and some have readings of their own.
COMPOUND: Final[dict[str, tuple[str, str]]] = {
    surname: (first, second)
    for surname, first, second in (
        line.split()
        for line in """
        尉迟 yu chi;万俟 mo qi;澹台 tan tai;单于 chan yu;长孙 zhang sun;令狐 ling hu;宰父 zai fu
        夏侯 xia hou;皇甫 huang fu;呼延 hu yan;濮阳 pu yang;淳于 chun yu;公冶 gong ye
        宗政 zong zheng;贺兰 he lan;独孤 du gu;第五 di wu;欧阳 ou yang;司马 si ma;上官 shang guan
        诸葛 zhu ge;闻人 wen ren;东方 dong fang;赫连 he lian;公羊 gong yang;公孙 gong sun
        太叔 tai shu;申屠 shen tu;仲孙 zhong sun;轩辕 xuan yuan;钟离 zhong li;宇文 yu wen
        慕容 mu rong;鲜于 xian yu;闾丘 lv qiu;司徒 si tu;司空 si kong;亓官 qi guan;司寇 si kou
        子车 zi ju;颛孙 zhuan sun;端木 duan mu;巫马 wu ma;公西 gong xi;漆雕 qi diao;乐正 yue zheng
        壤驷 rang si;公良 gong liang;拓跋 tuo ba;夹谷 jia gu;谷梁 gu liang;段干 duan gan
        百里 bai li;东郭 dong guo;南门 nan men;羊舌 yang she;微生 wei sheng;梁丘 liang qiu
        左丘 zuo qiu;东门 dong men;西门 xi men;南宫 nan gong;完颜 wan yan;耶律 ye lv;纳兰 na lan
        叶赫 ye he;钮祜 niu hu;富察 fu cha;哥舒 ge shu;贺若 he ruo;达奚 da xi;步六 bu liu
        仆固 pu gu;高阳 gao yang;范姜 fan jiang;张简 zhang jian
        """.replace("\n", ";").split(";")
        if line.strip()
    )
}

# Characters read in more than one way in real names: search finds a person under each.
POLYPHONES: Final[dict[str, tuple[str, ...]]] = {
    "单": ("shan", "dan"), "曾": ("zeng", "ceng"), "仇": ("qiu", "chou"), "解": ("xie", "jie"),
    "查": ("zha", "cha"), "区": ("ou", "qu"), "朴": ("piao", "pu"), "盖": ("ge", "gai"),
    "乐": ("yue", "le"), "翟": ("zhai", "di"), "缪": ("miao", "mou"), "覃": ("qin", "tan"),
    "秘": ("bi", "mi"), "洗": ("xian", "xi"), "员": ("yun", "yuan"), "折": ("she", "zhe"),
    "种": ("chong", "zhong"), "重": ("zhong", "chong"), "祭": ("zhai", "ji"), "黑": ("he", "hei"),
    "繁": ("po", "fan"), "隗": ("wei", "kui"), "郗": ("xi", "chi"), "句": ("gou", "ju"),
    "柏": ("bai", "bo"), "薄": ("bo", "bao"), "尉": ("wei", "yu"), "莘": ("shen", "xin"),
    "牟": ("mou", "mu"), "藏": ("zang", "cang"), "谷": ("gu", "yu"), "颉": ("xie", "jie"),
    "宿": ("su", "xiu"), "贾": ("jia", "gu"), "蔚": ("wei", "yu"), "长": ("chang", "zhang"),
    "都": ("du", "dou"), "车": ("che", "ju"), "朝": ("chao", "zhao"), "行": ("xing", "hang"),
    "晟": ("sheng", "cheng"), "茜": ("qian", "xi"), "娜": ("na", "nuo"), "传": ("chuan", "zhuan"),
    "校": ("xiao", "jiao"), "省": ("xing", "sheng"), "调": ("diao", "tiao"),
    "降": ("jiang", "xiang"), "弹": ("dan", "tan"), "番": ("fan", "pan"), "石": ("shi", "dan"),
    "伽": ("jia", "qie"), "阿": ("a", "e"), "拓": ("tuo", "ta"), "洞": ("dong", "tong"),
    "率": ("shuai", "lv"), "圣": ("sheng",), "珩": ("heng", "hang"), "蕃": ("fan", "bo"),
    "适": ("shi", "kuo"),
}  # fmt: skip
