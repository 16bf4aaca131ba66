"""Math-Verify's verdicts. Reads one JSON object a line, {"gold": ..., "pred": ...}, from the file named first; writes one
line for each into the file named second, in the same order: whether Math-Verify calls them equal (forward), whether it does
with the sides exchanged (backward), and what it read on either side. A verdict of null has its reason in "fault"."""

import json
import multiprocessing
import sys

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

SECONDS = 5
TARGETS = (LatexExtractionConfig(), ExprExtractionConfig())


def verdict(gold, pred):
    try:
        return verify(gold, pred, timeout_seconds=SECONDS, raise_on_error=True), None
    except BaseException as error:  # Its time-out is no Exception.
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return None, type(error).__name__


def judge(line):
    pair = json.loads(line)
    gold, pred = (parse(pair[side], extraction_config=TARGETS, parsing_timeout=SECONDS) for side in ("gold", "pred"))
    forward, fault = verdict(gold, pred)
    backward, _ = verdict(pred, gold)
    return json.dumps(
        {"forward": forward, "backward": backward, "fault": fault, "gold": read(gold), "pred": read(pred)}
    )


def read(values):
    return " | ".join(str(value) for value in values)[:200] if values else "nothing"


if __name__ == "__main__":
    with open(sys.argv[1]) as source, open(sys.argv[2], "w") as sink, multiprocessing.Pool() as pool:
        for number, result in enumerate(pool.imap(judge, source, chunksize=8), 1):
            sink.write(result + "\n")
            if number % 500 == 0:
                print(number, flush=True)
