//! Reports: what our log counted in a period, proved, signed and published.
//!
//! A report needs the seed, the public tiles and the checkpoints that were kept; nothing of any
//! case. It is decided by [`publication::decide`], starts where the last one of its series ended,
//! and ends at the first checkpoint cosigned after the period.

mod count;
mod fault;
mod joint;

pub use fault::ReportFault;
pub use joint::FailedAttempt;

use crate::{Generator, Node, NodeError};
use jiff::{SignedDuration, Timestamp, civil::Date};
use portcullis_ballot::report::prove;
use portcullis_core::{
    digest::Digest,
    law::Law,
    publication::{self, Earlier, Makers, Plan, Proposal},
    schema::{Schema, Series},
};
use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_verdict::{
    report::{
        Bound, Form, Line, Period, Report, Signed, Single, Subject, Unproved,
        check::{self, lines_of, range_of},
        sign,
    },
    schema,
};
use rand_core::Rng as _;
use std::{collections::BTreeMap, sync::Arc};

/// The list of reports, among the public files.
const INDEX: &str = "report/index.json";
/// How long one process may be at making a report before another may try.
const LEASE: SignedDuration = SignedDuration::from_mins(30);

/// What a report is asked to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// The series of the log's schema.
    pub series: String,
    /// For which days.
    pub period: publication::Period,
    /// The day of the first assistance ever, where the law counts an embargo from it.
    pub first_assistance: Option<Date>,
    /// Figures that nothing proves.
    pub unproved: Vec<Unproved>,
}

/// One of our logs, as reports see it.
struct OurLog {
    generation: u64,
    origin: String,
    schema: Schema,
    /// Every cosigned checkpoint, oldest first, with the time at which the quorum had cosigned.
    checkpoints: Vec<(Bound, Timestamp)>,
}

/// A report that may be made, and of which leaves.
struct Planned {
    log: OurLog,
    plan: Plan,
    series: Series,
    laws: BTreeMap<String, Digest>,
    number: u64,
    previous: Option<Digest>,
    start: Bound,
    end: Bound,
    /// Leaves of a closed log that no report of the series counts: origin, first, size.
    left_out: Option<(String, u64, u64)>,
}

/// Where a report starts, the digest of the one before, and what a closed log left out.
type Start = (Bound, Option<Digest>, Option<(String, u64, u64)>);

impl Node {
    /// Makes, signs and publishes the next report of a series, once.
    ///
    /// # Errors
    ///
    /// [`ReportFault`]; nothing is published then.
    pub fn make_report(&self, wanted: &Wanted) -> Result<Signed, ReportFault> {
        self.alone(|| {
            let planned = self.plan(wanted, Makers::One)?;
            let counted = self.count(&planned.log, &planned.start, &planned.end)?;
            let lines = planned.lines(|mask| counted.of(mask))?;
            let source = counted.source(self, &planned)?;
            let proof = prove(
                &range_of(&source, counted.root),
                &lines_of(&lines),
                &counted.totals,
                &mut Generator(&*self.env),
            )?;
            let single = Single { source, proof };
            let subject = Subject::Single(Box::new(single));
            let report = planned.report(self, wanted, lines, subject);
            let key = self.vkey_of(planned.log.generation)?;
            let signature = sign(key, *self.keys.log_seed, &report.to_bytes());
            let made = Signed::new(&report, vec![signature])
                .map_err(|error| NodeError::Broken(error.to_string()))?;
            self.publish_report(&made)?;
            Ok(made)
        })
    }

    /// The reports that this node has published, by series and number.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when a file cannot be read, or is no report.
    pub fn reports(&self) -> Result<Vec<Signed>, NodeError> {
        let mut reports = Vec::new();
        for path in self.blobs.list("report")? {
            if path == INDEX || path.strip_suffix(".json").is_none() {
                continue;
            }
            let bytes = self.blobs.get(&path)?.unwrap_or_default();
            let signed = Signed::parse(&bytes)
                .map_err(|error| NodeError::Broken(format!("`{path}`: {error}")))?;
            reports.push(signed);
        }
        reports.sort_by_key(|one| (one.report().series.clone(), one.report().number));
        Ok(reports)
    }

