"""Forms of connections and policies. Each lists its fields; nothing else reaches a service (SECURITY T26)."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from contacts.widgets import PlaceInput
from core.forms import UiForm
from orgs.models import Node
from wecom_sync.models import Chain, Connection, LogLine, PlanItem
from wecom_sync.words import OWNED

_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class ConnectionForm(UiForm):
    """A connection; the secret is never filled in."""

    name = forms.CharField(
        label=pgettext_lazy("node", "Name"), max_length=100,
        help_text=_("As colleagues call the corp, for example Headquarters"),
        widget=forms.TextInput(attrs=_PLAIN),
    )  # fmt: skip
    corp_id = forms.RegexField(
        r"^[0-9A-Za-z_-]{2,64}$", label=_("Corp ID"), help_text=_("我的企业 → 企业信息 → 企业ID, at the very end"),
        widget=forms.TextInput(attrs=_PLAIN),
    )  # fmt: skip
    agent_id = forms.IntegerField(
        label=_("Agent ID"), min_value=1, max_value=2_147_483_647,
        help_text=_("应用管理 → the self-built app → AgentId"),
        widget=forms.TextInput(attrs=_PLAIN | {"inputmode": "numeric"}),
    )  # fmt: skip
    secret = forms.CharField(
        label=_("Secret"), max_length=200,
        help_text=_("Beside the AgentId. It is kept encrypted and never shown again"),
        widget=forms.PasswordInput(attrs=_PLAIN | {"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, connection: Connection | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if connection is None:
            return
        for name in ("name", "corp_id", "agent_id"):
            self.initial.setdefault(name, getattr(connection, name))
        self.fields["secret"].required = False
        self.fields["secret"].help_text = _(
            "Empty: the one that is kept stays. Another corp or application asks for its own"
        )


class DoorsForm(UiForm):
    """What else a connection is good for."""

    login = forms.BooleanField(
        label=_("Log in with WeCom"), required=False,
        help_text=_("Members of the corp and of its downstream corps. The address of this site must be the trusted "
                    "domain (可信域名, 企业微信授权登录) of the application"),
    )  # fmt: skip
    notify = forms.BooleanField(
        label=_("Notifications in WeCom"), required=False,
        help_text=_("Each person chooses for himself what comes. Approval cards need callbacks to be set up"),
    )  # fmt: skip


class TargetInput(PlaceInput):
    """A dimension or an organization."""

    def picker(self, **query: str) -> str:
        return super().picker(
            purpose="maintain", kinds=f"{Node.Kind.DIMENSION:d},{Node.Kind.ORGANIZATION:d}",
            title=gettext("Choose a dimension or an organization"), **query,
        )  # fmt: skip


class PolicyForm(UiForm):
    """What becomes of one chain here."""

    target = forms.ModelChoiceField(
        label=_("Lands in"), queryset=Node.objects.exclude(kind=Node.Kind.DEPARTMENT), required=False,
        help_text=_("A dimension or an organization. Without one the chain is only listed"),
        widget=TargetInput(),
    )  # fmt: skip
    leavers = forms.ChoiceField(
        label=_("People who left"), choices=Chain.Leavers.choices, widget=forms.RadioSelect
    )
    owned = forms.MultipleChoiceField(
        label=_("Kept by WeCom"), required=False, choices=list(OWNED.items()), widget=forms.CheckboxSelectMultiple,
        help_text=_("What is ticked is changed there and locked here; the rest is written once and then belongs to us"),
    )  # fmt: skip
    brake_percent = forms.IntegerField(
        label=_("Brake: more than … % of the people"), min_value=0, max_value=100
    )
    brake_people = forms.IntegerField(
        label=_("and more than … people would leave"), min_value=0, max_value=1_000_000,
        help_text=_("Then the run waits until somebody confirms it"),
    )  # fmt: skip

    def __init__(self, *args: Any, chain: Chain, picked: Node | None = None, **kwargs: Any) -> None:
        names = ("target", "leavers", "owned", "brake_percent", "brake_people")
        super().__init__(*args, initial={name: getattr(chain, name) for name in names}, **kwargs)
        self.initial["target"] = chain.target_id
        self.fields["target"].widget.allowed = picked or chain.target


def _named(department: Department) -> str:
    """Several may have one name, so each says what it stands under."""
    above = department.parent
    return f"{department.name} ({above.name})" if above else department.name


class InsideForm(UiForm):
    """The corp itself: departments, staff, rules."""

    sync_staff = forms.BooleanField(
        label=_("Departments and staff of the corp come along"), required=False,
        help_text=_("They become internal ones, without a password; nobody with rights is ever switched off by it"),
    )  # fmt: skip
    staff_under = forms.ModelChoiceField(
        label=_("The corp itself is this internal department"), required=False,
        queryset=Department.objects.select_related("parent").order_by("sort_key", "id"),
        empty_label=_("Not chosen"),
        help_text=_("Its departments stand below it, its people at its root are members of it"),
    )  # fmt: skip
    sync_rules = forms.BooleanField(
        label=_("Rules (对接规则) become visible ranges"), required=False,
        help_text=_("In both directions; ranges by hand stay beside them. The app needs 可调用接口的应用"),
    )  # fmt: skip

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        names = ("sync_staff", "staff_under", "sync_rules")
        super().__init__(
            *args, initial={name: getattr(connection, name) for name in names}, **kwargs
        )
        self.fields["staff_under"].label_from_instance = _named  # type: ignore[attr-defined]


class ItemsForm(UiForm):
    """Filters of the items of a plan; drawn from what the address says."""

    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *PlanItem.Status.choices]
    )
    kind = forms.CharField(required=False, widget=forms.HiddenInput)


class LogForm(UiForm):
    """Filter of a log."""

    LEVELS = (("", _("All lines")), (str(LogLine.Level.WARNING), _("Warnings and errors")),
              (str(LogLine.Level.ERROR), _("Errors only")))  # fmt: skip
    level = forms.ChoiceField(label=_("Kind of lines"), required=False, choices=LEVELS)
