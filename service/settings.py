"""Settings, read from environment variables with the prefix ``MAGCHECK_`` by entry points only.

Reading them opens no file and no connection. No secret has a default, and error texts never show a value.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rules.faults import in_words
from service.errors import SettingsInvalid

PREFIX = "MAGCHECK_"
DATABASE_FILE = "magcheck.sqlite3"
# Only psycopg 3 is installed; the shorter spellings are what most platforms hand out.
_POSTGRESQL = ("postgresql+psycopg://", "postgresql://", "postgres://")
_SQLITE = "sqlite:///"
# 256 bits where they are random.
_LEAST_SECRET_BYTES = 32
# 32 random hexadecimal digits have fewer different ones less than once in a hundred thousand times.
_LEAST_CHARACTERS = 9
# Words of samples in documents and configuration files; random text of 64 characters has hardly ever one of them.
_SAMPLE_WORDS = (
    *("change", "default", "development", "dummy", "example", "insecure", "magcheck", "my-secret", "mysecret"),
    *("not-a-secret", "passphrase", "password", "placeholder", "qwerty", "replace", "sample", "secret", "your-"),
)


class Environment(StrEnum):
    """What the process is for. Production is the default, so that nothing lax is on by accident."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class StalePolicy(StrEnum):
    """What happens to checks once the database has not confirmed the rule set for longer than is allowed."""

    WARN = "warn"
    REFUSE = "refuse"


