//! Collections: opened, set, closed by the node's own people.

use super::{
    super::{
        collection::{COLLECTION_GROUPS_MAX, COLLECTIONS_MAX, MEDIA_TYPES_MAX, Settings},
        command::Command,
        event::Fact,
        ids::CollectionId,
        refusal::Refusal,
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn collection(self, command: Command) -> Answer {
        self.operator()?;
        match command {
            Command::OpenCollection {
                collection,
                settings,
            } => {
                self.of_realm(collection.realm_tag())?;
                if self.state.collections.contains_key(&collection) {
                    return Err(Refusal::Taken {
                        name: collection.to_string(),
                    });
                }
                let count = self.state.collections.len() + 1;
                bound::count("collections", count, COLLECTIONS_MAX)?;
                self.settings(&collection, &settings)?;
                Ok(Some(Fact::CollectionOpened {
                    collection,
                    settings,
                }))
            }
            Command::ChangeCollection {
                collection,
                settings,
            } => {
                let held = self.known_collection(&collection)?;
                self.settings(&collection, &settings)?;
                let changed = held.settings != *settings;
                Ok(changed.then_some(Fact::CollectionChanged {
                    collection,
                    settings,
                }))
            }
            Command::CloseCollection { collection } => {
                self.known_collection(&collection)?;
                Ok(Some(Fact::CollectionClosed { collection }))
            }
            _ => Ok(None),
        }
    }

    fn settings(&self, id: &CollectionId, settings: &Settings) -> Result<(), Refusal> {
        bound::title("title", &settings.title)?;
        if let Some(description) = &settings.description {
            bound::text("description", description)?;
        }
        if let Some(alias) = &settings.alias {
            bound::alias(alias)?;
            if self
                .state
                .aliases
                .get(alias)
                .is_some_and(|named| named != id)
            {
                let name = alias.clone();
                return Err(Refusal::Taken { name });
            }
        }
        bound::count("readers", settings.readers.len(), COLLECTION_GROUPS_MAX)?;
        bound::count("writers", settings.writers.len(), COLLECTION_GROUPS_MAX)?;
        for group in settings.readers.union(&settings.writers) {
            self.known_group(group)?;
        }
        if settings.readers.is_empty() && !settings.open {
            return Err(Refusal::NoAudience);
        }
        if let Some(name) = &settings.wrapper
            && !self.state.wrappers.contains_key(name)
        {
            let name = name.clone();
            return Err(Refusal::UnknownWrapper { name });
        }
        bound::count("media_types", settings.media_types.len(), MEDIA_TYPES_MAX)?;
        let media_types = settings.media_types.iter();
        media_types.into_iter().try_for_each(|media_type| {
            bound::title("media_types", media_type)?;
            bound::fit(
                "media_types",
                media_type.is_ascii() && media_type.contains('/'),
            )
        })
    }
}
