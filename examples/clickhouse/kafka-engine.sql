-- A ClickHouse of your own that reads a topic as it grows, by its Kafka engine. {BROKERS} and {REGISTRY} stand for the
-- address of Kafka and of ./magpie dashboard (or of your schema registry). Columns are fields of the record
-- (schemas/sft-record.avsc), as many as you like. Every message of the topic comes, those of all runs and repeats too:
-- read the table with FINAL.

CREATE DATABASE IF NOT EXISTS magpie_topics;

CREATE TABLE magpie_topics.sft_queue
(
    id String,
    runId String,
    instruction String,
    reasoning Nullable(String),
    response String,
    verdict String,
    rewards Map(String, Float64)
)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{BROKERS}', kafka_topic_list = 'sft', kafka_group_name = 'clickhouse-of-mine',
    kafka_format = 'AvroConfluent', format_avro_schema_registry_url = '{REGISTRY}';

CREATE TABLE magpie_topics.sft
(
    id String,
    runId String,
    instruction String,
    reasoning Nullable(String),
    response String,
    verdict String,
    rewards Map(String, Float64)
)
ENGINE = ReplacingMergeTree ORDER BY (runId, id);

CREATE MATERIALIZED VIEW magpie_topics.sft_feed TO magpie_topics.sft AS SELECT * FROM magpie_topics.sft_queue;
