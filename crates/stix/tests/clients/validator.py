"""Compares our validator with OASIS's, over the corpus and any bundles named.

    pip install 'stix2-validator==3.2.0'   # the last release that ships its schemas
    cargo build -p portcullis-stix --example verdicts
    python tests/clients/validator.py VERDICTS_BINARY FILE[.gz] …

Prints how often both agree that an object conforms (errors alone, neither
side's warnings), and every disagreement of the corpus with both sides' reasons;
`docs/stix.md` explains each of them. Of larger files every object of a type
that is rare and a sample of the others are compared; `--all` compares all. With
`--mutate` every property of every whole object of a corpus is taken out and
replaced by fourteen other values first, and the verdicts on those are compared.
"""

import collections
import copy
import gzip
import json
import random
import subprocess
import sys
import tempfile

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


def places(value, path=()):
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in members:
        yield (*path, step)
        yield from places(inner, (*path, step))


GONE = object()
OTHERS = [
    GONE, 7, -3, 1.5, "zzz", "", None, True, [], {}, ["abc"], [1], {"abc": "def"},
    "2026-01-02T03:04:05.678Z", "identity--a1b2c3d4-1111-4222-8333-444455556666",
]


def mutants(cases):
    for name, whole in cases:
        if not name.startswith("whole"):
            continue
        for path in places(whole):
            for other in OTHERS:
                made = copy.deepcopy(whole)
                at = made
                for step in path[:-1]:
                    at = at[step]
                if other is GONE:
                    del at[path[-1]]
                else:
                    at[path[-1]] = other
                what = "gone" if other is GONE else json.dumps(other)
                yield f"{name}: {'.'.join(map(str, path))} = {what}", made


def judge(binary, path):
    lines = subprocess.run([binary, path], capture_output=True, check=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def compare(title, pairs):
    count = collections.Counter()
    for (name, instance), our in pairs:
        try:
            ok, errors = theirs(instance)
        except Exception as fault:  # theirs raises on much that is malformed
            ok, errors = False, [f"raised {type(fault).__name__}: {fault}"]
            count["raised"] += 1
        mine = not our["errors"]
        count[mine, ok] += 1
        if mine != ok:
            say = [f"{e['rule']} {e['property']}: {e['message']}" for e in our["errors"]]
            print(f"- {name}\n    ours:   {say or 'conforms'}\n    theirs: {errors[:2] or 'conforms'}")
    raised = count.pop("raised", 0)
    total = sum(count.values())
    agreed = count[True, True] + count[False, False]
    print(
        f"{title}: {agreed} of {total} agreed ({count[True, True]} conform, {count[False, False]} do not); "
        f"ours alone refuses {count[False, True]}, theirs alone {count[True, False]}; "
        f"theirs raised on {raised}, taken as refused"
    )


def sample(pairs):
    by_type = collections.defaultdict(list)
    for pair in pairs:
        by_type[pair[0][1]["type"]].append(pair)
    rng = random.Random(1)
    return [p for of in by_type.values() for p in (of if len(of) <= SAMPLE else rng.sample(of, SAMPLE))]


def main():
    flags = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    binary, *paths = [argument for argument in sys.argv[1:] if argument not in flags]
    for path in paths:
        both, is_corpus = objects(path)
        if is_corpus and "--mutate" in flags:
            both = list(mutants(both))
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump([{"name": name, "object": made} for name, made in both], file)
                file.flush()
                compare(f"{path}, mutated", list(zip(both, judge(binary, file.name), strict=True)))
            continue
        pairs = list(zip(both, judge(binary, path), strict=True))
        compare(path, pairs if is_corpus or "--all" in flags else sample(pairs))


if __name__ == "__main__":
    main()
