"""Our forms: labels, descriptions, errors, classes, status."""

from __future__ import annotations

import re

from django import forms

from core.forms import UiForm
from core.styleguide_data import DemoForm


def test_every_input_has_a_label_and_its_descriptions_exist() -> None:
    html = str(DemoForm({"name": "", "email": "x@"}))
    ids = set(re.findall(r'\sid="([^"]+)"', html))
    for name in ("name", "email", "mobile", "category", "remark", "notify"):
        assert f'for="id_{name}"' in html
    described = [
        part for value in re.findall(r'aria-describedby="([^"]+)"', html) for part in value.split()
    ]
    assert described
    assert set(described) <= ids


def test_summary_links_to_the_fields() -> None:
    html = str(DemoForm({"name": "", "email": "x@"}))
    summary = html[html.index("data-errors") :]
    assert '<a href="#id_name">' in summary
    assert 'aria-invalid="true"' in html


def test_status() -> None:
    assert DemoForm().http_status == 200
    assert DemoForm({}).http_status == 422
    assert (
        DemoForm({"name": "林", "category": "a", "gender": "m", "remark": "x"}).http_status == 200
    )


def test_widgets_get_classes_and_keep_their_own() -> None:
    class Odd(UiForm):
        code = forms.CharField(widget=forms.TextInput(attrs={"class": "mono"}))
        both = forms.SplitDateTimeField(widget=forms.SplitDateTimeWidget())
        kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)

    html = str(Odd())
    assert 'class="form-control mono"' in html
    assert html.count('class="form-control"') == 2
    assert '<div id="id_kind">' in html, "the box around radio buttons has no class of an input"


def test_labels_and_errors_are_escaped() -> None:
    class Sharp(UiForm):
        name = forms.CharField(label="<b>名")

        def clean_name(self) -> str:
            raise forms.ValidationError("<script>")

    html = str(Sharp({"name": "x"}))
    assert "<b>" not in html.replace("<b><svg", "")
    assert "<script>" not in html


def test_counter_of_a_long_text() -> None:
    html = str(DemoForm(auto_id="a_%s", prefix="p"))
    counter = re.search(r'data-counter="([^"]+)"', html)
    assert counter
    assert f'id="{counter.group(1)}"' in html
