"""Writes testdata/validate/corpus.json: one whole object of every type, and
each rule of the standard broken once.

    python tests/clients/corpus.py > testdata/validate/corpus.json

A case says which `rule` we expect to be told, and at which `level`: `must`
(an error in every mode that judges), `should` (told by `review` and `Strict`
alone) or `` (nothing at all). Only our own rules are written here; what another
validator says of the same objects is asked by `validator.py`.
"""

import copy
import json
import sys

U = "a1b2c3d4-1111-4222-8333-444455556666"
V = "b1b2c3d4-1111-4222-8333-444455556666"
T = "2026-01-02T03:04:05.678Z"
LATER = "2026-02-02T03:04:05.678Z"
EXT = "extension-definition--" + U


def ref(kind, uuid=U):
    return f"{kind}--{uuid}"


def domain(kind, **own):
    common = {
        "type": kind,
        "spec_version": "2.1",
        "id": ref(kind),
        "created": T,
        "modified": T,
    }
    return common | own


def observable(kind, id=None, **own):
    return {"type": kind, "spec_version": "2.1", "id": id or ref(kind)} | own


SHA256 = "a" * 64
MD5 = "b" * 32

WHOLE = {
    "attack-pattern": domain(
        "attack-pattern",
        name="Spear phishing",
        description="A letter with a hook",
        aliases=["Spearing"],
        created_by_ref=ref("identity"),
        revoked=False,
        labels=["phishing"],
        confidence=70,
        lang="en",
        external_references=[
            {"source_name": "capec", "external_id": "CAPEC-163"},
            {"source_name": "blog", "description": "A description"},
        ],
        kill_chain_phases=[
            {"kill_chain_name": "lockheed-martin-cyber-kill-chain", "phase_name": "delivery"}
        ],
        object_marking_refs=[ref("marking-definition")],
        granular_markings=[
            {
                "marking_ref": ref("marking-definition"),
                "selectors": ["description", "external_references.[0].source_name"],
            }
        ],
    ),
    "campaign": domain(
        "campaign", name="Night train", first_seen=T, last_seen=LATER, objective="Money"
    ),
    "course-of-action": domain("course-of-action", name="Close the door", description="Always"),
    "grouping": domain("grouping", context="suspicious-activity", object_refs=[ref("indicator")]),
    "identity": domain(
        "identity", name="A bank", identity_class="organization", sectors=["financial-services"]
    ),
    "incident": domain("incident", name="A night"),
    "indicator": domain(
        "indicator",
        name="A bad host",
        indicator_types=["malicious-activity"],
        pattern="[ipv4-addr:value = '198.51.100.1']",
        pattern_type="stix",
        pattern_version="2.1",
        valid_from=T,
        valid_until=LATER,
    ),
    "infrastructure": domain(
        "infrastructure", name="A herd", infrastructure_types=["botnet"], first_seen=T, last_seen=T
    ),
    "intrusion-set": domain(
        "intrusion-set",
        name="Bobcat",
        goals=["money"],
        resource_level="team",
        primary_motivation="personal-gain",
        secondary_motivations=["dominance"],
        first_seen=T,
        last_seen=LATER,
    ),
    "location": domain(
        "location", latitude=48.8566, longitude=2.3522, precision=100, region="western-europe", country="FR"
    ),
    "malware": domain(
        "malware",
        name="Worm of the day",
        is_family=True,
        malware_types=["worm"],
        capabilities=["emails-spam"],
        implementation_languages=["c++"],
        architecture_execution_envs=["x86"],
        operating_system_refs=[ref("software")],
        sample_refs=[ref("file")],
        first_seen=T,
        last_seen=LATER,
    ),
    "malware-analysis": domain(
        "malware-analysis",
        product="microscope",
        result="malicious",
        sample_ref=ref("file"),
        host_vm_ref=ref("software"),
        installed_software_refs=[ref("software")],
        analysis_sco_refs=[ref("file")],
        submitted=T,
    ),
    "note": domain("note", content="Look here", authors=["A reader"], object_refs=[ref("campaign")]),
    "observed-data": domain(
        "observed-data",
        first_observed=T,
        last_observed=T,
        number_observed=3,
        object_refs=[ref("ipv4-addr")],
    ),
    "opinion": domain("opinion", opinion="agree", object_refs=[ref("note")]),
    "relationship": domain(
        "relationship",
        relationship_type="indicates",
        source_ref=ref("indicator"),
        target_ref=ref("malware"),
        start_time=T,
        stop_time=LATER,
    ),
    "report": domain(
        "report", name="A year", report_types=["campaign"], published=T, object_refs=[ref("campaign")]
    ),
    "sighting": domain(
        "sighting",
        sighting_of_ref=ref("indicator"),
        count=2,
        first_seen=T,
        last_seen=LATER,
        observed_data_refs=[ref("observed-data")],
        where_sighted_refs=[ref("identity")],
        summary=False,
    ),
    "threat-actor": domain(
        "threat-actor",
        name="Somebody",
        threat_actor_types=["crime-syndicate"],
        roles=["director"],
        sophistication="advanced",
        resource_level="team",
        primary_motivation="organizational-gain",
        personal_motivations=["revenge"],
        first_seen=T,
        last_seen=LATER,
    ),
    "tool": domain("tool", name="VNC", tool_types=["remote-access"], tool_version="1.2"),
    "vulnerability": domain(
        "vulnerability",
        name="CVE-2026-1234",
        external_references=[{"source_name": "cve", "external_id": "CVE-2026-1234"}],
    ),
    "language-content": domain(
        "language-content",
        object_ref=ref("campaign"),
        object_modified=T,
        contents={"de": {"name": "Nachtzug"}, "pt-BR": {"name": "Trem"}},
    ),
    "marking-definition": {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": ref("marking-definition"),
        "created": T,
        "definition_type": "statement",
        "definition": {"statement": "Copyright"},
    },
    "tlp": {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": "TLP:GREEN",
        "definition": {"tlp": "green"},
    },
    "tlp-2": {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    },
    "extension-definition": domain(
        "extension-definition",
        created_by_ref=ref("identity"),
        name="Weather",
        schema="https://example.com/schema.json",
        version="1.0.0",
        extension_types=["toplevel-property-extension"],
        extension_properties=["weather"],
    ),
    "artifact": observable(
        "artifact", "artifact--bbdbbfe4-8b2b-5c97-a7ed-c4a7b9bd4a55", mime_type="image/jpeg", payload_bin="YWJj"
    ),
    "autonomous-system": observable(
        "autonomous-system", "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff", number=15139, name="AS"
    ),
    "directory": observable(
        "directory", path="/usr/lib", path_enc="UTF-8", ctime=T, contains_refs=[ref("file")]
    ),
    "domain-name": observable(
        "domain-name",
        "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
        value="example.com",
        resolves_to_refs=[ref("ipv4-addr")],
    ),
    "email-addr": observable(
        "email-addr", value="someone@example.com", display_name="Someone", belongs_to_ref=ref("user-account")
    ),
    "email-message": observable(
        "email-message",
        is_multipart=True,
        date=T,
        from_ref=ref("email-addr"),
        to_refs=[ref("email-addr")],
        received_lines=["from a by b"],
        additional_header_fields={"X-Mailer": "Mutt"},
        body_multipart=[{"content_type": "text/plain", "body": "Hello"}],
    ),
    "file": observable(
        "file",
        name="foo.exe",
        hashes={"SHA-256": SHA256, "MD5": MD5},
        size=25536,
        magic_number_hex="4d5a",
        mtime=T,
        parent_directory_ref=ref("directory"),
        content_ref=ref("artifact"),
        extensions={
            "ntfs-ext": {"alternate_data_streams": [{"name": "second.stream", "size": 25}]},
            "pdf-ext": {"version": "1.7", "document_info_dict": {"Title": "A title"}, "pdfid0": "DFCE52BD"},
            "archive-ext": {"contains_refs": [ref("file", V)], "comment": "Bags"},
            "raster-image-ext": {"image_width": 10, "exif_tags": {"Make": "Nikon", "XResolution": 4928}},
            "windows-pebinary-ext": {
                "pe_type": "exe",
                "machine_hex": "014c",
                "number_of_sections": 4,
                "time_date_stamp": "2016-01-22T12:31:12Z",
                "characteristics_hex": "818f",
                "file_header_hashes": {"SHA-256": SHA256},
                "optional_header": {"magic_hex": "010b", "size_of_code": 90112, "image_base": 4194304},
                "sections": [{"name": "CODE", "entropy": 0.061089, "size": 512}],
            },
        },
    ),
    "ipv4-addr": observable(
        "ipv4-addr",
        "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        value="198.51.100.3",
        belongs_to_refs=[ref("autonomous-system")],
    ),
    "ipv6-addr": observable("ipv6-addr", value="2001:db8::1", resolves_to_refs=[ref("mac-addr")]),
    "mac-addr": observable("mac-addr", value="d2:fb:49:24:37:18"),
    "mutex": observable("mutex", "mutex--f93fe911-e545-5239-b9b0-597840d0c871", name="__CLEANSWEEP__"),
    "network-traffic": observable(
        "network-traffic",
        src_ref=ref("ipv4-addr"),
        dst_ref=ref("domain-name"),
        protocols=["ipv4", "tcp", "http"],
        start=T,
        end=LATER,
        src_port=2487,
        src_byte_count=35779,
        ipfix={"minimumIpTotalLength": 32},
        src_payload_ref=ref("artifact"),
        extensions={
            "http-request-ext": {
                "request_method": "get",
                "request_value": "/a",
                "request_header": {"Accept-Encoding": ["gzip"]},
            },
            "icmp-ext": {"icmp_type_hex": "08", "icmp_code_hex": "00"},
            "socket-ext": {
                "address_family": "AF_INET",
                "socket_type": "SOCK_STREAM",
                "is_listening": True,
                "options": {"SO_KEEPALIVE": 1},
            },
            "tcp-ext": {"src_flags_hex": "02"},
        },
    ),
    "process": observable(
        "process",
        pid=314,
        created_time=T,
        command_line="run",
        environment_variables={"PATH": "/bin"},
        image_ref=ref("file"),
        opened_connection_refs=[ref("network-traffic")],
        extensions={
            "windows-process-ext": {"aslr_enabled": True, "integrity_level": "high"},
            "windows-service-ext": {"service_name": "s", "start_type": "SERVICE_AUTO_START"},
        },
    ),
    "software": observable(
        "software",
        name="Word",
        cpe="cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*",
        languages=["en"],
        vendor="Microsoft",
    ),
    "url": observable("url", value="https://example.com/research?a=b"),
    "user-account": observable(
        "user-account",
        user_id="1001",
        account_type="unix",
        is_privileged=False,
        account_created=T,
        extensions={"unix-account-ext": {"gid": 1001, "groups": ["wheel"], "shell": "/bin/sh"}},
    ),
    "windows-registry-key": observable(
        "windows-registry-key",
        key="HKEY_LOCAL_MACHINE\\System\\Foo",
        values=[{"name": "Foo", "data": "qwerty", "data_type": "REG_SZ"}],
        modified_time=T,
        creator_user_ref=ref("user-account"),
    ),
    "x509-certificate": observable(
        "x509-certificate",
        issuer="C=ZA",
        serial_number="36:f7:d4:32",
        validity_not_before=T,
        x509_v3_extensions={"basic_constraints": "critical,CA:TRUE"},
    ),
    "x-own-sdo": domain("x-own-weather", wind=3, extensions={EXT: {"extension_type": "new-sdo"}}),
    "x-own-sco": {
        "type": "weather-station",
        "id": ref("weather-station"),
        "spec_version": "2.1",
        "height": 12,
        "extensions": {EXT: {"extension_type": "new-sco"}},
    },
    "toplevel": domain(
        "campaign",
        name="Wet",
        weather="rain",
        extensions={EXT: {"extension_type": "toplevel-property-extension"}},
    ),
    "property-extension": domain(
        "campaign",
        name="Wet",
        extensions={EXT: {"extension_type": "property-extension", "weather": "rain"}},
    ),
    "custom-property": domain("campaign", name="Wet", x_example_com_weather="rain"),
    "bundle": {
        "type": "bundle",
        "id": ref("bundle"),
        "objects": [domain("campaign", name="Night train"), domain("tool", name="Drill")],
    },
}

