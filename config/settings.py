"""All settings, read from the environment. A malformed value stops the start with a sentence that names it."""

from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from config.env import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret(
    "SECRET_KEY", debug_default="insecure-key-for-tests-only-0123456789", debug=DEBUG
)
SECRETS_KEY = env.secret(
    "SECRETS_KEY", debug_default="ZGV2LW9ubHktZGV2LW9ubHktZGV2LW9ubHktZGV2ISE=", debug=DEBUG
)
BASE_URL = env.url("BASE_URL", default="http://127.0.0.1:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0, minimum=0, maximum=5)
HTTPS = BASE_URL.startswith("https://")
# Demo log-ins answer only to requests that come from this machine (SPEC ACC-6).
DEMO = env.flag("DEMO", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "mptt",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "django_htmx",
    "csp",
    "core",
    "accounts",
    "im",
    "orgs",
    "contacts",
    "approvals",
    "portal",
    "trail",
    "wecom_sync",
]

MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PersonMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.ErrorMiddleware",
    "accounts.middleware.AccountGateMiddleware",
    "portal.middleware.PortalGateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "contacts.middleware.ViewAsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "core.forms.UiRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.nav.context",
                "portal.context.identity",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "core.templatetags.ui",
            ],
        },
    }
]
NAV_PROVIDERS = env.tuple_of(
    "contacts.nav.items",
    "im.nav.items",
    "orgs.nav.items",
    "approvals.nav.items",
    "accounts.nav.items",
    "portal.nav.items",
    "trail.nav.items",
    "wecom_sync.nav.items",
)

# --- Data -----------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.database(
        "DATABASE_URL", pool_max=env.number("DATABASE_POOL", default=10, minimum=0, maximum=100)
    )
}
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # its backend answers wrongly for inactive people; ours is contacts.backends
    "auth.W004",  # login names are unique without regard to case: a constraint on Lower(username)
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.redis("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "wl",
        "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
    }
}
DATA_DIR = env.directory("DATA_DIR", default=BASE_DIR / "var" / "data")
MEDIA_ROOT = DATA_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Only our own files: what libraries bring for pages of theirs is never served.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = DEBUG or DEMO
# A checkout changes under a running demo; whitenoise would go on serving the sizes it once read.
WHITENOISE_AUTOREFRESH = DEBUG or DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or DEMO
        else "core.staticfiles.HashedStorage"
    },
}
# Uploads larger than a form are refused before they are read whole (SECURITY T78).
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- People and log-in ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.LoginBackend", "contacts.backends.DirectoryBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.BlockListValidator"},
]
# Words that say nothing in a password here: the company, its brands (SECURITY T52).
COMPANY_WORDS = env.words("COMPANY_WORDS", default=[])
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-wl-session" if HTTPS else "wl-session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-wl-csrf" if HTTPS else "wl-csrf"
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
# Throttling is ours, in PostgreSQL: it works the same with Redis away (SECURITY T41, T43; ADR 7).
ACCOUNT_RATE_LIMITS = False
# A change to how one logs in asks who it is again when the last proof is older.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# How long the first step waits for the second one.
ACCOUNT_LOGIN_TIMEOUT = 600
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 12
# A passkey is two factors in one: the device, and the finger, face or number that opens it.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# The company's own identity provider, for staff; empty where there is none.
OIDC = env.openid("OIDC")
SOCIALACCOUNT_ADAPTER = "accounts.sso.SocialAdapter"
# Whether administrators and holders of 外部互联维护 must have a second factor until somebody decides otherwise.
SECOND_FACTOR_REQUIRED = env.flag("SECOND_FACTOR_REQUIRED", default=not (DEBUG or DEMO))

