"""The invented company of the demo and the organizations around it. Nobody and nothing here is real.

Organizations carry （示例） in their names, addresses end in example.com, mobiles are of the unallocated range 160
(composed files use 154).
"""

from typing import Final

COMPANY: Final = "远桥科技（示例）"
# Department → the one above it.
DEPARTMENTS: Final[dict[str, str]] = {
    COMPANY: "",
    "采购中心": COMPANY, "战略采购部": "采购中心", "间接采购部": "采购中心",
    "销售部": COMPANY, "渠道管理组": "销售部", "大客户组": "销售部",
    "法务部": COMPANY, "财务部": COMPANY, "信息技术部": COMPANY, "行政部": COMPANY,
}  # fmt: skip
# Login, name, department, position. The first five have a password of their own.
STAFF: Final = (
    ("demo.admin", "周敏", "信息技术部", "系统管理员"),
    ("demo.holder", "何静", "行政部", "外部互联主管"),
    ("demo.maintainer", "吴凯", "渠道管理组", "渠道主管"),
    ("demo.staff", "林晓", "渠道管理组", "渠道经理"),
    ("demo.newcomer", "高远", "行政部", "行政助理"),
    ("sun.qian", "孙倩", "采购中心", "采购总监"),
    ("zhao.lei", "赵磊", "战略采购部", "采购经理"),
    ("qian.yu", "钱宇", "战略采购部", "采购专员"),
    ("zheng.hao", "郑浩", "间接采购部", "采购专员"),
    ("wang.fang", "王芳", "间接采购部", "采购经理"),
    ("feng.tao", "冯涛", "采购中心", "质量工程师"),
    ("chen.chen", "陈晨", "销售部", "销售总监"),
    ("zhu.lin", "朱琳", "渠道管理组", "渠道专员"),
    ("qin.feng", "秦峰", "大客户组", "大客户经理"),
    ("xu.ying", "许莹", "大客户组", "客户经理"),
    ("shan.yu", "单雨", "大客户组", "客户专员"),
    ("ouyang.lan", "欧阳岚", "销售部", "销售助理"),
    ("lu.ming", "吕明", "法务部", "法务经理"),
    ("shi.qing", "施晴", "法务部", "法务专员"),
    ("zhang.wei", "张伟", "财务部", "财务经理"),
    ("kong.jie", "孔洁", "财务部", "出纳"),
    ("cao.yang", "曹阳", "信息技术部", "运维工程师"),
    ("yan.ru", "严如", "信息技术部", "开发工程师"),
    ("hua.mei", "华梅", "行政部", "行政专员"),
    ("jin.bo", "金波", "行政部", "前台"),
)
ROLES: Final = {
    "demo.admin": ("系统管理员", "System administrator"),
    "demo.holder": ("外部互联维护人员", "Holder of external directory maintenance"),
    "demo.maintainer": ("渠道合作伙伴 的维护者", "Maintainer of one dimension"),
    "demo.staff": ("内部员工，有可见范围", "Staff with a visible range"),
    "demo.newcomer": ("内部员工，没有可见范围", "Staff without a visible range"),
    "demo.external": ("外部联系人", "External person"),
}

SUPPLIERS: Final = "战略供应商"
CHANNEL: Final = "渠道合作伙伴"
AUTHORITIES: Final = "政府与监管机构"
DIMENSIONS: Final = (
    (SUPPLIERS, "Strategic suppliers", "suppliers", "长期供货的生产与服务企业"),
    (CHANNEL, "Channel partners", "channel", "经销商、代理商和集成商"),
    (AUTHORITIES, "Authorities", "authorities", "主管部门与行业机构"),
)
CATEGORIES: Final = (
    ("生产供应商", "提供原料、部件和整机"), ("服务供应商", "物流、设计、检测等服务"),
    ("经销商", "区域销售"), ("集成商", "项目集成与交付"), ("监管机构", "主管部门与行业协会"),
)  # fmt: skip
# Dimension, name, code, category, tags, responsible member of staff, departments.
ORGANIZATIONS: Final = (
    (SUPPLIERS, "恒拓精密（示例）", "SUP-001", "生产供应商", "重点;年框", "zhao.lei", "采购部;质量部;销售部/华东区"),
    (SUPPLIERS, "云际信息（示例）", "SUP-002", "服务供应商", "重点", "wang.fang", "项目部;质量部"),
    (SUPPLIERS, "蓝鲸物流（示例）", "SUP-003", "服务供应商", "年框", "zheng.hao", "运输部;客服部"),
    (SUPPLIERS, "九方材料（示例）", "SUP-004", "生产供应商", "", "qian.yu", "销售部;技术部"),
    (CHANNEL, "东海经销（示例）", "CH-001", "经销商", "华东;金牌", "demo.staff", "销售部;市场部;财务部"),
    (CHANNEL, "南岭代理（示例）", "CH-002", "经销商", "华南", "demo.staff", "销售部;客服部"),
    (CHANNEL, "北辰集成（示例）", "CH-003", "集成商", "华北;金牌", "zhu.lin", "交付中心/实施一组;商务部"),
    (CHANNEL, "西岳科技（示例）", "CH-004", "集成商", "西北", "zhu.lin", "销售部"),
    (CHANNEL, "旧港贸易（示例）", "CH-005", "经销商", "", "zhu.lin", "销售部"),
    (AUTHORITIES, "滨江市场监管局（示例）", "GOV-001", "监管机构", "", "lu.ming", "注册科;质量科"),
    (AUTHORITIES, "滨江税务局（示例）", "GOV-002", "监管机构", "", "zhang.wei", "征管科"),
    (AUTHORITIES, "智能制造协会（示例）", "GOV-003", "监管机构", "", "lu.ming", "秘书处"),
)  # fmt: skip
SUBSIDIARY: Final = (CHANNEL, "东海经销（示例）", "东海经销宁波分公司（示例）", "CH-001-NB")
DISABLED: Final = "旧港贸易（示例）"
# Who maintains which dimension: a person, or an internal department.
MAINTAINERS: Final = (
    (CHANNEL, "demo.maintainer"),
    (SUPPLIERS, "sun.qian"),
    (AUTHORITIES, "法务部"),
)
# Node → people and internal departments that see it.
RANGES: Final = (
    (SUPPLIERS, "采购中心"), ("恒拓精密（示例）", "feng.tao"), ("恒拓精密（示例）", "qin.feng"),
    (CHANNEL, "渠道管理组"), ("北辰集成（示例）", "大客户组"), ("智能制造协会（示例）", "chen.chen"),
    ("滨江税务局（示例）", "财务部"),
)  # fmt: skip
# Node → staff whom external people there see.
VISIBLE_STAFF: Final = (
    (CHANNEL, "demo.staff"), (CHANNEL, "demo.maintainer"), (SUPPLIERS, "战略采购部"),
    ("东海经销（示例）", "渠道管理组"),
)  # fmt: skip