    /// The period that a series reports on next.
    ///
    /// # Errors
    ///
    /// [`ReportFault`] when there is no such series, or no log yet.
    pub fn next_report(&self, series: &str) -> Result<publication::Period, ReportFault> {
        let log = self.our_log()?;
        let found = log.series(series)?;
        let earlier = self.earlier()?;
        let began = log.began()?;
        Ok(publication::next_period(&found, &earlier, began)?)
    }

    /// Runs `make` while no other process makes a report here.
    fn alone<T>(&self, make: impl FnOnce() -> Result<T, ReportFault>) -> Result<T, ReportFault> {
        let holder = format!("{:016x}", Generator(&*self.env).next_u64());
        let now = self.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let ours = self.store.lease("report", &holder, until, now);
        if !ours.map_err(NodeError::from)? {
            return Err(ReportFault::Busy);
        }
        let outcome = make();
        // The lease ends now; if it cannot be given back, it ends by itself.
        let _ = self.store.lease("report", &holder, self.now(), self.now());
        outcome
    }

    /// Whether a report may be made now, and of which leaves.
    fn plan(&self, wanted: &Wanted, makers: Makers) -> Result<Planned, ReportFault> {
        let log = self.our_log()?;
        let series = log.series(&wanted.series)?;
        let law = series.law.as_ref().and_then(|id| self.laws.by_id(id));
        let earlier = self.earlier()?;
        let plan = publication::decide(&Proposal {
            schema: &log.schema,
            series: &series,
            law: law.map(|law| &**law),
            earlier: &earlier,
            log_began: log.began()?,
            first_assistance: wanted.first_assistance,
            period: wanted.period,
            makers,
            now: self.now(),
        })?;
        let (start, previous, left_out) = self.start_of(&log, &series, &plan)?;
        let after = log.checkpoints.iter().filter(|(_, at)| plan.closes <= *at);
        let end = after
            .map(|(bound, _)| bound)
            .find(|bound| start.size <= bound.size);
        let end = end.cloned().ok_or(ReportFault::NotCosigned {
            closes: plan.closes,
        })?;
        let named = |law: &Arc<Law>| (law.id.clone(), law.digest);
        Ok(Planned {
            number: plan.number,
            laws: law.map(named).into_iter().collect(),
            plan,
            series,
            previous,
            start,
            end,
            log,
            left_out,
        })
    }

    /// Where the last report of a series ended, its digest, and what lies between in closed logs.
    fn start_of(&self, log: &OurLog, series: &Series, plan: &Plan) -> Result<Start, NodeError> {
        let reports = self.reports()?;
        let last = reports.iter().rfind(|one| one.report().series == series.id);
        let previous = last.map(Signed::digest);
        let ours = |origin: &str| origin.starts_with(&format!("{}/", self.keys.log_name));
        let ended = last.and_then(|last| {
            let mut sources = last.report().sources();
            sources.find(|source| ours(source.origin.as_str())).cloned()
        });
        let next = last
            .is_some_and(|last| last.report().period.to.tomorrow().ok() == Some(plan.period.from));
        // Who comes into a joint report anew, or again, brings in the leaves of its period alone.
        let first = || {
            if series.joint {
                log.first_from(plan.begins)
            } else {
                Bound::ZERO
            }
        };
        match ended {
            Some(ended) if ended.origin.as_str() == log.origin => {
                let goes_on = next || !series.joint;
                let start = if goes_on { ended.end } else { first() };
                Ok((start, previous, None))
            }
            ended => {
                let counted = ended.map(|ended| (ended.origin.to_string(), ended.end.size.0));
                let left_out = self.left_out(log.generation, counted.as_ref())?;
                Ok((first(), previous, left_out))
            }
        }
    }

    /// The leaves of the newest closed log that no report has counted, if there are any.
    fn left_out(
        &self,
        generation: u64,
        counted: Option<&(String, u64)>,
    ) -> Result<Option<(String, u64, u64)>, NodeError> {
        for older in (1..generation).rev() {
            let origin = format!("{}/{older}", self.keys.log_name);
            let size = self
                .store
                .log(&origin)?
                .map_or(0, |state| state.cosigned_size);
            let here = counted.filter(|(it, _)| *it == origin);
            let seen = here.map_or(0, |(_, size)| *size);
            if seen < size {
                return Ok(Some((origin, seen, size)));
            }
            if here.is_some() {
                break;
            }
        }
        Ok(None)
    }

