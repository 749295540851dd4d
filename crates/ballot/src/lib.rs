//! The ballot of the public record: what a log entry is, how it binds a
//! statement that it does not show, and how its sealed counts become totals.
//!
//! Each counted thing is a sealed ballot with one cross or none ([`leaf`],
//! [`proof`]). A stamp on the envelope proves that it holds at most one cross,
//! never a negative one. Adding the sealed envelopes gives a sealed total
//! ([`sum`], [`batch`]); only the total is opened ([`report`]), or the total of
//! several organisations ([`joint`]). The formulas stand in `docs/spec/`.
//!
//! Nothing here reads a clock or a file or draws a random byte of its own: the
//! caller hands in a generator. Whatever comes from outside is decoded
//! strictly, and refused with a code.
//!
//! ```
//! use portcullis_ballot::{Ahead, Batch, Cell, CellSet, Context, Leaf, Seed, report};
//! use report::{Form, Line, Range};
//! # use rand::{SeedableRng, rngs::StdRng};
//! # let generator = &mut StdRng::seed_from_u64(1); // for an example; never for a log
//!
//! let seed = Seed::new([7; 32]);
//! let context = Context { origin: "mail.example/log/live/1", schema: &[3; 32] };
//!
//! // Whoever keeps the log: nine tenths of the work ahead, the rest when a
//! // statement comes. Two things in cell 15, and one cover leaf.
//! let one = Leaf::prove(Ahead::draw(&seed, generator), &context, &[1; 32], Cell::new(15), &seed);
//! let two = Leaf::prove(Ahead::draw(&seed, generator), &context, &[2; 32], Cell::new(15), &seed);
//! let cover = Leaf::cover(Ahead::draw(&seed, generator), &context, &seed, generator);
//! let leaves = [one, two, cover];
//!
//! // Whoever reads the log: every leaf is a ballot, and this is their sum.
//! let mut batch = Batch::new(&context);
//! for leaf in &leaves {
//!     batch.push(leaf)?;
//! }
//! let sum = batch.verify(generator)?;
//!
//! // The report of its keeper, who has the seed …
//! let parts = leaves.iter().map(|leaf| {
//!     let word = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
//!     (word(leaf.digest()), word(leaf.commitment_bytes()))
//! });
//! let totals = report::totals(&seed, context.origin, parts)?;
//! let (root, schema) = ([0; 32], *context.schema);
//! let range = Range { origin: context.origin, root, start: 0, end: 3, schema, sum: sum.to_bytes() };
//! let cells = CellSet::from_iter(Cell::new(15));
//! let lines = [Line { cells, form: Form::Band { low: 0, width: 500 } }];
//! let proof = report::prove(&range, &lines, &totals, generator)?;
//!
//! // … is checked by everybody, without it.
//! report::verify(&range, &lines, &proof)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod batch;
pub mod cell;
mod group;
pub mod joint;
pub mod leaf;
pub mod proof;
pub mod report;
pub mod seed;
pub mod sum;

pub use batch::{Batch, BatchError};
pub use cell::{CELLS, Cell, CellSet};
pub use leaf::{Context, Leaf, LeafError, Opening, Salt};
pub use proof::Ahead;
pub use seed::{Blinding, ReportKey, Seed};
pub use sum::Sum;
