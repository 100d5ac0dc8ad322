//! Days: today, which only says whether a key is still believed, and the dates of others.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the day in universal time, as `2027-01-31`.
#[expect(clippy::disallowed_methods, reason = "whether a key is believed is about now")]
pub(crate) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    day(now.map_or(0, |now| now.as_secs() / 86400))
}

/// Returns the date of a day since 1970, counted in eras of 400 years that begin in March.
pub(crate) fn day(since_1970: u64) -> String {
    let days = since_1970 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    format!("{:04}-{month:02}-{date:02}", year + era * 400 + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let days = [0, 59, 11_016, 20_786].map(day);
        assert_eq!(days, ["1970-01-01", "1970-03-01", "2000-02-29", "2026-11-29"]);
    }
}
