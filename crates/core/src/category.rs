//! Data categories: a closed list, each in the class that the floors look at.

use crate::office::words;

words! {
    /// What kind of data an item asks for.
    Category {
        /// Who the subscriber is: name, address, means of payment, length of service.
        BasicSubscriber = "basic_subscriber",
        /// Data asked for only to identify the user (EU 2023/1543 Art. 3(10)).
        UserIdentification = "user_identification",
        /// UK entity data (IPA 2016 s. 261(3)).
        EntityData = "entity_data",
        /// UK events data (IPA 2016 s. 261(4)).
        EventsData = "events_data",
        /// US records other than content (18 USC 2703(c)(1)).
        Records = "records",
        /// Historic location.
        Location = "location",
        /// Traffic data.
        Traffic = "traffic",
        /// UK secondary data obtained with an interception.
        SecondaryData = "secondary_data",
        /// Content at rest.
        StoredContent = "stored_content",
        /// Content intercepted in the course of transmission: approved, served, counted here; tapped elsewhere.
        InterceptedContent = "intercepted_content",
    }
}

/// How deep a category cuts; the floors speak of classes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Class {
    /// Who someone is.
    Subscriber,
    /// Who spoke with whom, when and where.
    Traffic,
    /// What was said.
    Content,
}

impl Category {
    /// The class that decides which floors hold.
    pub const fn class(self) -> Class {
        match self {
            Self::BasicSubscriber | Self::UserIdentification | Self::EntityData => {
                Class::Subscriber
            }
            Self::EventsData
            | Self::Records
            | Self::Location
            | Self::Traffic
            | Self::SecondaryData => Class::Traffic,
            Self::StoredContent | Self::InterceptedContent => Class::Content,
        }
    }

    /// Whether the floors let a law ask for it without anybody's approval.
    pub const fn may_go_without_approval(self) -> bool {
        matches!(self, Self::BasicSubscriber)
    }
}
