#!/bin/sh
# Reads a topic with kcat: place, key and headers of each record to stderr, then the records as JSON lines to stdout.
#
#   ./magpie dashboard --port 8780 &
#   examples/kcat/read-topic.sh 127.0.0.1:9092 sft http://127.0.0.1:8780
#
# A kcat that was built with Avro (kcat -V says so) decodes by itself:
#   kcat -b BROKERS -C -t sft -e -s value=avro -r http://127.0.0.1:8780
# Debian's has no Avro: it hands the bytes on, a length before each, and decode.py does the rest (pip install fastavro).
set -eu

brokers=$1 topic=$2 registry=$3
here=$(dirname "$0")
python=${PYTHON:-python3}

kcat -b "$brokers" -C -t "$topic" -e -q -f '%t [%p] %o  %k  %h\n' >&2
kcat -b "$brokers" -C -t "$topic" -e -q -f '%R%s' | "$python" "$here/decode.py" "$registry"
