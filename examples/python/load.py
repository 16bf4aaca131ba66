# Loads an exported folder in the ways that people do, and says what it found:
#
#   pip install datasets pandas fastavro
#   python examples/python/load.py data/my-export

import json
import pathlib
import sys

import pandas


def with_pandas(path):
    if path.suffix == ".parquet":
        return pandas.read_parquet(path).to_dict("records")
    # Without dtype=False pandas makes numbers of texts such as the final answer "12".
    lines = path.suffix == ".jsonl"
    return pandas.read_json(path, lines=lines, dtype=False, convert_dates=False).to_dict("records")


def with_fastavro(path):
    import fastavro

    with open(path, "rb") as file:
        return list(fastavro.reader(file))


def with_json(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file] if path.suffix == ".jsonl" else json.load(file)


def with_datasets(folder):
    """Rows by split, as the card (README.md) has them."""
    from datasets import load_dataset

    return {name: list(rows) for name, rows in load_dataset(str(folder)).items()}


def readers_of(path):
    if path.suffix == ".avro":
        return {"fastavro": with_fastavro}
    return {"pandas": with_pandas} if path.suffix == ".parquet" else {"pandas": with_pandas, "json": with_json}


def main():
    folder = pathlib.Path(sys.argv[1])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for file in manifest["files"]:
        for name, read in readers_of(folder / file["path"]).items():
            print(f"{name}: {len(read(folder / file['path']))} of {file['rows']} rows in {file['path']}")
    if manifest["container"] != "avro":
        for split, rows in with_datasets(folder).items():
            print(f"datasets: {len(rows)} rows in split {split}, columns {', '.join(rows[0])}")


if __name__ == "__main__":
    main()
