//! The extensions that the standard itself defines for observables (STIX 2.1,
//! 6, "Predefined Extensions").

use super::super::check;
use super::{COUNT, Check, FLOAT, Kind, Refs, Shape, TEXTS, WHOLE, may, must};
use crate::vocab;

const TEXT: Kind = Kind::Text;
const FILES: Kind = Kind::List(&Kind::Ref(Refs::Of(&["file"])));

pub(super) const OF_FILE: &[(&str, &Shape)] = &[
    ("archive-ext", &ARCHIVE),
    ("ntfs-ext", &NTFS),
    ("pdf-ext", &PDF),
    ("raster-image-ext", &RASTER_IMAGE),
    ("windows-pebinary-ext", &WINDOWS_PEBINARY),
];

pub(super) const OF_NETWORK_TRAFFIC: &[(&str, &Shape)] = &[
    ("http-request-ext", &HTTP_REQUEST),
    ("icmp-ext", &ICMP),
    ("socket-ext", &SOCKET),
    ("tcp-ext", &TCP),
];

pub(super) const OF_PROCESS: &[(&str, &Shape)] = &[
    ("windows-process-ext", &WINDOWS_PROCESS),
    ("windows-service-ext", &WINDOWS_SERVICE),
];

pub(super) const OF_USER_ACCOUNT: &[(&str, &Shape)] = &[("unix-account-ext", &UNIX_ACCOUNT)];

static ARCHIVE: Shape = Shape::part(
    "STIX 2.1, 6.7.2 Archive File Extension",
    &[
        must(
            "contains_refs",
            Kind::List(&Kind::Ref(Refs::Of(&["directory", "file"]))),
        ),
        may("comment", TEXT),
    ],
    &[],
);

static NTFS: Shape = Shape::part(
    "STIX 2.1, 6.7.3 NTFS File Extension",
    &[
        may("sid", TEXT),
        may(
            "alternate_data_streams",
            Kind::List(&Kind::Object(&DATA_STREAM)),
        ),
    ],
    &[Check::Something],
);

static DATA_STREAM: Shape = Shape::part(
    "STIX 2.1, 6.7.3.1 Alternate Data Stream",
    &[
        must("name", TEXT),
        may("hashes", Kind::Hashes),
        may("size", COUNT),
    ],
    &[],
);

static PDF: Shape = Shape::part(
    "STIX 2.1, 6.7.4 PDF File Extension",
    &[
        may("version", TEXT),
        may("is_optimized", Kind::Bool),
        may("document_info_dict", Kind::Dictionary(&TEXT)),
        may("pdfid0", TEXT),
        may("pdfid1", TEXT),
    ],
    &[Check::Something],
);

static RASTER_IMAGE: Shape = Shape::part(
    "STIX 2.1, 6.7.5 Raster Image File Extension",
    &[
        may("image_height", WHOLE),
        may("image_width", WHOLE),
        may("bits_per_pixel", WHOLE),
        may("exif_tags", Kind::Dictionary(&Kind::TextOrWhole)),
    ],
    &[Check::Something],
);

static WINDOWS_PEBINARY: Shape = Shape::part(
    "STIX 2.1, 6.7.6 Windows PE Binary File Extension",
    &[
        must("pe_type", Kind::Open(vocab::PE_TYPE)),
        may("imphash", TEXT),
        may("machine_hex", Kind::Hex),
        may("number_of_sections", COUNT),
        may("time_date_stamp", Kind::Second),
        may("pointer_to_symbol_table_hex", Kind::Hex),
        may("number_of_symbols", COUNT),
        may("size_of_optional_header", COUNT),
        may("characteristics_hex", Kind::Hex),
        may("file_header_hashes", Kind::Hashes),
        may("optional_header", Kind::Object(&PE_OPTIONAL_HEADER)),
        may("sections", Kind::List(&Kind::Object(&PE_SECTION))),
    ],
    &[Check::Rule(check::more_than_pe_type)],
);

static PE_OPTIONAL_HEADER: Shape = Shape::part(
    "STIX 2.1, 6.7.6.1 Windows PE Optional Header",
    &[
        may("magic_hex", Kind::Hex),
        may("major_linker_version", WHOLE),
        may("minor_linker_version", WHOLE),
        may("size_of_code", COUNT),
        may("size_of_initialized_data", COUNT),
        may("size_of_uninitialized_data", COUNT),
        may("address_of_entry_point", WHOLE),
        may("base_of_code", WHOLE),
        may("base_of_data", WHOLE),
        may("image_base", WHOLE),
        may("section_alignment", WHOLE),
        may("file_alignment", WHOLE),
        may("major_os_version", WHOLE),
        may("minor_os_version", WHOLE),
        may("major_image_version", WHOLE),
        may("minor_image_version", WHOLE),
        may("major_subsystem_version", WHOLE),
        may("minor_subsystem_version", WHOLE),
        may("win32_version_value_hex", Kind::Hex),
        may("size_of_image", COUNT),
        may("size_of_headers", COUNT),
        may("checksum_hex", Kind::Hex),
        may("subsystem_hex", Kind::Hex),
        may("dll_characteristics_hex", Kind::Hex),
        may("size_of_stack_reserve", COUNT),
        may("size_of_stack_commit", COUNT),
        may("size_of_heap_reserve", COUNT),
        may("size_of_heap_commit", COUNT),
        may("loader_flags_hex", Kind::Hex),
        may("number_of_rva_and_sizes", WHOLE),
        may("hashes", Kind::Hashes),
    ],
    &[Check::Something],
);

