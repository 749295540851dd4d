#!/usr/bin/env python3
"""Puts patterns before `stix2-patterns` (OASIS) and before us, and says where the two differ.

    python3 -m venv V && V/bin/pip install stix2-patterns==2.1.2
    cargo build -p portcullis-stix --example patterns
    V/bin/python crates/stix/tests/clients/patterns.py [--damaged COUNT] EXAMPLE [FILE...]

EXAMPLE is the built example; each FILE is a STIX bundle or envelope, plain or .gz. Our own lists under
`testdata/patterns` are always tried, and COUNT texts made by damaging the valid ones, the same at every run.
Exits 1 when a difference is seen that `docs/stix.md` does not explain.
"""

import argparse
import gzip
import json
import pathlib
import random
import re
import subprocess
import sys

from stix2patterns.validator import run_validator

LISTS = pathlib.Path(__file__).parent.parent.parent / "testdata" / "patterns"


def listed(name):
    lines = (LISTS / name).read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def bundled(path):
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        objects = json.load(file)["objects"]
    return [o["pattern"] for o in objects if o.get("type") == "indicator" and o.get("pattern_type", "stix") == "stix"]


def damaged(patterns, count):
    """Texts with a piece left out, doubled, swapped or taken from another."""
    chance = random.Random(9)
    pieces = ["[", "]", "(", ")", "'", "\\", ".", ":", "*", "-", "+", "0", "1", " ", "/", "//", "/*", "*/", "=", "<", ">", "!", ",", "t", "h", "b",
              "AND", " OR ", "NOT ", "IN", "true", "EXISTS ", " WITHIN 5 SECONDS", "é", "\u00a0", "\n", "_", "a:b", "'x'"]  # fmt: skip
    made = []
    while len(made) < count:
        text = chance.choice(patterns)
        for _ in range(chance.randint(1, 3)):
            at, width = chance.randrange(len(text) + 1), chance.randint(0, 3)
            other = chance.choice(patterns)
            begin = chance.randrange(len(other))
            put = chance.choice(["", text[at : at + width] * 2, chance.choice(pieces), other[begin : begin + chance.randint(1, 12)]])
            text = text[:at] + put + text[at + width :]
        if text.strip():
            made.append(text)
    return made


def theirs(pattern):
    try:
        flaws = run_validator(pattern, "2.1")
        return flaws[0] if flaws else "ok"
    except Exception as error:  # what it raises is one of its answers
        return f"raised {type(error).__name__}"


def ours(example, patterns):
    asked = "".join(json.dumps(pattern) + "\n" for pattern in patterns)
    answered = subprocess.run([example], input=asked.encode(), stdout=subprocess.PIPE, check=True)
    return answered.stdout.decode().splitlines()


def reason(pattern, us, them):
    """The reason `docs/stix.md` gives for this difference, if it gives one."""
    stricter = {
        "a number above nought": "nought",
        "not a time that exists": "calendar",
        "AND joins tests": "one object",
    }
    if them == "ok":
        return next((name for text, name in stricter.items() if text in us), None)
    if us == "ok" and "is not a valid" in them and "hash" in them:
        return "hash"
    if us == "ok" and "missing square brackets" in them and pattern.lstrip().startswith("/"):
        return "comment first"
    if us == "ok" and them == "raised AttributeError" and re.search(r"\[\s*-", pattern):
        return "negative place"
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--damaged", type=int, default=0, metavar="COUNT")
    arguments.add_argument("example")
    arguments.add_argument("files", nargs="*")
    asked = arguments.parse_args()
    example, files = asked.example, asked.files
    sources = {name: listed(name) for name in ("valid.txt", "refused.txt", "stricter.txt")}
    sources |= {pathlib.Path(path).name: bundled(path) for path in files}
    sources["damaged"] = damaged(sources["valid.txt"], asked.damaged)
    unexplained = 0
    for name, patterns in sources.items():
        differences = {}
        for pattern, us in zip(patterns, ours(example, patterns), strict=True):
            them = theirs(pattern)
            if (us == "ok") == (them == "ok"):
                continue
            why = reason(pattern, us, them)
            differences[why] = differences.get(why, 0) + 1
            if why is None:
                unexplained += 1
                print(f"  {pattern!r}\n    we:   {us}\n    they: {them}")
        explained = ", ".join(f"{why}: {count}" for why, count in differences.items() if why)
        print(f"{name}: {len(patterns)} patterns, {sum(differences.values())} differences ({explained or 'none'})")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
