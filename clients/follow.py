"""From one cell to another: how long until what is published at one is seen at the cell that follows it.

    follow.py BINARY [--times N] [--pause MS] [--fill BUNDLE]

`BINARY` is a release build of `portcullis`. Two nodes with a register of their own are made in a
temporary folder, each a process that follows the other's collection over mutual TLS, and each
other's witnesses. An indicator is added at one over TAXII; a client at the other asks for it by its
id until it is there. The clock runs from before the request to add until the answer that has it:
three waits for a disk are in it, at the first cell for the object and for the note of whom it
served, at the second for the object. Both directions are measured, then both in turns, then a
burst. `--fill` puts a STIX bundle into the first cell before, as much as a working cell holds, and
times that. What is printed is a table.
"""

import argparse
import pathlib
import random
import subprocess
import tempfile
import time

import measure
import node

EAST, WEST = "east.example", "west.example"


class Member(node.Node):
    """A cell with a place in a register, which is a witness, too."""

    def __init__(self, binary, folder, member, sector, log):
        self.binary, self.folder, self.member = str(pathlib.Path(binary).resolve()), str(pathlib.Path(folder) / member), member
        self.plain, self.process = node.free_port(), None
        self.base, self.root = f"http://127.0.0.1:{self.plain}", "/taxii2/live/"
        words = ["--member", member, "--sector", sector, "--role", "cell", "--role", "witness", "--country", "GB"]
        words += ["--listen", f"127.0.0.1:{node.free_port()}", "--plain-listen", f"127.0.0.1:{self.plain}"]
        self.run("init", *words, *(["--witness-log", log] if log else ["--registrar"]))
        self.card = pathlib.Path(self.folder) / "card.json"

    def serve(self):
        line, _ = self.serve_line()
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(f"{self.member} to answer", lambda: answers(self.base))

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


def answers(base):
    try:
        return measure.Connection(base, None, 2).ask("GET", "/taxii2/")[0] in (200, 401)
    except OSError:
        return False


def wait(what, look, seconds=60):
    ends = time.monotonic() + seconds
    while not (found := look()):
        if ends < time.monotonic():
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.01)
    return found


def founded(binary, folder):
    """Two members of one register, both served."""
    east = Member(binary, folder, EAST, "police", None)
    log = east.run("key", "card")["register_log"]
    west = Member(binary, folder, WEST, "industry", log)
    for one in (east, west):
        one.card.write_text(subprocess.run([one.binary, "--dir", one.folder, "key", "card"], check=True, capture_output=True, text=True).stdout)
        one.serve()
    draft, register = str(pathlib.Path(folder) / "v1.json"), str(pathlib.Path(folder) / "register.json")
    east.run("key", "new", "root")
    cards = ["--card", str(east.card), "--card", str(west.card)]
    east.run("register", "new", draft, "--root", "root", "--threshold", "1", "--days", "30", *cards)
    east.run("register", "sign", draft, "--key", "root")
    register_id = east.run("register", "publish", f"{draft}.signed")["register"]
    east.run("register", "export", register)
    west.run("register", "trust", register_id, register)
    for one in (east, west):
        one.stop()
        one.serve()
    return east, west


def follow_each_other(east, west):
    """One collection at each, each kept in step with the other; their ids."""
    group = east.run("cell", "group", "make", "Both")["id"]
    east.run("cell", "group", "invite", group, WEST, "--country", "GB")
    here = east.run("cell", "collection", "add", "Alerts", "--mode", "keep", "--group", group)["id"]
    there = west.run("cell", "collection", "add", "Incoming", "--mode", "keep")["id"]
    west.run("cell", "follow", "add", "--member", EAST, "--collection", here, "--into", there)
    wait("the group to be known", lambda: group in str(west.run("cell", "group", "list")))
    west.run("cell", "collection", "change", there, "--readers", group)
    east.run("cell", "follow", "add", "--member", WEST, "--collection", there, "--into", here)
    return here, there


def in_step(one):
    listed = one.run("cell", "follow", "list")
    return listed and all((follow["seen"] or {}).get("state") == "in-step" for follow in listed)


