"""Writes testdata/validate/ids.json: observables with the ids that OASIS's own
library gives them.

    pip install stix2
    python tests/clients/ids.py > testdata/validate/ids.json
"""

import json
import sys

from stix2 import v21

LIBRARY = [
    v21.IPv4Address(value="198.51.100.3"),
    v21.IPv6Address(value="2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
    v21.DomainName(value="example.com"),
    v21.Mutex(name="__CLEANSWEEP__"),
    v21.AutonomousSystem(number=15139, name="Slime Industries"),
    v21.EmailAddress(value="jörg@example.com"),
    v21.MACAddress(value="d2:fb:49:24:37:18"),
    v21.URL(value='https://example.com/a?b="c\\'),
    v21.File(name="foo.dll", hashes={"SHA-256": "f" * 64, "MD5": "0" * 32}),
    v21.File(hashes={"SHA-512": "a" * 128, "SHA-1": "b" * 40}),
    v21.File(name="x", extensions={"pdf-ext": {"version": "1.7", "is_optimized": True}}),
    v21.Directory(path="C:\\Windows\\System32"),
    v21.Software(
        name="Word",
        cpe="cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*",
        version="2002",
        vendor="Microsoft",
    ),
    v21.UserAccount(user_id="1001", account_login="jdoe", account_type="unix"),
    v21.WindowsRegistryKey(
        key="hkey_local_machine\\system\\bar\\foo",
        values=[{"name": "Foo", "data": "qwerty", "data_type": "REG_SZ"}],
    ),
    v21.X509Certificate(issuer="C=ZA", serial_number="36:f7:d4:32"),
    v21.Artifact(payload_bin="YWJj", mime_type="image/jpeg"),
    v21.NetworkTraffic(
        src_ref="ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
        src_port=2487,
        protocols=["ipv4", "tcp"],
        start="2020-01-01T00:00:00Z",
    ),
    v21.EmailMessage(is_multipart=False, subject="Hi\nthere\u0007 😀", body="x"),
]

cases = [{"name": made.type, "object": json.loads(made.serialize())} for made in LIBRARY]
json.dump(cases, sys.stdout, indent=1, ensure_ascii=False)
print()
