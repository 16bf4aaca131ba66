# Loads exports by every reader of examples/python/load.py and holds them, row by row, to what ClickHouse has: the same ids,
# each with its texts. Arguments: the file of the expected rows (JSON: type to id to texts), then folders of exports.
# Prints a line a folder and reader; exits with 1 where something differs.

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))
import load

EXPECTED = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))


def base(identity):
    return identity.removesuffix("/chosen").removesuffix("/rejected")


def faults_of(row, kind, name):
    """What differs between a row of a format and the row of the table."""
    row = {key: plain(value) for key, value in row.items()}
    there = EXPECTED[kind].get(base(row["id"]))
    if there is None:
        return ["is not in the table"]
    if name == "messages":
        pairs = texts(row["messages"], "content", there["instruction"], there["response"])
    elif name == "sharegpt":
        pairs = texts(row["conversations"], "value", there["instruction"], there["response"])
    elif name == "dpo":
        pairs = [
            (row["prompt"][0]["content"], there["instruction"]),
            (row["chosen"][0]["content"], there["chosen"]),
            (row["rejected"][0]["content"], there["rejected"]),
        ]
    elif name == "kto":
        side = "chosen" if row["label"] else "rejected"
        if not row["id"].endswith("/" + side):
            return ["has the label of the other side"]
        pairs = [(row["prompt"][0]["content"], there["instruction"]), (row["completion"][0]["content"], there[side])]
    elif name == "prm":
        steps = "".join(row["completions"])
        pairs = [(row["prompt"], there["instruction"]), (squeezed(steps), squeezed(there["response"]))]
        if len(row["labels"]) != len(row["completions"]):
            return ["has not one label a step"]
    else:
        pairs = [(row[column], there[column]) for column in there]
    return [f"{mine!r} is not {theirs!r}" for mine, theirs in pairs if mine != theirs]


def texts(turns, key, instruction, response):
    return [(turns[0][key], instruction), (turns[1][key], response)]


def squeezed(text):
    return "".join(text.split())


def plain(value):
    """numpy's arrays as lists, pandas' NaN as None."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return None if isinstance(value, float) and value != value else value


def check(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    kind, name = manifest["type"], manifest["format"]
    found = {}
    for file in manifest["files"]:
        for reader, read in load.readers_of(folder / file["path"]).items():
            found.setdefault(reader, {})[file["split"]] = read(folder / file["path"])
    if manifest["container"] != "avro":
        found["datasets"] = load.with_datasets(folder)
    failed = False
    for reader, splits in found.items():
        faults = []
        for file in manifest["files"]:
            if len(splits.get(file["split"], [])) != file["rows"]:
                faults.append(f"split {file['split']} has not {file['rows']} rows")
        rows = [row for split in splits.values() for row in split]
        if {base(row["id"]) for row in rows} != set(EXPECTED[kind]):
            faults.append("other ids than in the table")
        faults += [f"{row['id']}: {fault}" for row in rows for fault in faults_of(row, kind, name)]
        print(f"{folder.name} by {reader}: {len(rows)} rows, {len(faults)} differ")
        for fault in faults[:3]:
            print(f"  {fault[:500]}")
        failed = failed or bool(faults)
    return failed


if any([check(pathlib.Path(folder)) for folder in sys.argv[2:]]):
    raise SystemExit(1)
