//! Language tags (RFC 5646 §2.1).

/// RFC 5646 §2.1, well-formed: language, extended languages, script, region,
/// variants, extensions, private use; the irregular tags are not taken.
pub(in super::super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-').peekable();
    let alpha = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let alnum = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some(first) = parts.next() else {
        return false;
    };
    let private = first.eq_ignore_ascii_case("x");
    let language = (2..=8).contains(&first.len()) && alpha(first);
    if !(private || language) {
        return false;
    }
    if !private {
        if first.len() < 4 {
            for _ in 0..3 {
                parts.next_if(|part| part.len() == 3 && alpha(part));
            }
        }
        parts.next_if(|part| part.len() == 4 && alpha(part));
        parts.next_if(|part| {
            (part.len() == 2 && alpha(part))
                || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
        });
        let variant = |part: &str| {
            alnum(part)
                && ((5..=8).contains(&part.len())
                    || (part.len() == 4
                        && part
                            .bytes()
                            .next()
                            .is_some_and(|byte| byte.is_ascii_digit())))
        };
        while parts.next_if(|part| variant(part)).is_some() {}
    }
    let rest: Vec<&str> = parts.collect();
    if private {
        is_private(&rest)
    } else {
        are_extensions(&rest)
    }
}

/// What follows `x`: at least one subtag.
fn is_private(rest: &[&str]) -> bool {
    !rest.is_empty() && rest.iter().all(|part| is_subtag(part, 1))
}

/// A single character with at least one subtag behind it, any number of
/// times; private use comes last.
fn are_extensions(mut rest: &[&str]) -> bool {
    while let [single, after @ ..] = rest {
        if !is_subtag(single, 1) || single.len() != 1 {
            return false;
        }
        if single.eq_ignore_ascii_case("x") {
            return is_private(after);
        }
        let count = after.iter().take_while(|part| is_subtag(part, 2)).count();
        if count == 0 {
            return false;
        }
        rest = after.get(count..).unwrap_or(&[]);
    }
    true
}

fn is_subtag(part: &str, least: usize) -> bool {
    (least..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
