//! Which priority an offer has: that of the first pin that fits it, else that of its suite (apt_preferences(5)).

use isoplug_formats::apt::foreign;
use isoplug_manifest::options::Pin;

use super::Offer;
use crate::request::Request;

/// The priority of what is asked for from one source, as `apt-get --target-release` gives it.
const ASKED_FOR: i32 = 990;
/// The highest priority of what is only taken when it is asked for.
const NOT_AUTOMATIC: i32 = 100;

/// The pins of a request, and which of them fitted an offer.
pub(super) struct Pins<'r> {
    asked: Vec<(&'r str, &'r str)>,
    pins: &'r [Pin],
    met: Vec<bool>,
}

impl<'r> Pins<'r> {
    pub(super) fn of(request: &'r Request) -> Self {
        let wishes = request.install.iter().filter_map(|wish| wish.split_once('@'));
        let name = |wish: &'r str| wish.split_once(':').map_or(wish, |(name, _)| name);
        let asked = wishes.map(|(wish, source)| (name(wish), source)).collect();
        Self { asked, pins: &request.pins, met: vec![false; request.pins.len()] }
    }

    /// Returns the priority of an offer whose own is that of its suite.
    pub(super) fn priority(&mut self, offer: &Offer) -> i32 {
        let (name, _) = foreign::split(offer.package.name);
        let from = |source: &str| comes_from(offer.source, offer.suite, source);
        if self.asked.iter().any(|(wish, source)| *wish == name && from(source)) {
            return ASKED_FOR;
        }
        let mut fitting = self.pins.iter().zip(&mut self.met).filter(|(pin, _)| fits(pin, offer));
        let Some((pin, met)) = fitting.next() else { return offer.pin };
        *met = true;
        // One that never comes first is met all the same.
        fitting.for_each(|(_, met)| *met = true);
        pin.priority
    }

    /// Tells whether an offer that is only taken when it is asked for is of a source from which something is: what that
    /// leads to comes from there, too.
    pub(super) fn is_near(&self, offer: &Offer) -> bool {
        let from = |(_, source): &(&str, &str)| comes_from(offer.source, offer.suite, source);
        offer.pin <= NOT_AUTOMATIC && self.asked.iter().any(from)
    }

    /// Returns the places of the pins that are of no use: nothing fits them, and they ask for something.
    pub(super) fn unmet(&self) -> Vec<usize> {
        let asks = |place: &usize| self.pins[*place].priority >= 0 && !self.met[*place];
        (0..self.pins.len()).filter(asks).collect()
    }
}

fn fits(pin: &Pin, offer: &Offer) -> bool {
    let Pin { packages, from, version, priority: _ } = pin;
    let (name, _) = foreign::split(offer.package.name);
    packages.iter().any(|pattern| fits_pattern(name, pattern))
        && from.as_ref().is_none_or(|from| comes_from(offer.source, offer.suite, from))
        && version.as_ref().is_none_or(|version| fits_pattern(offer.package.version, version))
}

/// Tells whether a source or suite is meant by a word: its name, or the last part of the suite's, as `backports`.
#[must_use]
pub fn comes_from(source: &str, suite: &str, word: &str) -> bool {
    let rest = suite.strip_suffix(word);
    source == word || rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
}

/// Tells whether a text is a pattern with `*` in place of any part of it.
pub(crate) fn fits_pattern(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(text) = text.strip_prefix(start) else { return false };
    let mut places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
    places.any(|place| fits_pattern(&text[place..], rest))
}
