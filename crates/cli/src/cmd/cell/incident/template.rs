//! The files to fill in, with what each field is for.

use super::Kind;

/// The file to fill in for a kind of incident.
pub(super) fn template(kind: Kind, now: &str) -> String {
    let head = format!(
        r#"# {title}
#
# Fill in what stands in CAPITALS, take the `#` from what you need, then:
#   portcullis cell incident publish FILE --into COLLECTION --tlp amber
#
# What a person could be known by does not belong here. An account of a customer's, or of anybody
# who is not your organisation, is a case for the front door: `portcullis order`.

kind = "{kind}"
name = "{name}"
# What happened, in two or three sentences, for somebody who reads it at night.
description = "WHAT HAPPENED, TO WHAT, AND WHAT IT MEANS FOR OTHERS"
# When you noticed, and since when it goes on, as far as you know: an instant such as {now}, or a
# day, which is its midnight in UTC.
noticed = "{now}"
# since = "{now}"
# Whether it came about: suspected, successful-attempt, failed-attempt, blocked.
determination = "suspected"
# Where your work on it stands: new, open, closed.
status = "open"
# 0 to 100: how bad it is for you.
# criticality = 50
# Whom to call, by function and not by name.
contact = "FUNCTION AND NUMBER OR ADDRESS"
# Your own number for it.
# reference = "INC-1"
# What you ask of the others: look-for, block, take-down, filter-upstream, revoke-sessions,
# warn-customers, contact-us.
asked = [{asked}]
"#,
        title = title(kind),
        kind = kind.as_str(),
        name = name(kind),
        asked = asked(kind),
    );
    head + part(kind)
        + r#"
# What was seen of the attacker, one part each: addresses, domains, URLs, hashes. They are published
# as indicators. Written as in reports is fine: hxxp://bad[.]example/x
# [[seen]]
# value = "192.0.2.7"
# what = "the session came from there"
"#
}

const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::AccountTakenOver => "An account of ours was taken over.",
        Kind::DataStolen => "Data of ours were stolen.",
        Kind::ServiceFlooded => "A service of ours is flooded.",
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::AccountTakenOver => "ACCOUNT OF ORGANISATION AT SERVICE TAKEN OVER",
        Kind::DataStolen => "DATA STOLEN FROM ORGANISATION",
        Kind::ServiceFlooded => "SERVICE OF ORGANISATION FLOODED",
    }
}

const fn asked(kind: Kind) -> &'static str {
    match kind {
        Kind::AccountTakenOver => r#""revoke-sessions", "look-for""#,
        Kind::DataStolen => r#""look-for", "take-down""#,
        Kind::ServiceFlooded => r#""filter-upstream", "look-for""#,
    }
}

const fn part(kind: Kind) -> &'static str {
    match kind {
        Kind::AccountTakenOver => {
            r#"
[account]
# Where, and the handle: your organisation's own, official account.
service = "SERVICE OF THE ACCOUNT"
handle = "HANDLE OF THE ACCOUNT"
# What holds now: `theirs`, `locked`, `ours again`.
state = "theirs"
# How they came in, as far as you know: phishing, a session stolen, a SIM swapped.
# how = "HOW THEY GOT IN"
# What they posted or sent from it, so that others do not believe it.
# posted = "WHAT THEY SAID"
"#
        }
        Kind::DataStolen => {
            r#"
[data]
# Kinds of data, never the data: "customer addresses", "source code", "card numbers".
what = ["KINDS OF DATA"]
# Whether persons can be known from it. Your duties to tell them and the regulator run beside this.
personal = true
# records = 10000
# how = "HOW THEY GOT IN"
# Where they were offered or seen: the name of a site, no link to the data.
# where_seen = "NAME OF SITE"
# What is demanded.
# demand = "WHAT THEY WANT"
"#
        }
        Kind::ServiceFlooded => {
            r#"
[service]
# What is flooded, and what is left of it: `down`, `slow`, `up`.
name = "NAME OF THE SERVICE"
state = "slow"
# How: "udp amplification", "syn flood", "http requests".
vectors = ["WAYS OF ATTACK"]
# peak_gbit_s = 1.5
# peak_packets_s = 1000000
# peak_requests_s = 100000
# demand = "WHAT THEY WANT"
"#
        }
    }
}
