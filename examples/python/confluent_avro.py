# Messages of Magpie's topics as Python values: a zero byte, the schema id as four bytes, then Avro. Schemas come from a
# Confluent registry; ./magpie dashboard is one. Needs fastavro.

import io
import json
import os
import struct
import urllib.request

import fastavro


class Decoder:
    def __init__(self, registry):
        self.registry = registry.rstrip("/")
        self.schemas = {}

    def schema(self, number):
        if number not in self.schemas:
            request = urllib.request.Request(f"{self.registry}/schemas/ids/{number}")
            token = os.environ.get("MAGPIE_DASHBOARD_TOKEN")
            if token:
                request.add_header("Authorization", f"Bearer {token}")
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.schemas[number] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
        return self.schemas[number]

    def decode(self, message):
        magic, number = struct.unpack(">bI", message[:5])
        if magic != 0:
            raise ValueError(f"a message begins with {magic}, not with 0")
        return fastavro.schemaless_reader(io.BytesIO(message[5:]), self.schema(number), None)
