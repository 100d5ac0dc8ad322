//! Places between two steps where another process can come in: made and not yet locked, looked at and
//! not yet removed.
//!
//! Nothing happens there. A test lets the other process come in at exactly such a place, so that what a
//! busy machine shows once in a year is seen each time.

use std::cell::RefCell;

type Visitor = Box<dyn FnMut(&str)>;

thread_local! {
    static VISITOR: RefCell<Option<Visitor>> = const { RefCell::new(None) };
}

/// Marks such a place of this thread.
pub fn between(place: &str) {
    // Whoever comes in may pass the same place.
    let visitor = VISITOR.with_borrow_mut(Option::take);
    if let Some(mut visitor) = visitor {
        visitor(place);
        VISITOR.set(Some(visitor));
    }
}

/// Runs something during which `visitor` comes in at each place of this thread.
pub fn visited<T>(visitor: impl FnMut(&str) + 'static, run: impl FnOnce() -> T) -> T {
    VISITOR.set(Some(Box::new(visitor)));
    let result = run();
    VISITOR.set(None);
    result
}

/// Runs something during which `visitor` comes in once, at the first passing of one place.
pub fn visited_once<T>(
    at: &'static str,
    visitor: impl FnOnce() + 'static,
    run: impl FnOnce() -> T,
) -> T {
    let mut visitor = Some(visitor);
    let came = std::rc::Rc::new(std::cell::Cell::new(false));
    let seen = came.clone();
    let result = visited(
        move |place| {
            if place == at
                && let Some(visitor) = visitor.take()
            {
                seen.set(true);
                visitor();
            }
        },
        run,
    );
    assert!(came.get(), "nobody passed `{at}`");
    result
}
