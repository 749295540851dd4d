//! The cell: members that share intelligence. Who may see what, and what may happen next.
