//! Where services of snapshots may have what mirrors no longer do, by the paths of snapshot.debian.org.

use jiff::Timestamp;

/// How long after a Release file its archive may be imported, in seconds: a moment stands for the import before it.
const LAGS: [u64; 4] = [0, 6 * 3600, 24 * 3600, 7 * 24 * 3600];

/// Returns the addresses of an archive at each service, soon after each of these dates (in seconds since 1970).
pub(crate) fn addresses(services: &[String], archive: &str, dates: &[u64]) -> Vec<String> {
    let mut all = Vec::new();
    for service in services {
        let moments = dates.iter().flat_map(|date| LAGS.map(|lag| date.saturating_add(lag)));
        for stamp in moments.filter_map(stamp) {
            all.push(format!("{}/{archive}/{stamp}", service.trim_end_matches('/')));
        }
    }
    all
}

fn stamp(seconds: u64) -> Option<String> {
    let moment = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(moment.strftime("%Y%m%dT%H%M%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_may_come_a_week_later() {
        let found =
            addresses(&["http://s.example/archive/".to_owned()], "debian", &[1_795_313_446]);
        let expected = ["20261122T", "20261122T", "20261123T", "20261129T"];
        let stamps = found.iter().map(|url| url.strip_prefix("http://s.example/archive/debian/"));
        for (stamp, day) in stamps.zip(expected) {
            assert!(
                stamp.is_some_and(|stamp| stamp.starts_with(day) && stamp.len() == 16),
                "{found:?}"
            );
        }
        assert_eq!(found.len(), 4);
    }
}