class LogLevel(StrEnum):
    """The least severe log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "magcheck"


def _database_in(values: dict[str, Any]) -> SecretStr:
    # Absent when data_dir itself was wrong, which is reported on its own.
    folder = values.get("data_dir", Path())
    return SecretStr(f"{_SQLITE}{Path(folder) / DATABASE_FILE}")


def _database_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    for scheme in _POSTGRESQL:
        if url.startswith(scheme):
            return SecretStr(_POSTGRESQL[0] + url.removeprefix(scheme))
    if url.startswith(_SQLITE) and ":memory:" not in url and url != _SQLITE:
        return secret
    raise ValueError(
        "not a database address this service can use; allowed: postgresql://USER:PASSWORD@HOST/NAME or "
        "sqlite:///FOLDER/FILE (unset the variable for a SQLite file in the data folder)"
    )


def _public_url(url: str) -> str:
    split = urlsplit(url)
    plain = split.path in {"", "/"} and not (split.query or split.fragment or split.username or split.password)
    if split.scheme not in {"https", "http"} or not split.hostname or not plain:
        raise ValueError("must be written as https://HOST or https://HOST:PORT, without a path")
    if split.scheme == "http" and not is_loopback(split.hostname):
        raise ValueError("must begin with https://: browsers keep the cookie of a sign-in to themselves otherwise")
    return f"{split.scheme}://{split.netloc}"


def _origin(text: str) -> str:
    """An origin as a browser writes it: scheme, host in small letters, and the port where it is not the usual one."""
    split = urlsplit(text)
    plain = text == f"{split.scheme}://{split.netloc}" and split.hostname and "@" not in split.netloc
    usual = {"https": ":443", "http": ":80"}.get(split.scheme)
    if not plain or usual is None or split.netloc.endswith(usual) or text != text.lower() or "*" in text:
        raise ValueError("must be an origin as browsers write it, such as https://HOST or https://HOST:8443")
    return text


def _fhir_server(text: str) -> str:
    """A FHIR server, without a slash at the end."""
    split = urlsplit(text)
    plain = not (split.query or split.fragment or split.username or split.password) and ".." not in split.path
    safe = split.scheme == "https" or (split.scheme == "http" and is_loopback(split.hostname or ""))
    if not plain or not safe or not split.hostname:
        raise ValueError("must be a base address such as https://HOST/fhir (http:// only for this machine itself)")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def faults_of_secret(secret: str) -> str | None:
    """Why a secret is none, in words; none where nothing is wrong with it that can be seen."""
    if len(secret.encode()) < _LEAST_SECRET_BYTES:
        return f"too short: it must have at least {_LEAST_SECRET_BYTES} bytes; make one with `openssl rand -hex 32`"
    plain = secret.lower()
    steps = [ord(after) - ord(before) for before, after in pairwise(plain)]
    monotonous = sum(abs(step) <= 1 for step in steps) > len(steps) // 2
    repeated = plain in (plain + plain)[1:-1]
    if monotonous or repeated or len(set(plain)) < _LEAST_CHARACTERS or any(word in plain for word in _SAMPLE_WORDS):
        return "not a secret but a sample, a word or a pattern; make one with `openssl rand -hex 32`"
    return None


def _secret_key(secret: SecretStr) -> SecretStr:
    fault = faults_of_secret(secret.get_secret_value())
    if fault is not None:
        raise ValueError(fault)
    return secret


class DecisionLogging(StrEnum):
    """Whether an answer waits until its decision is durable, or leaves at once, or no decision is kept at all."""

    REQUIRE = "require"
    BEST_EFFORT = "best_effort"
    OFF = "off"


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        message = "must be an address or network such as 10.0.0.7 or 10.0.0.0/8, with no bit behind its length"
        raise ValueError(message) from None


class Settings(BaseSettings):
    """All settings; each field is the variable of the same name with the prefix, in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(default_factory=_default_data_dir)
    # Secret because a PostgreSQL address holds the password.
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(default_factory=_database_in)
    # What rule sets, keys and sign-ins are signed with; `service.application.keyring` asks for it where it is needed.
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] | None = None
    # The one before: what it signed still counts.
    former_secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] | None = None
    host: str = Field(default="127.0.0.1", min_length=1, max_length=253)
    port: int = Field(default=8000, ge=1, le=65535)
    environment: Environment = Environment.PRODUCTION
    log_level: LogLevel = LogLevel.INFO
    # How many persons must approve a draft, and what share of lists may be answered otherwise without a word about it.
    required_approvals: int = Field(default=1, ge=1, le=5)
    impact_limit_percent: int = Field(default=5, ge=0, le=100)
    # How long checks go on with what the database confirmed last, and what happens then.
    max_stale_hours: float = Field(default=24, gt=0, le=24 * 365, allow_inf_nan=False)
    stale_policy: StalePolicy = StalePolicy.WARN
    expose_docs: bool = True
    expose_metrics: bool = True
    # Whether metrics are for everybody who can reach the port, or for those who may read the knowledge.
    metrics_public: bool = False
    # What a key, a person or a service may ask in a minute of each process, where nothing else is said.
    requests_per_minute: int = Field(default=6000, ge=1, le=10_000_000)
    # Proxies whose X-Forwarded-For is believed: addresses or networks with commas between.
    trusted_proxies: Annotated[
        tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...], NoDecode
    ] = ()
    # How browsers reach the service, as https://HOST.
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    # Access tokens (JWT) of services: who issues them, for whom, and where the issuer's keys are. See README.
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_jwks_file: Path | None = None
    jwt_jwks_url: str | None = None
    jwt_roles_claim: str = Field(default="roles", pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)
    jwt_role_map: str = ""
    jwt_single_use: bool = False
    # People of an identity provider (OpenID Connect).
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_groups_claim: str = Field(default="groups", pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)
    oidc_role_map: str = ""
    # Where a browser goes after it has signed in there.
    oidc_landing: str = Field(default="/admin", pattern=r"^/([A-Za-z0-9_-][A-Za-z0-9/_.-]*)?$", max_length=200)
    # Whether accounts with a password of ours may sign in; where not, people come by the identity provider only.
    password_sign_in: bool = True
    # CDS Hooks: a file with the clients that sign tokens, origins whose pages may call it, FHIR servers of clients that
    # may be asked for what did not come along, and how long shown cards are remembered where a client wants that.
    cds_clients_file: Path | None = None
    cds_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode] = ()
    cds_fhir_servers: Annotated[tuple[Annotated[str, AfterValidator(_fhir_server)], ...], NoDecode] = ()
    cds_filter_minutes: int = Field(default=30, ge=1, le=24 * 60)
    # Sign-ins of people: how long one may be idle, and how long it lasts at most.
    sign_in_idle_minutes: int = Field(default=30, ge=5, le=24 * 60)
    sign_in_hours: int = Field(default=12, ge=1, le=24 * 7)
    decision_log: DecisionLogging = DecisionLogging.REQUIRE
    # The whole question with its decision; there may be anything about a patient in it.
    keep_requests: bool = False
    # Six years: what HIPAA asks of documentation (45 CFR 164.316(b)(2)(i)).
    decision_days: int = Field(default=2190, ge=1, le=36500)
    # Of each process. A decision has 1 to 2 kB, so this is enough for hours without the database.
    decision_journal_megabytes: int = Field(default=1024, ge=1, le=1_000_000)

    @property
    def database_place(self) -> str:
        """Which database it is, without who asks: what was kept about another one is not for this installation."""
        parts = urlsplit(self.database_url.get_secret_value())
        return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}{parts.path}?{parts.query}"

    @field_validator("port", mode="before")
    @classmethod
    def _not_a_service_link(cls, value: object) -> object:
        # Kubernetes sets MAGCHECK_PORT=tcp://... in every pod beside a Service named magcheck.
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError("set by Kubernetes for a Service of this name; set enableServiceLinks: false on the pod")
        return value

    @field_validator("trusted_proxies", "cds_origins", "cds_fhir_servers", mode="before")
    @classmethod
    def _by_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator(
        *(
            "secret_key",
            "former_secret_key",
            "public_url",
            "cds_clients_file",
            "jwt_issuer",
            "jwt_audience",
            "jwt_jwks_file",
        ),
        *("jwt_jwks_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret"),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # Compose files pass on variables that nobody has set as empty ones.
        return None if value == "" else value

    @field_validator("decision_log")
    @classmethod
    def _decisions_in_production(cls, value: DecisionLogging, given: ValidationInfo) -> DecisionLogging:
        # Without decisions no answer could be accounted for later; where they must not slow anything, there is
        # best_effort, which counts what it loses.
        if value is DecisionLogging.OFF and given.data.get("environment") is Environment.PRODUCTION:
            raise ValueError("off is for development only; allowed in production: require, best_effort")
        return value

    def require_safe_start(self) -> None:
        """Refuse to be open to others: whoever asks a process in the development mode may do everything.

        Raises:
            SettingsInvalid: it would listen for other machines.
        """
        if self.environment is Environment.DEVELOPMENT and not is_loopback(self.host):
            open_mode = "in the development mode everybody who asks may do everything, so it listens on this machine"
            raise SettingsInvalid([f"{PREFIX}HOST: {open_mode} only (127.0.0.1, ::1 or localhost)"])

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment variables.

        Raises:
            SettingsInvalid: a variable cannot be used; all of them are named.
        """
        try:
            return cls()
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise SettingsInvalid([_named(fault) for fault in faults]) from None


def _named(fault: Mapping[str, Any]) -> str:
    setting, *place = fault["loc"]
    entry = f"entry {place[0] + 1} " if place else ""  # of those between commas
    return f"{PREFIX}{setting.upper()}: {entry}{in_words(fault)}"


def unknown_variables() -> tuple[str, ...]:
    """Names in the environment that look like settings and are none: most often a slip of the pen.

    They are no error, because Kubernetes adds variables of this prefix of its own accord.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return tuple(sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known))
