//! Does jobs on several threads and takes the results in the jobs' order.
//!
//! Knows neither jobs nor results.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does each job with one of the workers, a thread to each, and hands the results to `take` in the
/// order of the jobs. At most `window` jobs are begun and not yet taken. Ends early with the first
/// error of `take`.
pub(super) fn in_order<Worker: Send, Job: Copy + Send, Done: Send, Error>(
    workers: Vec<Worker>,
    window: usize,
    jobs: impl Iterator<Item = Job>,
    work: impl Fn(&mut Worker, Job) -> Done + Sync,
    take: impl FnMut(Job, Done) -> Result<(), Error>,
) -> Result<(), Error> {
    let (ask, asked) = channel();
    let (reply, replies) = channel();
    let asked = Mutex::new(asked);
    thread::scope(|scope| {
        for worker in workers {
            let (asked, reply, work) = (&asked, reply.clone(), &work);
            scope.spawn(move || serve(worker, asked, &reply, work));
        }
        hand_out(window, jobs, ask, replies, take)
    })
}

type Asked<Job> = (u64, Job);
type Reply<Job, Done> = (u64, Job, thread::Result<Done>);

fn serve<Worker, Job: Copy, Done>(
    mut worker: Worker,
    asked: &Mutex<Receiver<Asked<Job>>>,
    reply: &Sender<Reply<Job, Done>>,
    work: &impl Fn(&mut Worker, Job) -> Done,
) {
    loop {
        let next = asked.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((turn, job)) = next else { return };
        // A panic travels with the reply: otherwise its turn would be waited for for ever.
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut worker, job)));
        if reply.send((turn, job, done)).is_err() {
            return;
        }
    }
}

fn hand_out<Job, Done, Error>(
    window: usize,
    mut jobs: impl Iterator<Item = Job>,
    ask: Sender<Asked<Job>>,
    replies: Receiver<Reply<Job, Done>>,
    mut take: impl FnMut(Job, Done) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut begun, mut taken) = (0, 0);
    let mut early = BTreeMap::new();
    loop {
        while begun - taken < window as u64
            && let Some(job) = jobs.next()
            && ask.send((begun, job)).is_ok()
        {
            begun += 1;
        }
        if begun == taken {
            return Ok(());
        }
        let Ok((turn, job, done)) = replies.recv() else { return Ok(()) };
        early.insert(turn, (job, done.unwrap_or_else(go_on)));
        while let Some((job, done)) = early.remove(&taken) {
            take(job, done)?;
            taken += 1;
        }
    }
}

fn go_on<Done>(panic: Box<dyn Any + Send>) -> Done {
    resume_unwind(panic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_come_in_order_whoever_is_first() {
        let work = |_: &mut (), job: u64| {
            thread::sleep(Duration::from_micros(job * 7919 % 300));
            job * 2
        };
        let mut taken = Vec::new();
        let take = |job, done| {
            taken.push((job, done));
            Ok::<(), ()>(())
        };
        in_order(vec![(); 5], 8, 0..200, work, take).unwrap();
        assert_eq!(taken, (0..200).map(|job| (job, job * 2)).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_error_ends_it() {
        let take = |job, _| if job == 30 { Err(job) } else { Ok(()) };
        assert_eq!(in_order(vec![(); 3], 4, 0.., |(), _: i32| (), take), Err(30));
    }

    #[test]
    #[should_panic(expected = "of the job")]
    fn a_panic_is_passed_on() {
        let work = |(): &mut (), job: i32| assert!(job < 20, "of the job");
        let _ = in_order(vec![(); 3], 4, 0..100, work, |_, ()| Ok::<(), ()>(()));
    }
}