# Whole, but with something that is only recommended left undone.
ADVISED = {
    "email-addr", "directory", "email-message", "ipv6-addr", "mac-addr", "network-traffic",
    "software", "url", "user-account", "windows-registry-key", "x509-certificate", "artifact",
}

# Extensions by the names that they have as arguments.
EXTENSIONS = {
    f"{name.replace('-', '_')}_ext": f"{name}-ext"
    for name in [
        "archive", "ntfs", "pdf", "raster-image", "windows-pebinary", "http-request", "icmp",
        "socket", "tcp", "windows-process", "windows-service", "unix-account",
    ]
}
GONE = object()
CASES = []


def case(label, base, rule, level, /, **changes):
    made = copy.deepcopy(WHOLE[base])
    for path, value in changes.items():
        at = made
        *steps, last = path.split("__")
        for step in steps:
            at = at[int(step) if isinstance(at, list) else EXTENSIONS.get(step, step)]
        if isinstance(at, list):
            last = int(last)
        if value is GONE:
            del at[last]
        else:
            at[last] = value
    CASES.append({"name": label, "rule": rule, "level": level, "object": made})


def must(label, base, rule, /, **changes):
    case(label, base, rule, "must", **changes)


def should(label, base, rule, /, **changes):
    case(label, base, rule, "should", **changes)


