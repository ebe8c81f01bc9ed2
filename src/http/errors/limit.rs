//! Which limit a request met: told with the problem, counted where the reply is sent.

/// A limit that a request met, as metrics tell it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    BodyBytes,
    BodiesBytes,
    BodyTime,
    JsonDepth,
    Queues,
    NewQueues,
    NewEngines,
    EventTypes,
    ParkedPollsOfEngine,
    ParkedRequests,
    CallTime,
    ReadingConnections,
    RepliesBytes,
}

impl Limit {
    pub const ALL: [Self; 13] = [
        Self::BodyBytes,
        Self::BodiesBytes,
        Self::BodyTime,
        Self::JsonDepth,
        Self::Queues,
        Self::NewQueues,
        Self::NewEngines,
        Self::EventTypes,
        Self::ParkedPollsOfEngine,
        Self::ParkedRequests,
        Self::CallTime,
        Self::ReadingConnections,
        Self::RepliesBytes,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyBytes => "body_bytes",
            Self::BodiesBytes => "bodies_bytes",
            Self::BodyTime => "body_time",
            Self::JsonDepth => "json_depth",
            Self::Queues => "queues",
            Self::NewQueues => "new_queues",
            Self::NewEngines => "new_engines",
            Self::EventTypes => "event_types",
            Self::ParkedPollsOfEngine => "parked_polls_of_engine",
            Self::ParkedRequests => "parked_requests",
            Self::CallTime => "call_time",
            Self::ReadingConnections => "reading_connections",
            Self::RepliesBytes => "replies_bytes",
        }
    }
}
