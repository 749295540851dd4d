//! What a server puts up with. Whoever knocks is a stranger until the register says otherwise.

use std::time::Duration;

/// The most connections at once: at two file descriptors and some tens of KiB each, a small machine bears them.
pub const CONNECTIONS_MAX: usize = 512;
/// The most connections at once from one address (an IPv6 /64 counts as one):
/// one stranger cannot take every seat, and a federation behind one address still fits.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 64;
/// The most requests at once under one certificate: with the largest delivery, 64 MiB of memory for one member.
pub const REQUESTS_PER_CERTIFICATE_MAX: usize = 8;
/// The most collections that one member's node follows here at once; each waits on a connection.
pub const FOLLOWS_PER_CERTIFICATE_MAX: usize = 48;
/// The most bytes of a request's head; the longest path of ours has some 200.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The most header lines of a request.
pub const HEADERS_MAX: usize = 64;
/// The most bytes of a request to a witness: a checkpoint with its signatures,
/// and 63 hashes of a consistency proof, in a tenth of that.
pub const WITNESS_BYTES_MAX: usize = 64 * 1024;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request's head, then its body, may take to arrive; how long a
/// connection may idle; and how long a reader may take nothing of its answer.
pub const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// The most bytes of the objects that are added at once, told as `max_content_length`: ATT&CK three times over.
pub const TAXII_CONTENT_BYTES_MAX: usize = 100 * 1024 * 1024;
/// The most bytes of all such bodies together, while they are taken in.
pub const TAXII_BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The most requests at once that add or remove objects for one member. Those that
/// read have no bound of their own: they keep nothing, and wait for nobody.
pub const TAXII_WRITES_PER_MEMBER_MAX: usize = 16;
/// How many bytes of a connection are read, or held to be written, in one go.
pub const BUFFER_BYTES_MAX: usize = 128 * 1024;
/// How long requests in flight have to finish after shutdown began.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// How long what a client still sends is thrown away after its answer, so that the answer arrives.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// The most bytes thrown away so.
pub const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The limits that an operator or a test may set; the rest are constants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`CONNECTIONS_PER_ADDRESS_MAX`].
    pub connections_per_address_max: usize,
    /// See [`REQUESTS_PER_CERTIFICATE_MAX`].
    pub requests_per_certificate_max: usize,
    /// See [`TAXII_CONTENT_BYTES_MAX`].
    pub taxii_content_bytes_max: usize,
    /// See [`TAXII_BODIES_BYTES_MAX`].
    pub taxii_bodies_bytes_max: usize,
    /// See [`TAXII_WRITES_PER_MEMBER_MAX`].
    pub taxii_writes_per_member_max: usize,
    /// See [`HANDSHAKE_TIMEOUT`].
    pub handshake_timeout: Duration,
    /// See [`READ_TIMEOUT`].
    pub read_timeout: Duration,
    /// See [`SHUTDOWN_GRACE`].
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            connections_per_address_max: CONNECTIONS_PER_ADDRESS_MAX,
            requests_per_certificate_max: REQUESTS_PER_CERTIFICATE_MAX,
            taxii_content_bytes_max: TAXII_CONTENT_BYTES_MAX,
            taxii_bodies_bytes_max: TAXII_BODIES_BYTES_MAX,
            taxii_writes_per_member_max: TAXII_WRITES_PER_MEMBER_MAX,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            shutdown_grace: SHUTDOWN_GRACE,
        }
    }
}
