"""Measures a TAXII 2.1 server over HTTP by its URL: ingest, full read, one object, idle poll,
publish to visible. Uses the standard library, and `wrk` for many connections where it is installed.
"""

import base64
import gzip
import http.client
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import uuid
from datetime import datetime, timezone

MEDIA = "application/taxii+json;version=2.1"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share / 100 * (len(ordered) - 1)))]


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def objects_of(path):
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        return json.load(file)["objects"]


def copy_of(objects, number):
    """The same objects under other ids, their references changed alike; copy 0 is the objects themselves."""
    if not number:
        return objects
    text = json.dumps(objects, ensure_ascii=False, separators=(",", ":"))
    other = lambda found: f"--{int(found[1], 16) ^ number:08x}-"
    return json.loads(re.sub(r"--([0-9a-f]{8})-(?=[0-9a-f]{4}-)", other, text))


class Connection:
    """One connection that stays, and is made again where the server closes it."""

    def __init__(self, base, auth, timeout=120):
        told = urllib.parse.urlsplit(base)
        self.host, self.port, self.auth, self.timeout, self.open = told.hostname, told.port, auth, timeout, None

    def ask(self, method, path, body=None):
        headers = {"Accept": MEDIA}
        if self.auth:
            headers["Authorization"] = self.auth
        if body is not None:
            headers["Content-Type"] = MEDIA
        for again in (True, False):
            fresh = self.open is None
            if fresh:
                self.open = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            try:
                self.open.request(method, path, body, headers)
                answer = self.open.getresponse()
                data = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if fresh or not again:
                    raise
        raise RuntimeError("unreachable")

    def close(self):
        if self.open:
            self.open.close()
        self.open = None


def indicator():
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    one = uuid.uuid4()
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{one}", "created": now, "modified": now,
        "name": "measure", "indicator_types": ["malicious-activity"], "pattern_type": "stix",
        "pattern": f"[domain-name:value = '{one.hex}.example.com']", "valid_from": now,
    }


class Measure:
    """One API root of one server."""

    def __init__(self, base, root, auth, seconds=5, most_seconds=60):
        self.base, self.root, self.auth = base, root, auth
        self.seconds, self.most_seconds = seconds, most_seconds
        self.connection = Connection(base, auth)

    def post(self, collection, objects):
        """Seconds until the server says that all is done, and the status."""
        body = json.dumps({"objects": objects}, ensure_ascii=False, separators=(",", ":")).encode()
        begun = time.perf_counter()
        code, _, data = self.connection.ask("POST", f"{self.root}collections/{collection}/objects/", body)
        if code != 202:
            raise RuntimeError(f"POST answered {code}: {data[:200]!r}")
        status = json.loads(data)
        while status["status"] != "complete":
            time.sleep(0.005)
            status = json.loads(self.connection.ask("GET", f"{self.root}status/{status['id']}/")[2])
        return time.perf_counter() - begun, status

    def ingest(self, collection, objects, envelope):
        """Objects a second, durable when the server says so."""
        spent, done = 0.0, 0
        for at in range(0, len(objects), envelope):
            took, status = self.post(collection, objects[at : at + envelope])
            spent += took
            done += status.get("success_count", 0)
            if spent > self.most_seconds:
                break
        return done / spent

    def read_all(self, collection, page=1000):
        """Objects a second through the whole collection, and their ids."""
        ids, spent, after, following = [], 0.0, None, None
        while True:
            query = {"limit": page} | ({"next": following} if following else {}) | ({"added_after": after} if after else {})
            begun = time.perf_counter()
            code, headers, data = self.connection.ask("GET", f"{self.root}collections/{collection}/objects/?{urllib.parse.urlencode(query)}")
            spent += time.perf_counter() - begun
            if code != 200:
                raise RuntimeError(f"GET answered {code}: {data[:200]!r}")
            answer = json.loads(data)
            ids += [one["id"] for one in answer.get("objects", [])]
            if not answer.get("more") or spent > self.most_seconds:
                return len(ids) / spent, ids
            following = answer.get("next")
            after = None if following else headers.get("x-taxii-date-added-last")

    def by_id(self, collection, ids, connections=64):
        """Requests a second and the 99th percentile in milliseconds; none without `wrk`."""
        if not shutil.which("wrk"):
            return None
        unique = list(dict.fromkeys(ids))
        picked = unique[:: max(1, len(unique) // 1000)][:1000]
        path = f"{self.root}collections/{collection}/objects/"
        script = (
            "local ids = {%s}\nlocal at = 0\nrequest = function()\n  at = at %% #ids + 1\n"
            '  return wrk.format("GET", "%s" .. ids[at] .. "/")\nend\n'
            "done = function(summary, latency, requests)\n"
            '  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests, summary.duration, latency:percentile(99), summary.errors.status))\nend\n'
        ) % (",".join(f'"{one}"' for one in picked), path)
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            line = ["wrk", "-t2", f"-c{connections}", f"-d{self.seconds}s", "--timeout", "30s", "-s", file.name, "-H", f"Accept: {MEDIA}"]
            if self.auth:
                line += ["-H", f"Authorization: {self.auth}"]
            said = subprocess.run(line + [self.base], capture_output=True, text=True, check=True).stdout
        numbers = next(said_line for said_line in said.splitlines() if said_line.startswith("RESULT ")).split()[1:]
        requests, micros, p99, wrong = map(int, numbers)
        if wrong:
            raise RuntimeError(f"{wrong} of {requests} answers were no 200")
        return requests / (micros / 1e6), p99 / 1e3

    def idle_poll(self, collection, times=200):
        """Half of the polls that bring nothing take no longer, in milliseconds."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        path = f"{self.root}collections/{collection}/objects/?{urllib.parse.urlencode({'added_after': now, 'limit': 1000})}"
        return self.half(lambda: self.connection.ask("GET", path), times)

    def visible(self, collection, times=50):
        """Half of what is published is seen by a poller no later, in milliseconds."""

        def once():
            one = indicator()
            self.post(collection, [one])
            path = f"{self.root}collections/{collection}/objects/?{urllib.parse.urlencode({'match[id]': one['id']})}"
            while one["id"].encode() not in self.connection.ask("GET", path)[2]:
                pass

        return self.half(once, times)

    def half(self, run, times):
        took, ends = [], time.perf_counter() + self.most_seconds / 4
        while len(took) < times and (time.perf_counter() < ends or not took):
            begun = time.perf_counter()
            run()
            took.append(time.perf_counter() - begun)
        return 1e3 * percentile(took, 50)
