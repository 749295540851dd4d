use super::*;
use FindingKind::{
    BirthDate, MailAddress, NationalNumber, PaymentNumber, PersonName, PostalAddress, Telephone,
};
use proptest::prelude::*;

fn found(text: &str) -> Vec<(FindingKind, String)> {
    let mut at = 0;
    let mut found = Vec::new();
    while let Some((kind, range)) = next(text.as_bytes(), at) {
        at = range.end;
        found.push((kind, text[range].to_owned()));
    }
    found
}

#[test]
fn what_looks_like_personal_information_is_found() {
    for (text, kind, what) in [
        (
            "mail j.doe+x@bank.example, please",
            MailAddress,
            "j.doe+x@bank.example",
        ),
        ("<JDOE@BANK.EXAMPLE>.", MailAddress, "JDOE@BANK.EXAMPLE"),
        (
            "call +44 (20) 7946-0958 now",
            Telephone,
            "+44 (20) 7946-0958",
        ),
        ("Tel: 020 7946 0958", Telephone, "Tel: 020 7946 0958"),
        (
            "card 4111 1111 1111 1111.",
            PaymentNumber,
            "4111 1111 1111 1111",
        ),
        ("5500005555555559", PaymentNumber, "5500005555555559"),
        (
            "to GB82 WEST 1234 5698 7654 32 by wire",
            PaymentNumber,
            "GB82 WEST 1234 5698 7654 32",
        ),
        (
            "DE89370400440532013000",
            PaymentNumber,
            "DE89370400440532013000",
        ),
        ("SSN 219-09-9999", NationalNumber, "219-09-9999"),
        ("NI AB 12 34 56 C", NationalNumber, "AB 12 34 56 C"),
        ("says Mrs Example, the teller", PersonName, "Mrs Example"),
        ("Dr. O'Hara", PersonName, "Dr. O'Hara"),
        ("of 12 High Street, there", PostalAddress, "12 High Street"),
        ("London SW1A 2AA", PostalAddress, "SW1A 2AA"),
        ("born 1 May 1984 in", BirthDate, "born 1 May 1984"),
        (
            "Date of birth: 01/05/1984",
            BirthDate,
            "Date of birth: 01/05/1984",
        ),
        ("DOB 1984", BirthDate, "DOB 1984"),
    ] {
        assert_eq!(found(text), [(kind, what.to_owned())], "{text}");
    }
}

#[test]
fn what_threats_are_made_of_passes() {
    for text in [
        "write to abuse@bank.example or SOC@cert.example",
        "beacons to 203.0.113.7:8443 and 2001:db8::1 every 3600 s",
        "SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "CVE-2024-12345, KB5034441, T1059.001, APT28, FIN7, UNC2452",
        "first seen 2023-03-29T12:58:43.400613Z, version 1.2.3.4",
        "indicator--ce02123b-f44b-4ace-b659-1dc32c547e10",
        "1700000000123456 microseconds",
        "Dr Web detects it as Trojan.Mr.1",
        "C++ and a+b@home",
        "the dropper was born of two older ones; Date of release: soon",
        "4111 1111 1111 1112",
        "000-12-3456 and 900-12-3456",
        "GB82 WEST 1234 5698 7654 33",
        "+1234567 is too short, +0123456789 begins in no country",
        "12 High Value Targets were hit",
        "user@localhost and @handle and a@b.1",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn an_excerpt_is_known_again_and_is_no_second_copy() {
    for (text, shown) in [
        ("to j.doe@bank.example now", "j.***@****.*****le"),
        ("card 4111 1111 1111 1111", "41** **** **** **11"),
        ("DOB 1984", "D** ***4"),
    ] {
        let mut findings = Vec::new();
        find("description", text, &mut findings, 8);
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].excerpt, shown);
    }
    let long = "é".repeat(300);
    assert_eq!(
        excerpt(&long, &(0..long.len())).chars().count(),
        EXCERPT_CHARS_MAX
    );
}

#[test]
fn no_more_is_found_than_fits() {
    let mut findings = Vec::new();
    find("name", &"a@b.example ".repeat(100), &mut findings, 5);
    assert_eq!(findings.len(), 5);
}

#[test]
fn a_long_text_is_looked_at_in_time_that_grows_with_it() {
    for sign in ["1 ", "A", "a.", "@", "+1 ", "A1 "] {
        assert!(!super::any(&sign.repeat(100_000)), "{sign}");
    }
}

/// Every rule at every byte where a word begins: slow, and plainly all there is.
fn next_everywhere(text: &[u8], from: usize) -> Option<(FindingKind, Range<usize>)> {
    (from..text.len()).find_map(|at| {
        let begins = at == 0 || !is_word(text, at - 1);
        match text[at] {
            b'@' => mail(text, at).map(|range| (MailAddress, range)),
            b'+' if begins => telephone(text, at).map(|range| (Telephone, range)),
            b'0'..=b'9' if begins => number(text, at),
            b'A'..=b'Z' if begins => capital(text, at),
            b'a'..=b'z' if begins => announced(text, at),
            _ => None,
        }
    })
}

proptest! {
    #[test]
    fn nothing_begins_where_no_pair_says_so(
        text in "([0-9A-Za-z+@ .:-]|[0-9]{1,5}[ -]|\\+[1-9]|Mr?s? |Mx |Miss |Mme |Dr\\. |Prof |Herr |Frau |[Bb]orn |[Dd][Oo][Bb] |[Dd]ate of birth |birthdate|[Mm]obile |[Pp]HONE |[Tt]el |[A-Z]{2}[0-9]{6}[A-D]|[A-Z]{1,2}[0-9] [0-9][A-Z]{2}|1984|4111 1111 1111 1111|High Street|@bank\\.example|é){0,40}",
        from in 0_usize..20,
    ) {
        prop_assert_eq!(next(text.as_bytes(), from), next_everywhere(text.as_bytes(), from));
    }

    #[test]
    fn any_text_is_looked_at_to_its_end(text in ".{0,200}", mail in "[a-z]{3,8}\\.[a-z]{3,8}@[a-z]{2,8}\\.example") {
        let mut findings = Vec::new();
        find("x", &text, &mut findings, 32);
        prop_assert_eq!(super::any(&text), !findings.is_empty());
        let with = format!("{text} {mail} {text}");
        let kinds: Vec<FindingKind> = self::found(&with).into_iter().map(|(kind, _)| kind).collect();
        prop_assert!(kinds.contains(&MailAddress), "{}", with);
    }

    #[test]
    fn card_like_texts_never_break_it(text in "[0-9 +@A-D.-]{0,80}") {
        let mut findings = Vec::new();
        find("x", &text, &mut findings, 32);
        for finding in findings {
            prop_assert!(finding.excerpt.chars().count() <= EXCERPT_CHARS_MAX);
        }
    }
}
