//! Asks again: how often, after which pause, and what an answer says of it.
//!
//! What is asked, and for what, its caller knows.

use std::thread;
use std::time::Duration;

/// How often to look at whether to stop.
pub(crate) const GLANCE: Duration = Duration::from_millis(50);

/// How often and how slowly to ask one server again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many times to ask altogether, at least once.
    pub attempts: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, whatever the server asks for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(500), Duration::from_secs(30));
        Self { attempts: 5, first_pause, longest_pause }
    }
}

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failed<E> {
    /// Asking again may help.
    Transient {
        /// What happened.
        why: String,
        /// The wait that the server asked for.
        wait: Option<Duration>,
    },
    /// Asking again is of no use.
    Permanent(E),
}

impl<E> Failed<E> {
    /// Makes a failure that may pass.
    pub fn transient(why: impl Into<String>) -> Self {
        Self::Transient { why: why.into(), wait: None }
    }
}

/// Why nobody asks any more.
#[derive(Debug)]
pub enum GaveUp<E> {
    /// Patience ended; the last failure.
    Transient(String),
    /// Asking again is of no use.
    Permanent(E),
    /// It was told to stop.
    Cancelled,
}

impl Patience {
    /// Attempts something until it succeeds, fails for good, patience ends or it is to stop.
    ///
    /// # Errors
    ///
    /// Why it did not succeed.
    pub fn attempt<T, E>(
        &self,
        is_cancelled: &dyn Fn() -> bool,
        mut once: impl FnMut() -> Result<T, Failed<E>>,
    ) -> Result<T, GaveUp<E>> {
        let (mut pause, mut left) = (self.first_pause, self.attempts.max(1));
        loop {
            left -= 1;
            match once() {
                Ok(done) => return Ok(done),
                Err(Failed::Permanent(error)) => return Err(GaveUp::Permanent(error)),
                Err(Failed::Transient { why, .. }) if left == 0 => {
                    return Err(GaveUp::Transient(why));
                }
                Err(Failed::Transient { wait, .. }) => {
                    if is_over(wait.unwrap_or(pause).min(self.longest_pause), is_cancelled) {
                        return Err(GaveUp::Cancelled);
                    }
                    pause = pause.saturating_mul(2);
                }
            }
        }
    }
}

/// Waits, and tells whether it was told to stop meanwhile.
fn is_over(time: Duration, is_cancelled: &dyn Fn() -> bool) -> bool {
    let mut left = time;
    while !left.is_zero() && !is_cancelled() {
        let nap = left.min(GLANCE);
        thread::sleep(nap);
        left -= nap;
    }
    is_cancelled()
}

/// Tells whether an HTTP status means that asking again may help: the server is busy, or failed by itself.
pub fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Reads `Retry-After: SECONDS` (RFC 9110, 10.2.3); a date there counts as silence.
pub fn wait(header: Option<&str>) -> Option<Duration> {
    header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs)
}

/// Tells whether an answer with `Content-Range: bytes 500-999/1000` (RFC 9110, 14.4) goes on at a place.
pub fn goes_on_at(header: Option<&str>, place: u64) -> bool {
    let range = header.and_then(|text| text.trim().strip_prefix("bytes "));
    let start = range.and_then(|range| range.split('-').next()).and_then(|text| text.parse().ok());
    start == Some(place)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Instant;

    use super::*;

    fn quick(attempts: u32) -> Patience {
        let pause = Duration::from_millis(1);
        Patience { attempts, first_pause: pause, longest_pause: pause }
    }

    /// Fails `times` times, then returns how often it was asked.
    fn asked(patience: Patience, times: u32) -> Result<u32, GaveUp<()>> {
        let count = Cell::new(0);
        patience.attempt(&|| false, || {
            count.set(count.get() + 1);
            if count.get() > times { Ok(count.get()) } else { Err(Failed::transient("busy")) }
        })
    }

    #[test]
    fn it_asks_as_often_as_it_may() {
        assert!(matches!(asked(quick(3), 2), Ok(3)));
        assert!(matches!(asked(quick(3), 3), Err(GaveUp::Transient(why)) if why == "busy"));
        assert!(matches!(asked(quick(0), 0), Ok(1)), "at least once");
        let once = quick(3).attempt(&|| false, || Err::<(), _>(Failed::Permanent(7)));
        assert!(matches!(once, Err(GaveUp::Permanent(7))));
    }

    #[test]
    fn a_wait_ends_when_it_is_to_stop() {
        let begun = Instant::now();
        let long = Duration::from_secs(60);
        let patience = Patience { attempts: 2, first_pause: long, longest_pause: long };
        let ended = patience.attempt(&|| begun.elapsed() > GLANCE, || {
            Err::<(), Failed<()>>(Failed::Transient { why: String::new(), wait: Some(long) })
        });
        assert!(matches!(ended, Err(GaveUp::Cancelled)));
        assert!(begun.elapsed() < long / 2, "{:?}", begun.elapsed());
    }

    #[test]
    fn headers_are_read() {
        assert!(goes_on_at(Some("bytes 500-999/1000"), 500));
        assert!(!goes_on_at(Some("bytes 501-999/1000"), 500) && !goes_on_at(None, 0));
        assert_eq!(wait(Some(" 7 ")), Some(Duration::from_secs(7)));
        assert_eq!(wait(Some("Fri, 31 Dec 1999 23:59:59 GMT")), None);
        assert!(may_pass(503) && may_pass(429) && !may_pass(404) && !may_pass(401));
    }
}
