//! Ranges of addresses: which of many an address is in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

/// Ranges of one size: their first addresses, and how they were written.
type OfSize<K> = (u32, HashMap<K, String>);

/// Ranges, by their size and then by their first address: as many look-ups
/// as there are sizes, however many ranges.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    v4: Vec<OfSize<u32>>,
    v6: Vec<OfSize<u128>>,
}

impl Ranges {
    /// Adds `198.51.100.0/24` or a single address; `None` if it is neither.
    pub(super) fn add(&mut self, entry: &str) -> Option<()> {
        let (address, size) = read(entry)?;
        match address {
            IpAddr::V4(address) => {
                let key = u32::from(address) & mask4(size);
                put(&mut self.v4, size, key, entry);
            }
            IpAddr::V6(address) => {
                let key = u128::from(address) & mask6(size);
                put(&mut self.v6, size, key, entry);
            }
        }
        Some(())
    }

    /// The narrowest range that `value`, an address or a range, lies in
    /// wholly.
    pub(super) fn find(&self, value: &str) -> Option<&str> {
        let (address, size) = read(value)?;
        match address {
            IpAddr::V4(address) => self
                .v4
                .iter()
                .filter(|(of, _)| *of <= size)
                .find_map(|(of, ranges)| ranges.get(&(u32::from(address) & mask4(*of)))),
            IpAddr::V6(address) => self
                .v6
                .iter()
                .filter(|(of, _)| *of <= size)
                .find_map(|(of, ranges)| ranges.get(&(u128::from(address) & mask6(*of)))),
        }
        .map(String::as_str)
    }
}

fn read(entry: &str) -> Option<(IpAddr, u32)> {
    let (address, size) = match entry.split_once('/') {
        Some((address, size)) => (address, Some(size.parse::<u32>().ok()?)),
        None => (entry, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let max = if address.is_ipv4() { 32 } else { 128 };
    let size = size.unwrap_or(max);
    (size <= max).then_some((address, size))
}

fn mask4(size: u32) -> u32 {
    u32::MAX.checked_shl(32 - size).unwrap_or(0)
}

fn mask6(size: u32) -> u128 {
    u128::MAX.checked_shl(128 - size).unwrap_or(0)
}

/// The ranges of one size, the narrowest sizes first.
fn put<K: Eq + Hash>(all: &mut Vec<OfSize<K>>, size: u32, key: K, entry: &str) {
    let place = all
        .iter()
        .position(|(of, _)| *of <= size)
        .unwrap_or(all.len());
    match all.get_mut(place) {
        Some((of, ranges)) if *of == size => {
            ranges.insert(key, entry.to_owned());
        }
        _ => all.insert(place, (size, HashMap::from([(key, entry.to_owned())]))),
    }
}
