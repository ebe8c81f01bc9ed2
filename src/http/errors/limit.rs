//! Which limit a request met: told with the problem, counted where the reply is sent.

/// Makes the limits out of lines like `BodyBytes = "body_bytes";`: as metrics name them.
macro_rules! limits {
    ($($name:ident = $label:literal;)*) => {
        /// A limit that a request met, as metrics tell it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Limit {
            $($name,)*
        }

        impl Limit {
            /// All of them, for metrics.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As metrics name it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }
        }
    };
}

limits! {
    BodyBytes = "body_bytes";
    BodiesBytes = "bodies_bytes";
    BodyTime = "body_time";
    JsonDepth = "json_depth";
    Queues = "queues";
    NewQueues = "new_queues";
    NewEngines = "new_engines";
    EventTypes = "event_types";
    Quarantines = "quarantines";
    RedriveJobs = "redrive_jobs";
    ParkedPollsOfEngine = "parked_polls_of_engine";
    ParkedRequests = "parked_requests";
    CallTime = "call_time";
    ReadingConnections = "reading_connections";
    RepliesBytes = "replies_bytes";
}
