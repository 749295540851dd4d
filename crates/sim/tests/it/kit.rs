//! A federation that a test drives by hand, with the laws checked after every step.

use portcullis_core::{id::CaseId, office::Office};
use portcullis_node::{NodeError, Said, Viewed};
use portcullis_sim::{
    cast::Place,
    deed::{Deed, What, deeds, perform},
    dice::Dice,
    op::Op,
    orders::OrderKind,
    run::Run,
};

pub(crate) struct Town {
    pub(crate) run: Run,
    dice: Dice,
}

impl Town {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            run: Run::new(seed).unwrap(),
            dice: Dice::new(seed),
        }
    }

    /// Something happens, and no law breaks.
    pub(crate) fn step(&mut self, op: Op) {
        self.run.step(op).unwrap();
    }

    /// All workers, twice: what is said is at the others, and at those who join then.
    pub(crate) fn work(&mut self) {
        self.step(Op::Work);
        self.step(Op::Work);
    }

    /// A tick passes, and what was said has its proof.
    pub(crate) fn tick(&mut self) {
        self.step(Op::Advance(31 * 60));
        self.work();
    }

    pub(crate) fn draft(&mut self, kind: OrderKind, to: Place) -> CaseId {
        let place = kind.applicant();
        let mut may = self.run.world.cast.holders(place, Office::Applicant);
        let deed = Deed {
            who: may.next().unwrap(),
            case: None,
            what: What::Draft(kind, to),
            weight: 1,
        };
        drop(may);
        let said = perform(&self.run.world, &deed, &mut self.dice).unwrap();
        self.work();
        said.case
    }

    /// What people at a place may do in a case now.
    pub(crate) fn may(&mut self, place: Place, case: CaseId) -> Vec<Deed> {
        let all = deeds(&self.run.world, place, &mut self.dice);
        all.into_iter()
            .filter(|deed| deed.case == Some(case))
            .collect()
    }

    /// Somebody at a place does what may be done, by its word.
    pub(crate) fn try_to(
        &mut self,
        place: Place,
        case: CaseId,
        word: &str,
    ) -> Result<Said, NodeError> {
        let deeds = self.may(place, case);
        let found = deeds.iter().find(|deed| deed.what.word().starts_with(word));
        let deed = found.unwrap_or_else(|| panic!("{place:?} may not `{word}` in {case} now"));
        let said = perform(&self.run.world, deed, &mut self.dice);
        self.work();
        said
    }

    pub(crate) fn does(&mut self, place: Place, case: CaseId, word: &str) {
        self.try_to(place, case, word).unwrap();
    }

    pub(crate) fn view(&self, place: Place, case: CaseId) -> Viewed {
        self.run.world.node(place).view(case).unwrap()
    }

    pub(crate) fn phase(&self, place: Place, case: CaseId) -> &'static str {
        let viewed = self.view(place, case);
        viewed.case.phase(viewed.grounds.rule())
    }

    /// A UK interception up to the provider's answer.
    pub(crate) fn urgent_answered(&mut self) -> CaseId {
        let case = self.draft(OrderKind::UkInterceptUrgent, Place::Mail);
        self.does(Place::Minister, case, "approved");
        self.does(Place::Minister, case, "issued");
        self.does(Place::Police, case, "served");
        self.does(Place::Mail, case, "accepted");
        case
    }

    /// A subpoena from the draft to the acknowledgement.
    pub(crate) fn subpoena_collected(&mut self) -> CaseId {
        let case = self.draft(OrderKind::UsSubpoena, Place::Chat);
        self.does(Place::County, case, "issued");
        self.does(Place::County, case, "served");
        self.does(Place::Chat, case, "accepted");
        self.does(Place::Chat, case, "seal");
        self.tick();
        self.does(Place::Chat, case, "release");
        self.does(Place::County, case, "collect");
        case
    }
}
