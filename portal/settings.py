"""Settings: read from the environment, one section per package. docs/operations/settings.md lists them."""

import base64
import binascii
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import environ
from django.contrib.messages import constants
from django.core.exceptions import ImproperlyConfigured

from portal import admin_look
from streams.limits import DEFAULT_LIMITS, StreamLimits

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()


def _key_ring(keys: list[str]) -> tuple[bytes, ...]:
    """Decode SLUICE_KEY_RING. Raises ImproperlyConfigured when a key is not 32 bytes of base64."""
    try:
        ring = tuple(base64.b64decode(key, validate=True) for key in keys)
    except binascii.Error as error:
        raise ImproperlyConfigured(f"SLUICE_KEY_RING holds a key that is not base64: {error}") from error
    if any(len(key) != 32 for key in ring):
        raise ImproperlyConfigured("SLUICE_KEY_RING: every key must be 32 bytes, base64-encoded")
    return ring


def _limit(name: str, default: int) -> int:
    """Read a limit. Raises ImproperlyConfigured for one that lets nothing through."""
    value: int = env.int(name, default=default)
    if value < 1:
        raise ImproperlyConfigured(f"{name} is {value}: it must be at least 1")
    return value


# --- Django -------------------------------------------------------------------------------------------
DEBUG = env.bool("SLUICE_DEBUG", default=False)
SECRET_KEY = env.str("SLUICE_SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("SLUICE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
INSTALLED_APPS = [
    "unfold",
    "allauth",
    "allauth.account",
    # portal.urls has it find its pages: the processes without pages start in four fifths of the time.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "streams",
    "gateway",
    "webhooks",
    "portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.page_requests.describe_reader",
    "portal.views.failure.explain_refused_method",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.page_requests.reader",
            ]
        },
    }
]
# Widgets may have templates of ours, in templates/django/forms/widgets.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
AUTH_USER_MODEL = "gateway.User"
MESSAGE_TAGS = {constants.SUCCESS: "good", constants.WARNING: "warn", constants.ERROR: "bad"}
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "apps"
LOGOUT_REDIRECT_URL = "catalogue"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "filters": {"faults_of_callers": {"()": "gateway.server_log.FaultsOfCallers"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Its lesser lines name each WebSocket's address with the query, where a ticket or a key may stand.
    "loggers": {"uvicorn.error": {"level": "WARNING", "filters": ["faults_of_callers"]}},
    "root": {"handlers": ["stderr"], "level": env.str("SLUICE_LOG_LEVEL", default="INFO")},
}

# --- Parts --------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="postgres://sluice@localhost/sluice")
DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)}
DATABASES["default"].setdefault("OPTIONS", {})
VALKEY_URL = env.str("VALKEY_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "portal.shared_cache.SharedCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": "sluice:cache",
        "OPTIONS": {
            "serializer": "portal.shared_cache.JsonSerializer",
            "socket_timeout": 0.5,
            "socket_connect_timeout": 0.5,
        },
    }
}
KAFKA_BOOTSTRAP_SERVERS = env.str("KAFKA_BOOTSTRAP_SERVERS", default="localhost:9092")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "sluice"
CELERY_BROKER_URL = (
    VALKEY_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    if VALKEY_URL.startswith("unix://")
    else VALKEY_URL
)

# --- Mail ---------------------------------------------------------------------------------------------
_EMAIL = env.email_url("SLUICE_EMAIL_URL", default="smtp://localhost:25")
MAIL_FOLDER = env.str("SLUICE_MAIL_FOLDER", default="")
EMAIL_BACKEND = "portal.mail.folder.FolderBackend" if MAIL_FOLDER else _EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = _EMAIL["EMAIL_HOST"]
EMAIL_PORT = _EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER = _EMAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _EMAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("SLUICE_EMAIL_FROM", default="Sluice <sluice@localhost>")

# --- streams ------------------------------------------------------------------------------------------
STREAMING_ENABLED = env.bool("SLUICE_STREAMING_ENABLED", default=True)
STREAMING_COMPONENTS = frozenset(env.list("SLUICE_STREAMING_COMPONENTS", default=[])) or None
STREAMING_ENVIRONMENT = {
    name: value
    for name in env.list("SLUICE_STREAMING_ENVIRONMENT", default=[])
    if (value := env.str(name, default=None)) is not None
}
EXTENSIONS = tuple(env.list("SLUICE_EXTENSIONS", default=[]))
STREAMING_REGISTRY = "portal.components.definition_registry"
STREAM_LIMITS = StreamLimits(
    batch_messages=_limit("SLUICE_STREAM_BATCH_MESSAGES", DEFAULT_LIMITS.batch_messages),
    message_bytes=_limit("SLUICE_STREAM_MESSAGE_BYTES", DEFAULT_LIMITS.message_bytes),
    in_flight=_limit("SLUICE_STREAM_IN_FLIGHT", DEFAULT_LIMITS.in_flight),
    held_bytes=_limit("SLUICE_STREAM_HELD_BYTES", DEFAULT_LIMITS.held_bytes),
)
WORKER_NAME = env.str("SLUICE_WORKER_NAME", default="")
WORKER_ORGANIZATIONS = env.dict("SLUICE_WORKER_ORGANIZATIONS", default={})
if WORKER_NAME and WORKER_NAME not in WORKER_ORGANIZATIONS.values():
    raise ImproperlyConfigured(
        f"SLUICE_WORKER_NAME is {WORKER_NAME!r}, but SLUICE_WORKER_ORGANIZATIONS gives no organization to it: "
        "the worker would run nothing. Add `slug=name`, or leave the name out."
    )