# --- Directory ------------------------------------------------------------------------------------------------------
IM_REACH_POLICY = "contacts.reach.DirectoryReach"
# What accounts asks of the identities behind an external login.
EXTERNAL_USABLE = "contacts.accounts_hooks.usable"
EXTERNAL_WHY = "contacts.accounts_hooks.why"
LOGIN_DOORS, OWN_DOORS = "wecom_sync.doors.at_login", "wecom_sync.doors.own"
HELD_DOORS = "wecom_sync.doors.held"
CREDENTIALS_ISSUED = "contacts.accounts_hooks.credentials_issued"
SESSIONS_ENDING = "im.services.push.sessions_ending"
CREDENTIALS_READABLE = "contacts.accounts_hooks.credentials_readable"
NOTICES = "im.services.notices.notify"
# What hangs on a staff member who is disabled.
HAND_OVER = ["orgs.handover.Dimensions", "contacts.handover.Followed", "approvals.handover.Applications"]  # fmt: skip
# What the tree of the back office asks about the people in it.
NODE_COUNTS = "contacts.node_people.counts"
NODE_PREVIEW = "contacts.node_people.preview"
NODE_IMPACT = "contacts.node_people.impact"
NODE_SEARCH = "contacts.node_people.found"
LABEL_COUNTS = "contacts.node_people.labelled"
IM_CARDS = {
    "approvals.application": "approvals:application-card",
    "contacts.import": "contacts:import-card",
    "contacts.export": "contacts:export-card",
    "accounts.staff_import": "accounts:staff-import-card",
    "orgs.restructuring": "orgs:restructuring-card",
    "orgs.restructuring_batch": "orgs:restructuring-batch-card",
    "contacts.bulk": "contacts:bulk-card",
    "contacts.expiry": "contacts:expiry-card",
    "trail.check": "trail:check-card",
    "wecom_sync.run": "wecom_sync:run-card",
}
# Whether an external person may read messages: user -> bool.
IM_OPEN_TO = "portal.selectors.messages_open"
# The card of an external person beside a conversation; by the number of the contact.
IM_BESIDE = "contacts:beside"
# Of one person: bytes of a file, of all that are kept, and their number.
IM_FILES = {
    "staff": {
        "size": env.number("FILE_MB_STAFF", default=50, minimum=1, maximum=500) * 1024**2,
        "quota": env.number("FILES_MB_STAFF", default=5120, minimum=1, maximum=10**6) * 1024**2,
        "count": 20_000,
    },
    "external": {
        "size": env.number("FILE_MB_EXTERNAL", default=20, minimum=1, maximum=500) * 1024**2,
        "quota": env.number("FILES_MB_EXTERNAL", default=500, minimum=1, maximum=10**6) * 1024**2,
        "count": 5_000,
    },
}
IM_PICTURE_PIXELS = 50_000_000
# Who may open which of these cards now: (person, ids) → ids. Asked before anything about them leaves (SECURITY T58).
IM_CARD_READERS = {
    "approvals.application": "approvals.selectors.readable",
    "contacts.import": "contacts.selectors.notices.imports",
    "contacts.export": "contacts.selectors.notices.exports",
    "accounts.staff_import": "accounts.import_selectors.own_imports",
    "contacts.bulk": "contacts.selectors.notices.bulk_jobs",
    "contacts.expiry": "contacts.selectors.notices.expiries",
    "trail.check": "trail.selectors.checks_readable",
    "wecom_sync.run": "wecom_sync.selectors.readable",
    "orgs.restructuring": "orgs.selectors.notices.restructurings",
    "orgs.restructuring_batch": "orgs.selectors.notices.batches",
}
_WAYS = ("im.channels.mail.Mail", "wecom_sync.channel.WeCom", "im.channels.push.Push")
IM_CHANNELS = [f"{way}Channel" for way in _WAYS]
# Push services of the makers of browsers; what a browser names beside these is refused. Empty: no such channel.
PUSH_HOSTS = env.words(
    "PUSH_HOSTS",
    default=[
        "fcm.googleapis.com",
        "*.push.services.mozilla.com",
        "*.notify.windows.com",
        "web.push.apple.com",
        "*.push.apple.com",
    ],
)
# The hour at which those are told who want it once a day.
IM_DIGEST_HOUR = env.number("DIGEST_HOUR", default=8, minimum=0, maximum=23)
# How long done items of other systems are kept.
TODO_DAYS = env.number("TODO_DAYS", default=90, minimum=1, maximum=3650)
PORTAL_TODO_SOURCES = [f"portal.todo_sources.{name}" for name in ("builtin", "questions", "pushed")]
REVEAL_SECONDS = 30
# A session that looks through other eyes opens no stream (contacts.middleware.SESSION_KEY).
LIVE_SHUT_BY = ("view_as",)
# What manage.py check_invariants proves: name → module with problems() and, where it can be mended, repair().
INVARIANT_CHECKS = {
    "tree": "orgs.tree_check",
    "rights": "orgs.rights_check",
    "scope": "contacts.closure",
    "audit": "core.audit_check",
    "accounts": "approvals.checks",
    "messages": "im.checks",
}
IMPORT_MAX_BYTES = 30 * 1024 * 1024

