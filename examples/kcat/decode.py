# Records from kcat (-f '%R%s': four bytes of length, then the message) as JSON lines. See read-topic.sh.

import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from confluent_avro import Decoder

decoder = Decoder(sys.argv[1])
while head := sys.stdin.buffer.read(4):
    (length,) = struct.unpack(">i", head)
    if length >= 0:  # -1: a tombstone
        print(json.dumps(decoder.decode(sys.stdin.buffer.read(length)), default=str))