    /// Every report made so far, as the rules for the next one see it.
    fn earlier(&self) -> Result<Vec<Earlier>, NodeError> {
        let reports = self.reports()?;
        Ok(reports
            .iter()
            .map(|one| check::earlier(one.report()))
            .collect())
    }

    /// The newest log that has been cosigned.
    fn our_log(&self) -> Result<OurLog, ReportFault> {
        let own = format!("{}/", self.keys.log_name);
        let origins = self.store.origins().map_err(NodeError::from)?;
        let generations = origins
            .iter()
            .filter_map(|it| it.strip_prefix(&own)?.parse::<u64>().ok());
        let generation = generations.max().ok_or(ReportFault::NoLog)?;
        let path = format!("log/{generation}/schema");
        let bytes = self.blobs.get(&path).map_err(NodeError::from)?;
        let bytes = bytes.unwrap_or_else(|| self.schema_bytes.to_vec());
        let schema = schema::parse(&path, &bytes)
            .map_err(|_| NodeError::Broken(format!("`{path}` is no schema")))?;
        Ok(OurLog {
            generation,
            origin: format!("{own}{generation}"),
            schema,
            checkpoints: self.cosigned_of(generation)?,
        })
    }

    fn cosigned_of(&self, generation: u64) -> Result<Vec<(Bound, Timestamp)>, ReportFault> {
        let history = self.history()?;
        let key = self.vkey_of(generation)?;
        let folder = format!("log/{generation}/checkpoints");
        let mut found = Vec::new();
        for path in self.blobs.list(&folder).map_err(NodeError::from)? {
            let bytes = self
                .blobs
                .get(&path)
                .map_err(NodeError::from)?
                .unwrap_or_default();
            let broken = |why: String| NodeError::Broken(format!("`{path}`: {why}"));
            let note = portcullis_tlog::note::SignedNote::parse(&bytes);
            let note = note.map_err(|error| broken(error.to_string()))?;
            // Witnesses may have changed since: the newest version under which it is believed.
            let mut versions = history.versions().iter().rev();
            let cosigned =
                versions.find_map(|version| version.policy.verify_quorum_as(&note, &key).ok());
            let Some(at) = cosigned.and_then(|cosigned| cosigned.quorum_at) else {
                continue;
            };
            let at = i64::try_from(at)
                .ok()
                .and_then(|at| Timestamp::from_second(at).ok());
            let bound = Bound::at(note);
            let (Some(bound), Some(at)) = (bound, at) else {
                return Err(broken("no checkpoint".into()).into());
            };
            found.push((bound, at));
        }
        found.sort_by_key(|(bound, _)| bound.size);
        Ok(found)
    }

    fn vkey_of(&self, generation: u64) -> Result<portcullis_tlog::note::VerifierKey, NodeError> {
        Ok(self.log_signer(generation)?.vkey())
    }

    /// Puts a report among the public files, if there is none of its number, and lists it.
    pub(crate) fn publish_report(&self, signed: &Signed) -> Result<(), ReportFault> {
        let path = signed.report().path();
        if let Some(known) = self.blobs.get(&path).map_err(NodeError::from)? {
            let same = Signed::parse(&known).is_ok_and(|known| known.digest() == signed.digest());
            if !same {
                let period = publication::Period {
                    from: signed.report().period.from,
                    to: signed.report().period.to,
                };
                return Err(publication::Refusal::PublishedBefore { period }.into());
            }
        }
        let put = || {
            self.blobs.put(&path, signed.to_bytes())?;
            self.blobs.sync([path.as_str()])?;
            // CRASH: what is listed is there; what is not listed yet is listed with the next one.
            let index = self.index().map_err(|error| error.to_string());
            Ok::<_, portcullis_store::BlobError>(index)
        };
        let index = put().map_err(NodeError::from)?.map_err(NodeError::Broken)?;
        self.blobs.put(INDEX, index).map_err(NodeError::from)?;
        self.blobs.sync([INDEX]).map_err(NodeError::from)?;
        Ok(())
    }

