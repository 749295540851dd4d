//! How far an ordinary case has come: each stage after the ones before it.

use super::{Scene, Who, member};
use portcullis_core::office::Office;

impl Scene {
    /// Drafted.
    pub(crate) fn drafted(mut self) -> Self {
        self.draft().expect("a draft");
        self
    }

    /// With every approval that comes before issue.
    pub(crate) fn approved(self) -> Self {
        let mut scene = self.drafted();
        let before = scene.case().subjects[0].turns_before;
        for turn in scene.case().subjects[0].turns.clone().iter().take(before) {
            scene
                .approve(Who::of(turn.offices[0]))
                .expect("an approval");
        }
        scene
    }

    /// Issued.
    pub(crate) fn issued(self) -> Self {
        let mut scene = self.approved();
        let issuer = Who::of(scene.basis().rule.issues.offices[0]);
        scene.issue(issuer).expect("an issue");
        scene
    }

    /// Served.
    pub(crate) fn served(self) -> Self {
        let mut scene = self.issued();
        scene.serve(Who::Serving).expect("service");
        scene
    }

    /// Received.
    pub(crate) fn received(self) -> Self {
        let mut scene = self.served();
        scene.receive(Who::ProviderNode).expect("a receipt");
        scene
    }

    /// With items 1 and 2 accepted and in package 1.
    pub(crate) fn sealed(self) -> Self {
        let mut scene = self.received();
        scene.accept([1, 2]).expect("an answer");
        scene.seal(1, [1, 2]).expect("a package");
        scene
    }

    /// With package 1 released, after any hold.
    pub(crate) fn released(self) -> Self {
        let mut scene = self.sealed();
        if scene.basis().rule.hold.is_some() && scene.order.urgency.is_none() {
            scene.at("2026-11-13T09:00:00Z");
        }
        scene.release(1).expect("a release");
        scene
    }

    /// With package 1 collected.
    pub(crate) fn collected(self) -> Self {
        let mut scene = self.released();
        scene.collect(1).expect("a collection");
        scene
    }

    /// With package 1 collected, and nothing else asked for any more.
    pub(crate) fn completed(self) -> Self {
        let mut scene = self.released();
        scene.decline([3, 4, 5], "unlawful").expect("an answer");
        scene.collect(1).expect("a collection");
        scene
    }

    /// Asks another member to fill an office.
    pub(crate) fn asking(mut self, office: Office, name: &str) -> Self {
        self.order.approvers.insert(office, member(name));
        self
    }
}