SURNAMES: Final = (
    "李刘杨黄徐马胡郭罗梁宋谢韩唐董袁邓傅沈曾彭萧蔡潘田程丁魏薛叶阎余杜戴夏钟汪任"
    "姜范方石姚谭廖邹熊陆郝孔白崔康毛邱江史顾侯邵孟龙万段雷汤尹黎易常武乔贺赖龚文"
)
GIVEN: Final = (
    "晓彤", "子昂", "令仪", "明远", "雨桐", "若溪", "俊杰", "思源", "嘉豪", "欣怡", "浩然", "梓涵", "天宇", "梦琪",
    "志远", "雅婷", "文博", "佳慧", "立新", "海燕", "建平", "春华", "国栋", "秀英",
)  # fmt: skip
POSITIONS: Final = (
    "总经理",
    "销售经理",
    "商务经理",
    "客户经理",
    "项目经理",
    "技术支持",
    "财务",
    "助理",
)
PEOPLE: Final = 100
"""So many come by the file of the demo; staff add some by hand."""

# The demo's external person: organization, name, position.
EXTERNAL: Final = ("东海经销（示例）", "陈嘉", "区域经理")
# The same person elsewhere: organization, name, position, whom he sees there and what that one has written.
OTHER_IDENTITY: Final = (
    "智能制造协会（示例）", "陈嘉", "特聘专家", "lu.ming", "陈老师好，下周的标准评审会定在周四下午，请确认能否参加。",
)  # fmt: skip
# Contacts that demo.staff created, with what became of the application for their account.
APPLIED: Final = (
    ("东海经销（示例）", "苏禾", "销售主管", "pending", "对账和订单查询需要登录门户"),
    ("南岭代理（示例）", "贾宁", "商务经理", "pending", "季度返利需要在线确认"),
    ("南岭代理（示例）", "秦悦", "客服主管", "approved", "售后工单需要在门户处理"),
    ("北辰集成（示例）", "尚可", "项目经理", "refused", "临时项目需要查看文档"),
    ("西岳科技（示例）", "柳青", "技术经理", "withdrawn", "测试环境对接"),
    ("东海经销（示例）", "温静", "财务经理", "lapsed", "开票信息核对"),
)
REFUSAL: Final = "该项目已由交付中心的账号统一处理，不再单独开通"
# Contacts in the built-in dimension, created by plain staff.
LOOSE: Final = (("chen.chen", "章然", "展会认识的设计师"), ("hua.mei", "程露", "会务公司联系人"))
TALK: Final = (
    ("demo.external", "林经理好，十二月的备货计划我们已经填好了，请帮忙看一下。"),
    ("demo.staff", "收到，我下午核对。宁波仓的数量是否已经包含在内？"),
    ("demo.external", "包含在内，第三页有明细。"),
    ("demo.staff", "好的，核对完告诉你。"),
    ("demo.external", "另外，新同事苏禾的账号什么时候可以开通？"),
)
# A second one of the same organization; and the group of both with staff: its name, its staff, what is said.
SECOND: Final = ("东海经销（示例）", "方妍", "订单专员")
GROUP: Final = ("东海经销年度备货群（示例）", ("demo.maintainer", "zhu.lin"))
GROUP_TALK: Final = (
    ("demo.staff", "各位好，十二月的备货都在这个群里对。", ""),
    ("demo.external", "好的。订单由我们的 方妍 跟进，她每周三更新明细。", ""),
    ("demo.staff", "@方妍 明细麻烦按仓库分开，宁波仓单独一页。", "方妍"),
    ("demo.maintainer", "@林晓 合同编号用今年的框架协议，别用旧的。", "林晓"),
)
COLLEAGUES: Final = (
    ("demo.staff", "demo.maintainer", "吴主管，东海和南岭各有一位联系人申请开通账号，麻烦看一下。"),
    ("demo.maintainer", "demo.staff", "好，今天处理。"),
)
