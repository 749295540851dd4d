//! Numbers that check themselves, and those that only look right.

/// How many characters of IBANs there are, by country (ISO 13616 registry).
const IBAN_SIZES: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 \
                          FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 \
                          LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 \
                          SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";

/// Whether `digits` is a number of a payment card: a known issuer's prefix and
/// length, and the check digit of ISO/IEC 7812 (Luhn).
pub(super) fn is_card(digits: &str) -> bool {
    let prefix = |size: usize| {
        digits
            .get(..size)
            .and_then(|head| head.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let issued = match digits.len() {
        15 => matches!(prefix(2), 34 | 37),
        14 => matches!(prefix(3), 300..=305) || matches!(prefix(2), 36 | 38 | 39),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 65)
                || matches!(prefix(4), 2221..=2720 | 6011 | 3528..=3589)
                || matches!(prefix(3), 644..=649)
        }
        13 | 19 => prefix(1) == 4,
        _ => false,
    };
    let monotone = digits
        .bytes()
        .all(|digit| digits.as_bytes().first() == Some(&digit));
    issued && !monotone && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit.wrapping_sub(b'0'));
            match value * 2 {
                double if place % 2 == 1 && double > 9 => double - 9,
                double if place % 2 == 1 => double,
                _ => value,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether `account`, without spaces, is an IBAN: the country's length, and
/// the remainder of ISO/IEC 7064 MOD 97-10.
pub(super) fn is_iban(account: &str) -> bool {
    let Some(country) = account.get(..2) else {
        return false;
    };
    let known = IBAN_SIZES.split(' ').any(|entry| {
        entry
            .strip_prefix(country)
            .is_some_and(|size| size.parse() == Ok(account.len()))
    });
    if !known {
        return false;
    }
    let Some((head, tail)) = account.split_at_checked(4) else {
        return false;
    };
    let remainder = tail
        .chars()
        .chain(head.chars())
        .try_fold(0_u32, |rest, letter| {
            let value = letter.to_digit(36)?;
            Some(
                if value < 10 {
                    rest * 10 + value
                } else {
                    rest * 100 + value
                } % 97,
            )
        });
    remainder == Some(1)
}

/// Whether a National Insurance number's prefix is one that is issued (HMRC,
/// NIM39110).
pub(super) fn is_issued_prefix(prefix: &str) -> bool {
    let mut letters = prefix.chars();
    let (Some(first), Some(second)) = (letters.next(), letters.next()) else {
        return false;
    };
    !"DFIQUV".contains(first)
        && !"DFIOQUV".contains(second)
        && !matches!(prefix, "BG" | "GB" | "KN" | "NK" | "NT" | "TN" | "ZZ")
}

/// Whether the three groups of a Social Security number may be issued.
pub(super) fn is_issued_ssn(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    !matches!(part(0..3), "000" | "666")
        && !digits.starts_with('9')
        && part(3..5) != "00"
        && part(5..9) != "0000"
}
