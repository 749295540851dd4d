//! Telling a question about a threat from one for the data of somebody's users.
//!
//! Whose account it is, what somebody wrote, where somebody was: a provider
//! answers that to an order, never to a cell (law 10). The list of kinds is
//! closed, so this only reads the free text, in English, word by word. It
//! catches who asks in good faith at the wrong door; it is no filter against
//! somebody who hides the question, and the review of what leaves is behind it.

/// Words for a kind of question that name users' data.
const KINDS: &[&str] = &[
    "account",
    "accounts",
    "account-holder",
    "billing",
    "calls",
    "contacts",
    "content",
    "contents",
    "customer",
    "customers",
    "identify",
    "identity",
    "location",
    "login",
    "logins",
    "log-ins",
    "mailbox",
    "messages",
    "owner",
    "person",
    "subscriber",
    "subscribers",
    "traffic",
    "user",
    "user-data",
    "users",
];

const WHO: &[&str] = &["who", "whom", "whose", "which", "what"];
const HOLDS: &[&str] = &[
    "behind",
    "controls",
    "created",
    "has",
    "holds",
    "opened",
    "operates",
    "owns",
    "registered",
    "runs",
    "used",
    "uses",
    "using",
];
const ACCOUNT: &[&str] = &[
    "account",
    "accounts",
    "handset",
    "imei",
    "imsi",
    "mailbox",
    "mailboxes",
    "msisdn",
    "phone",
    "profile",
    "profiles",
    "sim",
    "telephone",
];
const BELONGS: &[&str] = &["belong", "belonged", "belonging", "belongs", "registered"];
const TO: &[&str] = &["to", "on"];
const WANTS: &[&str] = &[
    "disclose", "export", "forward", "get", "give", "hand", "identify", "list", "need", "obtain",
    "preserve", "produce", "provide", "pull", "release", "request", "retrieve", "send", "share",
    "supply", "tell", "want", "what", "where", "which",
];
const PERSON: &[&str] = &[
    "account",
    "accounts",
    "account's",
    "customer",
    "customer's",
    "customers",
    "holder",
    "holders",
    "individual",
    "individual's",
    "owner",
    "owner's",
    "person",
    "person's",
    "subscriber",
    "subscriber's",
    "subscribers",
    "suspect",
    "suspect's",
    "user",
    "user's",
    "users",
];
const DATA: &[&str] = &[
    "address",
    "addresses",
    "billing",
    "calls",
    "chat",
    "chats",
    "contacts",
    "content",
    "contents",
    "conversation",
    "conversations",
    "correspondence",
    "data",
    "details",
    "e-mails",
    "emails",
    "history",
    "identities",
    "identity",
    "information",
    "ip",
    "location",
    "locations",
    "log-ins",
    "logins",
    "mail",
    "mails",
    "messages",
    "metadata",
    "name",
    "names",
    "number",
    "numbers",
    "photos",
    "records",
    "sessions",
    "sign-ins",
    "whereabouts",
];
const OF: &[&str] = &[
    "about",
    "at",
    "behind",
    "belonging",
    "between",
    "by",
    "concerning",
    "for",
    "from",
    "in",
    "of",
    "on",
    "to",
    "using",
];
const SUBSCRIBER: &[&str] = &[
    "account-holder",
    "subscriber",
    "subscriber's",
    "subscribers",
];
const LIVES: &[&str] = &["is", "lives", "live", "located", "was", "were"];

const PICKS: &[&str] = &[
    "give", "identify", "list", "name", "provide", "send", "tell", "which", "whose",
];
const PEOPLE: &[&str] = &[
    "accounts",
    "clients",
    "customers",
    "employees",
    "people",
    "persons",
    "subscribers",
    "users",
];
const ONE: &[&str] = &[
    "account",
    "client",
    "customer",
    "employee",
    "person",
    "subscriber",
    "user",
];
const DID: &[&str] = &[
    "accessed",
    "called",
    "connected",
    "contacted",
    "log",
    "logged",
    "paid",
    "signed",
    "visited",
];

/// What follows an account in a question about a threat: `account takeover`.
const THREAT: &[&str] = &[
    "abuse",
    "compromise",
    "compromises",
    "enumeration",
    "farm",
    "farms",
    "fraud",
    "hijacking",
    "lockout",
    "scam",
    "scams",
    "swap",
    "swapping",
    "swaps",
    "stuffing",
    "system",
    "takeover",
    "takeovers",
    "theft",
    "trojan",
];

