//! Reads the dates of Release files as RFC 5322 and `date` write them (apt reads both).
//!
//! Numeric zones are understood beside the names of UTC. Knows no clock.

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `Sat, 06 Sep 2025 11:10:09 UTC` or `Sat Sep  6 11:10:09 UTC 2025` as seconds since 1970.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (day, month, year, time, zone) = match words[..] {
        [day, month, year, time, zone] if day.parse::<u8>().is_ok() => {
            (day, month, year, time, zone)
        }
        [_, month, day, time, year] => (day, month, year, time, "UTC"),
        [_, month, day, time, zone, year] => (day, month, year, time, zone),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let sound = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    let local = sound.then(|| days(year, month, day) * 86_400)? + clock(time)?;
    local.checked_add_signed(-zone_offset(zone)?)
}

/// Reads `11:10:09` as seconds of a day.
fn clock(text: &str) -> Option<u64> {
    let time: Vec<u64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hour, minute, second] = time[..] else { return None };
    let sound = hour < 24 && minute < 60 && second <= 60;
    sound.then_some(hour * 3600 + minute * 60 + second)
}

/// Reads `UTC` or `+0230` as seconds east of UTC.
fn zone_offset(text: &str) -> Option<i64> {
    if ["UTC", "GMT", "Z"].contains(&text) {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let sound = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = sound.then(|| digits.parse().ok())??;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// Counts the days since 1970-01-01; years begin in March so that leap days come last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    of_years + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_that_archives_write() {
        // `date -u -d '2025-09-06 11:10:09' +%s` says so.
        let moment = Some(1_757_157_009);
        assert_eq!(seconds("Sat, 06 Sep 2025 11:10:09 UTC"), moment);
        assert_eq!(seconds("Sat,  6 Sep 2025 11:10:09 +0000"), moment);
        assert_eq!(seconds("Sat, 6 Sep 2025 13:10:09 +0200"), moment);
        assert_eq!(seconds("Sat, 6 Sep 2025 07:40:09 -0330"), moment);
        assert_eq!(seconds("Sat Sep  6 11:10:09 UTC 2025"), moment);
        assert_eq!(seconds("Sat Sep  6 11:10:09 2025"), moment);
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn what_is_not_a_date() {
        for text in ["", "yesterday", "Sat, 06 Sep 2025 11:10:09 CEST", "6 Sep 2025 24:00:00 UTC"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 +0100"), None, "before 1970");
        assert_eq!(seconds("Thu, 32 Jan 1970 00:00:00 UTC"), None);
        assert_eq!(seconds("Thu, 01 Jan 99999999999999 00:00:00 UTC"), None);
    }
}