def fine(label, base, /, **changes):
    case(label, base, "", "", **changes)


for base in WHOLE:
    if base in ADVISED:
        should(f"whole {base} with a random id", base, "stix.deterministic-id")
    else:
        fine(f"whole {base}", base)

# Required properties, of every type.
REQUIRED = {
    "attack-pattern": ["type", "id", "spec_version", "created", "modified", "name"],
    "campaign": ["name"],
    "course-of-action": ["name"],
    "grouping": ["context", "object_refs"],
    "identity": ["name"],
    "incident": ["name"],
    "indicator": ["pattern", "pattern_type", "valid_from"],
    "infrastructure": ["name"],
    "intrusion-set": ["name"],
    "malware": ["is_family"],
    "malware-analysis": ["product"],
    "note": ["content", "object_refs"],
    "observed-data": ["first_observed", "last_observed", "number_observed"],
    "opinion": ["opinion", "object_refs"],
    "relationship": ["relationship_type", "source_ref", "target_ref"],
    "report": ["name", "published", "object_refs"],
    "sighting": ["sighting_of_ref"],
    "threat-actor": ["name"],
    "tool": ["name"],
    "vulnerability": ["name"],
    "language-content": ["object_ref", "contents"],
    "marking-definition": ["created", "spec_version", "definition", "definition_type"],
    "extension-definition": ["name", "schema", "version", "extension_types", "created_by_ref"],
    "domain-name": ["value"],
    "autonomous-system": ["number"],
    "ipv4-addr": ["value"],
    "mutex": ["name"],
    "bundle": ["id"],
}
for base, names in REQUIRED.items():
    for name in names:
        rule = "stix.type" if name == "type" else "stix.required"
        changes = {name: GONE}
        if name == "extension_types":
            changes["extension_properties"] = GONE
        if base in ("domain-name", "autonomous-system", "ipv4-addr", "mutex"):
            changes["id"] = ref(base)
        must(f"{base} without {name}", base, rule, **changes)