static PE_SECTION: Shape = Shape::part(
    "STIX 2.1, 6.7.6.2 Windows PE Section",
    &[
        must("name", TEXT),
        may("size", COUNT),
        may("entropy", FLOAT),
        may("hashes", Kind::Hashes),
    ],
    &[],
);

static HTTP_REQUEST: Shape = Shape::part(
    "STIX 2.1, 6.12.2 HTTP Request Extension",
    &[
        must("request_method", TEXT),
        must("request_value", TEXT),
        may("request_version", TEXT),
        may("request_header", Kind::Dictionary(&TEXTS)),
        may("message_body_length", COUNT),
        may("message_body_data_ref", Kind::Ref(Refs::Of(&["artifact"]))),
    ],
    &[],
);

static ICMP: Shape = Shape::part(
    "STIX 2.1, 6.12.3 ICMP Extension",
    &[
        must("icmp_type_hex", Kind::Hex),
        must("icmp_code_hex", Kind::Hex),
    ],
    &[],
);

static SOCKET: Shape = Shape::part(
    "STIX 2.1, 6.12.4 Network Socket Extension",
    &[
        must("address_family", Kind::Enum(vocab::ADDRESS_FAMILY)),
        may("is_blocking", Kind::Bool),
        may("is_listening", Kind::Bool),
        may("options", Kind::Dictionary(&WHOLE)),
        may("socket_type", Kind::Enum(vocab::SOCKET_TYPE)),
        may("socket_descriptor", COUNT),
        may("socket_handle", WHOLE),
    ],
    &[Check::Rule(check::socket_options)],
);

static TCP: Shape = Shape::part(
    "STIX 2.1, 6.12.5 TCP Extension",
    &[
        may("src_flags_hex", Kind::Hex),
        may("dst_flags_hex", Kind::Hex),
    ],
    &[Check::Something],
);

static WINDOWS_PROCESS: Shape = Shape::part(
    "STIX 2.1, 6.13.2 Windows Process Extension",
    &[
        may("aslr_enabled", Kind::Bool),
        may("dep_enabled", Kind::Bool),
        may("priority", TEXT),
        may("owner_sid", TEXT),
        may("window_title", TEXT),
        may("startup_info", Kind::Dictionary(&Kind::Any)),
        may("integrity_level", Kind::Enum(vocab::INTEGRITY_LEVEL)),
    ],
    &[Check::Something],
);

static WINDOWS_SERVICE: Shape = Shape::part(
    "STIX 2.1, 6.13.3 Windows Service Extension",
    &[
        may("service_name", TEXT),
        may("descriptions", TEXTS),
        may("display_name", TEXT),
        may("group_name", TEXT),
        may("start_type", Kind::Enum(vocab::SERVICE_START_TYPE)),
        may("service_dll_refs", FILES),
        may("service_type", Kind::Enum(vocab::SERVICE_TYPE)),
        may("service_status", Kind::Enum(vocab::SERVICE_STATUS)),
    ],
    &[Check::Something],
);

static UNIX_ACCOUNT: Shape = Shape::part(
    "STIX 2.1, 6.16.2 UNIX Account Extension",
    &[
        may("gid", WHOLE),
        may("groups", TEXTS),
        may("home_dir", TEXT),
        may("shell", TEXT),
    ],
    &[Check::Something],
);

/// An extension of others' making (STIX 2.1, 7.3).
pub(crate) static OTHERS: Shape = Shape::part(
    "STIX 2.1, 7.3 Extension Definition",
    &[must("extension_type", Kind::Enum(vocab::EXTENSION_TYPE))],
    &[],
)
.beside(super::Beside::Anything);

pub(crate) static STATEMENT: Shape = Shape::part(
    "STIX 2.1, 7.2.1.3 Statement Marking",
    &[must("statement", TEXT)],
    &[],
)
.beside(super::Beside::Anything);

pub(crate) static TLP: Shape = Shape::part(
    "STIX 2.1, 7.2.1.4 TLP Marking",
    &[must("tlp", Kind::Enum(vocab::TLP))],
    &[],
);
