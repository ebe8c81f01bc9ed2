//! One run, from an empty folder to verdicts.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::caller::{Caller, Fronts};
use crate::checker::{Verdict, check};
use crate::engines::{Blow, Place, Temper};
use crate::history::{At, Entry, Event, SECOND, Terms};
use crate::injector::{Injector, Service, strike_clients};
use crate::operators::Operator;
use crate::postgres::Postgres;
use crate::producers::Producer;
use crate::queues;
use crate::reading::read_all;
use crate::recorder::Recorder;
use crate::replica::Replica;
use crate::schedule::schedule;

const PRODUCERS: usize = 4;
const OPERATORS: usize = 2;
/// In turn of the queues.
const ENGINES: usize = 18;
/// After the last fault, the fleet goes on for as long as service has to resume.
const AFTER_LAST_FAULT: Duration = Duration::from_secs(6);
/// For all that is open to end: a lease of the longest queue, with all its losses.
const EMPTYING_LOOKS: usize = 600;
const RESUMED_WITHIN: At = 5 * SECOND;

#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    pub length: At,
    pub events_per_second: f64,
    pub server: PathBuf,
    pub folder: PathBuf,
}

#[derive(Debug)]
pub struct Outcome {
    pub history: Vec<Entry>,
    pub stock: Vec<Event>,
    pub terms: Terms,
    pub verdicts: Vec<Verdict>,
}

/// Those who enqueue and those who lease.
struct Fleet {
    temper: Arc<Temper>,
    producers: Vec<JoinHandle<()>>,
    operators: Vec<JoinHandle<()>>,
    engines: Vec<JoinHandle<()>>,
    blows: Vec<mpsc::UnboundedSender<Blow>>,
    stop_producers: CancellationToken,
    stop_engines: CancellationToken,
}

impl Fleet {
    fn start(recorder: &Arc<Recorder>, fronts: Fronts, plan: &Plan) -> Self {
        let (stop_producers, stop_engines) = (CancellationToken::new(), CancellationToken::new());
        let temper = Arc::new(Temper::default());
        #[expect(clippy::cast_precision_loss, reason = "a handful of producers")]
        let rate = plan.events_per_second / PRODUCERS as f64;
        let produce = |number| {
            let producer = Producer::new(Arc::clone(recorder), fronts, number, plan.seed);
            tokio::spawn(producer.work(rate, stop_producers.clone()))
        };
        let producers = (0..PRODUCERS).map(produce).collect();
        let operate = |number| {
            let operator = Operator::new(Arc::clone(recorder), fronts, number, plan.seed);
            tokio::spawn(operator.work(stop_producers.clone()))
        };
        let operators = (0..OPERATORS).map(operate).collect();
        let (mut engines, mut blows) = (Vec::new(), Vec::new());
        for number in 0..ENGINES {
            let (blow, struck) = mpsc::unbounded_channel();
            let place = Place {
                recorder: Arc::clone(recorder),
                fronts,
                // Each queue has engines that prefer either replica.
                number: number / queues::QUEUES.len(),
                queue: queues::QUEUES[number % queues::QUEUES.len()],
                temper: Arc::clone(&temper),
                seed: plan.seed.wrapping_add(100 * number as u64),
            };
            engines.push(tokio::spawn(place.hold(struck, stop_engines.clone())));
            blows.push(blow);
        }
        Self { temper, producers, operators, engines, blows, stop_producers, stop_engines }
    }

    async fn stop_producing(&mut self) -> Result<()> {
        self.stop_producers.cancel();
        for producer in self.producers.drain(..) {
            producer.await.context("a producer panicked")?;
        }
        for operator in self.operators.drain(..) {
            operator.await.context("an operator panicked")?;
        }
        self.temper.is_calm.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn stop(self) -> Result<()> {
        self.stop_engines.cancel();
        for engine in self.engines {
            engine.await.context("an engine panicked")?;
        }
        Ok(())
    }
}

pub async fn run(plan: &Plan) -> Result<Outcome> {
    let recorder = Arc::new(Recorder::create(&plan.folder.join("history.jsonl"))?);
    let watching = Arc::clone(&recorder);
    let watching = tokio::spawn(async move { watching.watch_for_pauses().await });
    let postgres = Postgres::start(&plan.folder).await?;
    let replicas =
        [Replica::new(&plan.server, &plan.folder, 1).await?, Replica::new(&plan.server, &plan.folder, 2).await?];
    let mut service = Service { postgres, replicas };
    service.lead_to_database()?;
    for replica in &mut service.replicas {
        replica.start().await?;
    }
    let fronts = [service.replicas[0].front.clone(), service.replicas[1].front.clone()];
    let addresses = [fronts[0].address, fronts[1].address];
    let mut control = Caller::new(addresses, 0);
    queues::set_up(&mut control, &recorder).await?;

    let schedule = schedule(plan.seed, plan.length);
    let mut fleet = Fleet::start(&recorder, addresses, plan);
    let began = recorder.now();
    let mut injector = Injector { recorder: Arc::clone(&recorder), service, began };
    let clients = strike_clients(Arc::clone(&recorder), began, schedule.clients, fronts, fleet.blows.clone());
    let clients = tokio::spawn(clients);
    injector.strike_service(&schedule.service).await?;
    clients.await.context("the faults of clients")?;
    sleep(AFTER_LAST_FAULT).await;
    let faults_ended = recorder.now();

    fleet.stop_producing().await?;
    println!("\nfaults ended after {} s; the fleet empties the queues", (faults_ended - began) / SECOND);
    let left = queues::run_empty(&mut control, &recorder, EMPTYING_LOOKS).await;
    println!("{left} events open after {} s more", (recorder.now() - faults_ended) / SECOND);
    fleet.stop().await?;
    watching.abort();
    let history = recorder.take()?;
    let reading_from = recorder.now();
    let stock = read_all(&recorder, addresses, &history).await?;
    let read_at = recorder.now();
    println!("{} events read in {} s", stock.len(), (read_at - reading_from) / SECOND);
    let terms = Terms {
        max_retries: queues::MAX_RETRIES,
        dead_letter_threshold: queues::DEAD_LETTER_THRESHOLD,
        max_retry_delay: At::from(queues::MAX_RETRY_DELAY_SECONDS) * SECOND,
        heartbeat_timeout: queues::HEARTBEAT_TIMEOUT,
        resumed_within: RESUMED_WITHIN,
        faults_ended,
        read_at,
    };
    for mut replica in injector.service.replicas {
        replica.kill().await?;
    }
    injector.service.postgres.stop().await?;
    let verdicts = check(&history, &stock, &terms);
    Ok(Outcome { history, stock, terms, verdicts })
}
