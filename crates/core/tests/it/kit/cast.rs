//! Who may speak: one key each, in one office or two.

use super::{DELIVERY_KEY, member};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    statement::{Officer, Standing},
};
use std::collections::{BTreeMap, BTreeSet};

/// A person, or a node's own key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    Applicant,
    Senior,
    Serving,
    AuthorityNode,
    /// Of another authority, which takes no part.
    Stranger,
    Secretary,
    /// Signs for the Secretary of State.
    Official,
    MinisterNode,
    Premier,
    Commissioner,
    /// The same office, another key.
    SecondCommissioner,
    Prosecutor,
    Judge,
    /// Of a court that the order does not name.
    OtherJudge,
    CourtNode,
    Response,
    Release,
    /// Holds both of the provider's offices.
    Both,
    ProviderNode,
    Inspector,
}

impl Who {
    pub(crate) const ALL: [Self; 20] = [
        Self::Applicant,
        Self::Senior,
        Self::Serving,
        Self::AuthorityNode,
        Self::Stranger,
        Self::Secretary,
        Self::Official,
        Self::MinisterNode,
        Self::Premier,
        Self::Commissioner,
        Self::SecondCommissioner,
        Self::Prosecutor,
        Self::Judge,
        Self::OtherJudge,
        Self::CourtNode,
        Self::Response,
        Self::Release,
        Self::Both,
        Self::ProviderNode,
        Self::Inspector,
    ];

    const fn parts(self) -> (&'static str, &'static [Office]) {
        match self {
            Self::Applicant => ("police", &[Office::Applicant]),
            Self::Senior => ("police", &[Office::SeniorOfficer]),
            Self::Serving => ("police", &[Office::ServingOfficer]),
            Self::AuthorityNode => ("police", &[Office::Node]),
            Self::Stranger => ("customs", &[Office::Applicant, Office::Node]),
            Self::Secretary => ("ministry", &[Office::SecretaryOfState]),
            Self::Official => ("ministry", &[Office::SeniorOfficial]),
            Self::MinisterNode => ("ministry", &[Office::Node]),
            Self::Premier => ("cabinet", &[Office::PrimeMinister]),
            Self::Commissioner | Self::SecondCommissioner => {
                ("commission", &[Office::JudicialCommissioner])
            }
            Self::Prosecutor => ("prosecution", &[Office::Prosecutor]),
            Self::Judge => ("court", &[Office::Judge]),
            Self::OtherJudge => ("other-court", &[Office::Judge]),
            Self::CourtNode => ("court", &[Office::Node]),
            Self::Response => ("messenger", &[Office::LegalResponse]),
            Self::Release => ("messenger", &[Office::ReleaseOfficer]),
            Self::Both => (
                "messenger",
                &[Office::LegalResponse, Office::ReleaseOfficer],
            ),
            Self::ProviderNode => ("messenger", &[Office::Node]),
            Self::Inspector => ("inspectorate", &[Office::Inspector]),
        }
    }

    /// The first office this key holds.
    pub(crate) const fn office(self) -> Office {
        self.parts().1[0]
    }

    /// Its member's name.
    pub(crate) fn member(self) -> MemberId {
        member(self.parts().0)
    }

    /// Who holds an office in an ordinary case.
    pub(crate) fn of(office: Office) -> Self {
        Self::ALL
            .into_iter()
            .find(|who| who.office() == office)
            .expect("somebody holds it")
    }

    /// As the register has them.
    pub(crate) fn officer(self) -> Officer {
        let (name, offices) = self.parts();
        let mut standing = Standing::default();
        match name {
            "police" | "customs" => {
                standing.roles.insert(Role::Authority);
                standing.authority.insert(format!("test.{name}"));
                standing.delivery_keys.insert(DELIVERY_KEY.into());
            }
            "messenger" => {
                standing.roles.insert(Role::Provider);
            }
            "inspectorate" => {
                standing.roles.insert(Role::Overseer);
            }
            _ => {
                standing.roles.insert(Role::Approver);
            }
        }
        Officer {
            member: member(name),
            key: Digest([self as u8 + 1; 32]),
            offices: offices.iter().copied().collect::<BTreeSet<_>>(),
            standing,
        }
    }
}

/// Which members an order asks to fill the offices that approve.
pub(super) fn approvers() -> BTreeMap<Office, MemberId> {
    [
        Who::Secretary,
        Who::Premier,
        Who::Commissioner,
        Who::Prosecutor,
        Who::Judge,
    ]
    .into_iter()
    .map(|who| (who.office(), who.member()))
    .collect()
}