must("directory without path", "directory", "stix.required", path=GONE)
must("software without name", "software", "stix.required", name=GONE)
must("url without value", "url", "stix.required", value=GONE)
must("email-message without is_multipart", "email-message", "stix.required", is_multipart=GONE)
must("network-traffic without protocols", "network-traffic", "stix.required", protocols=GONE)
must("network-traffic without ends", "network-traffic", "stix.required", src_ref=GONE, dst_ref=GONE)
must("file without name and hashes", "file", "stix.required", name=GONE, hashes=GONE)
must("file whose hashes are empty", "file", "stix.empty", hashes={})
must("malware family without name", "malware", "stix.required", name=GONE)
fine("malware sample without name", "malware", name=GONE, is_family=False)
must("malware-analysis without result", "malware-analysis", "stix.required", result=GONE, analysis_sco_refs=GONE)
must("location without place", "location", "stix.required", region=GONE, country=GONE, latitude=GONE, longitude=GONE, precision=GONE)
must("location with half a point", "location", "stix.combination", longitude=GONE, precision=GONE)
must("location with precision of nothing", "location", "stix.combination", latitude=GONE, longitude=GONE)
fine("location with a region alone", "location", latitude=GONE, longitude=GONE, precision=GONE, country=GONE)
must("bundle with a flawed object", "bundle", "stix.required", objects__1__name=GONE)
must("bundle with no object", "bundle", "stix.empty", objects=[])

# Data types.
must("name that is a number", "campaign", "stix.datatype", name=7)
must("name that is null", "campaign", "stix.datatype", name=None)
must("revoked that is a string", "attack-pattern", "stix.datatype", revoked="false")
must("confidence that is a string", "attack-pattern", "stix.datatype", confidence="70")
must("confidence with a fraction", "attack-pattern", "stix.datatype", confidence=70.5)
must("confidence above 100", "attack-pattern", "stix.range", confidence=101)
must("confidence below 0", "attack-pattern", "stix.range", confidence=-1)
fine("confidence of 0", "attack-pattern", confidence=0)
must("labels that are a string", "attack-pattern", "stix.datatype", labels="phishing")
must("labels that are empty", "attack-pattern", "stix.empty", labels=[])
must("labels that hold a number", "attack-pattern", "stix.datatype", labels=[1])
must("aliases that are empty", "attack-pattern", "stix.empty", aliases=[])
must("object_refs that are empty", "report", "stix.empty", object_refs=[])
must("external references that are empty", "attack-pattern", "stix.empty", external_references=[], granular_markings=GONE)
must("count below 0", "sighting", "stix.range", count=-1)
must("count above its maximum", "sighting", "stix.range", count=1000000000)
must("number_observed of 0", "observed-data", "stix.range", number_observed=0)
must("latitude beyond the pole", "location", "stix.range", latitude=90.5)
must("longitude beyond the date line", "location", "stix.range", longitude=-180.5)
must("latitude that is a string", "location", "stix.datatype", latitude="48")
must("port above 65535", "network-traffic", "stix.range", src_port=65536)
must("size below 0", "file", "stix.range", size=-1)
must("hex of odd length", "file", "stix.hex", magic_number_hex="4d5")
must("hex that is none", "file", "stix.hex", magic_number_hex="zz")
must("binary that is none", "artifact", "stix.binary", payload_bin="abc")
must("spec_version of another standard", "campaign", "stix.enum", spec_version="3.0")

