//! Reviews: what was found waits for a person.

use super::{
    super::{
        command::Command,
        event::Fact,
        refusal::Refusal,
        review::{EXCERPT_CHARS_MAX, FINDINGS_MAX, Finding, PATH_BYTES_MAX, REVIEWS_OPEN_MAX},
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn review(self, command: Command) -> Answer {
        match command {
            Command::Hold {
                review,
                collection,
                object,
                version_us,
                content,
                publisher,
                findings,
            } => {
                self.writes()?;
                if publisher != self.by.member {
                    self.operator()?;
                }
                self.known_collection(&collection)?;
                check_findings(&findings)?;
                if self.state.reviews.contains_key(&review) {
                    let name = review.to_string();
                    return Err(Refusal::Taken { name });
                }
                bound::count("reviews", self.state.waiting.len() + 1, REVIEWS_OPEN_MAX)?;
                let known = self
                    .state
                    .review_of(&collection, &object, version_us, &content);
                Ok(known.is_none().then_some(Fact::Held {
                    review,
                    collection,
                    object,
                    version_us,
                    content: Some(content),
                    publisher,
                    findings,
                }))
            }
            Command::Review {
                review,
                outcome,
                reason,
                person,
            } => {
                self.speaks()?;
                self.of_realm(review.realm_tag())?;
                let held = self.state.reviews.get(&review);
                let held = held.ok_or(Refusal::UnknownReview)?;
                if held.publisher != self.by.member {
                    self.operator()?;
                }
                if held.decided.is_some() {
                    return Err(Refusal::Decided);
                }
                bound::text("reason", &reason)?;
                bound::title("person", &person)?;
                Ok(Some(Fact::Reviewed {
                    review,
                    outcome,
                    reason,
                    person,
                }))
            }
            _ => Ok(None),
        }
    }
}

fn check_findings(findings: &[Finding]) -> Result<(), Refusal> {
    if findings.is_empty() {
        return Err(Refusal::NothingFound);
    }
    bound::count("findings", findings.len(), FINDINGS_MAX)?;
    findings.iter().try_for_each(|finding| {
        let short = finding.excerpt.chars().count() <= EXCERPT_CHARS_MAX;
        bound::fit("findings", short && finding.path.len() <= PATH_BYTES_MAX)
    })
}
