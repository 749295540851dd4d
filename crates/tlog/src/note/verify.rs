//! Verifying a note against the keys one trusts.

use crate::cosignature;
use crate::note::{KeyId, KeyKind, KeyName, SignedNote, VerifierKey};

/// A signature that holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VerifiedSignature<'k> {
    /// The key that signed.
    pub key: &'k VerifierKey,
    /// When it says it cosigned, in seconds since 1970; `None` for a signature of type 01.
    pub time_unix_s: Option<u64>,
}

/// Why a note is to be rejected.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// Two of the keys given have the same name and id, so a line cannot be told to be of either.
    #[error("the key `{name}` ({id}) is given twice")]
    KeyTwice {
        /// Name of the key.
        name: KeyName,
        /// Id of the key.
        id: KeyId,
    },
    /// A line claims to be of a known key and is not.
    #[error("the signature of `{name}` ({id}) is false")]
    FalseSignature {
        /// Name of the key.
        name: KeyName,
        /// Id of the key.
        id: KeyId,
    },
    /// A known key has more than one line.
    #[error("`{name}` ({id}) signed twice")]
    SignedTwice {
        /// Name of the key.
        name: KeyName,
        /// Id of the key.
        id: KeyId,
    },
    /// None of the known keys signed.
    #[error("no known key signed the note")]
    NoKnownSignature,
}

impl SignedNote {
    /// Verifies every line of a known key and ignores all others (C2SP signed-note, "Signatures").
    ///
    /// At least one of `keys` has signed when this succeeds; in the order of the lines.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], every variant: one false line of a known key rejects the whole note.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<VerifiedSignature<'k>>, VerifyError> {
        let keys = distinct(keys)?;
        let mut verified = Vec::<VerifiedSignature<'k>>::new();
        for line in self.signatures() {
            let of_line =
                |key: &&&VerifierKey| key.name() == line.name() && key.id() == line.key_id();
            let Some(&key) = keys.iter().find(of_line) else {
                continue;
            };
            let (name, id) = (line.name().clone(), line.key_id());
            if verified.iter().any(|earlier| earlier.key == key) {
                return Err(VerifyError::SignedTwice { name, id });
            }
            let signature = check(key, self.text(), line.signature());
            verified.push(signature.ok_or(VerifyError::FalseSignature { name, id })?);
        }
        if verified.is_empty() {
            Err(VerifyError::NoKnownSignature)
        } else {
            Ok(verified)
        }
    }
}

/// What a signature shows; `None` for a false one.
fn check<'k>(key: &'k VerifierKey, text: &str, signature: &[u8]) -> Option<VerifiedSignature<'k>> {
    let time_unix_s = match key.kind() {
        KeyKind::Note => key.signed(text.as_bytes(), signature).then_some(None)?,
        KeyKind::Cosignature => Some(cosignature::check(key, text, signature)?),
    };
    Some(VerifiedSignature { key, time_unix_s })
}

fn distinct<'k>(
    keys: impl IntoIterator<Item = &'k VerifierKey>,
) -> Result<Vec<&'k VerifierKey>, VerifyError> {
    let mut distinct = Vec::<&VerifierKey>::new();
    for key in keys {
        if distinct
            .iter()
            .any(|other| other.name() == key.name() && other.id() == key.id())
        {
            return Err(VerifyError::KeyTwice {
                name: key.name().clone(),
                id: key.id(),
            });
        }
        distinct.push(key);
    }
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosignature::Cosigner;
    use crate::note::NoteSigner;

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::new(name.parse().unwrap(), &[seed; 32])
    }

    fn note(lines: &[&str]) -> SignedNote {
        format!("text\n\n{}", lines.concat()).parse().unwrap()
    }

    #[test]
    fn unknown_keys_are_ignored() {
        let (known, unknown) = (signer("a", 1), signer("a", 2));
        let [line, other] = [&known, &unknown].map(|by| by.sign("text\n").unwrap().to_text());
        let key = known.vkey();
        let expected = vec![VerifiedSignature {
            key: &key,
            time_unix_s: None,
        }];
        assert_eq!(note(&[&other, &line]).verify([&key]), Ok(expected));
        assert_eq!(
            note(&[&other]).verify([&key]),
            Err(VerifyError::NoKnownSignature)
        );
    }

    #[test]
    fn a_false_line_of_a_known_key_rejects_the_note() {
        let (honest, framed) = (signer("a", 1), signer("b", 2));
        let line = honest.sign("text\n").unwrap().to_text();
        let elsewhere = framed.sign("other\n").unwrap().to_text();
        let (name, id) = ("b".parse().unwrap(), framed.vkey().id());
        let keys = [honest.vkey(), framed.vkey()];
        assert_eq!(
            note(&[&line, &elsewhere]).verify(&keys),
            Err(VerifyError::FalseSignature { name, id })
        );
    }

    #[test]
    fn a_key_signs_once() {
        let by = signer("a", 1);
        let line = by.sign("text\n").unwrap().to_text();
        let (name, id) = ("a".parse::<KeyName>().unwrap(), by.vkey().id());
        let keys = [by.vkey(), by.vkey()];
        let twice = note(&[&line, &line]).verify(&keys[..1]);
        assert_eq!(
            twice,
            Err(VerifyError::SignedTwice {
                name: name.clone(),
                id
            })
        );
        let given_twice = note(&[&line]).verify(&keys);
        assert_eq!(given_twice, Err(VerifyError::KeyTwice { name, id }));
    }

    #[test]
    fn a_cosignature_brings_its_time() {
        let text = "origin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let by = Cosigner::new("witness".parse().unwrap(), &[3; 32]);
        let line = by.cosign(text, 1_700_000_000).unwrap().to_text();
        let note = format!("{text}\n{line}").parse::<SignedNote>().unwrap();
        let keys = [by.vkey()];
        assert_eq!(
            note.verify(&keys).unwrap()[0].time_unix_s,
            Some(1_700_000_000)
        );
    }
}
