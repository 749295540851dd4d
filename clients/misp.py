"""MISP's own client library against our events: `misp.py BINARY`.

What a node exports as MISP events is loaded by PyMISP, with its own idea of which categories have
which types and of what templates its objects have; what PyMISP makes is imported, and comes back
as it was. Each check says its name; a failed one says why.
"""

import copy
import json
import pathlib
import sys
import tempfile
import uuid

import pymisp
import stix2

import node

ORG = {"name": "Example CERT", "uuid": "55f6ea5e-51ac-4344-bc8c-4170950d210f"}
KEPT = ("type", "category", "value", "to_ids", "comment", "object_relation")


def made():
    """An event as PyMISP makes one: attributes of many types, objects by their templates."""
    event = pymisp.MISPEvent()
    event.info, event.uuid, event.distribution, event.analysis, event.threat_level_id = "made by PyMISP", str(uuid.uuid4()), 3, 2, 2
    event.date, event.published = "2026-11-01", True
    event.Orgc = pymisp.MISPOrganisation()
    event.Orgc.from_dict(**ORG)
    event.add_tag("tlp:green")
    event.add_tag("type:OSINT")
    for kind, value in (
        ("ip-dst", "198.51.100.7"),
        ("domain", "c2.bad.example"),
        ("hostname", "www.bad.example"),
        ("url", "http://bad.example/x?y=1"),
        ("md5", "a13d958a8500501d77c41ab44822e84d"),
        ("sha256", "74e19dcd5ceecfb9f1579fda3c43a847f3fad01c8606d85caa17242e9bc99f0e"),
        ("filename|md5", "x.exe|a13d958a8500501d77c41ab44822e84d"),
        ("ip-dst|port", "198.51.100.7|443"),
        ("mutex", "one"),
        ("regkey", "HKLM\\Software\\Run"),
        ("AS", "AS64496"),
        ("vulnerability", "CVE-2021-44228"),
        ("comment", "for people"),
        ("btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ):
        event.add_attribute(kind, value, comment=f"a {kind}")
    gone = event.add_attribute("domain", "gone.bad.example")
    gone.deleted = True
    seen = event.attributes[0]
    for number, kind in enumerate(("0", "1", "2")):
        seen.add_sighting({"type": kind, "date_sighting": 1793500000 + number, "source": "proxy", "uuid": str(uuid.uuid4()), "Organisation": ORG})
    file = pymisp.MISPObject("file", strict=True)
    file.add_attribute("filename", "letter.doc")
    file.add_attribute("sha1", "2e1def045a4c9c9e54b6550b6ab340e0ed1d5316")
    pair = pymisp.MISPObject("domain-ip", strict=True)
    pair.add_attribute("domain", "pair.bad.example")
    pair.add_attribute("ip", "198.51.100.9")
    file.add_reference(pair.uuid, "connects-to", "seen once")
    event.add_object(file)
    event.add_object(pair)
    for one in [event, *event.attributes, *event.objects, *(a for o in event.objects for a in o.attributes)]:
        one.timestamp = 1793490000
    event.publish_timestamp = 1793490001
    return event


def foreign():
    """Objects of STIX that no MISP has seen."""
    author = stix2.v21.Identity(name="Bank", identity_class="organization")
    indicators = [
        stix2.v21.Indicator(name=text, pattern=text, pattern_type=kind, valid_from="2026-01-01T00:00:00Z", created_by_ref=author.id)
        for kind, text in (
            ("stix", "[ipv4-addr:value = '198.51.100.8']"),
            ("stix", "[domain-name:value = 'a.bad.example']"),
            ("stix", "[url:value = 'https://a.bad.example/']"),
            ("stix", "[email-addr:value = 'trap@bad.example']"),
            ("stix", "[file:hashes.'SHA-256' = '74e19dcd5ceecfb9f1579fda3c43a847f3fad01c8606d85caa17242e9bc99f0e']"),
            ("stix", "[file:name = 'x'] FOLLOWEDBY [mutex:name = 'y']"),
            ("yara", "rule x { condition: true }"),
        )
    ]
    revoked = indicators[1].new_version(revoked=True)
    malware = stix2.v21.Malware(name="Thing", is_family=True)
    weakness = stix2.v21.Vulnerability(name="CVE-2021-44228")
    actor = stix2.v21.ThreatActor(name="Somebody")
    parts = [*indicators, malware, weakness, actor]
    report = stix2.v21.Report(name="a report", published="2026-02-01T00:00:00Z", object_refs=[p.id for p in parts], created_by_ref=author.id)
    return [author, *indicators, revoked, malware, weakness, actor, report], parts


class Check:
    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.node = node.Node(binary, folder)
        self.passed = self.failed = 0

    def check(self, name, run):
        try:
            run()
        except Exception as error:  # the report is the point
            self.failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)

    def through(self, title, document):
        """Imports a document into a collection of its own, and exports that as MISP events."""
        self.node.collection(title)
        inward, outward = self.folder / f"{title}.json", self.folder / f"{title}-out.json"
        inward.write_text(document)
        report = self.node.run("cell", "import", str(inward), "--into", title)
        assert report["refused"] == [], report["refused"]
        told = self.node.run("cell", "export", title, "--format", "misp", "--to", str(outward))
        out = json.loads(outward.read_text())
        return [one["Event"] for one in out.get("response", [out])], told, report

    def load(self, raw):
        """Loads an event as PyMISP does, and holds it against what PyMISP knows of MISP."""
        event = pymisp.MISPEvent()
        event.load({"Event": copy.deepcopy(raw)})
        allowed = event.describe_types["category_type_mappings"]
        for attribute in [*event.attributes, *(a for o in event.objects for a in o.attributes)]:
            assert attribute.type in allowed[attribute.category], f"`{attribute.type}` in `{attribute.category}`"
        for one in event.objects:
            template = pymisp.MISPObject(one.name, strict=True)
            assert template._known_template, one.name
            template.template_uuid = one.template_uuid
            for attribute in one.attributes:
                known = template._definition["attributes"][attribute.object_relation]
                assert known["misp-attribute"] == attribute.type, attribute.object_relation
        return event

    def what_it_makes_comes_back_as_it_was(self):
        source = made()
        (raw,), told, _ = self.through("pymisp", json.dumps({"Event": json.loads(source.to_json())}))
        event = self.load(raw)
        for key in ("uuid", "info", "distribution", "analysis", "threat_level_id", "published"):
            assert str(getattr(event, key)) == str(getattr(source, key)), key
        assert [tag.name for tag in event.tags] == [tag.name for tag in source.tags]
        plain = lambda one: tuple(one.get(key) or "" for key in KEPT)
        of = lambda whole: {a.uuid: plain(a) for a in whole.attributes}
        # PyMISP keeps what is deleted apart from the rest unless it is asked.
        assert of(event) == of(source), set(of(event).items()) ^ set(of(source).items())
        gone = [a for a in raw["Attribute"] if a.get("deleted")]
        assert [a["value"] for a in gone] == ["gone.bad.example"], gone
        assert {o.uuid: of(o) for o in event.objects} == {o.uuid: of(o) for o in source.objects}
        assert [r.relationship_type for o in event.objects for r in o.references] == ["connects-to"]
        seen = lambda whole: {s.uuid: (s.type, int(s.date_sighting), s.source) for a in whole.attributes for s in a.sightings}
        assert seen(event) == seen(source), (seen(event), seen(source))
        assert told["events"]["events"] == 1, told

    def what_others_publish_loads(self):
        objects, parts = foreign()
        bundle = stix2.v21.Bundle(objects=objects).serialize()
        (raw,), told, _ = self.through("foreign", bundle)
        event = self.load(raw)
        report = objects[-1].id.split("--")[1]
        assert event.uuid == report, event.uuid
        uuids = {part.id.split("--")[1] for part in parts}
        assert {a.uuid for a in event.attributes} <= uuids, "an id of its own"
        live = {a.value for a in event.attributes if not a.get("deleted")}
        assert "a.bad.example" not in live and "198.51.100.8" in live, live
        assert told["events"]["deleted"] == 1, told
        assert str(event.distribution) == "0", "it goes to nobody until somebody says so"

    def again_it_is_the_same(self):
        source = json.dumps({"Event": json.loads(made().to_json())})
        (first,), _, _ = self.through("first", source)
        (second,), _, report = self.through("second", json.dumps({"Event": first}))
        assert first == second, "another event"
        assert report["refused"] == []

    def run(self):
        for name in ("what_it_makes_comes_back_as_it_was", "what_others_publish_loads", "again_it_is_the_same"):
            self.check(name, getattr(self, name))


def main():
    with tempfile.TemporaryDirectory() as folder:
        check = Check(sys.argv[1], folder)
        check.run()
    print(f"# pass {check.passed}")
    print(f"# fail {check.failed}")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
