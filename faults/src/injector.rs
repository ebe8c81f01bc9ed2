//! Makes the faults of a schedule: those of the service one after the other, those of clients meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use crate::engines::Blow;
use crate::held_step::HeldStep;
use crate::history::{At, Entry, Fault, Kind, SECOND};
use crate::postgres::Postgres;
use crate::proxy::{Flow, Proxy, Target, Way};
use crate::recorder::Recorder;
use crate::replica::{Replica, faketime};
use crate::schedule::Planned;

/// From the end of a fault of the service to the next: longer than it has to get over it.
const QUIET: At = 5 * SECOND + SECOND / 2;
/// Of connections, in the middle of what they carry.
const CUT_AT_ONCE: usize = 5;
/// A demoted primary still runs when the service has got over its demotion.
const DEMOTED_STAYS: Duration = Duration::from_secs(5);
/// Well within an engine's heartbeat timeout, or well beyond.
const HANGS: [Duration; 2] = [Duration::from_millis(1500), Duration::from_secs(15)];

/// What the service consists of.
#[derive(Debug)]
pub struct Service {
    pub postgres: Postgres,
    pub replicas: [Replica; 2],
}

#[derive(Debug)]
pub struct Injector {
    pub recorder: Arc<Recorder>,
    pub service: Service,
    /// When the schedule begins.
    pub began: At,
}

/// What a fault came to beside its times.
#[derive(Default)]
struct Made {
    note: String,
    exit_code: Option<i32>,
    /// Where the fault itself began later than what had to be prepared for it.
    began: Option<At>,
    /// Where it was over before what remained of it was cleared away.
    over: Option<At>,
}

impl Service {
    /// Both replicas' way to the database leads to where it is now.
    pub fn lead_to_database(&self) -> Result<()> {
        for replica in &self.replicas {
            replica.back.lead_to(Target::Unix(self.postgres.socket()?));
        }
        Ok(())
    }

    fn replica(&mut self, number: Option<u8>) -> &mut Replica {
        &mut self.replicas[usize::from(number.unwrap_or(1)) - 1]
    }

    fn backs(&self, number: Option<u8>) -> Vec<Proxy> {
        let is_struck = |place: usize| number.is_none_or(|number| usize::from(number) == place + 1);
        let struck = self.replicas.iter().enumerate().filter(|(place, _)| is_struck(*place));
        struck.map(|(_, replica)| replica.back.clone()).collect()
    }

    fn cannot(&self, kind: Kind) -> Option<String> {
        match kind {
            Kind::ClockJumps if faketime().is_none() => Some("libfaketime is not installed".to_owned()),
            Kind::DiskFull => self.postgres.cannot_fill_disk(),
            Kind::Failover | Kind::Demotion => self.postgres.cannot_follow(),
            _ => None,
        }
    }
}

impl Injector {
    /// All faults of the service. They may come later than planned, but in order.
    pub async fn strike_service(&mut self, planned: &[Planned]) -> Result<()> {
        let mut quiet_until = 0;
        for fault in planned {
            wait_until(&self.recorder, quiet_until.max(self.began + fault.at)).await;
            let made = self.strike(fault).await.with_context(|| format!("fault {}, {}", fault.number, fault.kind))?;
            quiet_until = made.over + QUIET;
            tell(self.began, &made);
            self.recorder.add(Entry::Fault(made));
            for replica in &mut self.service.replicas {
                anyhow::ensure!(!replica.has_ended(), "a replica ended by itself after fault {}", fault.number);
            }
        }
        wait_until(&self.recorder, quiet_until).await;
        Ok(())
    }

    async fn strike(&mut self, planned: &Planned) -> Result<Fault> {
        let began = self.recorder.now();
        let skipped = self.service.cannot(planned.kind);
        let made = if skipped.is_none() { self.make(planned).await? } else { Made::default() };
        Ok(Fault {
            number: planned.number,
            kind: planned.kind,
            replica: planned.replica,
            began: made.began.unwrap_or(began),
            over: made.over.unwrap_or_else(|| self.recorder.now()),
            exit_code: made.exit_code,
            note: made.note,
            skipped,
        })
    }

