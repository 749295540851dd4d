//! Countries: whose law a member is under.

use core::{fmt, str::FromStr};

/// The codes that ISO 3166-1 alpha-2 gives to countries and territories, as of 2026.
///
/// SPEC: `XK` is of the letters that the standard leaves to its users. The European Union, and
/// Unicode's CLDR, call Kosovo so, and nothing else does.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN \
    BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ \
    DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL \
    GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD \
    SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW \
    XK";

/// A country's code: two capital letters (ISO 3166-1 alpha-2).
///
/// It parses whether the letters are given to a country or not, for what was said once stays said;
/// who types one is told by [`Jurisdiction::assigned`].
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Jurisdiction([u8; 2]);

/// Why a text is no country's code.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseJurisdictionError {
    /// It is not of that form.
    #[error("`{0}` is not a country's code: two capital letters, such as `GB`")]
    Form(String),
    /// No country has it.
    #[error("`{0}` is no country's code: ISO 3166-1 gives it to none")]
    Unassigned(Jurisdiction),
}

impl Jurisdiction {
    /// The country of a code that somebody types.
    ///
    /// # Errors
    ///
    /// [`ParseJurisdictionError`], also for two capital letters that no country has.
    pub fn assigned(text: &str) -> Result<Self, ParseJurisdictionError> {
        let read: Self = text.parse()?;
        let mut codes = ASSIGNED.split(' ');
        let known = codes.any(|code| code == text);
        known
            .then_some(read)
            .ok_or(ParseJurisdictionError::Unassigned(read))
    }
}

impl FromStr for Jurisdiction {
    type Err = ParseJurisdictionError;

    fn from_str(text: &str) -> Result<Self, ParseJurisdictionError> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(ParseJurisdictionError::Form(
                text.chars().take(16).collect(),
            )),
        }
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.0;
        write!(f, "{}{}", char::from(a), char::from(b))
    }
}

impl fmt::Debug for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_no_country_has_is_told_from_one_that_has_another_form() {
        let said = |text: &str| Jurisdiction::assigned(text).map_err(|error| error.to_string());
        for code in ["GB", "US", "TW", "AX", "ZW", "XK"] {
            assert_eq!(said(code).unwrap().to_string(), code);
        }
        for code in ["XX", "ZZ", "AA", "UK", "EU", "AN", "QM"] {
            let error = said(code).unwrap_err();
            assert!(error.ends_with("gives it to none"), "{error}");
            // What a journal or another node says stays as it is.
            assert!(code.parse::<Jurisdiction>().is_ok());
        }
        for text in ["gb", "G", "GBR", "", "G ", " G", "B G"] {
            assert!(said(text).unwrap_err().contains("two capital letters"));
        }
    }

    #[test]
    fn the_list_is_in_order_and_names_each_once() {
        let codes: Vec<&str> = ASSIGNED.split(' ').collect();
        let (kosovo, standard) = codes.split_last().unwrap();
        assert_eq!((standard.len(), *kosovo), (249, "XK"));
        assert!(standard.is_sorted_by(|one, next| one < next));
        assert!(
            codes
                .iter()
                .all(|code| code.parse::<Jurisdiction>().is_ok())
        );
    }
}
