"""Message, payload, delivery and attempt, partitioned by the message's day; the queue's storage settings.

`webhooks_ensure_partitions(first, last)` makes what is missing; the day 1970-01-01 is the overflow for records
whose own time lies outside the kept days.
"""

from django.db import migrations

TABLES = """
CREATE TABLE webhooks_message (
    id uuid NOT NULL,
    day date NOT NULL,
    organization_id bigint NOT NULL,
    definition_id bigint NOT NULL,
    stream varchar(120) NOT NULL,
    event_type varchar(127) NOT NULL,
    position varchar(255) NOT NULL,
    record_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    matched integer NOT NULL,
    offered boolean NOT NULL DEFAULT true,
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE INDEX webhooks_message_organization ON webhooks_message (organization_id, accepted_at);
CREATE INDEX webhooks_message_unoffered ON webhooks_message (definition_id, stream, event_type, day) WHERE NOT offered;
CREATE VIEW webhooks_unmatchedcount AS
    SELECT hashtextextended(concat_ws('/', definition_id, stream, event_type, day), 0) AS id,
           definition_id, stream, event_type, day, count(*) AS count
    FROM webhooks_message WHERE NOT offered GROUP BY definition_id, stream, event_type, day;

CREATE TABLE webhooks_payload (
    message_id uuid NOT NULL,
    day date NOT NULL,
    content_type varchar(100) NOT NULL,
    headers bytea NOT NULL DEFAULT '',
    body bytea NOT NULL,
    PRIMARY KEY (message_id, day)
) PARTITION BY RANGE (day);
ALTER TABLE webhooks_payload ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE SEQUENCE webhooks_delivery_id_seq AS bigint CACHE 64;
CREATE TABLE webhooks_delivery (
    id bigint NOT NULL DEFAULT nextval('webhooks_delivery_id_seq'),
    day date NOT NULL,
    message_id uuid NOT NULL,
    endpoint_id bigint NOT NULL,
    event_type varchar(127) NOT NULL,
    state smallint NOT NULL CHECK (state IN (0, 2, 3, 4, 5)),
    attempts smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz,
    finished_at timestamptz,
    last_status smallint,
    last_error varchar(40),
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX webhooks_delivery_once ON webhooks_delivery (message_id, endpoint_id, day);
CREATE INDEX webhooks_delivery_endpoint ON webhooks_delivery (endpoint_id, id);

CREATE SEQUENCE webhooks_attempt_id_seq AS bigint CACHE 64;
CREATE TABLE webhooks_attempt (
    id bigint NOT NULL DEFAULT nextval('webhooks_attempt_id_seq'),
    day date NOT NULL,
    delivery_id bigint NOT NULL,
    number smallint NOT NULL,
    manual boolean NOT NULL DEFAULT false,
    at timestamptz NOT NULL,
    signed_at bigint NOT NULL,
    signature text NOT NULL,
    status smallint,
    error varchar(40),
    detail text NOT NULL DEFAULT '',
    dns_ms real,
    connect_ms real,
    tls_ms real,
    first_byte_ms real,
    total_ms real NOT NULL,
    response_headers text NOT NULL DEFAULT '',
    response_body bytea,
    decision smallint NOT NULL,
    next_at timestamptz,
    PRIMARY KEY (delivery_id, id, day)
) PARTITION BY RANGE (day);
"""

# One lock, so that two workers that miss the same day do not race; the names sort by day.
ENSURE = """
CREATE FUNCTION webhooks_ensure_partitions(first date, last date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    base text;
    name text;
    d date;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('webhooks_ensure_partitions'));
    FOREACH base IN ARRAY ARRAY['webhooks_message', 'webhooks_payload', 'webhooks_delivery', 'webhooks_attempt'] LOOP
        FOR d IN SELECT generate_series(first, last, interval '1 day')::date LOOP
            name := base || '_' || to_char(d, 'YYYYMMDD');
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, base, d, d + 1);
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
SELECT webhooks_ensure_partitions('1970-01-01', '1970-01-01');
SELECT webhooks_ensure_partitions(current_date - 1, current_date + 2);
"""

# Rows of the queue live for milliseconds: leave room on each page and clean up early and often.
QUEUE = """
ALTER TABLE webhooks_due ALTER COLUMN attempts SET DEFAULT 0, ALTER COLUMN manual SET DEFAULT false;
ALTER TABLE webhooks_due SET (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 1
);
ALTER TABLE webhooks_deliveryworker ALTER COLUMN started_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN seen_at SET DEFAULT clock_timestamp();
"""

DROP = """
DROP FUNCTION webhooks_ensure_partitions(date, date);
DROP VIEW webhooks_unmatchedcount;
DROP TABLE webhooks_attempt, webhooks_delivery, webhooks_payload, webhooks_message;
DROP SEQUENCE webhooks_attempt_id_seq, webhooks_delivery_id_seq;
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [migrations.RunSQL(TABLES + ENSURE + QUEUE, DROP)]
