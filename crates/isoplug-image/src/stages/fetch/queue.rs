//! Downloads several packages at once, the largest first.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use isoplug_engine::{Context, Unit};
use isoplug_manifest::lock::LockedPackage;

use super::{Error, Places, digest};
use isoplug_fetch::{Downloader, Expected, Watch};

/// How many files are fetched at once. More connections gain nothing and annoy mirrors.
const CONNECTIONS: usize = 4;

/// Downloads the packages into the store. The first failure stops the rest.
pub(super) fn download(
    mut packages: Vec<&LockedPackage>,
    places: &Places,
    cx: &Context,
) -> Result<(), Error> {
    // The last is taken first.
    packages.sort_by_key(|package| (package.size, &package.sha256));
    let queue = Queue::new(packages, places, cx)?;
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| queue.work());
        }
    });
    let failure = queue.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
    cx.check_cancelled()?;
    failure.map_or(Ok(()), Err)
}

struct Queue<'q, 'c> {
    open: Mutex<Vec<&'q LockedPackage>>,
    failure: Mutex<Option<Error>>,
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
        places: &'q Places,
        cx: &'q Context<'c>,
    ) -> Result<Self, Error> {
        Ok(Self {
            total: packages.iter().map(|package| package.size).sum(),
            open: Mutex::new(packages),
            failure: Mutex::new(None),
            stopped: AtomicBool::new(false),
            received: AtomicU64::new(0),
            places,
            downloader: Downloader::new(CONNECTIONS, places.patience, &places.authorities)?,
            cx,
        })
    }

    fn work(&self) {
        while let Some(package) = self.next() {
            if let Err(error) = self.fetch(package) {
                // Those that were stopped by the first failure are not worth telling.
                if !self.stopped.swap(true, Ordering::Relaxed) {
                    *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }
    }

    fn next(&self) -> Option<&LockedPackage> {
        match self.stopped.load(Ordering::Relaxed) || self.cx.cancelled() {
            true => None,
            false => self.open.lock().unwrap_or_else(PoisonError::into_inner).pop(),
        }
    }

    fn fetch(&self, package: &LockedPackage) -> Result<(), Error> {
        let digest = digest(package)?;
        let expected =
            Expected { digest: Some(digest), size: Some(package.size), ..Expected::default() };
        let mirrors = self.places.mirrors.get(&package.source).map_or(&[][..], Vec::as_slice);
        let blob = self.cx.create()?;
        let watch = Transfer { queue: self, counted: AtomicU64::new(0) };
        self.downloader
            .fetch(mirrors, &package.path, &expected, blob.file(), &watch)
            .map_err(|source| Error::Download { package: package.title(), source })?;
        self.cx.put(blob, Some(digest))?;
        self.cx.log(&format!("fetched {}", package.path));
        Ok(())
    }
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
