//! What is read: GET and HEAD of every endpoint.
//!
//! Nothing here waits: pages come from the cell's index and from segments that
//! the system keeps in memory as a rule. What was served is noted before it is
//! answered, as the ledger wants it.

use super::{
    Door,
    answer::{Reply, accepts},
    no::No,
    path::{Part, Place},
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use portcullis_core::cell::{Caller, CollectionId};
use portcullis_node::cell::{
    Cell, CellError, CollectionView, Laid, Page, Query, VersionMatch, View, served::How,
};
use portcullis_stix::taxii::{
    Endpoint, Filter,
    media::{STIX_20_MEDIA_TYPE, STIX_MEDIA_TYPE},
    resource::{ApiRoot, Collection, Collections, Discovery},
};

/// What objects of a collection are kept in, if it does not say.
const MEDIA_TYPES: [&str; 2] = [STIX_MEDIA_TYPE, STIX_20_MEDIA_TYPE];

/// Answers a GET, or a HEAD, whose body is then left out on the way.
pub(super) fn answer(
    door: &Door,
    cell: &Cell,
    caller: &Caller,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Reply, No> {
    let place = Door::place(cell, uri.path())?;
    accepts(headers)?;
    let ask = Ask {
        cell,
        caller,
        query: uri.query().unwrap_or_default(),
        served: method == Method::GET,
    };
    match place {
        Place::Discovery => Ok(Reply::resource(discovery(cell).to_json())),
        Place::Root(_) => Ok(Reply::resource(api_root(door, cell).to_json())),
        Place::Status(_, id) => {
            let status = cell
                .status(caller, id)
                .ok_or_else(|| {
                    let why = "there is no such status, or it is not for you; one is kept for a day, and no longer than this node runs";
                    No::new(StatusCode::NOT_FOUND, "taxii.unknown", why)
                })?
                .to_taxii();
            Ok(Reply::resource(status.to_json()))
        }
        Place::Collections(_) => {
            let collections = cell.collections(caller).iter().map(collection).collect();
            Ok(Reply::resource(Collections { collections }.to_json()))
        }
        Place::In(_, id, Part::Itself) => Ok(Reply::resource(
            collection(&cell.collection(caller, id)?).to_json(),
        )),
        Place::In(_, id, Part::Objects) => ask.page(id, View::Objects),
        Place::In(_, id, Part::Manifest) => ask.page(id, View::Manifest),
        Place::In(_, id, Part::Object(object)) => ask.object(id, &object, View::Objects),
        Place::In(_, id, Part::Versions(object)) => ask.object(id, &object, View::Versions),
    }
}

/// Who asks what of the cell.
struct Ask<'a> {
    cell: &'a Cell,
    caller: &'a Caller,
    query: &'a str,
    /// Whether the body goes out: of a HEAD it does not, and nothing is served.
    served: bool,
}

impl Ask<'_> {
    /// Get Objects and Get Object Manifests (TAXII 2.1 §5.3, §5.4).
    fn page(&self, collection: &str, view: View) -> Result<Reply, No> {
        let id = self.collection(collection)?;
        let query = Query::from(&Filter::parse(self.query, Endpoint::Objects)?);
        let page = self.cell.lay(self.caller, &id, &query, view);
        let how = match view {
            View::Manifest | View::Versions => How::Manifest,
            View::Objects => How::Page,
        };
        self.reply(&id, page, &query, how)
    }

    /// Get an Object and Get Object Versions (TAXII 2.1 §5.6, §5.8).
    fn object(&self, collection: &str, object: &str, view: View) -> Result<Reply, No> {
        let id = self.collection(collection)?;
        let endpoint = match view {
            View::Versions => Endpoint::Versions,
            View::Objects | View::Manifest => Endpoint::Object,
        };
        let mut query = match self.query {
            "" => Query::default(),
            text => Query::from(&Filter::parse(text, endpoint)?),
        };
        if view == View::Versions {
            query.versions = vec![VersionMatch::All];
        }
        let page = self.cell.object(self.caller, &id, object, &query, view);
        let how = match view {
            View::Manifest | View::Versions => How::Manifest,
            View::Objects => How::Object,
        };
        self.reply(&id, page.map(|page| (page, None)), &query, how)
    }

    /// A collection by its id, else by its alias.
    fn collection(&self, text: &str) -> Result<CollectionId, No> {
        match text.parse() {
            Ok(id) => Ok(id),
            Err(_) => Ok(self.cell.collection(self.caller, text)?.id),
        }
    }

    fn reply(
        &self,
        collection: &CollectionId,
        page: Result<(Page, Option<Laid>), CellError>,
        query: &Query,
        how: How,
    ) -> Result<Reply, No> {
        let (page, laid) =
            page.map_err(|error| No::of_reading(self.cell, self.caller, collection, error))?;
        if self.served && !page.served.is_empty() {
            self.cell
                .note_served(self.caller, collection, how, &page.served)
                .map_err(|not| {
                    No::later(StatusCode::SERVICE_UNAVAILABLE, not.code(), not.to_string())
                })?;
        }
        // SPEC: every 200 has both dates, and an empty page has no object: they say where the reader stands.
        let stands = query.added_after_us.unwrap_or(0);
        Ok(Reply {
            status: StatusCode::OK,
            body: page.chunks,
            laid,
            added: Some((
                page.first_added.unwrap_or(stands),
                page.last_added.unwrap_or(stands),
            )),
        })
    }
}

fn discovery(cell: &Cell) -> Discovery {
    let root = format!("/taxii2/{}/", cell.realm().name());
    Discovery {
        title: format!("The cell of {}", cell.me()),
        description: Some("Threat intelligence shared over TAXII 2.1, by Portcullis".into()),
        contact: None,
        default: Some(root.clone()),
        api_roots: vec![root],
    }
}

fn api_root(door: &Door, cell: &Cell) -> ApiRoot {
    ApiRoot::new(
        format!("{} at {}", cell.realm().name(), cell.me()),
        None,
        door.limits.taxii_content_bytes_max as u64,
    )
}

fn collection(view: &CollectionView) -> Collection {
    let usual = || MEDIA_TYPES.map(str::to_owned).to_vec();
    let media_types = Some(view.media_types.clone()).filter(|types| !types.is_empty());
    Collection {
        id: view.id.to_string(),
        title: view.title.clone(),
        description: view.description.clone(),
        alias: view.alias.clone(),
        can_read: view.can_read,
        can_write: view.can_write,
        media_types: media_types.unwrap_or_else(usual),
    }
}
