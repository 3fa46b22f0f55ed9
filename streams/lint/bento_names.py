"""Names of components that Bento has, so that one this version lacks is not taken for a misspelling."""

from typing import Final

from streams.spec import Kind

_INPUTS: Final = """
amqp_0_9 amqp_1 aws_kinesis aws_s3 aws_sqs azure_blob_storage azure_cosmosdb azure_queue_storage
azure_service_bus_queue azure_table_storage batched beanstalkd broker cassandra cockroachdb_changefeed csv
cypher discord dynamic etcd file file_tail fsevent gcp_bigquery_select gcp_cloud_storage gcp_pubsub
gcp_spanner_cdc generate grpc_client hdfs http_client http_server inproc kafka kafka_franz kubernetes_watch
mongodb mqtt nanomsg nats nats_jetstream nats_kv nats_object_store nats_stream nsq parquet pulsar read_until
redis_list redis_pubsub redis_scan redis_streams resource s2 sequence sftp socket socket_server sql_raw
sql_select stdin subprocess twitter_search websocket zmq4 zmq4n
"""
_PROCESSORS: Final = """
archive avro awk aws_bedrock_invoke aws_dynamodb_partiql aws_lambda aws_s3 azure_cosmosdb bloblang
bounds_check branch cache cached catch command compress couchbase decompress dedupe elasticsearch file
for_each gcp_bigquery_select grok group_by group_by_value http insert_part javascript jmespath jq
json_schema log mapping metric mongodb msgpack mutation nats_kv nats_object_store nats_request_reply
nlp_classify_text nlp_classify_tokens nlp_extract_features nlp_zero_shot_classify noop opensnowcat parallel
parquet_decode parquet_encode parse_log processors protobuf python rate_limit redis redis_script resource
retry schema_registry_decode schema_registry_encode select_parts sentry_capture sleep split sql sql_insert
sql_raw sql_select subprocess switch sync_response template try unarchive wasm while workflow xml
"""
_OUTPUTS: Final = """
amqp_0_9 amqp_1 aws_dynamodb aws_kinesis aws_kinesis_firehose aws_s3 aws_s3_stream aws_sns aws_sqs
azure_blob_storage azure_cosmosdb azure_queue_storage azure_table_storage beanstalkd broker cache cassandra
couchbase cypher datadog_logs discord drop drop_on duckdb_append dynamic elasticsearch elasticsearch_v2
fallback file gcp_bigquery gcp_bigquery_write_api gcp_bigtable gcp_cloud_storage gcp_pubsub grpc_client hdfs
http_client http_server inproc kafka kafka_franz mongodb mqtt nanomsg nats nats_jetstream nats_kv
nats_object_store nats_stream nsq opensearch pulsar pusher questdb redis_hash redis_list redis_pubsub
redis_streams reject reject_errored resource retry s2 sftp slack_webhook snowflake_put socket splunk_hec sql
sql_insert sql_raw stdout subprocess switch sync_response websocket zmq4 zmq4n
"""
_CACHES: Final = """
aws_dynamodb aws_s3 couchbase file gcp_cloud_storage lru memcached memory mongodb multilevel nats_kv noop redis
ristretto sql ttlru
"""
_RATE_LIMITS: Final = "local redis"
_BUFFERS: Final = "memory none sqlite system_window"
_SCANNERS: Final = """
avro chunker csv decompress json_documents lines re_match skip_bom switch tar to_the_end xml_documents
"""
BENTO_COMPONENTS: Final = {
    Kind.INPUT: frozenset(_INPUTS.split()),
    Kind.PROCESSOR: frozenset(_PROCESSORS.split()),
    Kind.OUTPUT: frozenset(_OUTPUTS.split()),
    Kind.CACHE: frozenset(_CACHES.split()),
    Kind.RATE_LIMIT: frozenset(_RATE_LIMITS.split()),
    Kind.BUFFER: frozenset(_BUFFERS.split()),
    Kind.SCANNER: frozenset(_SCANNERS.split()),
}

_PROGRAMS: Final = "a definition runs no programs of this machine"
_FILES: Final = "a definition reads and writes no files of this machine"
_SOCKETS: Final = "listening belongs to the gateway, and calls outward go through the outbound guard"
_OPTIONAL: Final = "its client is not installed here; the operator installs the package python-qpid-proton"
_CODE: Final = "code of other languages cannot be bounded here; a mapping can"
REFUSED: Final = {
    **dict.fromkeys([(kind, "subprocess") for kind in (Kind.INPUT, Kind.PROCESSOR, Kind.OUTPUT)], _PROGRAMS),
    (Kind.PROCESSOR, "command"): _PROGRAMS,
    **dict.fromkeys([(kind, "amqp_1") for kind in (Kind.INPUT, Kind.OUTPUT)], _OPTIONAL),
    **dict.fromkeys([(Kind.PROCESSOR, name) for name in ("awk", "javascript", "python", "wasm")], _CODE),
    **dict.fromkeys(
        [(Kind.INPUT, name) for name in ("csv", "file", "file_tail", "parquet", "stdin")], _FILES
    ),
    **dict.fromkeys([(Kind.OUTPUT, name) for name in ("file", "stdout")], _FILES),
    (Kind.PROCESSOR, "file"): _FILES,
    (Kind.CACHE, "file"): _FILES,
    **dict.fromkeys([(kind, "socket") for kind in (Kind.INPUT, Kind.OUTPUT)], _SOCKETS),
    (Kind.INPUT, "socket_server"): _SOCKETS,
    **dict.fromkeys(
        [(kind, "dynamic") for kind in (Kind.INPUT, Kind.OUTPUT)],
        "streams are changed by definitions, which are checked and audited",
    ),
}
"""Components that are not to come, and why."""
