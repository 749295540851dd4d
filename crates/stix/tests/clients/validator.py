"""Compares our validator with OASIS's, over the corpus and any bundles named.

    pip install 'stix2-validator==3.2.0'   # the last release that ships its schemas
    cargo build -p portcullis-stix --example verdicts
    python tests/clients/validator.py VERDICTS_BINARY FILE[.gz] …

Prints how often both agree that an object conforms (errors alone, neither
side's warnings), and every disagreement of the corpus with both sides' reasons;
`docs/stix.md` explains each of them. Of larger files every object of a type
that is rare and a sample of the others are compared; `--all` compares all.
"""

import collections
import gzip
import json
import random
import subprocess
import sys

from stix2validator import ValidationOptions, validate_instance

SAMPLE = 150


def theirs(instance):
    # Their warnings are not errors; "strict" would mix the two.
    found = validate_instance(instance, ValidationOptions(version="2.1", silent=True))
    results = found if isinstance(found, list) else [found]
    errors = [e for r in results for o in [r, *getattr(r, "object_results", [])] for e in getattr(o, "errors", [])]
    ok = all(r.is_valid for r in results)
    return ok, [str(e).strip() for e in errors]


def objects(path):
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        read = json.load(file)
    if isinstance(read, list):
        return [(case["name"], case["object"]) for case in read], True
    return [(o["id"], o) for o in read.get("objects", [read])], False


def main():
    binary, *paths = sys.argv[1:]
    every = "--all" in paths
    for path in [path for path in paths if path != "--all"]:
        lines = subprocess.run([binary, path], capture_output=True, check=True, text=True).stdout
        ours = [json.loads(line) for line in lines.splitlines()]
        both, is_corpus = objects(path)
        assert len(both) == len(ours), (len(both), len(ours))
        pairs = list(zip(both, ours))
        if not is_corpus and not every:
            by_type = collections.defaultdict(list)
            for pair in pairs:
                by_type[pair[0][1]["type"]].append(pair)
            rng = random.Random(1)
            pairs = [p for of in by_type.values() for p in (of if len(of) <= SAMPLE else rng.sample(of, SAMPLE))]
        count = collections.Counter()
        for (name, instance), our in pairs:
            try:
                ok, errors = theirs(instance)
            except Exception as fault:  # theirs raises on some of the malformed
                ok, errors = False, [f"raised {type(fault).__name__}: {fault}"]
            mine = not our["errors"]
            count[mine, ok] += 1
            if mine != ok:
                say = [f"{e['rule']} {e['property']}: {e['message']}" for e in our["errors"]]
                print(f"- {name}\n    ours:   {say or 'conforms'}\n    theirs: {errors[:2] or 'conforms'}")
        total = sum(count.values())
        agreed = count[True, True] + count[False, False]
        print(
            f"{path}: {agreed} of {total} agreed ({count[True, True]} conform, {count[False, False]} do not); "
            f"ours alone refuses {count[False, True]}, theirs alone {count[True, False]}"
        )


if __name__ == "__main__":
    main()
