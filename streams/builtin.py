"""The components that come with the engine. Those of other packages are added where everything is wired."""

from __future__ import annotations

from streams.amqp_1 import optional as amqp_1_optional
from streams.buffers import memory as memory_buffer
from streams.buffers import no_buffer, system_window
from streams.caches import lru, memory, ttlru
from streams.caches import redis as redis_cache
from streams.inputs import amqp_0_9 as amqp_0_9_input
from streams.inputs import batched, generate, read_until, sequence
from streams.inputs import broker as broker_input
from streams.inputs import http_client as http_client_input
from streams.inputs import inproc as inproc_input
from streams.inputs import join as join_input
from streams.inputs import kafka as kafka_input
from streams.inputs import mqtt as mqtt_input
from streams.inputs import nats as nats_input
from streams.inputs import pattern as pattern_input
from streams.inputs import redis_streams as redis_streams_input
from streams.inputs import resource as resource_input
from streams.inputs import websocket as websocket_input
from streams.outputs import amqp_0_9 as amqp_0_9_output
from streams.outputs import broker as broker_output
from streams.outputs import cache as cache_output
from streams.outputs import drop, drop_on, email, fallback, reject, reject_errored
from streams.outputs import http_client as http_client_output
from streams.outputs import inproc as inproc_output
from streams.outputs import kafka as kafka_output
from streams.outputs import mqtt as mqtt_output
from streams.outputs import nats as nats_output
from streams.outputs import redis_streams as redis_streams_output
from streams.outputs import resource as resource_output
from streams.outputs import retry as retry_output
from streams.outputs import switch as switch_output
from streams.outputs import sync_response as sync_response_output
from streams.outputs import websocket as websocket_output
from streams.processors import (
    archive,
    avro,
    bounds_check,
    branch,
    cache,
    cached,
    catch,
    compress,
    dedupe,
    for_each,
    grok,
    group_by,
    group_by_value,
    http_processor,
    insert_part,
    jmespath,
    jq,
    json_schema,
    log,
    mapping,
    metric,
    msgpack,
    noop,
    parallel,
    parse_log,
    processors,
    rate_limit,
    resource,
    retry,
    schema_registry_decode,
    schema_registry_encode,
    select_parts,
    sleep,
    split,
    sql_insert,
    sql_raw,
    sql_select,
    switch,
    try_processor,
    unarchive,
    while_processor,
    workflow,
    xml,
)
from streams.processors import sync_response as sync_response_processor
from streams.rate_limits import local
from streams.rate_limits import redis as redis_rate_limit
from streams.registry import Registry
from streams.scanners import avro as avro_scanner
from streams.scanners import chunker, csv_rows, json_documents, lines, re_match, skip_bom, tar, to_the_end
from streams.scanners import decompress as decompress_scanner
from streams.scanners import switch as switch_scanner


def core_registry() -> Registry:
    """All built-in components, each allowed."""
    return Registry().with_component(
        batched.BATCHED,
        broker_input.BROKER,
        generate.GENERATE,
        http_client_input.HTTP_CLIENT,
        inproc_input.INPROC,
        join_input.JOIN,
        kafka_input.KAFKA,
        pattern_input.PATTERN,
        read_until.READ_UNTIL,
        resource_input.RESOURCE,
        sequence.SEQUENCE,
        *amqp_1_optional.COMPONENTS,
        amqp_0_9_input.AMQP_0_9,
        mqtt_input.MQTT,
        nats_input.NATS,
        redis_streams_input.REDIS_STREAMS,
        websocket_input.WEBSOCKET,
        broker_output.BROKER,
        cache_output.CACHE,
        drop.DROP,
        email.EMAIL,
        drop_on.DROP_ON,
        fallback.FALLBACK,
        reject.REJECT,
        resource_output.RESOURCE,
        retry_output.RETRY,
        reject_errored.REJECT_ERRORED,
        switch_output.SWITCH,
        http_client_output.HTTP_CLIENT,
        inproc_output.INPROC,
        kafka_output.KAFKA,
        amqp_0_9_output.AMQP_0_9,
        mqtt_output.MQTT,
        nats_output.NATS,
        redis_streams_output.REDIS_STREAMS,
        websocket_output.WEBSOCKET,
        mapping.MAPPING,
        mapping.MUTATION,
        sync_response_output.SYNC_RESPONSE,
        sync_response_processor.SYNC_RESPONSE,
        bounds_check.BOUNDS_CHECK,
        branch.BRANCH,
        catch.CATCH,
        for_each.FOR_EACH,
        group_by.GROUP_BY,
        group_by_value.GROUP_BY_VALUE,
        insert_part.INSERT_PART,
        log.LOG,
        metric.METRIC,
        noop.NOOP,
        parallel.PARALLEL,
        processors.PROCESSORS_PROCESSOR,
        retry.RETRY,
        schema_registry_decode.SCHEMA_REGISTRY_DECODE,
        schema_registry_encode.SCHEMA_REGISTRY_ENCODE,
        select_parts.SELECT_PARTS,
        sleep.SLEEP,
        split.SPLIT,
        sql_insert.SQL_INSERT,
        sql_raw.SQL_RAW,
        sql_select.SQL_SELECT,
        switch.SWITCH,
        try_processor.TRY,
        while_processor.WHILE,
        workflow.WORKFLOW,
        resource.RESOURCE,
        grok.GROK,
        parse_log.PARSE_LOG,
        http_processor.HTTP,
        cache.CACHE,
        cached.CACHED,
        dedupe.DEDUPE,
        rate_limit.RATE_LIMIT,
        lru.LRU,
        memory.MEMORY,
        ttlru.TTLRU,
        redis_cache.REDIS,
        local.LOCAL,
        redis_rate_limit.REDIS,
        compress.DECOMPRESS,
        archive.ARCHIVE,
        avro.AVRO,
        compress.COMPRESS,
        json_schema.JSON_SCHEMA,
        jmespath.JMESPATH,
        jq.JQ,
        msgpack.MSGPACK,
        unarchive.UNARCHIVE,
        xml.XML,
        avro_scanner.AVRO,
        chunker.CHUNKER,
        csv_rows.CSV,
        decompress_scanner.DECOMPRESS,
        json_documents.JSON_DOCUMENTS,
        lines.LINES,
        re_match.RE_MATCH,
        skip_bom.SKIP_BOM,
        switch_scanner.SWITCH,
        tar.TAR,
        to_the_end.TO_THE_END,
        memory_buffer.MEMORY,
        no_buffer.NONE,
        system_window.SYSTEM_WINDOW,
    )
