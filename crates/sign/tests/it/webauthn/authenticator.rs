//! The software authenticator that the assertions were recorded with.

use passkey::{
    authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod},
    client::{Client, DefaultClientData, DefaultClientDataWithExtra},
    crypto::{aws_lc_rs::AwsLcRsBackend, iana},
    types::{
        Passkey,
        ctap2::{self, Aaguid, Ctap2Error},
        webauthn::{
            AttestationConveyancePreference, AuthenticatedPublicKeyCredential,
            CredentialCreationOptions, CredentialRequestOptions,
            PublicKeyCredentialCreationOptions, PublicKeyCredentialParameters,
            PublicKeyCredentialRequestOptions, PublicKeyCredentialRpEntity,
            PublicKeyCredentialType, PublicKeyCredentialUserEntity, UserVerificationRequirement,
        },
    },
};
use portcullis_sign::{PublicKey, WebAuthnKey, webauthn::Assertion};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use url::Url;

pub(super) const RP_ID: &str = "example.org";
pub(super) const ORIGIN: &str = "https://desk.example.org";

/// A user who touches when asked to, and is recognised when asked to be.
struct Willing;

#[async_trait::async_trait]
impl UserValidationMethod for Willing {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck {
            presence,
            verification,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

fn authenticator(
    passkey: Option<Passkey>,
) -> Authenticator<Option<Passkey>, Willing, AwsLcRsBackend> {
    Authenticator::new(Aaguid::new_empty(), passkey, Willing, AwsLcRsBackend)
}

/// One registered passkey.
pub(super) struct Passkeys {
    passkey: Passkey,
    point: Vec<u8>,
}

impl Passkeys {
    /// Registers a new passkey for [`RP_ID`] on [`ORIGIN`].
    pub(super) async fn register() -> Self {
        let mut client = Client::new(authenticator(None));
        let public_key = PublicKeyCredentialCreationOptions {
            rp: PublicKeyCredentialRpEntity {
                id: Some(RP_ID.to_owned()),
                name: RP_ID.to_owned(),
            },
            user: PublicKeyCredentialUserEntity {
                id: vec![1; 16].into(),
                display_name: "office".to_owned(),
                name: "office".to_owned(),
            },
            challenge: vec![0; 32].into(),
            pub_key_cred_params: vec![PublicKeyCredentialParameters {
                ty: PublicKeyCredentialType::PublicKey,
                alg: iana::Algorithm::ES256,
            }],
            timeout: None,
            exclude_credentials: None,
            authenticator_selection: None,
            hints: None,
            attestation: AttestationConveyancePreference::default(),
            attestation_formats: None,
            extensions: None,
        };
        let origin = Url::parse(ORIGIN).unwrap();
        let options = CredentialCreationOptions { public_key };
        let registered = client
            .register(&origin, options, DefaultClientData)
            .await
            .unwrap();
        // SubjectPublicKeyInfo ends in the uncompressed point (RFC 5480 §2).
        let info = registered.response.public_key.unwrap();
        Self {
            passkey: client.authenticator().store().clone().unwrap(),
            point: info[info.len() - 65..].to_vec(),
        }
    }

    pub(super) fn public_key(&self) -> PublicKey {
        PublicKey::WebAuthnEs256(WebAuthnKey::new(&self.point, RP_ID, ORIGIN).unwrap())
    }

    /// Asks as a page on `origin` would, for a passkey of `rp_id`.
    pub(super) async fn ask(
        &self,
        challenge: &[u8],
        origin: &str,
        rp_id: &str,
        verified: bool,
    ) -> Assertion {
        let mut passkey = self.passkey.clone();
        passkey.rp_id = rp_id.to_owned();
        let answer = Client::new(authenticator(Some(passkey)))
            .authenticate(
                &Url::parse(origin).unwrap(),
                options(challenge, rp_id, verified),
                DefaultClientData,
            )
            .await
            .unwrap();
        assertion(&answer)
    }

    /// Asks through a browser that adds a member to the client data.
    pub(super) async fn ask_with_more_members(&self, challenge: &[u8]) -> Assertion {
        #[derive(Clone, Serialize)]
        struct More {
            other_keys_can_be_added_here: Vec<Vec<u8>>,
        }
        let more = More {
            other_keys_can_be_added_here: vec![vec![1], vec![]],
        };
        let answer = Client::new(authenticator(Some(self.passkey.clone())))
            .authenticate(
                &Url::parse(ORIGIN).unwrap(),
                options(challenge, RP_ID, true),
                DefaultClientDataWithExtra(more),
            )
            .await
            .unwrap();
        assertion(&answer)
    }

    /// Has the authenticator sign over any client data, touched or not.
    pub(super) async fn assert(&self, client_data_json: &str, touched: bool) -> Assertion {
        let request = ctap2::get_assertion::Request {
            rp_id: RP_ID.to_owned(),
            client_data_hash: Sha256::digest(client_data_json).to_vec().into(),
            allow_list: None,
            extensions: None,
            options: ctap2::get_assertion::Options {
                up: touched,
                uv: true,
            },
            pin_auth: None,
            pin_protocol: None,
        };
        let answer = authenticator(Some(self.passkey.clone()))
            .get_assertion(request)
            .await
            .unwrap();
        Assertion {
            authenticator_data: answer.auth_data.to_vec(),
            client_data_json: client_data_json.as_bytes().to_vec(),
            signature: answer.signature.to_vec(),
        }
    }
}

fn options(challenge: &[u8], rp_id: &str, verified: bool) -> CredentialRequestOptions {
    CredentialRequestOptions {
        public_key: PublicKeyCredentialRequestOptions {
            challenge: challenge.to_vec().into(),
            timeout: None,
            rp_id: Some(rp_id.to_owned()),
            allow_credentials: None,
            user_verification: if verified {
                UserVerificationRequirement::Required
            } else {
                UserVerificationRequirement::Discouraged
            },
            hints: None,
            attestation: AttestationConveyancePreference::default(),
            attestation_formats: None,
            extensions: None,
        },
    }
}

fn assertion(answer: &AuthenticatedPublicKeyCredential) -> Assertion {
    Assertion {
        authenticator_data: answer.response.authenticator_data.to_vec(),
        client_data_json: answer.response.client_data_json.to_vec(),
        signature: answer.response.signature.to_vec(),
    }
}