    /// The list of reports as its file.
    fn index(&self) -> Result<Vec<u8>, NodeError> {
        let reports = self.reports()?;
        let listed = reports.iter().map(|signed| {
            let report = signed.report();
            serde_json::json!({
                "series": report.series,
                "number": report.number,
                "period": { "from": report.period.from.to_string(), "to": report.period.to.to_string() },
                "path": report.path(),
                "kind": report.kind(),
            })
        });
        let index = serde_json::json!({ "reports": listed.collect::<Vec<_>>() });
        Ok(index.to_string().into_bytes())
    }
}

impl OurLog {
    /// Where the leaves from an instant on begin: at the first checkpoint cosigned from then on,
    /// and at 0 when that is the first of all.
    fn first_from(&self, begins: Timestamp) -> Bound {
        let before = self.checkpoints.iter().filter(|(_, at)| *at < begins);
        let mut after = self.checkpoints.iter().filter(|(_, at)| begins <= *at);
        match after.next() {
            Some((bound, _)) if before.count() > 0 => bound.clone(),
            Some(_) | None => Bound::ZERO,
        }
    }

    fn series(&self, id: &str) -> Result<Series, ReportFault> {
        self.schema
            .series(id)
            .cloned()
            .ok_or_else(|| ReportFault::UnknownSeries {
                series: id.to_owned(),
                schema: self.schema.name.clone(),
                known: self.schema.series.iter().map(|it| it.id.clone()).collect(),
            })
    }

    /// When its first checkpoint was cosigned.
    fn began(&self) -> Result<Timestamp, ReportFault> {
        let first = self.checkpoints.first();
        first.map(|(_, at)| *at).ok_or(ReportFault::NoLog)
    }
}

impl Planned {
    /// The lines of the series, each in the form that the plan gives its total.
    fn lines(&self, total: impl Fn(u32) -> u64) -> Result<Vec<Line>, ReportFault> {
        let planned = self.plan.lines.iter().zip(&self.series.lines);
        let lines = planned.map(|(planned, line)| {
            let form = match planned.form(total(planned.mask))? {
                publication::Form::Exact(value) => Form::Exact { value },
                publication::Form::Band { low, high } => Form::Band { low, high },
                publication::Form::Withheld => Form::Withheld {
                    because: line.clause.to_string(),
                },
            };
            Ok(Line {
                id: line.id.clone(),
                title: line.title.clone(),
                cells: line.cells.iter().map(|cell| cell.get()).collect(),
                law: self.series.law.clone(),
                clause: line.clause.to_string(),
                form,
            })
        });
        lines.collect()
    }

    /// What the report says of leaves that it cannot count: they lie in a log that was closed.
    fn disclosed(&self) -> Option<Unproved> {
        let (origin, from, size) = self.left_out.as_ref()?;
        Some(Unproved {
            title: format!(
                "leaves {from} to {size} of {origin}, which was closed: no report of this series counts them"
            ),
            value: size.saturating_sub(*from).to_string(),
            unit: "leaves, cover among them".to_owned(),
            clause: "told wherever leaves are left out".to_owned(),
        })
    }

    fn report(&self, node: &Node, wanted: &Wanted, lines: Vec<Line>, subject: Subject) -> Report {
        Report {
            realm: node.realm.name().to_owned(),
            series: wanted.series.clone(),
            number: self.number,
            previous: self.previous,
            period: Period {
                from: wanted.period.from,
                to: wanted.period.to,
                zone: self.series.zone_name.clone(),
            },
            made_at: node.now(),
            first_assistance: wanted.first_assistance,
            laws: self.laws.clone(),
            lines,
            unproved: wanted
                .unproved
                .iter()
                .cloned()
                .chain(self.disclosed())
                .collect(),
            subject,
        }
    }
}

/// The root that a bound's checkpoint names.
fn root_of(bound: &Bound) -> Option<[u8; 32]> {
    let note = bound.checkpoint.as_ref()?;
    Some(Checkpoint::parse(note.text()).ok()?.root.0)
}
