"""Forms of the tree. Each lists its fields; nothing else reaches a service (SECURITY T26)."""

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.errors import Invalid
from core.forms import UiForm
from orgs.models import Category, Node, OrganizationDetail, Source, Tag
from orgs.selectors.below import DIRECT, EVERY, Asked
from orgs.selectors.trail import Asked as History
from orgs.services.fields import LENGTHS, OWNERS, REMARK

_SEPARATORS = re.compile(r"[,，、;；\n]+")
FILTER_CHOICES = 200
_OWNERS = OrganizationDetail.owners.through._default_manager
_NO_SUGGESTIONS = {"autocomplete": "off"}


def split(text: str) -> list[str]:
    """What was written with commas between."""
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def take(form: forms.BaseForm, error: Invalid) -> None:
    """Shows what a service refused beside the field it concerns."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


def _line(
    label: Any, field: str, *, required: bool = False, help_text: Any = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LENGTHS[field],
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs=dict(_NO_SUGGESTIONS)),
    )


def _order() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Order"),
        required=False,
        min_value=-99999,
        max_value=99999,
        help_text=_("Small numbers come first; equal ones stand by pinyin"),
    )


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _remark() -> forms.CharField:
    return forms.CharField(
        label=_("Remark"), required=False, max_length=REMARK, widget=forms.Textarea()
    )


class NodeForm(UiForm):
    """What all kinds have in common. `fields_for_service` gives what a service takes."""

    version = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def fields_for_service(self) -> dict[str, Any]:
        """Cleaned values by the names of orgs.services.fields.Fields."""
        values = dict(self.cleaned_data)
        values.pop("version", None)
        if "order" in values and values["order"] is None:
            values["order"] = 0
        return values


class NewNodeForm(NodeForm):
    """Common to new nodes: an empty order lets the service choose the place."""

    def fields_for_service(self) -> dict[str, Any]:
        values = super().fields_for_service()
        if "order" in self.fields and self.cleaned_data.get("order") is None:
            values.pop("order")
        return values


class DepartmentForm(NodeForm):
    """Department (SPEC ORG-4)."""

    wide = ("remark",)

    name = _line(pgettext_lazy("node", "Name"), "name", required=True)
    full_name = _line(_("Full name"), "full_name")
    order = _order()
    remark = _remark()


class NewDepartmentForm(NewNodeForm, DepartmentForm):
    """The same for a new one."""


class DimensionForm(NodeForm):
    """Dimension (SPEC ORG-2)."""

    name = _line(pgettext_lazy("node", "Name"), "name", required=True)
    name_en = _line(_("English name"), "name_en")
    code = _line(_("Code"), "code", help_text=_("Our own key; it stays when the name changes"))
    order = _order()
    description = _line(_("Description"), "description")


class NewDimensionForm(NewNodeForm, DimensionForm):
    """The same for a new one."""


class OrganizationShortForm(NewNodeForm):
    """New organization: what one knows at once; the rest is filled in by editing."""

    name = _line(pgettext_lazy("node", "Name"), "name", required=True)
    full_name = _line(_("Full name"), "full_name")
    code = _line(_("Code"), "code", help_text=_("Our own key; it stays when the name changes"))
    credit_code = forms.CharField(
        label=_("Unified social credit code"), max_length=64, required=False,
        widget=forms.TextInput(attrs=dict(_NO_SUGGESTIONS)),
    )  # fmt: skip
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), required=False, empty_label="–"
    )


class PeopleInput(forms.Widget):
    """Chips filled by the chooser of people; the values are hidden inputs of the same name."""

    template_name = "orgs/widgets/people.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return [value for value in given if value]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["people"] = self._people(value)
        return context

    def _people(self, value: Any) -> list[User]:
        ids = [item.pk if isinstance(item, User) else item for item in value or []]
        numbers = [int(pk) for pk in ids if str(pk).isdecimal()]
        return list(User.objects.staff().filter(pk__in=numbers).order_by("sort_key", "id"))

    def id_for_label(self, id_: str | None, index: Any = None) -> str:
        return ""


class OrganizationForm(OrganizationShortForm):
    """Organization (SPEC ORG-3)."""

    two_columns = True
    wide = ("tags", "owners", "remark")

    order = _order()
    cooperation_from = forms.DateField(
        label=_("Cooperation from"), required=False, widget=_day()
    )  # fmt: skip
    cooperation_to = forms.DateField(
        label=_("Cooperation to"), required=False, widget=_day()
    )  # fmt: skip
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=700, help_text=_("Separated by commas"),
        widget=forms.TextInput(attrs=dict(_NO_SUGGESTIONS)),
    )  # fmt: skip
    owners = forms.ModelMultipleChoiceField(
        label=_("Responsible people"), required=False, queryset=User.objects.active().staff(),
        widget=PeopleInput, help_text=_("Our own people who look after this organization"),
    )  # fmt: skip
    remark = _remark()

    def fields_for_service(self) -> dict[str, Any]:
        values = NodeForm.fields_for_service(self)
        values["owners"] = list(values["owners"])
        values["tags"] = split(values["tags"])
        return values

    def clean_owners(self) -> list[User]:
        people = list(self.cleaned_data["owners"])
        if len(people) > OWNERS:
            raise forms.ValidationError(_("At most %(limit)s people"), params={"limit": OWNERS})
        return people


NEW_FORMS: dict[int, type[NodeForm]] = {
    Node.Kind.ORGANIZATION: OrganizationShortForm,
    Node.Kind.DEPARTMENT: NewDepartmentForm,
}
EDIT_FORMS: dict[int, type[NodeForm]] = {
    Node.Kind.ORGANIZATION: OrganizationForm,
    Node.Kind.DEPARTMENT: DepartmentForm,
    Node.Kind.DIMENSION: DimensionForm,
}


class MoveForm(UiForm):
    """The new place of a node, chosen from a list: for browsers without script."""

    parent = forms.ChoiceField(label=_("New place"))

    def __init__(self, *args: Any, places: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].widget.choices = places


class BelowFilterForm(UiForm):
    """Filters of the tabs 下级组织 and 下级部门; `asked` is what the address says. The order is kept."""

    level = forms.ChoiceField(
        label=_("Level"), required=False,
        choices=[(DIRECT, _("Directly below")), (EVERY, _("All levels"))],
    )  # fmt: skip
    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[("", _("All states")), ("enabled", _("Enabled")), ("disabled", _("Disabled"))],
    )  # fmt: skip
    source = forms.ChoiceField(
        label=_("Source"), required=False, choices=[("", _("All sources")), *Source.choices]
    )
    category = forms.ModelChoiceField(
        label=_("Category"), required=False, queryset=Category.objects.all(),
        empty_label=_("All categories"),
    )  # fmt: skip
    tag = forms.ModelChoiceField(
        label=_("Tag"), required=False, queryset=Tag.objects.all(), empty_label=_("All tags")
    )
    owner = forms.ModelChoiceField(
        label=_("Responsible person"), required=False, queryset=User.objects.none(),
        empty_label=_("All responsible people"),
    )  # fmt: skip
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, asked: Asked) -> None:
        names = ("level", "state", "source", "category", "tag", "owner", "sort")
        super().__init__(initial={name: getattr(asked, name) for name in names})
        self._choose_from("owner", User.objects.filter(pk__in=_OWNERS.values("user")))
        self._choose_from("tag", Tag.objects.all())
        if not asked.sort:
            del self.fields["sort"]

    def _choose_from(self, name: str, rows: "QuerySet[Any]") -> None:
        """The first of many: a longer list belongs into the search."""
        field: Any = self.fields[name]
        field.queryset = rows[:FILTER_CHOICES]


class HistoryFilterForm(UiForm):
    """Filters of the tab 变更记录; the whole dimension is offered on its own page alone."""

    who = _("Who: name or login name")

    scope = forms.ChoiceField(
        label=_("Of what"), required=False,
        choices=[("", _("Only the dimension itself")), ("all", _("Everything in the dimension"))],
    )  # fmt: skip
    what = forms.ChoiceField(
        label=_("Action"), required=False,
        choices=[
            ("", _("All actions")), ("create", _("Created")), ("edit", _("Edited")), ("move", _("Moved")),
            ("order", _("Order changed")), ("switch", _("Disabled or enabled")), ("delete", _("Deleted")),
            ("range", _("Visible range")), ("maintainer", _("Maintainers")), ("staff", _("Visible staff")),
        ],
    )  # fmt: skip
    since = forms.DateField(label=_("From this day on"), required=False, widget=_day())
    until = forms.DateField(label=_("Up to this day"), required=False, widget=_day())

    def __init__(self, asked: History, node: Node) -> None:
        scope = "all" if asked.everything else ""
        start = {"what": asked.what, "since": asked.since, "until": asked.until, "scope": scope}
        super().__init__(initial=start)
        if node.kind != Node.Kind.DIMENSION:
            del self.fields["scope"]


class TagsForm(UiForm):
    """Tags for several organizations."""

    tags = forms.CharField(
        label=_("Tags"), max_length=700, help_text=_("Separated by commas"),
        widget=forms.TextInput(attrs=dict(_NO_SUGGESTIONS)),
    )  # fmt: skip

    def clean_tags(self) -> list[str]:
        return split(self.cleaned_data["tags"])


class CategoryForm(UiForm):
    """One 外部用户分类."""

    name = forms.CharField(label=pgettext_lazy("node", "Name"), max_length=50)
    order = forms.IntegerField(
        label=_("Order"), required=False, min_value=-99999, max_value=99999, initial=0
    )
    description = forms.CharField(label=_("Description"), max_length=200, required=False)

    def clean_order(self) -> int:
        return int(self.cleaned_data["order"] or 0)


class MergeForm(UiForm):
    """The category or tag that takes the place of another one."""

    target = forms.ModelChoiceField(
        label=_("Merge into"), queryset=Tag.objects.none(), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, source: Category | Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["target"]
        field.queryset = type(source)._default_manager.exclude(pk=source.pk)


class TagForm(UiForm):
    """Another word for a tag."""

    name = forms.CharField(label=pgettext_lazy("node", "Name"), max_length=30)


class DirectorySettingsForm(UiForm):
    """Settings of the directory."""

    staff_create_in_builtin = forms.BooleanField(
        label=_("Staff may create contacts in the built-in dimension"), required=False
    )
    default_security_level = forms.IntegerField(
        label=_("Security level of new contacts"), min_value=-999, max_value=0,
        help_text=_("From -999 to 0; 0 is the highest"),
    )  # fmt: skip