    async fn make(&mut self, planned: &Planned) -> Result<Made> {
        let lasts = Duration::from_micros(planned.lasts.unsigned_abs());
        let service = &mut self.service;
        let mut made = Made::default();
        match planned.kind {
            Kind::ReplicaKilled => {
                let replica = service.replica(planned.replica);
                replica.kill().await?;
                sleep(lasts).await;
                replica.start().await?;
            }
            Kind::PostgresKilled => {
                service.postgres.restart_after_kill().await?;
                service.lead_to_database()?;
            }
            Kind::BackendsTerminated => {
                let share = [1.0, 0.5, 0.2][usize::try_from(planned.choice % 3)?];
                made.note = format!("({} of them)", service.postgres.terminate_backends(share).await?);
            }
            Kind::DatabaseCut => {
                for back in service.backs(planned.replica) {
                    back.set_flow(Flow::Refused);
                    back.cut_all();
                }
                sleep(lasts).await;
                for back in service.backs(planned.replica) {
                    back.set_flow(Flow::Open);
                }
            }
            Kind::DatabaseStalled => {
                for back in service.backs(planned.replica) {
                    back.set_flow(Flow::Stalled);
                }
                sleep(lasts).await;
                for back in service.backs(planned.replica) {
                    back.set_flow(Flow::Open);
                }
            }
            Kind::ClockJumps => {
                let offset = ["+1h", "-1h", "+30d", "+7"][usize::try_from(planned.choice % 4)?];
                made.note = format!("by {offset}");
                let replica = service.replica(planned.replica);
                replica.set_clock(offset)?;
                sleep(lasts + Duration::from_secs(2)).await;
                replica.set_clock("+0")?;
            }
            Kind::ReplicaDrained => {
                let replica = service.replica(planned.replica);
                made.exit_code = replica.drain().await?;
                replica.start().await?;
            }
            Kind::KilledInRedriveStep => {
                let step = HeldStep::hold(service.postgres.connect().await?, planned.choice).await?;
                for replica in &mut service.replicas {
                    replica.kill().await?;
                }
                made.note = step.let_go().await?;
                for replica in &mut service.replicas {
                    replica.start().await?;
                }
            }
            Kind::DiskFull => {
                service.postgres.fill_disk(planned.choice.is_multiple_of(2)).await?;
                sleep(lasts).await;
                let had_to = service.postgres.clear_disk().await?;
                service.lead_to_database()?;
                if had_to {
                    "(PostgreSQL had ended)".clone_into(&mut made.note);
                }
            }
            Kind::Failover => {
                let standby = service.postgres.follow().await?;
                made.began = Some(self.recorder.now());
                service.postgres.fail_over(standby).await?;
                service.lead_to_database()?;
            }
            Kind::Demotion => {
                let standby = service.postgres.follow().await?;
                made.began = Some(self.recorder.now());
                let demoted = service.postgres.demote(standby).await?;
                sleep(lasts).await;
                service.lead_to_database()?;
                made.over = Some(self.recorder.now());
                // The service has to leave its sessions there by itself.
                sleep(DEMOTED_STAYS).await;
                demoted.stop().await?;
            }
            Kind::RequestsCut
            | Kind::RepliesCut
            | Kind::EngineKilled
            | Kind::EngineHangs
            | Kind::EngineRestarts
            | Kind::EngineReportsLate
            | Kind::EngineReportsTwice
            | Kind::EngineQuarantined => unreachable!("these are not the service's"),
        }
        Ok(made)
    }
}

/// The faults of clients and engines.
pub async fn strike_clients(
    recorder: Arc<Recorder>,
    began: At,
    planned: Vec<Planned>,
    fronts: [Proxy; 2],
    engines: Vec<UnboundedSender<Blow>>,
) {
    for fault in planned {
        wait_until(&recorder, began + fault.at).await;
        let (number, kind) = (fault.number, fault.kind);
        let way = match kind {
            Kind::RequestsCut => Some(Way::Requests),
            Kind::RepliesCut => Some(Way::Replies),
            _ => None,
        };
        if let Some(way) = way {
            let now = recorder.now();
            let front = &fronts[usize::from(fault.replica.unwrap_or(1)) - 1];
            front.cut_soon(CUT_AT_ONCE, way, &mut StdRng::seed_from_u64(fault.choice));
            let (replica, note) = (fault.replica, String::new());
            let fault = Fault { number, kind, replica, began: now, over: now, exit_code: None, note, skipped: None };
            tell(began, &fault);
            recorder.add(Entry::Fault(fault));
        } else {
            let place = usize::try_from(fault.choice).unwrap_or(0) % engines.len();
            let lasts = HANGS[usize::try_from(fault.choice / 64 % 2).unwrap_or(0)];
            // An engine notes it itself, when it has got over the blow before.
            engines[place].send(Blow { number, kind, lasts }).ok();
        }
    }
}

async fn wait_until(recorder: &Recorder, at: At) {
    let wait = u64::try_from(at - recorder.now()).unwrap_or(0);
    sleep(Duration::from_micros(wait)).await;
}

/// As it happens.
fn tell(began: At, fault: &Fault) {
    let Fault { number, kind, note, .. } = fault;
    let replica = fault.replica.map(|replica| format!(" replica {replica}")).unwrap_or_default();
    let (from, over) = (fault.began - began, fault.over - began);
    let (from, over) = (from / 1000, over / 1000);
    match &fault.skipped {
        Some(why) => println!("{number:5} {from:>8} ms            {kind}{replica} skipped: {why}"),
        None => println!("{number:5} {from:>8} – {over:>8} ms {kind}{replica} {note}"),
    }
}
