//! Downloads several packages at once, the largest first.
//!
//! Whoever can do nothing with some of them stops at the first failure; whoever has to be told all that is gone from the
//! mirrors goes on.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use isoplug_engine::{Context, Unit};
use isoplug_manifest::lock::LockedPackage;

use super::{Error, Places, digest};
use isoplug_fetch::{Downloader, Expected, Watch};

/// How many files are fetched at once. More connections gain nothing and annoy mirrors.
const CONNECTIONS: usize = 4;

/// What happens when mirrors say that they have no such file, and none gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stages) enum Absent {
    /// The rest is of no use, and not fetched.
    Stops,
    /// The rest is fetched, and all that is absent is told at the end.
    IsTold,
}

/// Downloads the packages into the store. A failure stops the rest, but for files that are `absent`.
pub(super) fn download(
    mut packages: Vec<&LockedPackage>,
    absent: Absent,
    places: &Places,
    cx: &Context,
) -> Result<(), Error> {
    // The last is taken first.
    packages.sort_by_key(|package| (package.size, &package.sha256));
    let queue = Queue::new(packages, absent, places, cx)?;
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| queue.work());
        }
    });
    queue.tell_of_snapshots();
    let failure = queue.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
    let gone = queue.gone.into_inner().unwrap_or_else(PoisonError::into_inner);
    cx.check_cancelled()?;
    match (failure, gone.is_empty()) {
        (Some(failure), _) => Err(failure),
        (None, true) => Ok(()),
        (None, false) => Err(Error::Absent { files: gone.into_values().collect() }),
    }
}

struct Queue<'q, 'c> {
    open: Mutex<Vec<&'q LockedPackage>>,
    absent: Absent,
    failure: Mutex<Option<Error>>,
    /// What no mirror has, by its path, in words.
    gone: Mutex<BTreeMap<String, String>>,
    /// What only a service of snapshots had. Held while it is asked: such services are for one at a time.
    from_snapshots: Mutex<Vec<String>>,
    stopped: AtomicBool,
    received: AtomicU64,
    total: u64,
    places: &'q Places,
    downloader: Downloader,
    cx: &'q Context<'c>,
}

impl<'q, 'c> Queue<'q, 'c> {
    fn new(
        packages: Vec<&'q LockedPackage>,
        absent: Absent,
        places: &'q Places,
        cx: &'q Context<'c>,
    ) -> Result<Self, Error> {
        Ok(Self {
            total: packages.iter().map(|package| package.size).sum(),
            open: Mutex::new(packages),
            absent,
            failure: Mutex::new(None),
            gone: Mutex::new(BTreeMap::new()),
            from_snapshots: Mutex::new(Vec::new()),
            stopped: AtomicBool::new(false),
            received: AtomicU64::new(0),
            places,
            downloader: Downloader::new(CONNECTIONS, places.patience, &places.authorities)?,
            cx,
        })
    }

    fn work(&self) {
        while let Some(package) = self.next() {
            match self.fetch(package) {
                Ok(()) => {}
                Err(Error::Download { source, .. } | Error::NoSnapshot { source, .. })
                    if self.absent == Absent::IsTold && source.is_absent_somewhere() =>
                {
                    let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
                    gone.insert(package.path.to_string(), source.to_string());
                }
                Err(error) => self.stop(error),
            }
        }
    }

    /// Those that were stopped by the first failure are not worth telling.
    fn stop(&self, error: Error) {
        if !self.stopped.swap(true, Ordering::Relaxed) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    fn next(&self) -> Option<&LockedPackage> {
        match self.stopped.load(Ordering::Relaxed) || self.cx.cancelled() {
            true => None,
            false => self.open.lock().unwrap_or_else(PoisonError::into_inner).pop(),
        }
    }

    /// Asks services of snapshots for what no mirror gave, which `source` tells.
    fn ask_snapshots(
        &self,
        package: &LockedPackage,
        expected: &Expected,
        file: &File,
        watch: &dyn Watch,
        source: isoplug_fetch::Error,
    ) -> Result<(), Error> {
        let title = package.title();
        let services = self.places.snapshots.get(&package.source).map_or(&[][..], Vec::as_slice);
        if services.is_empty() || !is_gone(&source) {
            return Err(Error::Download { package: title, source });
        }
        let mut asked = self.from_snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        match self.downloader.fetch(services, &package.path, expected, file, watch) {
            Ok(_) => asked.push(title),
            Err(snapshots) => {
                return Err(Error::NoSnapshot { package: title, snapshots, source });
            }
        }
        Ok(())
    }

    fn tell_of_snapshots(&self) {
        let mut all = self.from_snapshots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.sort();
        if !all.is_empty() {
            let (are, names) = (super::counted(all.len()), super::shortened(&all));
            self.cx.warn(&format!(
                "{are} on no mirror any more and came from a service of snapshots: {names}"
            ));
        }
    }

    fn fetch(&self, package: &LockedPackage) -> Result<(), Error> {
        let digest = digest(package)?;
        let expected =
            Expected { digest: Some(digest), size: Some(package.size), ..Expected::default() };
        let mirrors = self.places.mirrors.get(&package.source).map_or(&[][..], Vec::as_slice);
        let blob = self.cx.create()?;
        let watch = Transfer { queue: self, counted: AtomicU64::new(0) };
        let fetched = self.downloader.fetch(mirrors, &package.path, &expected, blob.file(), &watch);
        if let Err(source) = fetched {
            self.ask_snapshots(package, &expected, blob.file(), &watch, source)?;
        }
        self.cx.put(blob, Some(digest))?;
        self.cx.log(&format!("fetched {}", package.path));
        Ok(())
    }
}

/// Tells whether a mirror may have had the file once: it was asked, and did not give it.
fn is_gone(error: &isoplug_fetch::Error) -> bool {
    matches!(error, isoplug_fetch::Error::Failed { .. })
}

/// Counts the bytes of one file in the sum of all.
struct Transfer<'t, 'q, 'c> {
    queue: &'t Queue<'q, 'c>,
    counted: AtomicU64,
}

impl Watch for Transfer<'_, '_, '_> {
    fn at(&self, bytes: u64) {
        let before = self.counted.swap(bytes, Ordering::Relaxed);
        let Queue { received, total, cx, .. } = self.queue;
        // Wraps when a transfer begins anew, and wraps back.
        let change = bytes.wrapping_sub(before);
        let sum = received.fetch_add(change, Ordering::Relaxed).wrapping_add(change);
        cx.progress(sum.min(*total), *total, Unit::Bytes);
    }

    fn cancelled(&self) -> bool {
        self.queue.stopped.load(Ordering::Relaxed) || self.queue.cx.cancelled()
    }
}