class End:
    """A client of one of the two, and its collection's path."""

    def __init__(self, member, collection):
        token = member.run("cell", "account", "add", "measure")["token"]
        self.member, self.collection = member.member, collection
        self.measure = measure.Measure(member.base, member.root, f"Bearer {token}")
        self.path = f"{member.root}collections/{collection}/objects/"

    def add(self, objects):
        wait("the account to be let in", lambda: self.measure.connection.ask("GET", self.path + "?limit=1")[0] == 200)
        return self.measure.post(self.collection, objects)

    def see(self, one):
        """Asks until it is there."""
        path, ends = f"{self.path}{one['id']}/", time.monotonic() + 30
        while self.measure.connection.ask("GET", path)[0] != 200:
            if ends < time.monotonic():
                raise SystemExit(f"{self.member} never saw {one['id']}")


def crossings(source, follower, times, pause_ms, dice):
    """Milliseconds from publishing to seeing, after pauses of all lengths, and how much of it the adding was."""
    whole, added = [], []
    for _ in range(times):
        # Whatever period there is in either program is met at every moment of it.
        time.sleep(dice.uniform(0, 2 * pause_ms) / 1e3)
        one = measure.indicator()
        begun = time.perf_counter()
        took, _ = source.measure.post(source.collection, [one])
        follower.see(one)
        whole.append(1e3 * (time.perf_counter() - begun))
        added.append(1e3 * took)
    return whole, added


def turns(ends, times):
    """Milliseconds of each of `times` answers, where either publishes as soon as it sees what the other has."""
    took = []
    for turn in range(times):
        source, follower = ends[turn % 2], ends[1 - turn % 2]
        one = measure.indicator()
        begun = time.perf_counter()
        source.measure.post(source.collection, [one])
        follower.see(one)
        took.append(1e3 * (time.perf_counter() - begun))
    return took


def row(name, values):
    p50, p99, most = (measure.percentile(values, share) for share in (50, 99, 100))
    print(f"| {name} | p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {most:.2f} ms |", flush=True)


def measured(told, folder, nodes):
    east, west = founded(told.binary, folder)
    nodes += [east, west]
    here, there = follow_each_other(east, west)
    ends = End(east, here), End(west, there)
    for source, follower in (ends, ends[::-1]):
        one = measure.indicator()
        source.add([one])
        wait("the account to be let in", lambda: follower.measure.connection.ask("GET", follower.path + "?limit=1")[0] == 200)
        follower.see(one)
    if told.fill:
        objects = measure.objects_of(told.fill)
        begun = time.perf_counter()
        ends[0].measure.ingest(here, objects, 1000)
        last = measure.indicator()
        ends[0].add([last])
        ends[1].see(last)
        took = time.perf_counter() - begun
        print(f"| a whole collection, added here and seen there | {len(objects)} objects in {took:.2f} s |", flush=True)
    for one in (east, west):
        wait(f"{one.member} to be in step", lambda: in_step(one))
    dice = random.Random(told.seed)
    for source, follower in (ends, ends[::-1]):
        whole, added = crossings(source, follower, told.times, told.pause, dice)
        row(f"published → visible, {source.member} → {follower.member}", whole)
        row("of which adding, durable", added)
    row("the same in turns, without a pause", turns(ends, told.times))
    burst = [measure.indicator() for _ in range(1000)]
    begun = time.perf_counter()
    for one in burst:
        ends[0].measure.post(here, [one])
    ends[1].see(burst[-1])
    took = time.perf_counter() - begun
    print(f"| 1000 one after the other, without a pause | the last is there after {took:.2f} s |", flush=True)


def main():
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("binary")
    told.add_argument("--times", type=int, default=300, help="how many in each direction")
    told.add_argument("--pause", type=float, default=40, help="milliseconds between two, on average")
    told.add_argument("--fill", metavar="BUNDLE", help="a STIX bundle that the first cell holds, .json or .json.gz")
    told.add_argument("--seed", type=int, default=1)
    told = told.parse_args()
    nodes = []
    print("| | |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            measured(told, folder, nodes)
        finally:
            for one in nodes:
                one.stop()


if __name__ == "__main__":
    main()
