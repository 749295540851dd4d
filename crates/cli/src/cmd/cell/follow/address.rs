//! Addresses as people paste them: is this a collection, and if not, which one was meant?

use super::{Desk, endpoint};
use crate::{failure::Failure, home::Home, ui::Ui};
use portcullis_core::member::MemberId;
use portcullis_node::cell::remote::{
    Endpoint, Remote, RemoteError,
    misp::Instance,
    taxii::{ApiRoot, RemoteCollection, Source, collections, discover},
};
use portcullis_web::client::HttpRemote;
use std::time::Duration;

/// How long a server is waited for that is asked in passing.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most collections that a hint names.
const NAMED_MAX: usize = 8;
/// What a TAXII collection's address looks like.
const FORM: &str = "https://taxii.example/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/";

/// Checks that an address is a TAXII collection's. Where it is not, its server is asked what it
/// offers; where it is, whether it offers this one: one that is silent may be followed all the same.
pub(super) fn taxii(
    home: &Home,
    url: &str,
    credential: Option<&str>,
    ui: Ui,
) -> Result<(), Failure> {
    let to = endpoint(home, credential)?;
    match Source::parse(url, to.clone()) {
        Ok(source) => {
            if let Some(doubt) = doubt(&source, url) {
                ui.note(doubt);
            }
            Ok(())
        }
        Err(error) => Err(Failure::usage(error.to_string()).hint(meant(url, &to))),
    }
}

/// Checks that a member is one whose node can be found: the register has its address.
pub(super) fn member(desk: &Desk, member: &MemberId) -> Result<(), Failure> {
    if *member == desk.me.member {
        return Err(Failure::usage("this is our own name").hint(
            "what is here is shared with `portcullis cell collection change NAME --group GROUP`",
        ));
    }
    if desk.home.anchor()?.is_none() {
        return Err(Failure::unable(
            "register.none",
            format!("this node has joined no register, which would say where `{member}` is"),
        )
        .hint("join one with `portcullis register trust`; without one, follow its collection with `--taxii URL` and an account there"));
    }
    if desk.home.node()?.peer(member).is_err() {
        return Err(Failure::refused(
            "cell.unknown_member",
            format!("`{member}` does not stand in the register with an address"),
        )
        .hint("`portcullis register show` lists the members; `portcullis register fetch` asks for a newer one"));
    }
    Ok(())
}

/// Checks that an address is a MISP instance's, and not one of its pages.
pub(super) fn misp(url: &str) -> Result<(), Failure> {
    let pages = [
        "/events",
        "/attributes",
        "/feeds",
        "/servers",
        "/users",
        "/taxii2",
    ];
    let instance = Instance::parse(url, Endpoint::default()).map_err(Failure::usage)?;
    let path = url
        .strip_prefix(&instance.endpoint.origin)
        .unwrap_or_default();
    match pages.iter().find_map(|page| path.find(page)) {
        None => Ok(()),
        Some(at) => Err(Failure::usage(format!(
            "`{url}` is a page of a MISP instance, not its address"
        ))
        .hint(format!(
            "leave out what comes after the host: {}{}",
            instance.endpoint.origin,
            path.get(..at).unwrap_or_default()
        ))),
    }
}

/// What speaks against a collection's address, as far as its server tells now.
fn doubt(source: &Source, url: &str) -> Option<String> {
    let root = url.trim_end_matches('/').rsplit_once("/collections/")?.0;
    let offered = match remote().and_then(|remote| offered(&remote, &source.endpoint, root)) {
        Ok(offered) => offered,
        Err(error) => {
            return Some(format!(
                "not asked what it offers: {error}; `portcullis serve` tries again"
            ));
        }
    };
    let here = source
        .path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match offered
        .iter()
        .find(|one| one.id == here || one.alias.as_deref() == Some(here))
    {
        Some(one) if one.can_read => None,
        Some(_) => Some(format!("its server says that `{here}` is not ours to read")),
        None => Some(format!(
            "its server lists no collection `{here}`{}",
            named(&offered)
        )),
    }
}

/// What may have been meant by an address that is no collection's.
fn meant(url: &str, to: &Endpoint) -> String {
    let form = format!("a collection's address looks like {FORM}");
    let plain = url
        .split(['?', '#'])
        .next()
        .unwrap_or(url)
        .trim_end_matches('/');
    // Somebody pasted the address of the objects, or of one.
    if let Some((root, rest)) = plain.split_once("/collections/")
        && let Some(id) = rest.split('/').next().filter(|id| !id.is_empty())
    {
        return format!("{form}; perhaps {root}/collections/{id}/");
    }
    let scheme = plain.find("://").map(|at| at + 3);
    let Some(host) = scheme.filter(|at| *at < plain.len()) else {
        return form;
    };
    let slash = plain[host..].find('/').map_or(plain.len(), |at| host + at);
    let to = Endpoint {
        origin: plain[..slash].to_owned(),
        ..to.clone()
    };
    let root = plain.strip_suffix("/collections").unwrap_or(plain);
    match remote().and_then(|remote| search(&remote, &to, root)) {
        Ok(offered) => format!("{form}{}", named(&offered)),
        Err(RemoteError::Status {
            status: 401 | 403, ..
        }) => format!(
            "{form}; with `--credential NAME` of `portcullis cell follow credential` its server can be asked what it offers"
        ),
        Err(error) => format!("{form}; its server could not be asked what it offers: {error}"),
    }
}

/// What a server offers at an address: taken for an API root, else by its discovery.
fn search(
    remote: &dyn Remote,
    to: &Endpoint,
    root: &str,
) -> Result<Vec<RemoteCollection>, RemoteError> {
    if let Ok(found) = offered(remote, to, root)
        && !found.is_empty()
    {
        return Ok(found);
    }
    let mut all = Vec::new();
    for root in discover(remote, to)?.iter().take(NAMED_MAX) {
        // A root on another server is not asked: our secret is not for it.
        all.extend(collections(remote, to, root).unwrap_or_default());
    }
    Ok(all)
}

fn offered(
    remote: &dyn Remote,
    to: &Endpoint,
    root: &str,
) -> Result<Vec<RemoteCollection>, RemoteError> {
    let url = format!("{}/", root.trim_end_matches('/'));
    collections(remote, to, &ApiRoot { url })
}

fn named(offered: &[RemoteCollection]) -> String {
    if offered.is_empty() {
        return String::new();
    }
    let names: Vec<String> = (offered.iter().filter(|one| one.can_read))
        .take(NAMED_MAX)
        .map(|one| format!("{} ({})", one.url, one.title))
        .collect();
    format!("; it offers {}", names.join(", "))
}

fn remote() -> Result<HttpRemote, RemoteError> {
    HttpRemote::with_timeout(PATIENCE).map_err(|error| RemoteError::Unreachable {
        origin: "this machine".to_owned(),
        why: error.to_string(),
    })
}
