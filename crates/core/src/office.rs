//! Offices: the roles that laws name, a closed list.
//!
//! A law file that names an office which is not here is refused at load, so a
//! new office arrives with a release and a review, never with a data file.

/// Declares a closed list of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The whole list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in files and messages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What a word stands for, if it is on the list.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// A role that the law names, held by a person's key for a time.
    Office {
        /// Drafts and files applications at an authority.
        Applicant = "applicant",
        /// A senior officer of the applying authority.
        SeniorOfficer = "senior_officer",
        /// UK Part 3: grants communications data inside the authority.
        DesignatedSeniorOfficer = "designated_senior_officer",
        /// UK Part 3: the single point of contact, consulted first.
        SinglePointOfContact = "single_point_of_contact",
        /// UK: a Secretary of State, in person.
        SecretaryOfState = "secretary_of_state",
        /// UK: a senior official who signs or modifies for the Secretary of State.
        SeniorOfficial = "senior_official",
        /// UK: Scottish Ministers.
        ScottishMinisters = "scottish_ministers",
        /// UK: the Prime Minister.
        PrimeMinister = "prime_minister",
        /// UK: a Secretary of State designated to stand in for the Prime Minister.
        DesignatedSecretaryOfState = "designated_secretary_of_state",
        /// UK: a Judicial Commissioner.
        JudicialCommissioner = "judicial_commissioner",
        /// UK: the Investigatory Powers Commissioner, or a delegate under s. 60A.
        InvestigatoryPowersCommissioner = "investigatory_powers_commissioner",
        /// A judge.
        Judge = "judge",
        /// US: a magistrate judge.
        MagistrateJudge = "magistrate_judge",
        /// EU: an investigating judge.
        InvestigatingJudge = "investigating_judge",
        /// A public prosecutor.
        Prosecutor = "prosecutor",
        /// US: who signs a subpoena: a grand jury's attorney, a court's clerk, an agency.
        SubpoenaIssuer = "subpoena_issuer",
        /// US: an attorney for the government.
        GovernmentAttorney = "government_attorney",
        /// Serves what was issued.
        ServingOfficer = "serving_officer",
        /// Answers for the provider.
        LegalResponse = "legal_response",
        /// The provider's second person.
        ReleaseOfficer = "release_officer",
        /// Looks for what went wrong.
        Inspector = "inspector",
        /// A node's own key: receipts, and what only the clock decides.
        Node = "node",
    }
}

impl Office {
    /// Whether a law may give it to the applying authority's own people.
    pub const fn may_be_internal(self) -> bool {
        matches!(
            self,
            Self::DesignatedSeniorOfficer
                | Self::SeniorOfficer
                | Self::SubpoenaIssuer
                | Self::GovernmentAttorney
                | Self::ServingOfficer
                | Self::Applicant
        )
    }
}
