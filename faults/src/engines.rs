//! Those who lease and settle, and their misfortunes.

mod life; // one engine, from one registration to the next
mod words; // what it says of its leases

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::caller::{Caller, Fronts};
use crate::history::{Entry, Fault, Kind, Quarantine, Silence};
use crate::queues::Queue;
use crate::recorder::Recorder;
use life::Life;
pub use life::{Settings, Temper};

/// How long an engine's version is quarantined.
const QUARANTINE: Duration = Duration::from_secs(3);

/// What befalls an engine.
#[derive(Clone, Copy, Debug)]
pub struct Blow {
    pub number: usize,
    pub kind: Kind,
    /// How long it hangs.
    pub lasts: Duration,
}

/// A place in the fleet: there is always an engine in it, though not always the same.
pub struct Place {
    pub recorder: Arc<Recorder>,
    pub fronts: Fronts,
    pub number: usize,
    pub queue: Queue,
    pub temper: Arc<Temper>,
    pub seed: u64,
}

impl Place {
    pub async fn hold(self, mut blows: mpsc::UnboundedReceiver<Blow>, stop: CancellationToken) {
        let mut id = Uuid::new_v4();
        let mut lives = 0;
        loop {
            lives += 1;
            let life = Arc::new(self.begin_life(id, lives));
            let mut caller = Caller::new(self.fronts, self.number);
            life.register(&mut caller).await;
            let working = tokio::spawn(Arc::clone(&life).work());
            let beating = tokio::spawn(Arc::clone(&life).beat());
            let ends_by = loop {
                let blow = tokio::select! {
                    blow = blows.recv() => blow,
                    () = stop.cancelled() => None,
                };
                match blow {
                    Some(blow) if matches!(blow.kind, Kind::EngineKilled | Kind::EngineRestarts) => break Some(blow),
                    Some(blow) => self.strike(&life, blow).await,
                    None => break None,
                }
            };
            let from = self.recorder.now();
            working.abort();
            beating.abort();
            // What they had under way is in the history when they are gone.
            working.await.ok();
            beating.await.ok();
            if ends_by.is_none_or(|blow| blow.kind == Kind::EngineKilled) {
                self.recorder.add(Entry::Silence(Silence { engine: id, from, to: None }));
                id = Uuid::new_v4();
            }
            let Some(blow) = ends_by else { return };
            self.note(blow, from);
        }
    }

    fn begin_life(&self, id: Uuid, lives: u64) -> Life {
        Life::new(Settings {
            recorder: Arc::clone(&self.recorder),
            fronts: self.fronts,
            home: self.number,
            id,
            queue: self.queue,
            temper: Arc::clone(&self.temper),
            seed: self.seed.wrapping_add(1000 * lives),
        })
    }

    async fn strike(&self, life: &Life, blow: Blow) {
        let from = self.recorder.now();
        match blow.kind {
            Kind::EngineHangs => {
                life.is_hung.send_replace(true);
                sleep(blow.lasts).await;
                let to = Some(self.recorder.now());
                self.recorder.add(Entry::Silence(Silence { engine: life.id, from, to }));
                life.is_hung.send_replace(false);
            }
            Kind::EngineQuarantined => {
                let (from, to) = life.be_quarantined(QUARANTINE).await;
                self.recorder.add(Entry::Quarantine(Quarantine { engine: life.id, from, to }));
            }
            Kind::EngineReportsLate => life.is_to_be_late.store(true, Ordering::Relaxed),
            Kind::EngineReportsTwice => life.repeats.store(true, Ordering::Relaxed),
            _ => {}
        }
        self.note(blow, from);
    }

    fn note(&self, blow: Blow, began: i64) {
        self.recorder.add(Entry::Fault(Fault {
            number: blow.number,
            kind: blow.kind,
            replica: None,
            began,
            over: self.recorder.now(),
            exit_code: None,
            note: format!("({} {})", self.queue.name, self.number),
            skipped: None,
        }));
    }
}
