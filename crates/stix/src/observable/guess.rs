//! What somebody typed or pasted: undone defanging, and a guess at its kind.

use super::normal::domain;
use super::{Kind, Observable};

/// How much of what is typed is looked at, in bytes.
const TYPED_BYTES_MAX: usize = 8192;

/// How dots, colons and signs are made harmless in reports, and what they
/// stand for. Compared in lower case.
const DEFANGED: [(&str, &str); 17] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[.", "."),
    (".]", "."),
    ("\\.", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[://]", "://"),
    ("[:]", ":"),
    ("(:)", ":"),
    ("[/]", "/"),
    ("[@]", "@"),
    ("[at]", "@"),
    ("(at)", "@"),
    ("{at}", "@"),
];

/// Schemes as they are defanged, and what they stand for.
const SCHEMES: [(&str, &str); 8] = [
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("httx", "http"),
    ("meow", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
];

/// Endings that mean a file although some are also top-level domains.
const ENDINGS: &str = " 7z apk app asp aspx bat bin chm cmd cpl css dat dll dmg doc docm docx elf exe gif gz hta htm html ico img \
                       inf ini iso jar jpeg jpg js jse json lnk log msi msp ocx odt pdf php png ppt pptm pptx ps1 py pyc rar reg \
                       rtf scr sct sh swf sys tar tgz tmp txt vba vbe vbs war wsf xls xlsb xlsm xlsx xml zip ";

/// The observable that `text` most likely is: what a person typed, defanged or
/// not. `None` if it looks like nothing we know.
pub fn guess(text: &str) -> Option<Observable> {
    if text.len() > TYPED_BYTES_MAX {
        return None;
    }
    let text = refanged(text);
    let text = text.as_str();
    address(text)
        .or_else(|| digest(text))
        .or_else(|| {
            Observable::new(Kind::Url, text).filter(|_| !text.contains(char::is_whitespace))
        })
        .or_else(|| mail(text))
        .or_else(|| hardware(text))
        .or_else(|| autonomous_system(text))
        .or_else(|| registry_key(text))
        .or_else(|| path(text))
        .or_else(|| file(text))
        .or_else(|| host(text))
}

/// `text` without the marks that make it harmless to click on: `hxxp`, `[.]`,
/// `(at)`, quotes and brackets around it.
pub fn refanged(text: &str) -> String {
    let text = text
        .trim()
        .trim_matches(['"', '\'', '`', '“', '”', '<', '>'])
        .trim();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    if let Some((scheme, tail)) = scheme(text) {
        plain.push_str(scheme);
        rest = tail;
    }
    while let Some(next) = rest.chars().next() {
        let mark = DEFANGED
            .iter()
            .find(|(mark, _)| !is_path(rest, plain.as_str()) && starts(rest, mark));
        let size = if let Some((mark, meant)) = mark {
            plain.push_str(meant);
            mark.len()
        } else {
            plain.push(next);
            next.len_utf8()
        };
        rest = rest.get(size..).unwrap_or_default();
    }
    plain
}

/// Whether a backslash here belongs to a path of Windows.
fn is_path(rest: &str, before: &str) -> bool {
    rest.starts_with('\\')
        && (before.contains('\\') || before.ends_with(':') || before.starts_with("HK"))
}

fn scheme(text: &str) -> Option<(&'static str, &str)> {
    let (shown, meant) = SCHEMES.iter().find(|(shown, _)| starts(text, shown))?;
    let rest = text.get(shown.len()..)?;
    (rest.starts_with(':') || rest.starts_with("[:")).then_some((meant, rest))
}

fn starts(text: &str, with: &str) -> bool {
    text.get(..with.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(with))
}

fn address(text: &str) -> Option<Observable> {
    let plain = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(text, |(inside, _)| inside);
    Observable::new(Kind::Ipv4, plain)
        .or_else(|| Observable::new(Kind::Ipv6, plain))
        .or_else(|| {
            let (host, port) = plain.split_once(':')?;
            port.parse::<u16>().ok()?;
            Observable::new(Kind::Ipv4, host)
        })
}

fn digest(text: &str) -> Option<Observable> {
    let kind = match text.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        56 => Kind::Sha224,
        64 => Kind::Sha256,
        96 => Kind::Sha384,
        128 => Kind::Sha512,
        _ => return None,
    };
    Observable::new(kind, text)
}

fn mail(text: &str) -> Option<Observable> {
    let plain = if starts(text, "mailto:") {
        text.get(7..)?
    } else {
        text
    };
    Observable::new(Kind::Email, plain).filter(|found| {
        found
            .value
            .rsplit_once('@')
            .is_some_and(|(_, host)| is_host(host))
    })
}

fn hardware(text: &str) -> Option<Observable> {
    let separated =
        text.len() == 17 && (text.matches(':').count() == 5 || text.matches('-').count() == 5);
    let dotted = text.len() == 14 && text.matches('.').count() == 2;
    Observable::new(Kind::Mac, text).filter(|_| separated || dotted)
}

fn autonomous_system(text: &str) -> Option<Observable> {
    Observable::new(Kind::Asn, text).filter(|_| starts(text, "as"))
}

fn registry_key(text: &str) -> Option<Observable> {
    let hive = text.split(['\\', '/', ':']).next().unwrap_or_default();
    let hive = hive.to_ascii_lowercase();
    let known = hive.starts_with("hkey_")
        || matches!(hive.as_str(), "hklm" | "hkcu" | "hkcr" | "hku" | "hkcc");
    Observable::new(Kind::RegistryKey, text).filter(|_| known && text.contains(['\\', '/']))
}

fn path(text: &str) -> Option<Observable> {
    let letters: Vec<char> = text.chars().take(3).collect();
    let windows = matches!(letters.as_slice(), [drive, ':', '\\' | '/'] if drive.is_ascii_alphabetic())
        || text.starts_with("\\\\")
        || (text.starts_with('%') && text.contains('\\'));
    let unix = text.starts_with('/') && text.len() > 1 || text.starts_with("~/");
    Observable::new(Kind::FilePath, text).filter(|_| windows || unix)
}

fn file(text: &str) -> Option<Observable> {
    let (name, ending) = text.rsplit_once('.')?;
    let known = !name.is_empty() && ENDINGS.contains(&format!(" {} ", ending.to_ascii_lowercase()));
    Observable::new(Kind::FileName, text).filter(|_| known && !text.contains(['/', '\\']))
}

fn host(text: &str) -> Option<Observable> {
    Observable::new(Kind::Domain, text)
        .filter(|found| is_host(&found.value))
        .or_else(|| {
            // `example.com/path` and `example.com:443`, pasted without a scheme.
            let end = text.find(['/', ':'])?;
            let found = Observable::new(Kind::Domain, text.get(..end)?)?;
            is_host(&found.value).then_some(found)
        })
}

/// Two labels or more, the last not a number.
fn is_host(name: &str) -> bool {
    domain(name).is_some()
        && name.contains('.')
        && name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.len() > 1 && !last.bytes().all(|byte| byte.is_ascii_digit()))
}