# Identifiers and references.
must("id without a UUID", "campaign", "stix.id", id="campaign--1")
must("id with one hyphen", "campaign", "stix.id", id="campaign-" + U)
must("id of another type", "campaign", "stix.id", id=ref("tool"))
must("id with a UUID of version 9", "campaign", "stix.id", id="campaign--a1b2c3d4-1111-9222-8333-444455556666")
must("id with a UUID of another variant", "campaign", "stix.id", id="campaign--a1b2c3d4-1111-4222-c333-444455556666")
must("id in upper case", "campaign", "stix.id", id="CAMPAIGN--" + U)
must("created_by_ref that is no id", "attack-pattern", "stix.id", created_by_ref="me")
must("created_by_ref to a tool", "attack-pattern", "stix.reference", created_by_ref=ref("tool"))
must("object_marking_refs to a tool", "attack-pattern", "stix.reference", object_marking_refs=[ref("tool")])
must("relationship from a relationship", "relationship", "stix.reference", source_ref=ref("relationship"))
must("relationship to a bundle", "relationship", "stix.reference", target_ref=ref("bundle"))
must("relationship to a marking", "relationship", "stix.reference", target_ref=ref("marking-definition"))
must("sighting of a sighting", "sighting", "stix.reference", sighting_of_ref=ref("sighting", V))
must("sighting of an observable", "sighting", "stix.reference", sighting_of_ref=ref("ipv4-addr"))
must("sighting seen by a tool", "sighting", "stix.reference", where_sighted_refs=[ref("tool")])
must("sighting with data that is none", "sighting", "stix.reference", observed_data_refs=[ref("tool")])
must("malware with an operating system that is none", "malware", "stix.reference", operating_system_refs=[ref("tool")])
must("malware with a sample that is none", "malware", "stix.reference", sample_refs=[ref("tool")])
must("malware-analysis of a tool", "malware-analysis", "stix.reference", sample_ref=ref("tool"))
must("malware-analysis on a host that is none", "malware-analysis", "stix.reference", host_vm_ref=ref("tool"))
must("malware-analysis that found an indicator", "malware-analysis", "stix.reference", analysis_sco_refs=[ref("indicator")])
must("note on a bundle", "note", "stix.reference", object_refs=[ref("bundle")])
must("language content of language content", "language-content", "stix.reference", object_ref=ref("language-content", V))
must("domain name that resolves to a file", "domain-name", "stix.reference", resolves_to_refs=[ref("file")])
must("address of an email address", "ipv4-addr", "stix.reference", belongs_to_refs=[ref("email-addr")])
must("file in a file", "file", "stix.reference", parent_directory_ref=ref("file", V))
must("file whose content is a url", "file", "stix.reference", content_ref=ref("url"))
must("process of a directory", "process", "stix.reference", image_ref=ref("directory"))
must("email from a domain", "email-message", "stix.reference", from_ref=ref("domain-name"))
must("traffic from a file", "network-traffic", "stix.reference", src_ref=ref("file"))
must("archive of a url", "file", "stix.reference", extensions__archive_ext__contains_refs=[ref("url")])

# Timestamps.
must("created without a zone", "campaign", "stix.timestamp", created="2026-01-02T03:04:05.678")
must("created with an offset", "campaign", "stix.timestamp", created="2026-01-02T03:04:05.678+01:00")
must("created on the 30th of February", "campaign", "stix.timestamp", created="2026-02-30T03:04:05.678Z", modified="2026-03-30T03:04:05.678Z")
must("created at 25 o'clock", "campaign", "stix.timestamp", created="2026-01-02T25:04:05.678Z")
must("created without milliseconds", "campaign", "stix.timestamp", created="2026-01-02T03:04:05Z")
fine("created to the microsecond", "campaign", created="2026-01-02T03:04:05.123456Z")
must("modified before created", "campaign", "stix.order", created=LATER)
must("modified before created by a digit", "campaign", "stix.order", created="2026-01-02T03:04:05.6780001Z")
must("valid_until before valid_from", "indicator", "stix.order", valid_from=LATER, valid_until=T)
must("valid_until at valid_from", "indicator", "stix.order", valid_until=T)
for base in ["campaign", "infrastructure", "intrusion-set", "malware", "sighting", "threat-actor"]:
    must(f"{base} last seen before first seen", base, "stix.order", first_seen=LATER, last_seen=T)
must("last observed before first observed", "observed-data", "stix.order", first_observed=LATER)
must("relationship that stops at its start", "relationship", "stix.order", stop_time=T)
must("traffic that ends before its start", "network-traffic", "stix.order", start=LATER, end=T)
must("published that is a day", "report", "stix.timestamp", published="2026-01-02")
must("modified_time that is no time", "windows-registry-key", "stix.timestamp", modified_time="yesterday")

