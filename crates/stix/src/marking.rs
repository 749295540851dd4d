//! Markings: which TLP a marking definition stands for.
