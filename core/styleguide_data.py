"""Made-up content of the style guide. Nobody and nothing in it exists."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

from django import forms
from django.utils import timezone

from core.forms import UiForm
from core.nav import ME, Group, Nav, NavItem
from core.ui import (
    Action,
    ApprovalCard,
    AppTile,
    Column,
    Crumb,
    Fact,
    LogLine,
    Pager,
    Picker,
    PickerItem,
    Secret,
    Stat,
    Step,
    Tab,
    TreeNode,
)

HOME = "/styleguide/"
BOOK = "/styleguide/book/"
MESSAGES = "/styleguide/messages/"
PORTAL = "/styleguide/portal/"
USES = {
    "actions": '{% include "components/actions.html" %}',
    "link_tabs": '{% include "components/link_tabs.html" with tabs=tabs label="组织" %}',
    "kv": '{% include "components/kv.html" with facts=facts css="kv-2" %}',
    "tag": '{% tag "account" contact.state %}',
    "avatar": '{% avatar user.name user.pk "sm" %} {% avatar_icon "bell" %}',
    "times": "{{ at|when }} {{ contact.mobile|masked }} {% highlight name q %}",
}
SOMEBODY = SimpleNamespace(
    is_external=False,
    is_authenticated=True,
    is_active=True,
    name="周明宇",
    pk=5,
    theme="auto",
    language="",
)
STATES = {
    "account": ["none", "pending", "opening", "active", "disabled", "locked", "expired"],
    "application": ["pending", "approved", "refused", "withdrawn", "lapsed"],
    "import": [
        "uploaded",
        "checking",
        "checked",
        "queued",
        "running",
        "succeeded",
        "partial",
        "failed",
        "refused",
    ],
    "node": ["enabled", "disabled"],
    "source": ["manual", "file", "wecom"],
}
PEOPLE = [
    ("陈思远", "采购部经理", "138****2691", "active"),
    ("林晓彤", "高级采购工程师", "139****0457", "none"),
    ("王嘉禾", "采购专员", "186****7713", "pending"),
    ("赵子墨", "采购专员", "150****3386", "opening"),
    ("欧阳若曦", "供应商管理", "177****9024", "active"),
    ("刘建国", "仓储主管", "135****6178", "disabled"),
    ("Maria Keller", "Sales engineer", "+49 151****2204", "locked"),
    ("徐静怡", "合同专员", "133****8861", "expired"),
]
ACTIONS = [
    Action("导入", HOME, icon="upload"),
    Action(
        "新增联系人",
        "/styleguide/dialog/form/",
        icon="plus",
        style="primary",
        dialog=True,
    ),
]
MORE = [
    Action(
        "移动到…",
        "/styleguide/dialog/picker/",
        icon="folder-symlink",
        dialog=True,
    ),
    Action(
        "删除",
        "/styleguide/dialog/confirm/",
        icon="trash",
        style="bad",
        dialog=True,
    ),
]
CRUMBS = [Crumb("外部组织维护", HOME), Crumb("战略供应商", HOME), Crumb("恒拓精密（示例）")]
COLUMNS = [
    Column("姓名"),
    Column("手机"),
    Column("账号状态"),
    Column("操作", css="c-op", hidden=True),
]
TABS = [
    Tab("详情", HOME, current=True),
    Tab("下级组织", HOME, count=2),
    Tab("联系人", HOME, count=67),
    Tab("维护者与可见范围", HOME),
    Tab("变更记录", HOME),
]
SEGMENTS = [Tab("全部", HOME, current=True), Tab("未读 3", HOME), Tab("审批 1", HOME)]
FACTS = [
    Fact("编码", "SUP-0042"),
    Fact("统一社会信用代码", "91320500MA1XXXXX0X", "mono"),
    Fact("对接人", "周明宇、沈佳"),
    Fact("备注", ""),
]
STATS = [
    Stat("全部", 3000, HOME, current=True),
    Stat("新增", 2840, HOME, kind="ok"),
    Stat("需处理", 42, HOME, kind="warn"),
    Stat("错误", 18, HOME, kind="bad", note="0.6%"),
]
SECRETS = [Secret("登录名", "ht-w7k3m9"), Secret("初始密码", "Teal-Harbor-47-Maple")]
APPS = [
    AppTile("个人待办", HOME, "checkbox", 0, badge=5),
    AppTile("消息", HOME, "message-circle", 0, badge=2),
    AppTile("订单", HOME, "shopping-cart", 1, external=True),
    AppTile("资金", HOME, "cash", 1, reason="授权已到期"),
]
PICKED = [
    PickerItem("u7", "周明宇", sub="采购中心"),
    PickerItem("d3", "采购中心", kind="department", sub="86 人"),
]
RESULTS = [
    PickerItem("u7", "周明宇", sub="采购中心"),
    PickerItem("u8", "沈佳", sub="信息技术部"),
    PickerItem("u9", "韩雪", sub="质量管理部 · 已停用", disabled=True),
    PickerItem(
        "d3", "采购中心", kind="department", sub="86 人", children_url="/styleguide/people/"
    ),
    PickerItem("n1", "恒拓精密（示例）", kind="node", sub="战略供应商"),
]


def now(minutes: int = 0, days: int = 0) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(minutes=minutes, days=days)


def nav(area: str) -> Nav:
    """Entries for the shells of the guide."""
    top = [
        NavItem("book", "通讯录", BOOK, "address-book", current=area == "book"),
        NavItem("messages", "消息", MESSAGES, "message-circle", current=area == "messages"),
        NavItem("portal", "门户", PORTAL, "apps"),
        NavItem("console", "管理后台", HOME, "settings", short="管理", current=area == "console"),
    ]
    side = [
        Group(
            "组织架构设置",
            [
                NavItem("orgs", "外部组织维护", HOME, "sitemap", current=True),
                NavItem("dimensions", "维度管理", HOME, "adjustments"),
            ],
        ),
        Group(
            "账号安全",
            [
                NavItem("applications", "外部账号开通申请", HOME, "clipboard-check", badge=6),
                NavItem("accounts", "外部账号", HOME, "user-check"),
            ],
        ),
    ]
    portal = [
        NavItem("home", "首页", PORTAL, "home", current=True),
        NavItem("todo", "待办", PORTAL, "checkbox", badge=5),
        NavItem("messages", "消息", PORTAL, "message-circle", badge=2),
        NavItem("staff", "我的联络人", PORTAL, "users", short="联络人"),
    ]
    bell = NavItem("bell", "通知", MESSAGES, "bell", badge=3)
    me = [
        NavItem("password", "修改密码", HOME, "key", ME),
        NavItem("sessions", "登录设备", HOME, "device-desktop", ME),
        NavItem("logout", "退出登录", HOME, "logout", ME, post=True),
    ]
    return Nav(top=top, console=side, portal=portal, me=me, bell=bell)


def tree() -> list[TreeNode]:
    """A dimension with one opened organization and one that loads its children."""
    base = BOOK
    departments = [
        TreeNode("11", "总经办", base, 3, 1, 3, "building-community", 4, "zongjingban"),
        TreeNode("12", "采购部", base, 3, 2, 3, "building-community", 12, "caigoubu", current=True),
        TreeNode("13", "质量管理部", base, 3, 3, 3, "building-community", 9, "zhiliangguanlibu"),
    ]
    organizations = [
        TreeNode("1", "苏州恒拓精密机械有限公司（示例）", base, 2, 1, 3, "building", 42, expandable=True,
                 children=departments, synced=True),
        TreeNode("2", "宁波海川电子（示例）", base, 2, 2, 3, "building", 58, expandable=True,
                 children_url="/styleguide/tree/2/"),
        TreeNode("3", "立衡物流（示例）", base, 2, 3, 3, "building", 28, note="停用", disabled=True),
    ]  # fmt: skip
    return [
        TreeNode("d1", "战略供应商", base, 1, 1, 2, "folder", 186, expandable=True, children=organizations),
        TreeNode("d2", "渠道合作伙伴", base, 1, 2, 2, "folder", 324, expandable=True,
                 children_url="/styleguide/tree/9/"),
    ]  # fmt: skip


def lazy_children(node: int) -> list[TreeNode]:
    """What a level of the tree answers when it is opened."""
    names = ["华东办事处", "销售一部", "财务部"]
    return [
        TreeNode(f"{node}-{n}", name, BOOK, 3, n, len(names), "building-community", n * 3)
        for n, name in enumerate(names, start=1)
    ]


def cards() -> list[ApprovalCard]:
    """The three looks of an application."""
    facts = [
        Fact("申请人", "沈佳 · 信息技术部"),
        Fact("备注", "MES 项目驻场实施，需要访问问题单与来访预约。"),
    ]
    common = {
        "title": "外部账号开通申请",
        "contact_place": "云际信息（示例）· 交付二部",
        "facts": facts,
    }
    return [
        ApprovalCard(1, state="pending", created_at=now(20), contact_id=5, contact_name="贺知远",
                     approve_url="/styleguide/", refuse_url="/styleguide/", card_url="/styleguide/book/",
                     **common),  # type: ignore[arg-type]  # one dict for all three
        ApprovalCard(2, state="approved", created_at=now(60), contact_id=6, contact_name="林晓彤", decided_by="吴凯",
                     decided_at=now(10), note="你无需再处理", **common),  # type: ignore[arg-type]  # as above
        ApprovalCard(3, state="refused", created_at=now(days=1), contact_id=8, contact_name="石磊", decided_by="李敏",
                     decided_at=now(days=1), reason="请补充保密协议", **common),  # type: ignore[arg-type]  # as above
    ]  # fmt: skip


def steps() -> list[Step]:
    return [
        Step("提交申请", "done", ["周明宇 · 2026-11-22 10:42", "备注：年度框架采购协同"]),
        Step("维护者审批", "now", ["任一人处理即可"], ("application", "pending")),
        Step("开通账号并通知"),
    ]


def log() -> list[LogLine]:
    return [
        LogLine(now(3), "i", "读取 3 000 行"),
        LogLine(now(2), "w", "第 118 行：手机号已存在，按“同一人”处理"),
        LogLine(now(1), "e", "第 240 行：统一社会信用代码校验位不对"),
    ]


def pagers() -> dict[str, Pager]:
    return {
        "numbered": Pager(total=126, page=3, pages=13),
        "keyset": Pager(total=1000, capped=True, previous_url="?before=a", next_url="?after=z"),
        "short": Pager(total=12, unit="人"),
    }


def picker(**changes: object) -> Picker:
    values: dict[str, object] = {
        "id": "dlg-picker",
        "title": "添加可见的人员或部门",
        "search_url": "/styleguide/people/",
        "name": "subject",
        "results": RESULTS,
        "chosen": PICKED[:1],
        "action": "/styleguide/dialog/picker/",
        "submit": "添加",
        "hint": "部门含其下级部门。",
        "tabs": [
            Tab("人员", "/styleguide/people/", current=True),
            Tab("部门", "/styleguide/people/"),
        ],
    }
    return Picker(**{**values, **changes})  # type: ignore[arg-type]  # keywords put together above


class DemoForm(UiForm):
    """Every kind of field."""

    two_columns = True
    wide = ("remark", "notify")

    name = forms.CharField(label="姓名", max_length=100)
    email = forms.EmailField(label="邮箱", required=False, help_text="用于发送激活链接")
    mobile = forms.CharField(
        label="手机", required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    category = forms.ChoiceField(label="外部用户分类", choices=[("a", "供应商"), ("b", "经销商")])
    until = forms.DateField(
        label="合作至", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    gender = forms.ChoiceField(
        label="性别", choices=[("m", "男"), ("f", "女")], widget=forms.RadioSelect
    )
    remark = forms.CharField(label="备注", max_length=200, widget=forms.Textarea)
    tags = forms.MultipleChoiceField(
        label="标签",
        required=False,
        choices=[("1", "重点"), ("2", "驻场")],
        widget=forms.CheckboxSelectMultiple,
    )
    notify = forms.BooleanField(label="保存后通知对接人", required=False)


class FilterForm(UiForm):
    """Filters over a list."""

    status = forms.ChoiceField(
        label="账号状态",
        required=False,
        choices=[("", "全部状态"), ("active", "已开通"), ("none", "未开通")],
    )
