"""Portcullis beside other TAXII 2.1 servers, measured in one run on this machine.

    compare.py BINARY BUNDLE [--only NAME] [--mode MODE] [--objects N] [--copies N] [--seconds N] [--peers FOLDER] [--out FILE]

`BINARY` is a release build of `portcullis`; `BUNDLE` a STIX 2.1 bundle, such as ATT&CK Enterprise
(.json or .json.gz). The peers come from PyPI into an environment of their own below `target/`,
or are in one already that `--peers` names. How long until another cell has it: `follow.py`.
Each server runs alone, with a fresh folder, and is asked the same things. Close other programs first.
"""

import argparse
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

import measure
import node

PEERS = ["opentaxii==0.10.0b1", "medallion==3.0.0"]
ENVIRONMENT = pathlib.Path(__file__).resolve().parent.parent / "target" / "peers"


def environment(folder):
    """The peers' own Python, made once; what is there already has the versions that are named here, or is refused."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    held = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout.lower().split()
    if missing := [peer for peer in PEERS if peer not in held]:
        raise SystemExit(f"{folder} does not have {', '.join(missing)}")
    return folder / "bin"


class Server:
    """A server's process, its address, and two collections: for envelopes of 100 and of 1000."""

    def __init__(self, name, line, base, root, auths, collections, environ=None):
        self.name, self.base, self.root, self.auths, self.collections = name, base, root, auths, collections
        self.process = subprocess.Popen(
            [str(word) for word in line], env={**os.environ, **(environ or {})}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        begun = time.perf_counter()
        while True:
            try:
                code = measure.Connection(base, next(iter(auths.values())), 2).ask("GET", "/taxii2/")[0]
                if code in (200, 401):
                    break
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - begun > 60:
                raise SystemExit(f"{name} did not start")
            time.sleep(0.002)
        self.started_ms = 1e3 * (time.perf_counter() - begun)

    def memory_mb(self):
        """The most memory that it ever held, in MB, its children included."""
        total, waiting = 0, [self.process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except OSError:
                continue
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
            waiting += [int(child) for child in children.split()]
        return total / 1024

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def portcullis(told, folder):
    made = node.Node(told.binary, folder)
    collections = [made.collection("of-100", mode=told.mode), made.collection("of-1000", mode=told.mode)]
    token, password = made.account("measure")
    line, base = made.serve_line()
    auths = {"token": f"Bearer {token}", "Basic": measure.basic("measure-basic", password)}
    return Server("portcullis", line, base, made.root, auths, collections)


def opentaxii(told, folder):
    programs, port = environment(told.peers), node.free_port()
    config = folder / "opentaxii.yml"
    config.write_text(
        f"domain: localhost:{port}\nsupport_basic_auth: yes\n"
        "auth_api:\n  class: opentaxii.auth.sqldb.SQLDatabaseAPI\n"
        f"  parameters: {{db_connection: 'sqlite:///{folder}/auth.db', create_tables: yes, secret: {uuid.uuid4().hex}}}\n"
        "taxii1:\ntaxii2:\n  title: measure\n  persistence_api:\n    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI\n"
        f"    parameters: {{db_connection: 'sqlite:///{folder}/data.db', create_tables: yes}}\n"
        "  max_content_length: 209715200\n  public_discovery: true\n  allow_custom_properties: true\n"
        "logging: {opentaxii: error, root: error}\n"
    )
    environ = {**os.environ, "OPENTAXII_CONFIG": str(config)}

    def run(program, *words):
        return subprocess.run([programs / program, *words], env=environ, check=True, capture_output=True, text=True).stdout

    run("opentaxii-add-api-root", "-t", "measure", "--default")
    token = run("opentaxii-create-account", "-u", "measure", "-p", "measure", "-a").split("token:")[1].strip()
    with sqlite3.connect(folder / "data.db") as database:
        (root,) = ids(database, "opentaxii_api_root")
        for title in ("of-100", "of-1000"):
            run("opentaxii-add-collection", "-r", root, "-t", title)
        collections = ids(database, "opentaxii_collection")
    server = "from opentaxii.http import app; from werkzeug.serving import run_simple; "
    server += f"run_simple('127.0.0.1', {port}, app, threaded=True)"
    auths = {"token": f"Bearer {token}", "Basic": measure.basic("measure", "measure")}
    line = [programs / "python", "-c", server]
    return Server("OpenTAXII 0.10.0b1, SQLite", line, f"http://127.0.0.1:{port}", f"/taxii2/{root}/", auths, collections, environ)


def ids(database, table):
    return [str(uuid.UUID(str(row[0]))) for row in database.execute(f"select id from {table}")]


def medallion(told, folder):
    programs, port = environment(told.peers), node.free_port()
    collections = [str(uuid.uuid4()), str(uuid.uuid4())]
    listed = [
        {"id": one, "title": "measure", "can_read": True, "can_write": True, "media_types": ["application/stix+json;version=2.1"], "manifest": [], "objects": []}
        for one in collections
    ]
    base = f"http://127.0.0.1:{port}"
    information = {"title": "measure", "versions": [measure.MEDIA], "max_content_length": 209715200}
    data = {
        "/discovery": {"title": "measure", "default": f"{base}/measure/", "api_roots": [f"{base}/measure/"]},
        "measure": {"information": information, "status": [], "collections": listed},
    }
    (folder / "data.json").write_text(json.dumps(data))
    config = {
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": str(folder / "data.json")},
        "users": {"measure": "measure"},
        "taxii": {"max_page_size": 1000},
    }
    (folder / "config.json").write_text(json.dumps(config))
    line = [programs / "medallion", "--host", "127.0.0.1", "--port", port, "--log-level", "ERROR", folder / "config.json"]
    return Server("medallion 3.0.0, memory", line, base, "/measure/", {"Basic": measure.basic("measure", "measure")}, collections)


def rows(server, told, objects):
    """What is measured of one server: a name and a number with its unit each."""
    first = measure.Measure(server.base, server.root, next(iter(server.auths.values())), told.seconds, told.most_seconds)
    for number in range(told.copies - 1, 0, -1):
        first.ingest(server.collections[-1], measure.copy_of(objects, number), 1000)
        print(f"\r  {number * len(objects)} more objects to fill in ", end="", flush=True)
    for collection, envelope in zip(server.collections, (100, 1000)):
        yield f"ingest, envelopes of {envelope}", f"{first.ingest(collection, objects, envelope):,.0f} objects/s"
    collection = server.collections[-1]
    speed, ids = first.read_all(collection)
    yield "full read, pages of 1000", f"{speed:,.0f} objects/s"
    for kind, auth in server.auths.items():
        found = measure.Measure(server.base, server.root, auth, told.seconds).by_id(collection, ids)
        if found:
            yield f"one object by id, 64 connections, {kind}", f"{found[0]:,.0f} requests/s, p99 {found[1]:.1f} ms"
    yield "idle poll, p50", f"{first.idle_poll(collection):.2f} ms"
    yield "published → visible, p50", f"{first.visible(collection):.2f} ms"
    yield "first answer after start, empty", f"{server.started_ms:.0f} ms"
    yield "most memory", f"{server.memory_mb():.0f} MB"


SERVERS = {"portcullis": portcullis, "opentaxii": opentaxii, "medallion": medallion}


def main():
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("binary")
    told.add_argument("bundle")
    told.add_argument("--only", choices=SERVERS)
    told.add_argument("--mode", choices=["keep", "must", "strict"], default="keep", help="how our collections validate")
    told.add_argument("--objects", type=int, default=0, help="the first N of the bundle alone")
    told.add_argument("--copies", type=int, default=1, help="fill the collection with so many copies of the bundle under other ids, the last of them measured")
    told.add_argument("--most-seconds", type=int, default=60, help="how long one row may take")
    told.add_argument("--seconds", type=int, default=5, help="how long one object is asked for")
    told.add_argument("--peers", type=pathlib.Path, default=ENVIRONMENT, metavar="FOLDER", help="the peers' Python environment, made if it is not there")
    told.add_argument("--out", help="writes the numbers as JSON, too")
    told = told.parse_args()
    objects = measure.objects_of(told.bundle)[: told.objects or None]
    found = {}
    for name in [told.only] if told.only else SERVERS:
        with tempfile.TemporaryDirectory() as folder:
            server = SERVERS[name](told, pathlib.Path(folder))
            print(f"\n{server.name}: {len(objects)} objects", flush=True)
            try:
                found[server.name] = {}
                for row, number in rows(server, told, objects):
                    found[server.name][row] = number
                    print(f"  {row:<48} {number}", flush=True)
            except (RuntimeError, OSError) as error:
                print(f"  ended: {error}", flush=True)
            finally:
                server.stop()
    if told.out:
        pathlib.Path(told.out).write_text(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
