//! Finds times after the epoch in texts: seconds since 1970, and dates in the usual forms.

use std::collections::BTreeSet;

/// Times later than so many seconds after the epoch are limits, not times of a build.
const FAR: i64 = 15 * 366 * 86400;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Whether a text tells a time after the epoch and not long after it, but for days of which it is known why they are
/// there; those are counted since 1970.
pub(super) fn has_time_after(text: &str, epoch: u32, known: &BTreeSet<i64>) -> bool {
    let later = |time: i64| (1..FAR).contains(&(time - i64::from(epoch)));
    let unknown = |time: i64| !known.contains(&time.div_euclid(86400));
    let second = |time: i64| later(time) && unknown(time);
    // Of a date without a time of day, one cannot say that it is not the epoch's.
    let day = |time: i64| later(time - 86399) && unknown(time);
    let tokens: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric() && !"-:".contains(c)).collect();
    let seconds = |token: &&str| token.len() == 10 && token.parse().is_ok_and(second);
    tokens.iter().any(seconds)
        || tokens.iter().any(|token| iso(token).is_some_and(day))
        || (0..tokens.len()).any(|index| named(&tokens, index).is_some_and(day))
}

/// Reads `2026-11-29`, maybe with `T01:02:03` behind it.
fn iso(token: &str) -> Option<i64> {
    let date = token.get(..10)?;
    let rest = &token[10..];
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = parts.next().is_none() && [year.len(), month.len(), day.len()] == [4, 2, 2];
    if !is_date || !(rest.is_empty() || rest.starts_with('T')) {
        return None;
    }
    Some(days(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)? * 86400)
}

/// Reads `Nov 29 01:02:03 2026` and `29 November 2026`, whose month is at an index.
fn named(tokens: &[&str], index: usize) -> Option<i64> {
    let name = tokens[index].get(..3)?;
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    if tokens[index].len() > 9 || !tokens[index].bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let near = &tokens[index.saturating_sub(2)..(index + 6).min(tokens.len())];
    let number = |token: &&str| token.parse::<i64>().ok();
    let year = near.iter().filter(|token| token.len() == 4).find_map(number)?;
    let day = near.iter().filter(|token| token.len() <= 2).find_map(number)?;
    Some(days(year, i64::try_from(month).ok()?, day)? * 86400)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar; `None`: it is no date.
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.)
pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Returns the seconds since 1970 of a time of a day.
pub(super) fn seconds_of(days: i64, hour: i64, minute: i64, second: i64) -> i64 {
    ((days * 24 + hour) * 60 + minute) * 60 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: u32 = 1_793_491_200; // 2026-11-01 00:00

    #[test]
    fn dates_are_counted_in_days() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2026, 11, 1), Some(i64::from(EPOCH) / 86400));
        assert_eq!(days(2024, 2, 29).unwrap() + 1, days(2024, 3, 1).unwrap());
        assert_eq!(days(2024, 13, 1), None);
    }

    const LATER: [&str; 6] = [
        "1793491201",
        "on 2026-11-03",
        "at=\"2026-11-03T04:05:06Z\"",
        "3 Nov 2026",
        "Tue Nov  3 04:05:06 UTC 2026",
        "November 3, 2026",
    ];

    /// Earlier ones, and what is no time of a build.
    const OTHERS: [&str; 9] = [
        "1793491199",
        "2026-11-01",
        "2026-10-31",
        "31 Oct 2026",
        "May 2026",
        "2099-01-01",
        "12345678901",
        "v2026-11-03-rc",
        "/2026-11",
    ];

    #[test]
    fn later_times_in_all_forms() {
        let (nothing, third) = (BTreeSet::new(), BTreeSet::from([20760]));
        for text in LATER {
            assert!(has_time_after(text, EPOCH, &nothing), "{text}");
            assert_eq!(has_time_after(text, EPOCH, &third), text == LATER[0], "{text}");
        }
        for text in OTHERS {
            assert!(!has_time_after(text, EPOCH, &nothing), "{text}");
        }
    }
}