# --- Mail -----------------------------------------------------------------------------------------------------------
vars().update(env.mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="外联通 <no-reply@localhost>")

# Text messages with links, for people without an address (docs/sms-gateway.md); empty: no such channel.
SMS = env.gateway("SMS_GATEWAY")

# --- WeCom ----------------------------------------------------------------------------------------------------------
# Its own host, or a stand-in on this machine (manage.py fake_wecom) where that is allowed; docs/wecom.md.
WECOM_API_BASE = env.url("WECOM_API_BASE", default="https://qyapi.weixin.qq.com")
WECOM_ALLOW_LOOPBACK = env.flag("WECOM_ALLOW_LOOPBACK", default=False)

# --- Jobs -----------------------------------------------------------------------------------------------------------
TASK_HARD_LIMIT = env.number("TASK_HARD_LIMIT", default=1800, minimum=30, maximum=86400)
CELERY_BROKER_URL = env.broker(REDIS_URL)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = TASK_HARD_LIMIT
CELERY_TASK_SOFT_TIME_LIMIT = int(TASK_HARD_LIMIT * 0.9)
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(TASK_HARD_LIMIT * 1.1),
    "socket_timeout": 2.0,
    "socket_connect_timeout": 2.0,
    # Without it kombu asks a lost broker again and again for 4 s, whatever was said about retrying.
    "max_retries": 0,
    "global_keyprefix": "wl:",
}
CELERY_BEAT_SCHEDULE = {
    "outbox-sweep": {"task": "core.sweep_outbox", "schedule": 10.0},
    "audit-seal": {"task": "core.seal_audit", "schedule": 5.0},
    "audit-partitions": {
        "task": "core.make_audit_partitions",
        "schedule": crontab(hour=3, minute=10),
    },
    "audit-verify": {"task": "trail.verify_nightly", "schedule": crontab(hour=2, minute=30)},
    "wecom-nightly": {"task": "wecom_sync.nightly", "schedule": crontab(hour=1, minute=20)},
    "wecom-purge": {"task": "wecom_sync.purge", "schedule": crontab(hour=4, minute=10)},
    "wecom-forsaken": {"task": "wecom_sync.end_forsaken", "schedule": crontab(minute="*/10")},
    "heartbeat": {"task": "core.heartbeat", "schedule": 15.0},
    "exports-purge": {"task": "contacts.purge_exports", "schedule": crontab(minute=35)},
    "imports-purge": {"task": "contacts.purge_imports", "schedule": crontab(hour=3, minute=40)},
    "staff-files-purge": {"task": "accounts.purge_imports", "schedule": crontab(hour=3, minute=45)},
    "todos-purge": {"task": "portal.purge_todos", "schedule": crontab(hour=4, minute=0)},
    "views-end": {"task": "contacts.end_views", "schedule": 60.0},
    "expiry-notices": {"task": "contacts.announce_expiry", "schedule": crontab(minute="*/10")},
    "bin-purge": {"task": "contacts.purge_bin", "schedule": crontab(hour=3, minute=50)},
    "counts-sum-up": {"task": "contacts.sum_up_counts", "schedule": 60.0},
    "approvals-route": {"task": "approvals.route", "schedule": 60.0},
    "messages-files": {"task": "im.sweep_files", "schedule": crontab(hour=4, minute=20)},
    "im-reminders": {"task": "im.send_reminders", "schedule": 15.0},
    "accounts-expired": {"task": "accounts.clear_expired", "schedule": crontab(minute=20)},
}

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "wl-lang"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", default="Asia/Shanghai")

# --- HTTP safety ----------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = False
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
    }
}

LOGGING = env.logging(
    level=env.text("LOG_LEVEL", default="INFO"), json=env.flag("LOG_JSON", default=not DEBUG)
)
