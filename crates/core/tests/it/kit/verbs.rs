//! What is said in a scene, one verb a statement.

use super::{Scene, Who, ciphertext, package};
use portcullis_core::{
    case::Refusal,
    digest::Digest,
    grant::Grant,
    order::Span,
    statement::{Approval, Event, Modification, Recorded, Refused, Seal},
};
use std::collections::{BTreeMap, BTreeSet};

impl Scene {
    /// The applicant's draft.
    pub(crate) fn draft(&mut self) -> Result<(), Refusal> {
        let order = Box::new(self.order.clone());
        self.say(Who::Applicant, Event::Drafted(order))
    }

    /// The digest of the subject drafted or asked for last.
    pub(crate) fn subject(&self) -> Digest {
        self.case().subjects.last().expect("a subject").digest
    }

    /// An approval of the last subject.
    pub(crate) fn approve(&mut self, who: Who) -> Result<(), Refusal> {
        self.approve_of(who, self.subject())
    }

    /// An approval of a subject.
    pub(crate) fn approve_of(&mut self, who: Who, subject: Digest) -> Result<(), Refusal> {
        let approval = Approval {
            subject,
            office: who.office(),
            signed_for: None,
        };
        self.say(who, Event::Approved(approval))
    }

    /// A refusal of the last subject.
    pub(crate) fn refuse(&mut self, who: Who, destroy: bool) -> Result<(), Refusal> {
        let refused = Refused {
            subject: self.subject(),
            office: who.office(),
            reason: "not_necessary".into(),
            note: None,
            destroy,
        };
        self.say(who, Event::Refused(refused))
    }

    /// The order is made, on the path it was drafted for.
    pub(crate) fn issue(&mut self, who: Who) -> Result<(), Refusal> {
        let (order, urgent) = (self.case().order_digest, self.order.urgency.is_some());
        self.say(who, Event::Issued { order, urgent })
    }

    /// The order is served.
    pub(crate) fn serve(&mut self, who: Who) -> Result<(), Refusal> {
        let order = self.case().order_digest;
        self.say(who, Event::Served { order })
    }

    /// The provider's receipt.
    pub(crate) fn receive(&mut self, who: Who) -> Result<(), Refusal> {
        let (order, verdict) = (self.case().order_digest, "GENUINE".into());
        self.say(who, Event::Received { order, verdict })
    }

    /// The order is prolonged.
    pub(crate) fn renew(&mut self, who: Who) -> Result<(), Refusal> {
        let order = self.case().order_digest;
        self.say(who, Event::Renewed { order })
    }

    /// The order is changed.
    pub(crate) fn modify(&mut self, who: Who, change: Modification) -> Result<(), Refusal> {
        self.say(who, Event::Modified(change))
    }

    /// Items will be answered.
    pub(crate) fn accept<const N: usize>(&mut self, items: [u16; N]) -> Result<(), Refusal> {
        let items = items.into();
        self.say(Who::Response, Event::Accepted { items })
    }

    /// An item will be answered in part.
    pub(crate) fn narrow(&mut self, item: u16, to: Span) -> Result<(), Refusal> {
        let (items, reason) = (BTreeMap::from([(item, to)]), "too_wide".into());
        self.say(Who::Response, Event::Narrowed { items, reason })
    }

    /// Items will not be answered.
    pub(crate) fn decline<const N: usize>(
        &mut self,
        items: [u16; N],
        reason: &str,
    ) -> Result<(), Refusal> {
        let (items, reason) = (items.into(), reason.into());
        self.say(Who::Response, Event::Declined { items, reason })
    }

    /// The provider asks.
    pub(crate) fn ask(&mut self) -> Result<(), Refusal> {
        let (items, question) = (BTreeSet::new(), "which of the two?".into());
        self.say(Who::Response, Event::ClarificationAsked { items, question })
    }

    /// The authority answers.
    pub(crate) fn answer(&mut self) -> Result<(), Refusal> {
        let answer = "the first".into();
        self.say(Who::Applicant, Event::ClarificationAnswered { answer })
    }

    /// The right to seal, if there is one.
    pub(crate) fn grant<const N: usize>(&self, items: [u16; N]) -> Result<Grant, Refusal> {
        self.case().grant(self.basis(), &items.into(), self.now)
    }

    /// A package's seal.
    pub(crate) fn seal_of<const N: usize>(&self, number: u8, items: [u16; N]) -> Seal {
        Seal {
            package: package(number),
            items: items.into(),
            ciphertext: ciphertext(number),
            size_bytes: 1,
            manifest: Digest([0xee; 32]),
            order: self.case().order_digest,
        }
    }

    /// A package is sealed.
    pub(crate) fn seal<const N: usize>(
        &mut self,
        number: u8,
        items: [u16; N],
    ) -> Result<(), Refusal> {
        let seal = self.seal_of(number, items);
        self.say(Who::Response, Event::Sealed(seal))
    }

    /// A package is let go, its leaves cosigned.
    pub(crate) fn release(&mut self, number: u8) -> Result<(), Refusal> {
        let (package, recorded) = (package(number), Recorded::Cosigned);
        self.say(Who::Release, Event::Released { package, recorded })
    }

    /// A package is let go on a promise.
    pub(crate) fn release_on_promise(&mut self, number: u8) -> Result<(), Refusal> {
        let recorded = Recorded::Promised(Digest([0xdd; 32]));
        let package = package(number);
        self.say(Who::Release, Event::Released { package, recorded })
    }

    /// A package has arrived, whole.
    pub(crate) fn collect(&mut self, number: u8) -> Result<(), Refusal> {
        let (package, ciphertext) = (package(number), ciphertext(number));
        self.say(
            Who::AuthorityNode,
            Event::Collected {
                package,
                ciphertext,
            },
        )
    }
}