SQLITE_DIRECTORIES = tuple(env.list("SLUICE_SQLITE_DIRECTORIES", default=[]))
OUTBOUND_ALLOW = tuple(env.list("SLUICE_OUTBOUND_ALLOW", default=[]))
KEY_RING = _key_ring(env.list("SLUICE_KEY_RING", default=[]))

# --- gateway ------------------------------------------------------------------------------------------
GATEWAY_URL = env.str("SLUICE_GATEWAY_URL", default="http://localhost:8080")
METRICS_TOKEN = env.str("SLUICE_METRICS_TOKEN", default="")
RAW_ADDRESSES = env.bool("SLUICE_RAW_ADDRESSES", default=False)
OPEN_APIS = env.bool("SLUICE_OPEN_APIS", default=False)
OPEN_REQUESTS_PER_SECOND = env.int("SLUICE_OPEN_REQUESTS_PER_SECOND", default=50)
OPEN_CLIENTS = env.int("SLUICE_OPEN_CLIENTS", default=1000)
INGEST_BODY_BYTES = env.int("SLUICE_INGEST_BODY_BYTES", default=1_048_576)
STALE_REVISION_LIMIT = env.float("SLUICE_STALE_REVISION_LIMIT", default=60.0)
INTERNAL_RETENTION_HOURS = env.int("SLUICE_INTERNAL_RETENTION", default=24)
TRAFFIC_RETENTION_DAYS = env.int("SLUICE_TRAFFIC_RETENTION", default=400)
POSITION_RETENTION_DAYS = env.int("SLUICE_POSITION_RETENTION", default=30)

# --- webhooks -----------------------------------------------------------------------------------------
RETENTION_DAYS = env.int("SLUICE_RETENTION_DAYS", default=30)
CELERY_BEAT_SCHEDULE = {
    "make coming partitions": {"task": "webhooks.tasks.make_partitions", "schedule": 3600.0},
    "drop old partitions": {"task": "webhooks.tasks.drop_partitions", "schedule": 3600.0},
    "forget old positions": {"task": "gateway.tasks.forget_old_positions", "schedule": 3600.0},
    "forget old traffic": {"task": "gateway.tasks.forget_old_traffic", "schedule": 3600.0},
    "forget expired tickets": {"task": "gateway.tasks.forget_tickets", "schedule": 600.0},
    "disable endpoints that only fail": {"task": "webhooks.tasks.judge_endpoints", "schedule": 60.0},
}

# --- portal -------------------------------------------------------------------------------------------
PORTAL_URL = env.str("SLUICE_PORTAL_URL", default="http://localhost:3000").rstrip("/")
if MAIL_FOLDER and urlsplit(PORTAL_URL).hostname not in {"localhost", "127.0.0.1", "::1"}:
    raise ImproperlyConfigured(
        "SLUICE_MAIL_FOLDER lets whoever reaches the portal read its mails, links to reset passwords among them: "
        "it is for a portal at localhost. Set SLUICE_EMAIL_URL instead."
    )
# As people reach the portal: where TLS ends at a proxy, a request does not say so.
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(PORTAL_URL))]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PORTAL_URL.startswith("https://")
IMAGE_ORIGINS = tuple(env.list("SLUICE_IMAGE_ORIGINS", default=[]))
ACCOUNT_ADAPTER = "portal.account_adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "portal.forms.account.SignInForm",
    "signup": "portal.forms.account.SignUpForm",
    "reset_password": "portal.forms.account.PasswordResetForm",
    "reset_password_from_key": "portal.forms.account.NewPasswordForm",
    "change_password": "portal.forms.account.PasswordChangeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# An address is taken by its first account, verified or not: the database has each once.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# allauth's own would write down an unverified address for whoever is asked about.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a name
ACCOUNT_RATE_LIMITS = {"invite": "30/h/user"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.ManagementKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
UNFOLD = admin_look.UNFOLD
SPECTACULAR_SETTINGS = {
    "TITLE": "Sluice management API",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Several fields are called `state` or `kind`: these of them would be named by a hash of their choices.
    "ENUM_NAME_OVERRIDES": {
        "ConnectionKindEnum": "gateway.models.ConnectionKind",
        "CredentialKindEnum": "gateway.models.CredentialKind",
        "DefinitionStateEnum": "gateway.models.DefinitionState",
        "DeliveryStateEnum": "webhooks.models.DeliveryState.labels",
    },
}
