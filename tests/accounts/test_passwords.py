"""What may be a password."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts import passwords
from accounts.models import User

USER = User(username="zhangsan88", name="张三", email="zs@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "wailianwailian123",
        "外联通外联通外联通外联通外联通",
        "qwertyuiopasdfghjkl",
        "1234567890123456789",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabc",
        "zhangsan88zhangsan88",
        "password-password-1",
        "Qwerty-Asdfgh-Zxcvb",
        "示例集团示例集团示例集团2026",
    ],
)
def test_blocked(password: str, settings: object) -> None:
    settings.COMPANY_WORDS = ["示例集团"]  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        validate_password(password, USER)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery 42",
        "春眠不觉晓处处闻啼鸟夜来风雨声花落",
        "x7k-mwp-q2d-9rt-hhg",
        "Ab1!" * 0 + "mein Hund frisst gern Käse" * 4,
    ],
)
def test_taken(password: str) -> None:
    validate_password(password, USER)


def test_the_refusal_is_chinese() -> None:
    with translation.override("zh-hans"), pytest.raises(ValidationError) as error:
        validate_password("qwertyuiop1234567890", USER)
    assert any("\u4e00" <= char <= "\u9fff" for char in " ".join(error.value.messages))
    with translation.override("zh-hans"):
        for rule in passwords.rules():
            assert any("\u4e00" <= char <= "\u9fff" for char in rule), rule
