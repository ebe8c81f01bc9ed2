//! Who may do what: each operation of the interface, what it is about, and what each role may do with it.
//!
//! The table is the whole rule. What is not in it is allowed to nobody.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::words;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// One engine: leases of its type, settles and renews what it holds.
    Engine,
    /// Brings events, and reads and cancels those it brought.
    Producer,
    /// Registers, changes, drains and removes engines; brings events, and steers them and their runs.
    Orchestrator,
    /// Queues, events, dead letters.
    Operator,
    /// Tokens, and what was done.
    Admin,
    /// Looks, and changes nothing.
    Reader,
    /// Registers engines of listed types, and nothing else.
    Registrar,
}

words!(Role {
    Engine = "engine",
    Producer = "producer",
    Orchestrator = "orchestrator",
    Operator = "operator",
    Admin = "admin",
    Reader = "reader",
    Registrar = "registrar",
});

impl Role {
    /// Whether its tokens may be, or must be, limited to engine types.
    #[must_use]
    pub const fn limit(self) -> TypeLimit {
        match self {
            // An engine has one type; tokens belong to all.
            Self::Engine | Self::Admin => TypeLimit::Never,
            Self::Producer | Self::Orchestrator | Self::Operator | Self::Reader => TypeLimit::Possible,
            Self::Registrar => TypeLimit::Always,
        }
    }
}

/// Whether a role's tokens name engine types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeLimit {
    /// They must not name any.
    Never,
    /// They may name some; without any, the token is not limited.
    Possible,
    /// They must name at least one.
    Always,
}

/// What a role may do with an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// The operation is refused.
    Nothing,
    /// With its own only: an engine with itself and what it holds, a producer with the events it brought.
    Own,
    /// Within the engine types of its token.
    All,
}

/// What an operation is about: where a limit to engine types, or to one's own, is read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// Nothing that belongs to an engine type.
    Nothing,
    /// All engine types at once: nothing for limited tokens.
    Everything,
    /// The queue in the path.
    Queue,
    /// The engine in the path.
    Engine,
    /// The event in the path.
    Event,
    /// A list, of the queue that the query names; where it names none, its handler narrows it to the token's limit.
    Query,
    /// What the body says, or the reply has: its handler sees to it.
    Handler,
}

/// How an operation is reached without a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Openness {
    /// A token is always required.
    Closed,
    /// No token is required.
    Open,
    /// As `--open-metrics` says.
    AsMetrics,
    /// As `--open-docs` says.
    AsDocs,
}

macro_rules! permission {
    (no) => {
        Permission::Nothing
    };
    (own) => {
        Permission::Own
    };
    (yes) => {
        Permission::All
    };
}

macro_rules! openness {
    (closed) => {
        Openness::Closed
    };
    (open) => {
        Openness::Open
    };
    (metrics) => {
        Openness::AsMetrics
    };
    (docs) => {
        Openness::AsDocs
    };
}

macro_rules! rules {
    ($( $name:ident $id:literal $about:ident [$($permission:ident)+] $openness:ident )+) => {
        /// Every operation, by its `operation_id`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, ToSchema)]
        #[schema(as = OperationId, rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each is named like the operation it is")]
        pub enum Operation {
            $( $name, )+
        }

        impl Operation {
            /// In the order of the rules.
            pub const ALL: &'static [Self] = &[$( Self::$name, )+];

            const fn rule(self) -> &'static Rule {
                match self {
                    $( Self::$name => &Rule {
                        id: $id,
                        about: About::$about,
                        permissions: [$( permission!($permission) ),+],
                        openness: openness!($openness),
                    }, )+
                }
            }
        }
    };
}

struct Rule {
    id: &'static str,
    about: About,
    permissions: [Permission; Role::ALL.len()],
    openness: Openness,
}

