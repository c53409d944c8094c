"""Typed reading of the environment. Every malformed value raises ImproperlyConfigured naming the variable."""

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

from core.logs import add_request_id, escape_control, hide_tokens

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _confidential(url: str, *, loopback: bool) -> bool:
    """Whether this is an address to which a secret may go: https, or http on this machine where that is allowed."""
    parts = urlsplit(url)
    near = loopback and parts.scheme == "http" and parts.hostname in LOOPBACK
    more = parts.query or parts.fragment or parts.username or parts.password
    return (
        bool((parts.scheme == "https" or near) and parts.hostname and not more) and len(url) <= 200
    )


class Environment:
    """Reads os.environ once per name; has no state of its own."""

    def text(self, name: str, *, default: str | None = None) -> str:
        value = os.environ.get(name, default)
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        raw = os.environ.get(name)
        if raw is None:
            return default
        if raw.lower() in TRUE_WORDS:
            return True
        if raw.lower() in FALSE_WORDS:
            return False
        raise ImproperlyConfigured(
            f"{name} must be 1 or 0 (true/false, yes/no, on/off), not {raw!r}."
        )

    def number(self, name: str, *, default: int, minimum: int, maximum: int) -> int:
        raw = os.environ.get(name, str(default))
        try:
            value = int(raw)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from error
        if not minimum <= value <= maximum:
            raise ImproperlyConfigured(f"{name} must be from {minimum} to {maximum}, not {value}.")
        return value

    def words(self, name: str, *, default: list[str]) -> list[str]:
        raw = os.environ.get(name)
        return default if raw is None else [word.strip() for word in raw.split(",") if word.strip()]

    def tuple_of(self, *names: str) -> tuple[str, ...]:
        return names

    def url(self, name: str, *, default: str) -> str:
        value = os.environ.get(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise ImproperlyConfigured(f"{name} must look like https://host[:port], not {value!r}.")
        return value

    def openid(self, name: str) -> dict[str, Any]:
        """An OpenID Connect provider: NAME_ISSUER, NAME_CLIENT_ID, NAME_CLIENT_SECRET(_FILE), NAME_LABEL. It speaks
        https; NAME_ALLOW_LOOPBACK lets one on this machine speak http. {} without an issuer.
        """
        issuer = os.environ.get(f"{name}_ISSUER", "")
        if not issuer:
            return {}
        loopback = self.flag(f"{name}_ALLOW_LOOPBACK", default=False)
        if not _confidential(issuer, loopback=loopback):
            raise ImproperlyConfigured(
                f"{name}_ISSUER must look like https://login.example.com/realm, not {issuer!r}."
            )
        return {
            "issuer": issuer,
            "client_id": self.text(f"{name}_CLIENT_ID"),
            "client_secret": self._filed(f"{name}_CLIENT_SECRET")
            or self.text(f"{name}_CLIENT_SECRET"),
            "label": self.text(f"{name}_LABEL", default="企业统一登录"),
            "loopback": loopback,
        }

    def gateway(self, name: str) -> dict[str, Any]:
        """An HTTP gateway: NAME_URL, NAME_TOKEN(_FILE). It speaks https; NAME_ALLOW_LOOPBACK lets one on this machine
        speak http. {} without an address.
        """
        url = os.environ.get(f"{name}_URL", "")
        if not url:
            return {}
        loopback = self.flag(f"{name}_ALLOW_LOOPBACK", default=False)
        if not _confidential(url, loopback=loopback):
            raise ImproperlyConfigured(
                f"{name}_URL must look like https://sms.example.com/send, not {url!r}."
            )
        token = self._filed(f"{name}_TOKEN") or self.text(f"{name}_TOKEN")
        if not re.fullmatch(r"[!-~]{16,500}", token):
            raise ImproperlyConfigured(
                f"{name}_TOKEN must be 16 to 500 letters, digits and signs without spaces."
            )
        return {"url": url, "token": token, "loopback": loopback}

    @staticmethod
    def _filed(name: str) -> str:
        """What the file NAME_FILE holds; "" without one."""
        file_name = os.environ.get(f"{name}_FILE")
        if not file_name:
            return ""
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error

    def directory(self, name: str, *, default: Path) -> Path:
        path = Path(os.environ.get(name) or default)
        if not path.is_absolute():
            raise ImproperlyConfigured(f"{name} must be an absolute path, not {str(path)!r}.")
        return path

    def secret(self, name: str, *, debug_default: str, debug: bool) -> str:
        """A secret from NAME or from the file NAME_FILE; only DEBUG may go without one."""
        filed = self._filed(name)
        if filed:
            return filed
        value = os.environ.get(name, "")
        if not value and debug:
            return debug_default
        if len(value) < 32:
            raise ImproperlyConfigured(f"{name} must be set to at least 32 characters.")
        if name == "SECRETS_KEY":
            self._require_fernet_key(name, value)
        return value

    @staticmethod
    def _require_fernet_key(name: str, value: str) -> None:
        try:
            size = len(base64.urlsafe_b64decode(value))
        except (binascii.Error, ValueError):
            size = 0
        if size != 32:
            raise ImproperlyConfigured(f"{name} must be 32 bytes in URL-safe base64.")

    def database(self, name: str, *, pool_max: int) -> dict[str, Any]:
        url = self.text(name)
        try:
            config: dict[str, Any] = dict(environ.Env.db_url_config(url))
        except Exception as error:
            raise ImproperlyConfigured(f"{name} is not a database address.") from error
        if config.get("ENGINE") != "django.db.backends.postgresql":
            raise ImproperlyConfigured(
                f"{name} must be a postgres:// address; other databases are not supported."
            )
        # Django's default lets psycopg prepare nothing, also where a query asks for it (core.fetching).
        options: dict[str, Any] = {"prepare_threshold": 5} | dict(config.get("OPTIONS", {}))
        if pool_max:
            options["pool"] = {"min_size": 1, "max_size": pool_max, "timeout": 10}
        # CONN_MAX_AGE stays 0: persistent connections per thread exhaust the server (research: stack, section 6).
        return config | {
            "ENGINE": "core.postgres",
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
            "ATOMIC_REQUESTS": False,
        }

    def redis(self, name: str) -> str:
        url = self.text(name)
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ImproperlyConfigured(f"{name} must be a redis://, rediss:// or unix:// address.")
        return url

    @staticmethod
    def broker(redis_url: str) -> str:
        """Celery spells a Unix socket differently from the client library."""
        return redis_url.replace("unix://", "redis+socket://", 1)

    def mail(self, name: str) -> dict[str, Any]:
        """E-mail settings; without an address no e-mail channel exists (MAIL_ENABLED is False)."""
        url = os.environ.get(name, "")
        if not url:
            return {
                "MAIL_ENABLED": False,
                "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
            }
        try:
            config = dict(environ.Env.email_url_config(url))
        except Exception as error:
            raise ImproperlyConfigured(
                f"{name} is not a mail address such as smtp+tls://user:password@host:587."
            ) from error
        return {key: value for key, value in config.items() if key.isupper()} | {
            "MAIL_ENABLED": True,
            "EMAIL_TIMEOUT": 10,
        }

    @staticmethod
    def logging(*, level: str, json: bool) -> dict[str, Any]:
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise ImproperlyConfigured(
                f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {level!r}."
            )
        shared = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
            add_request_id,
            structlog.processors.format_exc_info,
            hide_tokens,
            escape_control,
        ]
        renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
        if not json:
            renderer = structlog.dev.ConsoleRenderer(colors=False)
        formatter = {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": shared,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        }
        return {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["out"], "level": level},
        }
