"""Everything that taxii2-client and stix2 can do, against a running node.

    loop.py BASE --token TOKEN --reader TOKEN --user NAME --password-file FILE --collection ID [--rounds N]

With `--token` the collection may be read and written, with `--reader` only read. Each check
says its name; a failed one says why. The last lines
are `# pass N` and `# fail M`.
"""

import argparse
import json
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone

import requests
import stix2
from stix2 import TAXIICollectionSink, TAXIICollectionSource, TAXIICollectionStore
from taxii2client import v21
from taxii2client.common import TokenAuth
from taxii2client.exceptions import AccessError

MEDIA = "application/taxii+json;version=2.1"


class Bearer(requests.auth.AuthBase):
    """A token as RFC 6750 has it; `TokenAuth` of the client says `Token` instead."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def indicator(number, **more):
    return stix2.v21.Indicator(
        name=f"loop {number}",
        pattern=f"[domain-name:value = 'n{number}-{uuid.uuid4().hex}.example.com']",
        pattern_type="stix",
        indicator_types=["malicious-activity"],
        valid_from="2026-01-01T00:00:00Z",
        **more,
    )


def plain(obj):
    return stix2.parse(obj, allow_custom=True) if isinstance(obj, dict) else obj


def send(collection, *objects):
    envelope = {"objects": [json.loads(o.serialize()) for o in objects]}
    return collection.add_objects(envelope, wait_for_completion=True, poll_interval=0.05, timeout=20)


class Loop:
    def __init__(self, told):
        self.told = told
        self.password = open(told.password_file).read().strip()
        self.passed = 0
        self.failed = 0

    def check(self, name, run):
        try:
            run()
        except Exception as error:  # the report is the point
            self.failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)

    # ---- who is asked, as whom ----

    def server(self, **credentials):
        return v21.Server(f"{self.told.base}/taxii2/", **credentials)

    def root(self, token=None):
        server = self.server(auth=Bearer(token or self.told.token))
        return server.default or server.api_roots[0]

    def collection(self, token=None):
        return next(c for c in self.root(token).collections if c.id == self.told.collection)

    # ---- the loop ----

    def discovery(self):
        for credentials in ({"auth": Bearer(self.told.token)}, {"auth": TokenAuth(self.told.token)}, {"user": self.told.user, "password": self.password}):
            server = self.server(**credentials)
            assert server.title and server.api_roots, "no title or no API root"
            root = server.api_roots[0]
            assert "application/taxii+json;version=2.1" in root.versions, root.versions
            assert root.max_content_length > 0
            ids = {c.id for c in root.collections}
            assert self.told.collection in ids, ids

    def who_may(self):
        write, read = self.collection(), self.collection(self.told.reader)
        assert write.can_read and write.can_write, "who may write is told otherwise"
        assert read.can_read and not read.can_write, "who may only read is told otherwise"
        try:
            read.add_objects({"objects": []})
        except AccessError:
            pass
        else:
            raise AssertionError("the client did not see that it may not write")
        url = f"{read.url}objects/"
        answer = requests.post(url, json={"objects": []}, headers={"Accept": MEDIA, "Content-Type": MEDIA}, auth=Bearer(self.told.reader), timeout=10)
        assert answer.status_code in (403, 404), answer.status_code
        bare = requests.get(f"{self.told.base}/taxii2/", headers={"Accept": MEDIA}, timeout=10)
        assert bare.status_code == 401 and "WWW-Authenticate" in bare.headers, bare.status_code
        wrong = requests.get(f"{self.told.base}/taxii2/", headers={"Accept": MEDIA}, auth=(self.told.user, "wrong"), timeout=10)
        assert wrong.status_code == 401, wrong.status_code

    def add_and_get(self):
        collection, made = self.collection(), indicator("get")
        status = send(collection, made)
        assert status.status == "complete" and status.success_count == 1, status
        got = collection.get_object(made.id)
        assert got["objects"][0]["id"] == made.id
        assert plain(got["objects"][0]) == made, "it came back otherwise"
        again = send(collection, made)
        assert again.failure_count == 0, again
        assert len(collection.object_versions(made.id)["versions"]) == 1

    def status_again(self):
        collection = self.collection()
        status = send(collection, indicator("status"))
        seen = self.root().get_status(status.id)
        assert seen.id == status.id and seen.total_count == 1, seen
        fresh = v21.Status(f"{self.root().url}status/{status.id}/", auth=Bearer(self.told.token))
        assert fresh.success_count == 1

    def partial_success(self):
        collection = self.collection()
        good = indicator("good")
        envelope = {"objects": [json.loads(good.serialize()), {"type": "indicator", "spec_version": "2.1", "id": "indicator--nonsense", "name": "bad"}]}
        status = collection.add_objects(envelope, wait_for_completion=True, poll_interval=0.05, timeout=20)
        assert (status.success_count, status.failure_count) == (1, 1), (status.success_count, status.failure_count)
        assert status.failures and status.failures[0].get("message"), status.failures

    def versions(self):
        collection, first = self.collection(), indicator("versions")
        send(collection, first)
        time.sleep(0.002)
        second = first.new_version(name="loop versions, second")
        revoked = second.revoke()
        send(collection, second)
        send(collection, revoked)
        listed = collection.object_versions(first.id)["versions"]
        assert len(listed) == 3, listed
        last = collection.get_object(first.id)["objects"]
        assert len(last) == 1 and last[0]["revoked"], last
        one = collection.get_object(first.id, version="first")["objects"]
        assert one[0]["name"] == "loop versions"
        exact = collection.get_object(first.id, version=listed[1])["objects"]
        assert exact[0]["name"].startswith("loop versions"), exact
        every = collection.get_object(first.id, version="all")["objects"]
        assert len(every) == 3

    def filters(self):
        collection = self.collection()
        start = datetime.now(timezone.utc) - timedelta(milliseconds=1)
        malware = stix2.v21.Malware(name="loop", is_family=False)
        wanted = indicator("filters")
        send(collection, malware, wanted)
        ids = lambda **kw: [o["id"] for o in collection.get_objects(**kw).get("objects", [])]
        assert set(ids(added_after=start)) >= {malware.id, wanted.id}
        assert ids(added_after=start, type="malware") == [malware.id]
        assert set(ids(id=f"{malware.id},{wanted.id}")) == {malware.id, wanted.id}
        assert set(ids(id=[malware.id, wanted.id], type=["malware", "indicator"])) == {malware.id, wanted.id}
        assert ids(added_after=datetime.now(timezone.utc) + timedelta(days=1)) == []
        assert ids(id=malware.id, spec_version="2.1") == [malware.id]
        assert ids(id=malware.id, spec_version="2.0") == []

    def pages(self):
        collection = self.collection()
        start = datetime.now(timezone.utc) - timedelta(milliseconds=1)
        made = [indicator(f"page {n}") for n in range(57)]
        send(collection, *made)
        got = []
        for page in v21.as_pages(collection.get_objects, per_request=10, added_after=start):
            assert len(page.get("objects", [])) <= 10
            got += [o["id"] for o in page.get("objects", [])]
        assert got == [o.id for o in made], f"{len(got)} of 57, or in another order"
        listed = []
        for page in v21.as_pages(collection.get_manifest, per_request=10, added_after=start):
            listed += [o["id"] for o in page.get("objects", [])]
        assert listed == got, f"the manifest has {len(listed)}"

    def manifest(self):
        collection, made = self.collection(), indicator("manifest")
        send(collection, made)
        entry = collection.get_manifest(id=made.id)["objects"][0]
        assert entry["id"] == made.id and entry["media_type"] == "application/stix+json;version=2.1"
        got = collection.get_objects(added_after=entry["date_added"], id=made.id)
        assert got.get("objects", []) == [], "`added_after` is not exclusive"

    def delete(self):
        collection, made = self.collection(), indicator("delete")
        send(collection, made)
        collection.delete_object(made.id)
        try:
            left = collection.get_object(made.id).get("objects", [])
        except requests.HTTPError as error:
            assert error.response.status_code == 404, error
        else:
            assert left == [], left
        assert collection.get_manifest(id=made.id).get("objects", []) == []

    def microseconds(self):
        collection = self.collection()
        made = stix2.v21.Malware(name="exact", is_family=False, created="2026-01-02T03:04:05.123456Z", modified="2026-01-02T03:04:05.654321Z")
        raw = json.loads(made.serialize())
        raw["created"], raw["modified"] = "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.654321Z"
        collection.add_objects({"objects": [raw]}, wait_for_completion=True, poll_interval=0.05, timeout=20)
        assert collection.get_object(made.id)["objects"][0]["modified"] == "2026-01-02T03:04:05.654321Z"
        assert collection.object_versions(made.id)["versions"] == ["2026-01-02T03:04:05.654321Z"]
        exact = collection.get_object(made.id, version="2026-01-02T03:04:05.654321Z")["objects"]
        assert len(exact) == 1

    def stores(self):
        collection = self.collection()
        sink, source = TAXIICollectionSink(collection), TAXIICollectionSource(collection, items_per_page=7)
        made = [indicator(f"store {n}") for n in range(3)] + [stix2.v21.Malware(name="store", is_family=False)]
        sink.add(made)
        for one in made:
            assert source.get(one.id) == one, one.id
        assert {o.id for o in source.query([stix2.Filter("id", "=", made[0].id)])} == {made[0].id}
        assert made[-1].id in {o.id for o in source.query([stix2.Filter("type", "=", "malware")])}
        link = stix2.v21.Relationship(made[0], "indicates", made[-1])
        store = TAXIICollectionStore(collection, items_per_page=7)
        store.add(link)
        assert store.get(link.id) == link
        later = made[-1].new_version(name="store, later")
        store.add(later)
        assert len(store.all_versions(later.id)) == 2
        assert store.get(later.id).name == "store, later"

    def unknown(self):
        collection = self.collection()
        for ask in (lambda: collection.get_object(f"malware--{uuid.uuid4()}"), lambda: collection.object_versions(f"malware--{uuid.uuid4()}")):
            try:
                found = ask()
            except requests.HTTPError as error:
                assert error.response.status_code == 404, error
                body = error.response.json()
                assert body.get("title"), body
            else:
                raise AssertionError(f"nothing was found, and the answer was {found}")
        try:
            self.root().get_status(str(uuid.uuid4()))
        except requests.HTTPError as error:
            assert error.response.status_code == 404, error

    def run(self):
        for name in ("discovery", "who_may", "add_and_get", "status_again", "partial_success", "versions", "filters", "pages", "manifest", "delete", "microseconds", "stores", "unknown"):
            self.check(name, getattr(self, name))


def main():
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("base")
    for flag in ("token", "user", "password-file", "collection", "reader"):
        told.add_argument(f"--{flag}", required=True)
    told.add_argument("--rounds", type=int, default=2)
    loop = Loop(told.parse_args())
    for number in range(loop.told.rounds):
        print(f"round {number + 1}", flush=True)
        loop.run()
    print(f"# pass {loop.passed}")
    print(f"# fail {loop.failed}")
    sys.exit(1 if loop.failed else 0)


if __name__ == "__main__":
    main()
