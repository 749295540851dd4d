//! TAXII 2.1: filters, pages, media types and error messages.
