//! How isoplug's choice of packages differs from apt's, and what of it apt itself chooses otherwise in another order.
//!
//! apt takes the first alternative of a dependency at the moment when it comes to it, so what it chooses depends on the
//! order of the words of the command; and of packages that provide a name and are alike it takes the one that the
//! index lists last. A manifest has no such order. Where the choices differ, apt is asked again with the same
//! wishes in other orders, and with an index that lists the packages backwards.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::lists::Lists;

/// How many orders of the words are tried at most, besides those of the manifest.
const ORDERS: usize = 14;

/// How one choice differs from apt's: `+name` has only isoplug, `-name` only apt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What apt never chooses so.
    pub never: Vec<String>,
    /// What apt chooses so in another order of the same words, or of the packages in the index.
    pub in_another_order: Vec<String>,
}

/// What apt is asked.
pub struct Question<'a> {
    /// The words that somebody wishes.
    pub wishes: Vec<&'a str>,
    /// What every system has.
    pub base: Vec<&'a str>,
    /// Whether recommended packages are wanted.
    pub recommends: bool,
    /// A folder with a state of dpkg in which nothing is installed.
    pub empty: &'a std::path::Path,
}

impl Question<'_> {
    /// Returns how isoplug's packages differ from what apt chooses.
    ///
    /// # Errors
    /// apt fails.
    pub fn compare(&self, ours: &BTreeSet<&str>, lists: [&Lists; 2]) -> Result<Difference> {
        let words = [&self.wishes[..], &self.base].concat();
        let theirs = self.ask(lists[0], &words)?;
        let mut open = differing(ours, &theirs);
        let all = open.clone();
        for (lists, words) in self.orders(lists) {
            if open.is_empty() {
                break;
            }
            let theirs = self.ask(lists, &words)?;
            let still = differing(ours, &theirs);
            open.retain(|name| still.contains(name));
        }
        let in_another_order = all.difference(&open).cloned().collect();
        Ok(Difference { never: open.into_iter().collect(), in_another_order })
    }

    /// Returns other orders to ask in: the base first, all backwards, and shuffled.
    fn orders<'l>(&self, lists: [&'l Lists; 2]) -> Vec<(&'l Lists, Vec<&str>)> {
        let mut words = [&self.base[..], &self.wishes].concat();
        let mut random = StdRng::seed_from_u64(1);
        let mut orders = vec![(lists[1], words.clone()), (lists[0], words.clone())];
        words.reverse();
        while orders.len() < ORDERS {
            orders.push((lists[orders.len() % 2], words.clone()));
            orders.push((lists[orders.len() % 2], words.clone()));
            words.shuffle(&mut random);
        }
        orders
    }

    fn ask(&self, lists: &Lists, words: &[&str]) -> Result<BTreeSet<String>> {
        let recommends = format!("APT::Install-Recommends={}", self.recommends);
        let mut arguments = vec!["-s", "-o", &recommends, "install"];
        arguments.extend(words);
        let output = lists.run(self.empty, &arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let chosen = text.lines().filter_map(|line| line.strip_prefix("Inst "));
        Ok(chosen.filter_map(|line| line.split([' ', ':']).next()).map(str::to_owned).collect())
    }
}

fn differing(ours: &BTreeSet<&str>, theirs: &BTreeSet<String>) -> BTreeSet<String> {
    let theirs: BTreeSet<&str> = theirs.iter().map(String::as_str).collect();
    let more = ours.difference(&theirs).map(|name| format!("+{name}"));
    more.chain(theirs.difference(ours).map(|name| format!("-{name}"))).collect()
}