// The columns are the roles, in the order of `Role::ALL`.
rules! {
    //                                                        engi prod orch oper admi read regi
    // Engines
    RegisterEngine       "register_engine"         Handler    [own  no  yes  no   no   no   yes ]  closed
    ListEngines          "list_engines"            Query      [no   no  yes  yes  no   yes  no  ]  closed
    SummarizeEngines     "summarize_engines"       Query      [no   no  yes  yes  no   yes  no  ]  closed
    ReadEngine           "read_engine"             Engine     [own  no  yes  yes  no   yes  no  ]  closed
    ChangeEngine         "change_engine"           Engine     [no   no  yes  no   no   no   no  ]  closed
    DeregisterEngine     "deregister_engine"       Engine     [own  no  yes  no   no   no   no  ]  closed
    SendHeartbeat        "send_heartbeat"          Engine     [own  no  no   no   no   no   no  ]  closed
    DrainEngine          "drain_engine"            Engine     [own  no  yes  yes  no   no   no  ]  closed
    ResumeEngine         "resume_engine"           Engine     [no   no  yes  yes  no   no   no  ]  closed
    DrainEngines         "drain_engines"           Handler    [no   no  yes  yes  no   no   no  ]  closed
    RenewEngineToken     "renew_engine_token"      Engine     [no   no  yes  no   no   no   yes ]  closed
    ListEngineLeases     "list_engine_leases"      Engine     [own  no  yes  yes  no   yes  no  ]  closed

    // Leasing: by the broker, an engine leases of its type and settles what it holds
    LeaseEvents          "lease_events"            Handler    [own  no  no   no   no   no   no  ]  closed
    ExchangeLeases       "exchange_leases"         Handler    [own  no  no   no   no   no   no  ]  closed
    SettleEvent          "settle_event"            Handler    [own  no  no   no   no   no   no  ]  closed
    SettleBatch          "settle_batch"            Handler    [own  no  no   no   no   no   no  ]  closed

    // Events
    EnqueueEvent         "enqueue_event"           Handler    [no   yes yes  yes  no   no   no  ]  closed
    EnqueueBatch         "enqueue_batch"           Handler    [no   yes yes  yes  no   no   no  ]  closed
    ListEvents           "list_events"             Query      [no   own yes  yes  no   yes  no  ]  closed
    ReadEvent            "read_event"              Event      [no   own yes  yes  no   yes  no  ]  closed
    ExplainEvent         "explain_event"           Event      [no   no  yes  yes  no   yes  no  ]  closed
    ReadEventPayload     "read_event_payload"      Event      [no   own yes  yes  no   yes  no  ]  closed
    ReadEventResult      "read_event_result"       Event      [no   own yes  yes  no   yes  no  ]  closed
    ChangeEvent          "change_event"            Event      [no   no  yes  yes  no   no   no  ]  closed
    ListAttempts         "list_attempts"           Event      [no   own yes  yes  no   yes  no  ]  closed
    WaitForEvents        "wait_for_events"         Handler    [no   own yes  yes  no   yes  no  ]  closed
    CancelEvent          "cancel_event"            Event      [no   own yes  yes  no   no   no  ]  closed
    CancelEvents         "cancel_events"           Handler    [no   no  yes  yes  no   no   no  ]  closed
    RescheduleEvents     "reschedule_events"       Handler    [no   no  yes  yes  no   no   no  ]  closed

    // Scenario runs: of a limited token, the part in its engine types
    ListScenarioRuns     "list_scenario_runs"      Handler    [no   no  yes  yes  no   yes  no  ]  closed
    ReadScenarioRun      "read_scenario_run"       Handler    [no   no  yes  yes  no   yes  no  ]  closed
    CancelScenarioRun    "cancel_scenario_run"     Handler    [no   no  yes  yes  no   no   no  ]  closed
    ReopenScenarioRun    "reopen_scenario_run"     Handler    [no   no  yes  yes  no   no   no  ]  closed

    // Dead letters
    ListDeadLetters      "list_dead_letters"       Query      [no   no  no   yes  no   yes  no  ]  closed
    GroupDeadLetters     "group_dead_letters"      Query      [no   no  no   yes  no   yes  no  ]  closed
    ReadDeadLetter       "read_dead_letter"        Event      [no   no  no   yes  no   yes  no  ]  closed
    RedriveDeadLetter    "redrive_dead_letter"     Event      [no   no  no   yes  no   no   no  ]  closed
    DiscardDeadLetter    "discard_dead_letter"     Event      [no   no  no   yes  no   no   no  ]  closed
    RedriveDeadLetters   "redrive_dead_letters"    Handler    [no   no  no   yes  no   no   no  ]  closed
    PurgeDeadLetters     "purge_dead_letters"      Handler    [no   no  no   yes  no   no   no  ]  closed

    // Redrive jobs
    CreateRedriveJob     "create_redrive_job"      Handler    [no   no  no   yes  no   no   no  ]  closed
    ListRedriveJobs      "list_redrive_jobs"       Query      [no   no  no   yes  no   yes  no  ]  closed
    ReadRedriveJob       "read_redrive_job"        Handler    [no   no  no   yes  no   yes  no  ]  closed
    PauseRedriveJob      "pause_redrive_job"       Handler    [no   no  no   yes  no   no   no  ]  closed
    ContinueRedriveJob   "continue_redrive_job"    Handler    [no   no  no   yes  no   no   no  ]  closed
    CancelRedriveJob     "cancel_redrive_job"      Handler    [no   no  no   yes  no   no   no  ]  closed

    // Queues and policies
    ListQueues           "list_queues"             Handler    [no   no  yes  yes  no   yes  no  ]  closed
    ReadOverview         "read_overview"           Handler    [no   no  yes  yes  no   yes  no  ]  closed
    ReadHistory          "read_history"            Everything [no   no  yes  yes  no   yes  no  ]  closed
    ReadQueueHistory     "read_queue_history"      Queue      [no   no  yes  yes  no   yes  no  ]  closed
    ReadQueue            "read_queue"              Queue      [no   no  yes  yes  no   yes  no  ]  closed
    ExplainQueue         "explain_queue"           Queue      [no   no  yes  yes  no   yes  no  ]  closed
    ChangeQueue          "change_queue"            Queue      [no   no  no   yes  no   no   no  ]  closed
    DeleteQueue          "delete_queue"            Queue      [no   no  no   yes  yes  no   no  ]  closed
    PauseQueue           "pause_queue"             Queue      [no   no  no   yes  no   no   no  ]  closed
    ResumeQueue          "resume_queue"            Queue      [no   no  no   yes  no   no   no  ]  closed
    QuarantineVersion    "quarantine_version"      Queue      [no   no  no   yes  no   no   no  ]  closed
    ListQuarantines      "list_quarantines"        Queue      [no   no  yes  yes  no   yes  no  ]  closed
    LiftQuarantine       "lift_quarantine"         Queue      [no   no  no   yes  no   no   no  ]  closed
    PeekQueue            "peek_queue"              Queue      [no   no  no   yes  no   yes  no  ]  closed
    ListEventTypes       "list_event_types"        Everything [no   no  no   yes  no   yes  no  ]  closed
    ReadRetryPolicy      "read_retry_policy"       Everything [no   no  no   yes  no   yes  no  ]  closed
    SetRetryPolicy       "set_retry_policy"        Everything [no   no  no   yes  no   no   no  ]  closed
    RemoveRetryPolicy    "remove_retry_policy"     Everything [no   no  no   yes  no   no   no  ]  closed

    // Trust
    CreateToken          "create_token"            Nothing    [no   no  no   no   yes  no   no  ]  closed
    ListTokens           "list_tokens"             Nothing    [no   no  no   no   yes  no   no  ]  closed
    RevokeToken          "revoke_token"            Nothing    [no   no  no   no   yes  no   no  ]  closed
    CreateSession        "create_session"          Nothing    [no   no  yes  yes  yes  yes  no  ]  closed
    ReadSession          "read_session"            Nothing    [yes  yes yes  yes  yes  yes  yes ]  closed
    DeleteSession        "delete_session"          Nothing    [no   no  yes  yes  yes  yes  no  ]  closed
    ListAudit            "list_audit"              Everything [no   no  no   yes  yes  no   no  ]  closed

    // Running the service
    ReadDatabaseHealth   "read_database_health"    Everything [no   no  yes  yes  yes  yes  no  ]  closed
    ReadMetrics          "read_metrics"            Everything [no   no  yes  yes  yes  yes  no  ]  metrics
    ReadServer           "read_server"             Nothing    [yes  yes yes  yes  yes  yes  yes ]  closed
    ReadOpenapiDocument  "read_openapi_document"   Nothing    [yes  yes yes  yes  yes  yes  yes ]  docs
    ReadDocs             "read_docs"               Nothing    [yes  yes yes  yes  yes  yes  yes ]  docs
    ReadDashboard        "read_dashboard"          Nothing    [yes  yes yes  yes  yes  yes  yes ]  open
    CheckHealth          "check_health"            Nothing    [yes  yes yes  yes  yes  yes  yes ]  open
    CheckReadiness       "check_readiness"         Nothing    [yes  yes yes  yes  yes  yes  yes ]  open
}