# External references, kill chains.
must("external reference without a source", "attack-pattern", "stix.required", external_references__1__source_name=GONE)
must("external reference to nothing", "attack-pattern", "stix.required", external_references__1__description=GONE)
must("external reference to a URL with a space", "attack-pattern", "stix.uri", external_references=[{"source_name": "a", "url": "https://a b", "hashes": {"MD5": MD5}}])
should("external reference to a URL without hashes", "attack-pattern", "stix.url-hashes", external_references__1__url="https://example.com/a")
must("CAPEC without its prefix", "attack-pattern", "stix.external-id", external_references__0__external_id="163")
must("CAPEC from another source", "attack-pattern", "stix.external-id", external_references__0__source_name="mitre")
must("CVE without its year", "vulnerability", "stix.external-id", external_references__0__external_id="CVE-1234")
must("CVE from another source", "vulnerability", "stix.external-id", external_references__0__source_name="nvd")
must("kill chain phase without a phase", "attack-pattern", "stix.required", kill_chain_phases__0__phase_name=GONE)
should("kill chain in upper case", "attack-pattern", "stix.vocabulary", kill_chain_phases__0__phase_name="Delivery")

# Languages, markings.
must("lang that is a name", "attack-pattern", "stix.language", lang="English_")
must("contents by no language", "language-content", "stix.language", contents={"d": {"name": "a"}})
must("contents of no property", "language-content", "stix.name", contents={"de": {"Name!": "a"}})
must("contents that are empty", "language-content", "stix.empty", contents={})
must("granular marking of nothing", "attack-pattern", "stix.required", granular_markings__0__selectors=GONE)
must("granular marking with no marking", "attack-pattern", "stix.required", granular_markings__0__marking_ref=GONE)
fine("granular marking with a language", "attack-pattern", granular_markings=[{"lang": "de", "selectors": ["name"]}])
must("granular marking with an index beyond the end", "attack-pattern", "stix.selector", granular_markings__0__selectors=["labels.[1]"])
must("granular marking of a property that is not there", "attack-pattern", "stix.selector", granular_markings__0__selectors=["title"])
must("granular marking into a string", "attack-pattern", "stix.selector", granular_markings__0__selectors=["name.first"])
must("granular marking by a tool", "attack-pattern", "stix.reference", granular_markings__0__marking_ref=ref("tool"))
must("marking that marks itself", "marking-definition", "stix.marking", object_marking_refs=[ref("marking-definition")])
must("marking that marks a part of itself", "marking-definition", "stix.marking", granular_markings=[{"marking_ref": ref("marking-definition"), "selectors": ["created"]}])
must("statement without a statement", "marking-definition", "stix.required", definition={"text": "a"})
must("definition that is a string", "marking-definition", "stix.datatype", definition="a")
must("TLP of another colour", "tlp", "stix.enum", definition={"tlp": "blue"})
must("TLP under an id of one's own", "tlp", "stix.tlp", id=ref("marking-definition"))
must("TLP of another day", "tlp", "stix.tlp", created=T)
must("TLP of another name", "tlp", "stix.tlp", name="TLP:RED")
should("definition of another type", "marking-definition", "stix.vocabulary", definition_type="iep", definition={"iep": "a"})
must("extension definition of another kind", "extension-definition", "stix.enum", extension_types=["new-thing", "toplevel-property-extension"])
must("extension definition with properties it has not", "extension-definition", "stix.combination", extension_types=["new-sdo"])
must("extension definition without a semantic version", "extension-definition", "stix.semver", version="one")

# Enumerations and vocabularies.
must("opinion of another kind", "opinion", "stix.enum", opinion="maybe")
must("encryption algorithm of another kind", "artifact", "stix.enum", encryption_algorithm="rot13")
must("address family of another kind", "network-traffic", "stix.enum", extensions__socket_ext__address_family="AF_MOON")
must("socket type of another kind", "network-traffic", "stix.enum", extensions__socket_ext__socket_type="SOCK_WOOL")
must("integrity level of another kind", "process", "stix.enum", extensions__windows_process_ext__integrity_level="mild")
must("start type of another kind", "process", "stix.enum", extensions__windows_service_ext__start_type="NEVER")
must("registry type of another kind", "windows-registry-key", "stix.enum", values__0__data_type="REG_NO")
for base, name, value in [
    ("grouping", "context", "lunch"),
    ("identity", "identity_class", "choir"),
    ("identity", "sectors", ["choirs"]),
    ("indicator", "indicator_types", ["odd"]),
    ("infrastructure", "infrastructure_types", ["bridge"]),
    ("intrusion-set", "resource_level", "choir"),
    ("intrusion-set", "primary_motivation", "song"),
    ("intrusion-set", "secondary_motivations", ["song"]),
    ("location", "region", "atlantis"),
    ("malware", "malware_types", ["song"]),
    ("malware", "capabilities", ["sings"]),
    ("malware", "implementation_languages", ["french"]),
    ("malware", "architecture_execution_envs", ["abacus"]),
    ("malware-analysis", "result", "odd"),
    ("report", "report_types", ["poem"]),
    ("threat-actor", "threat_actor_types", ["tenor"]),
    ("threat-actor", "roles", ["tenor"]),
    ("threat-actor", "sophistication", "sings"),
    ("threat-actor", "personal_motivations", ["song"]),
    ("tool", "tool_types", ["hammer"]),
]:
    should(f"{base} with {name} of its own", base, "stix.vocabulary", **{name: value})