/// One way to ask: these words in this order, with at most so many others between each two.
type Way = &'static [(&'static [&'static str], usize)];

const WAYS: &[Way] = &[
    // who is behind this account; which customer uses the phone
    &[(&["who", "whom", "which"], 0), (HOLDS, 3), (ACCOUNT, 3)],
    // whose account is it
    &[(&["whose"], 0), (ACCOUNT, 1)],
    // whom does the account belong to; which person is the number registered to
    &[(WHO, 0), (ACCOUNT, 4), (BELONGS, 2), (TO, 1)],
    &[
        (WHO, 0),
        (&["account", "accounts", "number", "phone"], 4),
        (BELONGS, 2),
    ],
    &[
        (ACCOUNT, 0),
        (BELONGS, 2),
        (TO, 0),
        (&["who", "whom", "which"], 0),
    ],
    // send the customer's messages; give us user data; what is the account's location
    &[(WANTS, 0), (PERSON, 4), (DATA, 1)],
    // send all log-ins of the user; the name of the account holder, please
    &[(WANTS, 0), (DATA, 4), (OF, 2), (PERSON, 2)],
    &[(WANTS, 0), (DATA, 4), (OF, 2), (ADDRESS, 2)],
    // which of your customers logged in from there; list the users who visited the site
    &[(PICKS, 0), (PEOPLE, 4), (DID, 3)],
    &[(PICKS, 0), (ONE, 2), (DID, 0)],
    // subscriber information
    &[(SUBSCRIBER, 0), (DATA, 0)],
    &[
        (&["call"], 0),
        (&["detail", "data"], 0),
        (&["record", "records"], 0),
    ],
    &[(&["call"], 0), (&["records"], 0)],
    &[
        (&["chat", "message", "messaging"], 0),
        (&["content", "contents", "history"], 0),
    ],
    // where is the user; where does this customer live
    &[(&["where"], 0), (LIVES, 1), (PERSON, 2)],
    &[(&["where"], 0), (PERSON, 3), (LIVES, 2)],
    &[(&["intercept", "wiretap", "tap"], 0), (DATA, 4)],
    &[(&["intercept", "wiretap", "tap"], 0), (ACCOUNT, 3)],
];

/// Stands for any word that is a mail address or a telephone number.
const ADDRESS: &[&str] = &["@"];

/// The words that ask for users' data, if a kind of question is named so.
pub fn kind(word: &str) -> Option<String> {
    let lower = word.trim().to_ascii_lowercase();
    KINDS.contains(&lower.as_str()).then_some(lower)
}

/// The words with which a text asks for users' data, if it does.
pub fn asked_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase().replace('’', "'");
    sentences(&lower).find_map(|sentence| {
        let words: Vec<&str> = sentence
            .split_whitespace()
            .map(bare)
            .filter(|word| !word.is_empty())
            .collect();
        WAYS.iter().find_map(|way| asked_this_way(&words, way))
    })
}

/// The sentences of a text. A full stop inside a word ends none: addresses have them.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['?', '!', ';', '\n'])
        .flat_map(|part| part.split(". "))
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+' && c != '@')
}

fn asked_this_way(words: &[&str], way: Way) -> Option<String> {
    (0..words.len()).find_map(|from| {
        let to = matched_to(words, from, way, 0)?;
        Some(words.get(from..=to)?.join(" "))
    })
}

/// The place of the last word, if `way` is gone from the word at `at` on, with `gap` others before it.
fn matched_to(words: &[&str], at: usize, way: Way, gap: usize) -> Option<usize> {
    let ((step, _), rest) = way.split_first()?;
    (at..=at + gap).find_map(|place| {
        let word = words.get(place)?;
        if !is(word, step) {
            return None;
        }
        if let Some((_, gap)) = rest.first() {
            return matched_to(words, place + 1, rest, *gap);
        }
        let next = words.get(place + 1);
        let threat = next.is_some_and(|next| THREAT.contains(next));
        (!threat).then_some(place)
    })
}

fn is(word: &str, step: &[&str]) -> bool {
    if step == ADDRESS {
        return is_mail_address(word) || is_telephone(word);
    }
    step.contains(&word)
}

fn is_mail_address(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

fn is_telephone(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.starts_with('+') && digits >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_for_the_data_of_users_is_known_as_one() {
        for text in [
            "Who owns the account @harbour_17?",
            "Who is behind this account?",
            "Please tell us whom this account belongs to.",
            "Which customer is the number registered to?",
            "Whose account is it?",
            "We need subscriber information for +44 20 7946 0000.",
            "Please send all log-ins of the user since March.",
            "Can you share the messages between these two accounts?",
            "What is the location of the phone's owner?",
            "Where is the user now?",
            "Provide the customer's billing address",
            "give us the emails of someone@bank.example",
            "Hello all. Send me the call records, please.",
            "Could you pull the IP addresses used by the account holder?",
            "What’s new? Identify the person's name",
            "Which of your customers logged in from this address: list names and emails",
            "List all users who visited bad.example.",
            "Which customer logged in from 203.0.113.7?",
        ] {
            assert!(asked_in(text).is_some(), "{text}");
        }
    }

    #[test]
    fn questions_about_threats_pass() {
        for text in [
            "Have you seen 203.0.113.7 or bad.example in the last 30 days?",
            "Has anybody a sample of this loader? SHA-256 below.",
            "Which actor is behind the campaign, and what is the technique?",
            "Who is behind the account takeover campaign against banks?",
            "Is this indicator a false positive? It looks like a public resolver.",
            "Have you seen credential stuffing with log-ins from 198.51.100.0/24?",
            "What mitigations helped against the flood of the DNS servers?",
            "Which sectors and countries are hit?",
            "Share the C2 addresses and the hashes of the payload, please.",
            "Have you seen phishing e-mails with the subject `Invoice 17`?",
            "Can you share the configuration of the implant?",
            "Who uses the phone-home domain bad.example?",
            "What does the malware send to its server?",
            "Which user agents connected to bad.example?",
            "Which banks are hit, and are their customers targeted?",
        ] {
            assert_eq!(asked_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_kind_that_names_users_is_no_kind() {
        assert_eq!(kind("Subscriber"), Some("subscriber".into()));
        assert_eq!(kind("seen"), None);
    }

    #[test]
    fn what_is_quoted_back_are_the_words_that_ask() {
        let text = "Hello. We wonder who owns this account, since it wrote to us.";
        assert_eq!(asked_in(text).as_deref(), Some("who owns this account"));
    }
}
