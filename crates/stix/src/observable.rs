//! Observables: the values that indicators and observed objects name.