should("country in full", "location", "stix.vocabulary", country="France")
should("hash of an algorithm of one's own", "artifact", "stix.vocabulary", id="artifact--f4ff5d80-9ba1-5bcd-ad2e-b7a0f2f8ac2b", payload_bin=GONE, url="https://example.com", hashes={"CRC-32": "a"})

# Observables.
must("MD5 that is too short", "file", "stix.hash", hashes={"MD5": "abc"})
must("SHA-256 that is no hex", "file", "stix.hash", hashes={"SHA-256": "g" * 64})
must("SHA-1 that is too long", "file", "stix.hash", hashes={"SHA-1": "a" * 41})
must("SHA-512 that is too short", "file", "stix.hash", hashes={"SHA-512": "a" * 64})
must("artifact with url and payload", "artifact", "stix.combination", url="https://example.com", hashes={"MD5": MD5})
must("artifact with neither", "artifact", "stix.combination", payload_bin=GONE, hashes={"MD5": MD5})
must("artifact with a url without hashes", "artifact", "stix.combination", payload_bin=GONE, url="https://example.com", id=ref("artifact"))
must("artifact with a key to nothing", "artifact", "stix.combination", decryption_key="a")
must("artifact of no media type", "artifact", "stix.media-type", mime_type="picture")
must("directory in no character set", "directory", "stix.charset", path_enc="!")
must("domain name with a scheme", "domain-name", "stix.domain", value="https://example.com")
must("email address with a name", "email-addr", "stix.email", value="Someone <someone@example.com>")
must("email of one part with many", "email-message", "stix.combination", is_multipart=False)
must("email of many parts with one", "email-message", "stix.combination", body="Hello", body_multipart=GONE)
must("email part of nothing", "email-message", "stix.combination", body_multipart=[{"content_type": "text/plain"}])
must("IPv4 address with 256", "ipv4-addr", "stix.address", value="198.51.100.256")
must("IPv4 network of 33 bits", "ipv4-addr", "stix.address", value="198.51.100.0/33")
must("IPv6 address with two gaps", "ipv6-addr", "stix.address", value="2001::db8::1")
must("MAC address in capitals", "mac-addr", "stix.address", value="D2:FB:49:24:37:18")
must("MAC address with hyphens", "mac-addr", "stix.address", value="d2-fb-49-24-37-18")
must("active traffic that has ended", "network-traffic", "stix.combination", is_active=True)
must("process of nothing", "process", "stix.required", pid=GONE, created_time=GONE, command_line=GONE, environment_variables=GONE, image_ref=GONE, opened_connection_refs=GONE, extensions=GONE)
must("process whose id is computed", "process", "stix.deterministic-id", id="process--f720c34b-98ae-597f-ade5-27dc241e8c74")
must("software of an old CPE", "software", "stix.cpe", cpe="cpe:/a:microsoft:word")
must("URL without a scheme", "url", "stix.uri", value="example.com/a")
must("URL with a space", "url", "stix.uri", value="https://example.com/a b")
must("user account of nothing", "user-account", "stix.required", user_id=GONE, account_type=GONE, is_privileged=GONE, account_created=GONE, extensions=GONE)
must("registry key cut short", "windows-registry-key", "stix.registry-key", key="HKLM\\System")
must("registry value of nothing", "windows-registry-key", "stix.required", values=[{}])
must("certificate of nothing", "x509-certificate", "stix.required", issuer=GONE, serial_number=GONE, validity_not_before=GONE, x509_v3_extensions=GONE)
must("certificate extension of nothing", "x509-certificate", "stix.required", x509_v3_extensions={})
must("ipfix that is empty", "network-traffic", "stix.empty", ipfix={})
must("dictionary with a dot in its key", "network-traffic", "stix.dictionary-key", ipfix={"a.b": 1})
must("NTFS extension of nothing known", "file", "stix.required", extensions={"ntfs-ext": {"foo": "bar"}})
must("data stream without a name", "file", "stix.required", extensions__ntfs_ext__alternate_data_streams=[{"size": 25}])
must("PE without its type", "file", "stix.required", extensions={"windows-pebinary-ext": {"imphash": "a"}})
must("PE section without a name", "file", "stix.required", extensions__windows_pebinary_ext__sections=[{"size": 5}])
must("archive of nothing", "file", "stix.required", extensions={"archive-ext": {"comment": "a"}})
must("HTTP request without a method", "network-traffic", "stix.required", extensions__http_request_ext__request_method=GONE)
must("ICMP without a code", "network-traffic", "stix.required", extensions__icmp_ext__icmp_code_hex=GONE)
must("TCP extension of nothing", "network-traffic", "stix.required", extensions={"tcp-ext": {"foo": "bar"}})
must("socket option of no family", "network-traffic", "stix.dictionary-key", extensions__socket_ext__options={"KEEPALIVE": 1})
must("socket option that is a string", "network-traffic", "stix.datatype", extensions__socket_ext__options={"SO_KEEPALIVE": "1"})

