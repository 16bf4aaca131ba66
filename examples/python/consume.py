# Reads a topic of Magpie from its beginning to its present end, and prints each record as a line of JSON:
#
#   pip install confluent-kafka fastavro
#   ./magpie dashboard --port 8780 &
#   python examples/python/consume.py 127.0.0.1:9092 sft http://127.0.0.1:8780 > sft.jsonl
#
# It commits nothing, so it does not disturb a run. Other commands of its kind: any group.id of your own.

import json
import sys
import uuid

from confluent_avro import Decoder
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

brokers, topic, registry = sys.argv[1:4]
decoder = Decoder(registry)
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": f"example-{uuid.uuid4()}",
        "enable.auto.commit": False,
        # A problem with all its samples may be a large record.
        "fetch.message.max.bytes": 16 * 1024 * 1024,
    }
)
partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
ends = {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30) for number in partitions}
waiting = {number for number, (first, end) in ends.items() if end > first}
consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in waiting])
while waiting:
    message = consumer.poll(30)
    if message is None:
        raise SystemExit("nothing came for 30 seconds")
    if message.error():
        raise SystemExit(str(message.error()))
    if message.value() is not None:
        print(json.dumps(decoder.decode(message.value()), default=str))
    if message.offset() + 1 >= ends[message.partition()][1]:
        waiting.discard(message.partition())
consumer.close()
