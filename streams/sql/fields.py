"""Fields that every processor has which asks a database."""

from __future__ import annotations

from typing import Final

from streams.refused import refused_group
from streams.spec import Field, FieldType, Shape
from streams.sql.source import DEFAULT_OPEN, DRIVERS

_NO_CLOUD: Final = "write the user into the DSN, or name a connection of the operator"

SOURCE: Final = (
    Field("driver", FieldType.STRING, "What kind of database it is.", options=DRIVERS),
    Field(
        "dsn",
        FieldType.STRING,
        "Where the database is: `postgres://user:password@host:port/database`, "
        "`user:password@tcp(host:port)/database` for MySQL and MariaDB, `file:/path/to/file` for SQLite. The name of a "
        "connection may stand in place of host and port; user and password are then the connection's.",
        secret=True,
    ),
)
ARGUMENTS: Final = Field(
    "args_mapping",
    FieldType.BLOBLANG,
    "A mapping that gives an array with a value for each placeholder.",
    default="",
)
PREFIX: Final = Field("prefix", FieldType.STRING, "What stands before the statement.", default="")
SUFFIX: Final = Field("suffix", FieldType.STRING, "What stands after the statement.", default="")
POOL: Final = (
    Field(
        "timeout",
        FieldType.DURATION,
        "The longest a statement may take. A field of Sluice's own.",
        default="5s",
    ),
    Field(
        "init_statement",
        FieldType.STRING,
        "A statement that the first session carries out. Several processes do so at a time.",
        default="",
    ),
    Field(
        "init_files",
        FieldType.STRING,
        "Files with such statements.",
        default=[],
        shape=Shape.LIST,
        refused="a definition reads no files; put the statement into `init_statement`",
    ),
    Field(
        "init_verify_conn",
        FieldType.BOOL,
        "Either: a session is tried before its first statement in any case.",
        default=False,
    ),
    Field(
        "conn_max_idle_time",
        FieldType.DURATION,
        "How long a session is kept unused; empty: as long as the stream runs.",
        default="",
    ),
    Field(
        "conn_max_life_time",
        FieldType.DURATION,
        "How long a session is used; empty: as long as the stream runs.",
        default="",
    ),
    Field("conn_max_idle", FieldType.INT, "Unused sessions to keep.", default=2),
    Field("conn_max_open", FieldType.INT, f"Sessions at a time; 0: {DEFAULT_OPEN}.", default=0),
    Field("secret_name", FieldType.STRING, "A secret at AWS.", default="", refused=_NO_CLOUD),
    Field("iam_enabled", FieldType.BOOL, "AWS' tokens.", default=False, refused=_NO_CLOUD),
    refused_group(
        "azure",
        "Azure's tokens.",
        _NO_CLOUD,
        {
            "entra_enabled": False,
            "token_request_options": {
                "claims": "",
                "enable_cae": False,
                "scopes": ["https://ossrdbms-aad.database.windows.net/.default"],
                "tenant_id": "",
            },
        },
    ),
    Field("region", FieldType.STRING, "AWS' region.", default="", refused=_NO_CLOUD),
    Field("endpoint", FieldType.STRING, "AWS' address.", default="", refused=_NO_CLOUD),
    refused_group(
        "credentials",
        "AWS' credentials.",
        _NO_CLOUD,
        {
            "profile": "",
            "id": "",
            "secret": "",
            "token": "",
            "from_ec2_role": False,
            "role": "",
            "role_external_id": "",
            "expiry_window": "",
        },
    ),
)
WHERE_IT_MAY_GO: Final = (
    "Values are bound to placeholders, never pasted. Only databases are called that a connection of the operator "
    "names, or that the operator's guard lets through; SQLite files are opened only where the operator allows. What "
    "the user of a connection may do there, every definition that names it may. "
)