# Observed data.
OLD = {"0": observable("ipv4-addr", "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", value="198.51.100.3")}
should("observed data with its objects inside", "observed-data", "stix.deprecated", object_refs=GONE, objects=OLD)
must("observed data with both", "observed-data", "stix.combination", objects=OLD)
must("observed data with neither", "observed-data", "stix.combination", object_refs=GONE)
must("observed data with no object", "observed-data", "stix.empty", object_refs=GONE, objects={})
must("observed data with a flawed object inside", "observed-data", "stix.address", object_refs=GONE, objects={"0": OLD["0"] | {"value": "1.2.3"}})
must("observed data with a tool inside", "observed-data", "stix.reference", object_refs=GONE, objects={"0": domain("tool", name="a")})

# Patterns.
must("pattern that does not end", "indicator", "stix.pattern", pattern="[ipv4-addr:value = '198.51.100.1'")
must("pattern without brackets", "indicator", "stix.pattern", pattern="ipv4-addr:value = '198.51.100.1'")
must("pattern of nothing", "indicator", "stix.pattern", pattern="[]")
fine("pattern of another language", "indicator", pattern="rule a { condition: true }", pattern_type="yara")
should("pattern of a language of one's own", "indicator", "stix.vocabulary", pattern="a", pattern_type="own")

# Relationships.
must("relationship type with a space", "relationship", "stix.name", relationship_type="belongs to")
should("relationship that the standard does not describe", "relationship", "stix.relationship", relationship_type="mitigates")
fine("relationship that always fits", "relationship", relationship_type="related-to")

# Custom objects, custom properties, extensions.
# What is no type makes no id either, so these are told twice.
must("type with a space", "x-own-sdo", "stix.type", type="own weather")
must("type with two hyphens", "x-own-sdo", "stix.type", type="x--own")
must("type that is too short", "x-own-sdo", "stix.type", type="xo")
must("custom object without created", "x-own-sdo", "stix.required", created=GONE)
must("custom object modified before created", "x-own-sdo", "stix.order", created=LATER)
should("custom object under a name of its own", "x-own-sdo", "stix.custom", type="weather", id=ref("weather"), extensions=GONE)
fine("custom observable under a prefix", "x-own-sco", type="x-own-station", id=ref("x-own-station"), extensions=GONE)
should("custom property without a prefix", "campaign", "stix.custom", weather="rain")
must("custom property in capitals", "campaign", "stix.name", Weather="rain")
must("custom property with a hyphen", "campaign", "stix.name", **{"x-weather": "rain"})
must("custom property that is too short", "campaign", "stix.name", xw="rain")
must("custom property that is empty", "campaign", "stix.empty", x_example_com_weather=[])
must("custom property that is null", "campaign", "stix.datatype", x_example_com_weather=None)
fine("custom property that holds a null", "campaign", x_example_com_weather={"wind": [{"from": None}]})
fine("custom property that holds an empty list", "campaign", x_example_com_weather={"wind": [{"from": []}]})
must("extension that holds a null", "property-extension", "stix.datatype", extensions={EXT: {"extension_type": "property-extension", "weather": None}})
must("selector of nothing", "attack-pattern", "stix.selector", granular_markings__0__selectors=[""])
must("PE stamped with a fraction", "file", "stix.timestamp", extensions__windows_pebinary_ext__time_date_stamp=T)
must("EXIF tag that is a list", "file", "stix.datatype", extensions__raster_image_ext__exif_tags={"Make": ["a"]})
must("header field of nothing", "email-message", "stix.empty", additional_header_fields={"X-Mailer": []})
must("environment variable that is a number", "process", "stix.datatype", environment_variables={"PATH": 7})
must("translations of nothing", "language-content", "stix.empty", contents={"de": {}})
must("reserved property", "campaign", "stix.reserved", severity="high")
must("extensions that are empty", "campaign", "stix.empty", extensions={})
must("extension that is empty", "property-extension", "stix.empty", extensions={"x-example-com-weather-ext": {}})
must("extension without its type", "property-extension", "stix.required", extensions={EXT: {"weather": "rain"}})
must("extension of another type", "property-extension", "stix.enum", extensions={EXT: {"extension_type": "odd"}})
must("extension under no id", "property-extension", "stix.extension", extensions={"weather": {"wind": 3}})
should("extension in the old manner", "property-extension", "stix.custom", extensions={"x-example-com-weather-ext": {"wind": 3}})

assert len({case["name"] for case in CASES}) == len(CASES)
print("[")
print(",\n".join(json.dumps(case, ensure_ascii=False) for case in CASES))
print("]")
print(len(CASES), "cases", file=sys.stderr)
