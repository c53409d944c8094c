"""Secrets at rest: encrypted with SECRETS_KEY, which lives outside the database (SECURITY T38, T87)."""

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(Exception):
    """The secret was encrypted with another key."""


def encrypt(text: str) -> bytes:
    """Ciphertext of `text` under the installation's key."""
    return Fernet(settings.SECRETS_KEY.encode()).encrypt(text.encode())


def decrypt(ciphertext: bytes) -> str:
    """The text; raises Unreadable when the key has changed."""
    try:
        return Fernet(settings.SECRETS_KEY.encode()).decrypt(bytes(ciphertext)).decode()
    except InvalidToken as error:
        raise Unreadable from error