impl Operation {
    /// As the `OpenAPI` document names it, and the audit trail.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.rule().id
    }

    /// The operation with this `operation_id`; `None` if there is none.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.id() == id)
    }

    /// What it does, as in "may not list queues".
    #[must_use]
    pub fn in_words(self) -> String {
        self.id().replace('_', " ")
    }

    /// The roles that may do it, if only with what is their own.
    pub fn allowed_roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.permission(*role) != Permission::Nothing)
    }

    /// Where the limit of a token is read from.
    #[must_use]
    pub const fn about(self) -> About {
        self.rule().about
    }

    /// How the operation is reached without a token.
    #[must_use]
    pub const fn openness(self) -> Openness {
        self.rule().openness
    }

    /// What the role may do with the operation.
    #[must_use]
    pub const fn permission(self, role: Role) -> Permission {
        // The order of `Role::ALL` is that of its variants.
        self.rule().permissions[role as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_the_order_of_the_roles() {
        for (column, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, column);
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Operation::CreateToken.permission(Role::Admin), Permission::All);
        assert_eq!(Operation::RegisterEngine.permission(Role::Registrar), Permission::All);
        assert_eq!(Operation::SendHeartbeat.permission(Role::Engine), Permission::Own);
    }

    #[test]
    fn every_operation_is_allowed_to_the_roles_of_its_row() {
        let roles = |operation: Operation| operation.allowed_roles().map(Role::as_str).collect::<Vec<_>>();
        assert_eq!(roles(Operation::ListQueues), ["orchestrator", "operator", "reader"]);
        assert_eq!(roles(Operation::ListEvents), ["producer", "orchestrator", "operator", "reader"]);
        assert_eq!(Operation::ReadRetryPolicy.in_words(), "read retry policy");
        for operation in Operation::ALL {
            assert!(!roles(*operation).is_empty(), "{operation:?} is allowed to nobody");
        }
    }

    #[test]
    fn every_operation_has_one_name() {
        for operation in Operation::ALL {
            assert_eq!(Operation::parse(operation.id()), Some(*operation), "{operation:?}");
        }
    }

    /// Of what is one's own, an owner must be told by what the operation is about.
    #[test]
    fn own_is_granted_only_where_it_can_be_told() {
        for operation in Operation::ALL {
            for role in Role::ALL.into_iter().filter(|role| operation.permission(*role) == Permission::Own) {
                let can_be_told = match operation.about() {
                    About::Engine => role == Role::Engine,
                    // By what the body names: a lease's token, an event's producer.
                    About::Handler => matches!(role, Role::Engine | Role::Producer),
                    About::Event | About::Query => role == Role::Producer,
                    About::Nothing | About::Everything | About::Queue => false,
                };
                assert!(can_be_told, "{operation:?} of {role:?}");
            }
        }
    }
}
