/**
 * Types of requests and replies. Generated from docs/openapi.json by generate-types.js; do not edit.
 *
 * Replies may have further members and further values of open enumerations: servers are upgraded first.
 */

export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what was changed, the newest first: by whom, when, what, and from where.
         * @description Roles: operator, admin.
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists dead letters, the newest first. A limited token sees those of its engine types.
         * @description Roles: operator, reader.
         */
        get: operations["list_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts dead letters by what they have in common, the largest group first: with a limited token, those of its engine types.
         * @description Roles: operator, reader.
         */
        get: operations["group_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/purge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Removes many dead letters for good, the oldest first, in steps: with a limited token, those of its engine types. Their events
         *     stay `failed`.
         * @description Roles: operator.
         */
        post: operations["purge_dead_letters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts many dead letters back into their queues, the oldest first, in steps: with a limited token, those of its engine types. A
         *     call that was cut off is repeated to go on.
         * @description Roles: operator.
         */
        post: operations["redrive_dead_letters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a dead letter with its payload and its newest attempts: all of them, where they fit into 4 MiB.
         * @description Roles: operator, reader.
         */
        get: operations["read_dead_letter"];
        put?: never;
        post?: never;
        /**
         * Removes a dead letter for good. Its event stays `failed`.
         * @description Roles: operator.
         */
        delete: operations["discard_dead_letter"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{event_id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts a dead letter back into its queue: the same event, its history, fresh budgets. With another
         *     payload it becomes a new event; the dead letter stays, marked `redriven_as`.
         * @description Roles: operator.
         */
        post: operations["redrive_dead_letter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists engines, the newest registration first. A limited token sees those of its engine types.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["list_engines"];
        put?: never;
        /**
         * Registers an engine. A known id means that it restarted: its incarnation goes up, and what its
         *     former life still held is lost at once.
         * @description Roles: engine (its own), orchestrator, registrar.
         */
        post: operations["register_engine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives all these engines no more events; they finish what they hold. One that registers later is not meant. Those
         *     that are draining already keep their `reason` and `then` where these are left out. A limited token drains those of its engine types.
         * @description Roles: orchestrator, operator.
         */
        post: operations["drain_engines"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts engines by type, version and status, and in each group by what they do. A limited token sees those of
         *     its engine types.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["summarize_engines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{engine_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads one engine.
         * @description Roles: engine (its own), orchestrator, operator, reader.
         */
        get: operations["read_engine"];
        put?: never;
        post?: never;
        /**
         * Removes an engine. Leaving by itself (`X-Engine-Id`) or while draining, its leases go back and
         *     spend nothing; otherwise they are silent losses.
         * @description Roles: engine (its own), orchestrator.
         */
        delete: operations["deregister_engine"];
        options?: never;
        head?: never;
        /**
         * Changes an engine's static configuration; its limits hold from its next poll on. What it registers
         *     with the next time replaces it.
         * @description Roles: orchestrator.
         */
        patch: operations["change_engine"];
        trace?: never;
    };
    "/api/v1/engines/{engine_id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the engine no more events; it finishes what it holds. The replies to its heartbeats tell it so. One that is draining already
         *     keeps its `reason` and `then` where they are left out.
         * @description Roles: engine (its own), orchestrator, operator.
         */
        post: operations["drain_engine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{engine_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a heartbeat and renews the leases it lists.
         * @description With `wait_seconds` the reply waits until there is something to tell. Everything is written when the heartbeat comes, and only
         *     its coming shows that the engine is alive.
         *
         *     Roles: engine (its own).
         */
        post: operations["send_heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{engine_id}/leases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what an engine holds, with payloads, the newest lease first; tokens for the engine itself.
         * @description Roles: engine (its own), orchestrator, operator, reader.
         */
        get: operations["list_engine_leases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{engine_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the engine events again.
         * @description Roles: orchestrator, operator.
         */
        post: operations["resume_engine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{engine_id}/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives an engine a new token, as where its own was revoked or expires: it keeps its incarnation and what it holds. The tokens
         *     that it had end a minute later.
         * @description A server without authentication changes nothing, and answers without a token; `server.auth` says so.
         *
         *     Roles: orchestrator, registrar.
         */
        post: operations["renew_engine_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the event types that have a retry policy of their own, by name.
         * @description Roles: operator, reader.
         */
        get: operations["list_event_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event-types/{event_type}/retry-policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads the retry policy of an event type.
         * @description Roles: operator, reader.
         */
        get: operations["read_retry_policy"];
        /**
         * Sets the retry policy of an event type; what it leaves out is inherited. It holds from the next
         *     verdict on, for events that are there as well.
         * @description Roles: operator.
         */
        put: operations["set_retry_policy"];
        post?: never;
        /**
         * Removes the retry policy of an event type.
         * @description Roles: operator.
         */
        delete: operations["remove_retry_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists events, the newest first. A limited token sees those of its engine types.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        get: operations["list_events"];
        put?: never;
        /**
         * Takes an event in. It is durable when the reply arrives.
         * @description Roles: producer, orchestrator, operator.
         */
        post: operations["enqueue_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes up to 1000 events in with one commit. One that is refused keeps no other out.
         * @description Roles: producer, orchestrator, operator.
         */
        post: operations["enqueue_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels queued events: the oldest first, in steps. A limited token cancels those of its engine types. What an engine works on
         *     stays as it is; events that are just being leased are passed over, and count as remaining.
         * @description Roles: orchestrator, operator.
         */
        post: operations["cancel_events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/queue/{engine_type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Leases due events to the calling engine: by priority, then by the time they became due.
         * @description An empty reply waits out `wait_seconds`. Delivery is at least once, and in no order to rely on.
         *     An event whose lease was lost once is handed out alone.
         *
         *     Roles: engine (its own).
         */
        get: operations["lease_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/queue/{engine_type}/lease": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Settles what is done and leases what is next, in one call. The form to prefer.
         * @description The settlements are committed before any waiting; one that is refused ends the waiting. Where leasing is refused after
         *     that, the reply is 200 with their verdicts, and says why in `lease_error`.
         *
         *     Roles: engine (its own).
         */
        post: operations["exchange_leases"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/reschedule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes when queued events are due, and their priority: the oldest first, in steps. A limited token changes those of its
         *     engine types. Events that are just being leased are passed over, and count as remaining.
         * @description Roles: orchestrator, operator.
         */
        post: operations["reschedule_events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Reports on up to 1000 events at once. One that is refused keeps no other out.
         * @description Roles: engine (its own).
         */
        put: operations["settle_batch"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/wait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Waits for the ends of up to 100 events: until one of them has ended, or all, or the time is over.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        post: operations["wait_for_events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads an event: where it stands, and its result or last error; if asked to, when it has ended.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        get: operations["read_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes when a queued event is due, or its priority.
         * @description Roles: orchestrator, operator.
         */
        patch: operations["change_event"];
        trace?: never;
    };
    "/api/v1/events/{event_id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists an event's ended attempts, the newest first.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        get: operations["list_attempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels an event. While an engine works on it, the engine hears of it with its next heartbeat or
         *     renewal, and the event is cancelled when its lease ends in any way but completion.
         * @description Roles: producer (its own), orchestrator, operator.
         */
        post: operations["cancel_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explains why an event is not worked on: reasons in the order in which the service decides, and what to do about each.
         * @description The engines and the depth of its queue are as they were measured some seconds ago, its settings as they are now.
         *
         *     Roles: orchestrator, operator, reader.
         */
        get: operations["explain_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/payload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads an event's payload alone, byte for byte as it was sent.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        get: operations["read_event_payload"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads an event's result alone, byte for byte as it was sent.
         * @description Roles: producer (its own), orchestrator, operator, reader.
         */
        get: operations["read_event_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Reports on an event: completed, failed, handed back (queued), or still at it (processing).
         * @description The lease token is the fence. A report that comes late is taken as long as nobody has leased the
         *     event since; a repeated one is answered as the first time.
         *
         *     Roles: engine (its own).
         */
        put: operations["settle_event"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells how the database stands, as far as the queue depends on it, and warns of what slows the queue down or
         *     endangers it. Answers within seconds, also where all connections are in use.
         * @description Roles: orchestrator, operator, admin, reader.
         */
        get: operations["read_database_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns how all queues together stood, minute by minute: up to 600 points, as columns. The answer may be up to ten seconds old.
         *     For tokens that are not limited to engine types.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["read_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document.
         * @description Roles: engine, producer, orchestrator, operator, admin, reader, registrar.
         */
        get: operations["read_openapi_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows how the whole service stands: what somebody should see to, the worst first; all queues together; each queue in brief; and
         *     what the database is warned of.
         * @description It is what this server measured last, at `as_of`: no more than 5 seconds ago while measuring keeps up. It asks the database
         *     nothing. Each server measures for itself, so two of them may answer a little differently. Where `Accept-Encoding` names gzip, the
         *     reply comes compressed: with 1,000 queues it is a fifth as long or less.
         *
         *     Roles: orchestrator, operator, reader.
         */
        get: operations["read_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists queues by name, flat enough for an autoscaler.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["list_queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a queue: how deep it is, who works on it, how fast, and its settings.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["read_queue"];
        put?: never;
        post?: never;
        /**
         * Removes a queue that has no open events, engines or dead letters, and with it its settings. Events that have ended stay.
         *     The next event, engine or setting makes it again.
         * @description Roles: operator, admin.
         */
        delete: operations["delete_queue"];
        options?: never;
        head?: never;
        /**
         * Changes a queue's settings. Leases that were given keep the terms they were given with.
         * @description Roles: operator.
         */
        patch: operations["change_queue"];
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explains why a queue grows, or says that it flows: reasons in the order in which the service decides, and what to do about each.
         * @description Its engines and depth are as they were measured some seconds ago, its settings as they are now.
         *
         *     Roles: orchestrator, operator, reader.
         */
        get: operations["explain_queue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns how a queue stood, minute by minute: up to 600 points, as columns. What is kept for how long, an operator decides
         *     (`--history-hours`, 48 by default). The answer may be up to ten seconds old.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["read_queue_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pauses a queue: nothing is leased from it. What engines hold goes on, and events are taken in.
         * @description Roles: operator.
         */
        post: operations["pause_queue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/peek": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Looks at the events that would be leased next, without leasing them.
         * @description Roles: operator, reader.
         */
        get: operations["peek_queue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/quarantines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the quarantines of a queue that are in force, the newest first. There are 100 at most, all on one page.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["list_quarantines"];
        put?: never;
        /**
         * Quarantines a version: engines of it are given nothing of this queue, whenever they registered and however often they restart.
         *     What they hold goes on. A quarantine that is there gets the new reason and end.
         * @description Roles: operator.
         */
        post: operations["quarantine_version"];
        /**
         * Lifts a quarantine: engines of that version are given events again.
         * @description Roles: operator.
         */
        delete: operations["lift_quarantine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{engine_type}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends a pause.
         * @description Roles: operator.
         */
        post: operations["resume_queue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrive-jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists redrive jobs, the newest first. They are kept for as long as ended events are, counted from when they last changed their
         *     state. A limited token sees those whose filter names none but its engine types.
         * @description Roles: operator, reader.
         */
        get: operations["list_redrive_jobs"];
        put?: never;
        /**
         * Makes a job that puts dead letters back into their queues, the oldest first: those that match, and that died before it was made.
         *     The server carries it out in steps, on any replica and over restarts, and redrives none of them twice. A limited token's job is for its
         *     engine types.
         * @description Roles: operator.
         */
        post: operations["create_redrive_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrive-jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a redrive job: where it stands, how many dead letters it has redriven, and how these ended.
         * @description Roles: operator, reader.
         */
        get: operations["read_redrive_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrive-jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels a redrive job for good. What it has redriven goes on; all others stay dead letters.
         * @description Roles: operator.
         */
        post: operations["cancel_redrive_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrive-jobs/{job_id}/continue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Continues a paused redrive job. Where its canary was undecided, it goes on with all others.
         * @description Roles: operator.
         */
        post: operations["continue_redrive_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrive-jobs/{job_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pauses a redrive job: it redrives nothing until it is continued. What it has redriven goes on.
         * @description Roles: operator.
         */
        post: operations["pause_redrive_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenario-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists scenario runs in the order of their names, since no run's beginning is kept: those that have open events, and those that
         *     are cancelled. A limited token sees the part of each in its engine types.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["list_scenario_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenario-runs/{scenario_run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a scenario run: how many events it has in each status; if asked to, when none of them is open. A limited token sees
         *     the part in its engine types. Of a run that nothing is known of, all counts are 0.
         * @description Roles: orchestrator, operator, reader.
         */
        get: operations["read_scenario_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenario-runs/{scenario_run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels a scenario run, with all that is open of it. From then on it takes no events: enqueuing into it is refused with
         *     `run_cancelled`, until it is reopened. A limited token cancels the part in its engine types.
         * @description Roles: orchestrator, operator.
         */
        post: operations["cancel_scenario_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenario-runs/{scenario_run_id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets a cancelled scenario run take events again. What was cancelled stays so. A limited token reopens what was cancelled by
         *     its engine types; a run that was cancelled as a whole stays cancelled.
         * @description Roles: orchestrator, operator.
         */
        post: operations["reopen_scenario_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the server's version, its limits on requests, and what it asks callers to show.
         * @description Roles: engine, producer, orchestrator, operator, admin, reader, registrar.
         */
        get: operations["read_server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns who is calling, what they may do, and what the server is.
         * @description Roles: engine, producer, orchestrator, operator, admin, reader, registrar.
         */
        get: operations["read_session"];
        put?: never;
        /**
         * Begins a session of a browser, with the token that the request shows.
         * @description The reply sets a cookie, which scripts cannot read; with it and `X-EventLease-Dashboard: 1`, calls need no other token. The
         *     session has the name, the role and the engine types of the token, lives for 12 hours at most, and ends with the token. A
         *     token has up to 20 sessions: with one more, the oldest ends. A server without authentication answers 200, and sets no cookie.
         *
         *     Roles: orchestrator, operator, admin, reader.
         */
        post: operations["create_session"];
        /**
         * Ends the session that the request shows, on all replicas within seconds, and has the browser forget its cookie.
         * @description Roles: orchestrator, operator, admin, reader.
         */
        delete: operations["delete_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists tokens, the newest first; those that have ended are there for some time.
         * @description Roles: admin.
         */
        get: operations["list_tokens"];
        put?: never;
        /**
         * Makes a token. The reply shows it; nothing ever does again.
         * @description Roles: admin.
         */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revokes a token: on all replicas within seconds.
         * @description Roles: admin.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is there. Says nothing of the database. */
        get: operations["check_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What Prometheus scrapes.
         * @description Roles: orchestrator, operator, admin, reader.
         */
        get: operations["read_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This replica has written to the database within the last five seconds, and the server is not about to stop. Needs no
         *     connection to answer.
         */
        get: operations["check_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description What a draining engine is to do once it holds nothing.
         * @enum {string}
         */
        AfterDrain: "exit" | "stay";
        /** @description One ended attempt. */
        Attempt: {
            /** @description What followed for the event. */
            answer: components["schemas"]["AttemptAnswer"] | string | null;
            /**
             * Format: int32
             * @description From 1, without a gap. The end of an event that was cancelled in its queue has the number behind its last lease.
             */
            attempt: number;
            /** @description Why its engine released it, for programs, like `no_handler`. */
            code: string | null;
            /**
             * Format: date-time
             * @description When its end was recorded.
             */
            ended_at: string;
            /**
             * Format: uuid
             * @description Who held the lease; null for an anonymous one, and where there was none.
             */
            engine_id: string | null;
            /** @description The engine's software version, as its registration said then. */
            engine_software_version: string | null;
            /** @description What became of the follow-up events of its completion, in the order sent; left out where there were none. */
            enqueued?: components["schemas"]["FollowUpResult"][];
            /** @description As it was reported. Null also in a brief list. */
            error: unknown;
            /**
             * Format: int32
             * @description Of `error`; 0 where there was none.
             */
            error_bytes: number;
            /** @description The message of the error, its first 200 characters. */
            error_message: string | null;
            /** @description The type of the error, its first 200 characters. */
            error_type: string | null;
            final_status: components["schemas"]["EventStatus"] | null;
            /**
             * Format: int32
             * @description Which registration of the engine held the lease; null where no engine did.
             */
            incarnation: number | null;
            /**
             * Format: double
             * @description Seconds after the lease had run out, where the report came late.
             */
            late_by_seconds: number | null;
            /**
             * Format: date-time
             * @description Null where the event was cancelled while it was queued.
             */
            leased_at: string | null;
            /**
             * Format: date-time
             * @description When the event was due again, as far as that followed from this attempt. Null where it did not go back into its queue.
             */
            next_available_at: string | null;
            /** @description How it ended. */
            outcome: components["schemas"]["AttemptOutcome"] | string;
            /** @description The last that was reported. Null also in a brief list. */
            progress: unknown;
            /**
             * Format: int32
             * @description Of `progress`; 0 where there was none.
             */
            progress_bytes: number;
            /** @description Why its engine released it, for people. */
            reason: string | null;
            /**
             * Format: date-time
             * @description When its engine reported after all, of a silent loss whose event had gone on meanwhile: the report was refused, and the
             *     work was done twice.
             */
            refused_report_at: string | null;
            refused_report_status: components["schemas"]["EventStatus"] | null;
            /** @description As it was reported. Null also in a brief list. */
            result: unknown;
            /**
             * Format: int32
             * @description Of `result`; 0 where there was none.
             */
            result_bytes: number;
        };
        /**
         * @description What a settle is answered, now and when it is repeated.
         * @enum {string}
         */
        AttemptAnswer: "completed" | "retry_scheduled" | "dead_lettered" | "released" | "cancelled";
        /**
         * @description How one attempt ended.
         * @enum {string}
         */
        AttemptOutcome: "completed" | "failed" | "released" | "expired" | "engine_unresponsive" | "engine_restarted" | "deregistered" | "max_lease" | "cancelled";
        /** @description A page of a list. */
        AttemptPage: {
            items: components["schemas"]["Attempt"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /**
         * @description How the newest attempts of a queue ended on engines of one software version: of the newest 100,000 attempts of all queues,
         *     the newest 2,000 of the queue at most.
         */
        AttemptsOfVersion: {
            /**
             * Format: int64
             * @description Completed, failed or lost.
             */
            attempts: number;
            /** @description Null: engines without a version, or unknown ones. */
            engine_software_version: string | null;
            engine_type: string;
            /**
             * Format: int64
             * @description Reported as failed, whether they were tried again or not.
             */
            failed: number;
            /**
             * Format: double
             * @description The part of the attempts that failed or was lost, from 0 to 1.
             */
            failure_ratio: number;
            /** @description False: they are fewer than 20, too few to say anything of the version. */
            is_enough: boolean;
            /**
             * Format: int64
             * @description Ended without a report.
             */
            lost: number;
            /**
             * Format: date-time
             * @description When the oldest of these attempts ended.
             */
            since: string;
        };
        /**
         * @description The stable codes, in the order in which items of one severity and age are listed.
         * @enum {string}
         */
        AttentionCode: "database" | "nobody_works" | "dying" | "falling_behind" | "poison" | "zombies" | "dead_letters_new" | "paused_long" | "version_quarantined";
        /** @description Something that somebody should see to. */
        AttentionItem: {
            code: components["schemas"]["AttentionCode"] | string;
            /**
             * Format: int64
             * @description How many events, engines or attempts it is about.
             */
            count: number;
            /** @description What it is, for people; may be worded otherwise in the next version. */
            message: string;
            severity: components["schemas"]["AttentionSeverity"] | string;
            /**
             * Format: date-time
             * @description Since when it has been so; where that is not known, since when this server has known of it.
             */
            since: string;
            subject: components["schemas"]["AttentionSubject"];
            /** @description What to do about it, for people. */
            what_to_do: string;
        };
        /**
         * @description How urgent something is, the most urgent first.
         * @enum {string}
         */
        AttentionSeverity: "critical" | "warning" | "notice";
        /** @description What an item is about. */
        AttentionSubject: {
            /** @description What that warning is about, where the database can have several of the kind: a table, or who holds an old snapshot. */
            database_object: string | null;
            /** @description The database's warning, where it is about one. */
            database_warning: components["schemas"]["DatabaseWarningCode"] | string | null;
            /**
             * Format: uuid
             * @description The engine, where it is about one.
             */
            engine_id: string | null;
            /** @description The version of engines, where it is about one. */
            engine_software_version: string | null;
            /** @description The queue; null: the whole service. */
            engine_type: string | null;
            /**
             * Format: uuid
             * @description The event, where it is about one.
             */
            event_id: string | null;
        };
        /** @description What was changed, and to what: members by action. */
        AuditDetails: {
            [key: string]: unknown;
        };
        /** @description A change. */
        AuditEntry: {
            /** @description By its operationId. */
            action: components["schemas"]["OperationId"] | string;
            /** @description The name of the token that was shown; `anonymous` where none had to be. */
            actor: string;
            /** @description The address that it came from; null for what the server or somebody at the database did. */
            address: string | null;
            /** Format: uuid */
            audit_id: string;
            details: components["schemas"]["AuditDetails"];
            /** Format: date-time */
            recorded_at: string;
            /** @description The reply's X-Request-Id. */
            request_id: string | null;
            role: components["schemas"]["Role"] | string | null;
            /** @description The id or name of what it was done to. */
            subject: string;
            /** Format: uuid */
            token_id: string | null;
            /** @description `dashboard` for what the dashboard asked for, by the request's own word; null for all else. */
            via: string | null;
        };
        /** @description A page of a list. */
        AuditEntryPage: {
            items: components["schemas"]["AuditEntry"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description How the events stand, in the order in which they were asked for. */
        AwaitedEvents: {
            /** @description Those that have ended. */
            events: components["schemas"]["BriefEvent"][];
            /** @description Those that are open still. */
            open: string[];
            /** @description Those that are not known, or that the caller may not read. */
            unknown: string[];
        };
        /** @description An event in brief: where it stands, without what its engine reported. */
        BriefEvent: {
            /**
             * Format: int32
             * @description The number of the latest attempt, which is how often it was leased; 0 before the first.
             */
            attempt: number;
            /**
             * Format: date-time
             * @description By the database's clock.
             */
            created_at: string;
            /** @description Its queue. */
            engine_type: string;
            /**
             * Format: uuid
             * @description The event.
             */
            event_id: string;
            /** @description What happened. */
            event_type: string;
            /**
             * Format: date-time
             * @description Null while it is open.
             */
            finished_at: string | null;
            /** @description Where it stands. */
            status: components["schemas"]["EventStatus"];
        };
        /** @description A queue in brief. `GET /queues/{engine_type}` has more, as of now. */
        BriefQueue: {
            /** Format: int64 */
            dead_letters: number;
            /** Format: int64 */
            delayed: number;
            /** Format: int64 */
            due: number;
            /** @description `due` in the last minutes, up to twenty of them, the newest last; null where it was not measured. */
            due_by_minute: (number | null)[];
            engine_type: string;
            engines: components["schemas"]["QueueEngines"];
            is_approximate: boolean;
            /** Format: date-time */
            next_due_at: string | null;
            /** Format: double */
            oldest_due_age_seconds: number;
            pause: components["schemas"]["QueuePause"] | null;
            /** Format: int64 */
            processing: number;
            /** @description How many versions of engines are quarantined. */
            quarantined_versions: number;
            rates: components["schemas"]["QueueRates"];
            slots: components["schemas"]["QueueSlots"];
            /** Format: int64 */
            suspects: number;
        };
        /**
         * @description The dead letters that are tried first: the oldest ones. The others follow when all of these have ended, enough of them with
         *     success.
         */
        Canary: {
            /**
             * Format: double
             * @description The part of those that completed or died again which has to complete; 0.9 where it is left out. With less the job stops.
             */
            continue_at_success_ratio?: number | null;
            /** Format: int32 */
            count: number;
            /**
             * Format: int32
             * @description Where some are open so long after they were due, the job pauses and is never continued by itself; 600 where it is left out.
             */
            wait_seconds?: number | null;
        };
        /** @description Which queued events to cancel. Exactly one of `filter` and `all`. */
        CancelEvents: {
            /** @description Every queued event that the token reaches. */
            all?: boolean | null;
            /** @description True: counts, and changes nothing. False where it is left out. */
            dry_run?: boolean | null;
            /**
             * Format: int32
             * @description If another number matches, nothing is changed.
             */
            expected_count?: number | null;
            filter?: components["schemas"]["QueuedEventFilter"] | null;
            /**
             * Format: int32
             * @description At most that many, the oldest first; 10,000 where it is left out.
             */
            limit?: number | null;
        };
        /** @description How far it came. */
        CancelledEvents: {
            /**
             * Format: int64
             * @description Cancelled.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description All that matched when the call began.
             */
            matched: number;
            /**
             * Format: int64
             * @description Of those that matched, the ones that were not: beyond the limit, just being leased, or not queued any more.
             */
            remaining: number;
        };
        CancelledRun: {
            /** @description Events in engines' hands, which end with their leases. */
            cancel_requested: number;
            /** @description Queued events that are cancelled now. */
            cancelled: number;
        };
        /** @description What is to be different about a queued event; at least one member. */
        ChangeEvent: {
            /** @description When it is due; a time in the past means now. */
            available_at?: string | null;
            /** Format: int32 */
            priority?: number | null;
        };
        /** @description Only the database's clock counts for events and leases; the replica's is in its logs. */
        ClockDifference: {
            /**
             * Format: date-time
             * @description By the database's clock, when it was asked.
             */
            database_time: string;
            /**
             * Format: int64
             * @description Positive: the replica is ahead.
             */
            difference_ms: number;
            /**
             * Format: date-time
             * @description At the same moment, give or take half the round trip.
             */
            replica_time: string;
            /**
             * Format: double
             * @description From asking the database for its time until its answer came.
             */
            round_trip_ms: number;
        };
        /** @description Done for good. */
        CompletedSettlement: {
            /**
             * @description Follow-up events, enqueued in the transaction of the completion: all of them and it, or none. What is left out of
             *     `scenario_run_id` and the trace context, they have from the completed event. Their idempotency keys belong to the
             *     engines of this type together.
             */
            enqueue?: components["schemas"]["NewEvent"][] | null;
            lease_token?: string | null;
            result?: unknown;
            /** @enum {string} */
            status: "completed";
        };
        /** @description Done for good. */
        CompletedSettlementEntry: {
            /**
             * @description Follow-up events, enqueued in the transaction of the completion: all of them and it, or none. What is left out of
             *     `scenario_run_id` and the trace context, they have from the completed event. Their idempotency keys belong to the
             *     engines of this type together.
             */
            enqueue?: components["schemas"]["NewEvent"][] | null;
            /** Format: uuid */
            event_id: string;
            lease_token?: string | null;
            result?: unknown;
            /** @enum {string} */
            status: "completed";
        };
        /** @description Which dead letters to redrive, how fast, and what changes with it. Exactly one of `filter` and `all`. */
        CreateRedriveJob: {
            /** @description Every dead letter that the token reaches. */
            all?: boolean | null;
            canary?: components["schemas"]["Canary"] | null;
            /** @description True: counts, and makes no job. False where it is left out. */
            dry_run?: boolean | null;
            /**
             * Format: double
             * @description No more become due in a second; as fast as the server can where it is left out.
             */
            events_per_second?: number | null;
            /**
             * Format: int32
             * @description If another number matches, no job is made.
             */
            expected_count?: number | null;
            filter?: components["schemas"]["DeadLetterFilter"] | null;
            payload_patch?: components["schemas"]["PayloadPatch"] | null;
            /** Format: int32 */
            priority?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            /**
             * Format: double
             * @description The job stops where this part of those that ended, or more of them, died again; judged after 20 have ended.
             */
            stop_at_failure_ratio?: number | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
        };
        /** @description What was counted, and the job. */
        CreatedRedriveJob: {
            job: components["schemas"]["RedriveJob"] | null;
            /**
             * Format: int64
             * @description The dead letters that match.
             */
            matched: number;
        };
        /** @description A token that was made. */
        CreatedToken: {
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: uuid */
            engine_id: string | null;
            /** @description Null: not limited. Also null for an engine's token, which reaches the type of its engine. */
            engine_types: string[] | null;
            /** Format: date-time */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description To about a minute.
             */
            last_used_at: string | null;
            name: string;
            /** Format: date-time */
            revoked_at: string | null;
            role: components["schemas"]["Role"] | string;
            /**
             * Format: uuid
             * @description Of the session of a browser: the token that it began with, and ends with. Null for all others.
             */
            session_of: string | null;
            state: components["schemas"]["TokenState"] | string;
            /** @description To be shown as `Authorization: Bearer …`. It cannot be read again. */
            token: string;
            /** Format: uuid */
            token_id: string;
        };
        /** @description What holds for every replica. */
        DatabaseHealth: {
            /** @description The settings that decide whether committed work survives a crash. */
            durability: components["schemas"]["Durability"];
            /** @description Whether it runs, which takes the settings `autovacuum` and `track_counts`. */
            is_autovacuum_on: boolean;
            /** @description A standby, or a server whose configuration sets `default_transaction_read_only`: it takes nothing in either. */
            is_read_only: boolean;
            /** @description A standby takes nothing in. */
            is_standby: boolean;
            /** @description One item for each table that has a partition a day. */
            partitions: components["schemas"]["PartitionsAhead"][];
            /** @description Migrations of this version that the schema lacks. */
            pending_migrations: number;
            /**
             * @description Whether that role sees what other users' sessions do, as members of `pg_monitor`. If not, their `state`,
             *     `since` and `age_seconds` are null, and so is what tells of standbys.
             */
            sees_other_users: boolean;
            /** @description How the database stores text; only UTF8 has all of Unicode. */
            server_encoding: string;
            /** @description As PostgreSQL says it, like 17.2. */
            server_version: string;
            /** @description Who keeps PostgreSQL from clearing dead rows away: the holders of the oldest snapshots, at most 10. */
            snapshots: components["schemas"]["OldSnapshot"][];
            /** @description The tables whose rows change, by PostgreSQL's own estimates. */
            tables: components["schemas"]["TableHealth"][];
            /** @description The role that the service is there. */
            user: string;
        };
        /** @description How the database stands. */
        DatabaseHealthReport: {
            database: components["schemas"]["DatabaseHealth"];
            /** @description The replica that answers. */
            replica: components["schemas"]["ReplicaHealth"];
            /** @description The worst first; none: nothing is known to be wrong. */
            warnings: components["schemas"]["DatabaseWarning"][];
        };
        /** @description What was found when the database was last examined. */
        DatabaseLook: {
            /** Format: date-time */
            as_of: string;
            /** @description The worst first; none: nothing is known to be wrong. */
            warnings: components["schemas"]["DatabaseWarning"][];
        };
        /** @description Something to look after: what it is, what comes of it, and what to do. */
        DatabaseWarning: {
            /** @description For programs; clients must expect codes that they do not know. */
            code: components["schemas"]["DatabaseWarningCode"] | string;
            /** @description For people; may be worded otherwise in the next version. */
            message: string;
        };
        /**
         * @description The stable codes of warnings, the worst first.
         * @enum {string}
         */
        DatabaseWarningCode: "database_is_standby" | "database_read_only" | "replica_cannot_write" | "postgresql_too_old" | "database_not_utf8" | "migrations_pending" | "partition_missing" | "synchronous_standby_missing" | "fsync_off" | "full_page_writes_off" | "synchronous_commit_off" | "asynchronous_standby" | "few_partitions_ahead" | "old_snapshot" | "autovacuum_off" | "many_dead_rows" | "pool_saturated" | "listener_down" | "clock_skew" | "limited_view";
        /** @description An event that used up a budget or was refused as hopeless. */
        DeadLetter: {
            /** Format: int32 */
            attempt: number;
            /** @description The newest first; only where one dead letter is read. */
            attempts?: components["schemas"]["Attempt"][];
            /**
             * @description For `?cursor=` of the event's attempts, to get the older ones; null where there are none. Only where one dead
             *     letter is read.
             */
            attempts_next_cursor?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            dead_lettered_at: string;
            engine_software_version: string | null;
            engine_type: string;
            /** @description Null also in a brief list. */
            error: unknown;
            /**
             * Format: int32
             * @description Of `error`; 0 where there was none.
             */
            error_bytes: number;
            /**
             * @description What dead letters of one cause have in common: what the engine said, or what the server made of the error's type and
             *     message, or of how the lease was lost. Null until housekeeping has made it, after an update of the server.
             */
            error_fingerprint: string | null;
            /** @description Its first 200 characters. */
            error_message: string | null;
            error_type: string | null;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            /** Format: int32 */
            failures: number;
            /** Format: int32 */
            lease_losses: number;
            payload?: unknown;
            /** Format: int32 */
            payload_bytes: number;
            /** Format: int32 */
            priority: number;
            reason: components["schemas"]["DeadLetterReason"] | string;
            /**
             * Format: uuid
             * @description The event made from this one, with another payload; it cannot be redriven again.
             */
            redriven_as: string | null;
            /**
             * Format: uuid
             * @description The dead letter that this one was made from, with another payload.
             */
            redriven_from: string | null;
            /** Format: int32 */
            redrives: number;
            scenario_run_id: string | null;
        };
        /** @description Which dead letters are meant: those that are all of it. At least one member. */
        DeadLetterFilter: {
            /** @description From then on. */
            dead_lettered_after?: string | null;
            /** @description Before then. */
            dead_lettered_before?: string | null;
            /** @description Of the engine that last worked on it; null: it had none, or is not known. */
            engine_software_version?: string | null;
            engine_type?: string | null;
            /** @description The last error's message has that text, in any case. */
            error_contains?: string | null;
            /** @description What the server says that errors of one cause have in common, or the engine said; null: housekeeping has yet to make it. */
            error_fingerprint?: string | null;
            /** @description The type of the last error; null: it had none. */
            error_type?: string | null;
            event_type?: string | null;
            reason?: components["schemas"]["DeadLetterReason"] | null;
            /**
             * Format: int32
             * @description Redriven at most that often.
             */
            redrives_max?: number | null;
            scenario_run_id?: components["schemas"]["ScenarioRunId"] | null;
        };
        /** @description Dead letters that have something in common. Members they are not grouped by are left out. */
        DeadLetterGroup: {
            /** Format: int64 */
            count: number;
            /** @description Null: engines without a version, or unknown ones. */
            engine_software_version?: string | null;
            engine_type?: string;
            /**
             * @description What dead letters of one cause have in common. Null: those that housekeeping has yet to make it for, after an update of the
             *     server.
             */
            error_fingerprint?: string | null;
            /** @description Null: errors without a type. */
            error_type?: string | null;
            event_type?: string;
            /**
             * @description Those of the group and no others: to be sent as it is, with `expected_count`, to redrive them (`redrivable` of them) or
             *     purge them (`count`). In a query an empty value stands for null.
             */
            filter: components["schemas"]["DeadLetterFilter"];
            /** Format: date-time */
            first_dead_lettered_at: string;
            /** Format: date-time */
            last_dead_lettered_at: string;
            reason?: components["schemas"]["DeadLetterReason"] | string;
            /**
             * Format: int64
             * @description Those of them that were not redriven as another event.
             */
            redrivable: number;
            /**
             * Format: uuid
             * @description The newest event among them.
             */
            sample_event_id: string;
            /** @description The first 200 characters of its last error's message; null where a lease was lost. */
            sample_message: string | null;
        };
        /** @description The largest groups of dead letters. */
        DeadLetterGroups: {
            /** @description There are smaller groups that are not told. */
            has_more: boolean;
            /** @description At most 200. */
            items: components["schemas"]["DeadLetterGroup"][];
            /**
             * @description How the newest attempts in the queues of these groups ended, by software version, to tell a version that fails more often
             *     than others: at most 200 versions, those with the most attempts.
             */
            versions: components["schemas"]["AttemptsOfVersion"][];
        };
        /** @description A page of a list. */
        DeadLetterPage: {
            items: components["schemas"]["DeadLetter"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /**
         * @description Why an event became a dead letter.
         * @enum {string}
         */
        DeadLetterReason: "retries_exhausted" | "not_retryable" | "lease_losses_exhausted";
        /** @description Why an engine is to drain, and what it is to do then. */
        DrainEngine: {
            /** @description Why, for people. Left out, one that is draining keeps its reason. */
            reason?: string | null;
            then?: components["schemas"]["AfterDrain"] | null;
        };
        /** @description Which engines to drain. */
        DrainEngines: {
            /** @description True: looks, and changes nothing. False where it is left out. */
            dry_run?: boolean | null;
            filter: components["schemas"]["DrainFilter"];
            /** @description Why, for people. Left out, those that are draining keep their reasons. */
            reason?: string | null;
            then?: components["schemas"]["AfterDrain"] | null;
        };
        /** @description Those that are all of it. At least one member. */
        DrainFilter: {
            engine_software_version?: string | null;
            engine_type?: string | null;
        };
        /** @description The engines that were meant. */
        DrainedEngines: {
            /** @description Those of them that are draining now, also since before the call. */
            draining: number;
            /** @description Those that matched, by id; the first 1000. */
            engine_ids: string[];
            matched: number;
        };
        /**
         * @description By which of its keys an event is the same as one that is there.
         * @enum {string}
         */
        DuplicateOf: "idempotency_key" | "unique_key";
        /** @description What becomes of committed work when PostgreSQL's machine crashes. */
        Durability: {
            /** @description While off, a crash of the machine can corrupt the database. */
            fsync: boolean;
            /** @description While off, a page half written in a crash of the machine cannot be repaired. */
            full_page_writes: boolean;
            /** @description The servers connected for replication, by `application_name`. */
            standbys: components["schemas"]["Standby"][];
            /** @description For new sessions of the service: on, `remote_apply`, `remote_write`, local or off. */
            synchronous_commit: string;
            /** @description As set; empty if commits wait for no standby. */
            synchronous_standby_names: string;
        };
        /** @description What the service knows of an engine. */
        Engine: {
            /**
             * Format: int32
             * @description As the engine reports it.
             */
            current_workload: number | null;
            drain: components["schemas"]["EngineDrain"] | null;
            /** Format: uuid */
            engine_id: string;
            engine_type: string;
            /**
             * Format: int32
             * @description How often to send one: a third of the timeout. Null where the timeout is.
             */
            heartbeat_interval_seconds: number | null;
            /**
             * Format: int32
             * @description Null where the engine registered so: it is judged by its leases alone, and removed after 7 days without any call.
             */
            heartbeat_timeout_seconds: number | null;
            holding_off: components["schemas"]["EngineHoldingOff"] | null;
            /**
             * Format: int32
             * @description How often this id was registered.
             */
            incarnation: number;
            /** @description Its version is quarantined in its queue: it is given no events. */
            is_quarantined: boolean;
            /** Format: date-time */
            last_heartbeat: string | null;
            /** Format: date-time */
            last_poll_at: string | null;
            /** Format: date-time */
            last_seen_at: string;
            /**
             * Format: int32
             * @description As the server counts them.
             */
            leases_held: number;
            /** @description The queues beside its own into which it may enqueue follow-up events, with authentication. */
            may_enqueue: string[];
            metadata: components["schemas"]["EngineMetadataReply"];
            /** Format: date-time */
            registered_at: string;
            scenario_run_id: string | null;
            status: components["schemas"]["EngineStatus"] | string;
        };
        EngineCapability: string;
        /**
         * @description What a heartbeat's reply asks of the engine.
         * @enum {string}
         */
        EngineCommand: "continue" | "drain" | "stop";
        /** @description Why an engine is given no more events, and what it is to do. */
        EngineDrain: {
            reason: string | null;
            /** Format: date-time */
            since: string;
            /** @description Once it holds nothing. */
            then: components["schemas"]["AfterDrain"] | string;
        };
        /** @description Anything that changes while the engine runs, like `resource_utilization`. */
        EngineDynamicState: {
            [key: string]: unknown;
        };
        /** @description The engines of one type, version and status. One engine can be counted under several of the members below `engines`. */
        EngineGroup: {
            /** @description Null: those that registered none. */
            engine_software_version: string | null;
            engine_type: string;
            /** Format: int64 */
            engines: number;
            /**
             * Format: int64
             * @description They hold as many events as their `max_concurrent_events`.
             */
            full: number;
            /**
             * Format: int64
             * @description They asked to be given nothing for a while.
             */
            holding_off: number;
            /**
             * Format: int64
             * @description They hold nothing.
             */
            idle: number;
            /**
             * Format: int64
             * @description Events that they hold together.
             */
            leases_held: number;
            /**
             * Format: int64
             * @description Their version is quarantined in their queue.
             */
            quarantined: number;
            status: components["schemas"]["EngineStatus"] | string;
            /**
             * Format: int64
             * @description They live, hold nothing and have not asked for work for a minute, though their queue has had due events for half a
             *     minute. None of those that hold off or are quarantined is among them.
             */
            zombie: number;
        };
        EngineHoldingOff: {
            reason: string;
            /** Format: date-time */
            until: string;
        };
        /** @description What an engine says of itself. */
        EngineMetadata: {
            dynamic_state?: components["schemas"]["EngineDynamicState"] | null;
            static_config?: components["schemas"]["EngineStaticConfig"] | null;
        };
        /** @description What to change of an engine's metadata. */
        EngineMetadataPatch: {
            static_config?: components["schemas"]["EngineStaticConfig"] | null;
        };
        EngineMetadataReply: {
            dynamic_state: components["schemas"]["EngineDynamicState"];
            static_config: components["schemas"]["EngineStaticConfig"];
        };
        /** @description A page of a list. */
        EnginePage: {
            items: components["schemas"]["Engine"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description What to change of an engine: what is left out stays as it was sent, null removes (RFC 7396). */
        EnginePatch: {
            metadata?: components["schemas"]["EngineMetadataPatch"] | null;
        };
        /** @description What an engine can take at a time. Members beside these are kept as they are. */
        EngineResourceLimits: {
            /**
             * Format: int32
             * @description The engine is never given more than that at a time.
             */
            max_concurrent_events?: number | null;
        } & {
            [key: string]: unknown;
        };
        /** @description What the engine can do. Further members are kept as they are. */
        EngineStaticConfig: {
            /** @description They inform; they do not route. */
            capabilities?: components["schemas"]["EngineCapability"][] | null;
            engine_software_version?: string | null;
            resource_limits?: components["schemas"]["EngineResourceLimits"] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Whether an engine is given events.
         * @enum {string}
         */
        EngineStatus: "active" | "draining" | "unresponsive";
        /** @description Engines, counted. */
        EngineSummary: {
            /** @description At most 1,000. */
            groups: components["schemas"]["EngineGroup"][];
            /** @description There are more groups than are shown. */
            has_more: boolean;
        };
        /** @description What an engine goes on with. */
        EngineToken: {
            /** Format: uuid */
            engine_id: string;
            /**
             * @description What the engine is to show from now on. It cannot be read again. Left out where `server.auth` is false: no call needs a
             *     token there.
             */
            engine_token?: string;
            /**
             * Format: int32
             * @description As before.
             */
            incarnation: number;
            server: components["schemas"]["Server"];
        };
        /** @description What kind of engine works on an event: the name of its queue. */
        EngineType: string;
        /** @description What a producer is answered for one event. */
        EnqueueAnswer: components["schemas"]["EnqueuedEvent"] | components["schemas"]["EventOfAnotherCaller"];
        /** @description Something a producer may want to know. */
        EnqueueNotice: {
            code: components["schemas"]["EnqueueNoticeCode"] | string;
            detail: string;
        };
        /** @enum {string} */
        EnqueueNoticeCode: "no_engine_of_type";
        /**
         * @description Whether the event is new.
         * @enum {string}
         */
        EnqueueOutcome: "enqueued" | "duplicate";
        EnqueueResult: components["schemas"]["EnqueuedEvent"] | components["schemas"]["EventOfAnotherCaller"] | components["schemas"]["RefusedEvent"];
        EnqueuedBatch: {
            accepted: number;
            rejected: number;
            /** @description In the order sent. */
            results: components["schemas"]["EnqueueResult"][];
        };
        /** @description An event as it was taken in. */
        EnqueuedEvent: {
            /**
             * Format: date-time
             * @description Null once it has ended.
             */
            available_at: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description True: nothing was stored, and this is the event that one of the keys stands for. */
            duplicate?: boolean;
            /** @description The key, of a duplicate. */
            duplicate_of?: components["schemas"]["DuplicateOf"] | string;
            engine_type: string;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            notice?: components["schemas"]["EnqueueNotice"];
            outcome: components["schemas"]["EnqueueOutcome"] | string;
            /** Format: int32 */
            payload_bytes: number;
            /** Format: int32 */
            priority: number;
            scenario_run_id: string | null;
            status: components["schemas"]["EventStatus"];
            unique_key?: string;
        };
        EnqueuedFollowUp: {
            /** @description True: the event was there before. */
            duplicate?: boolean;
            /** @description Which of its keys stands for the event that was there before. */
            duplicate_of?: components["schemas"]["DuplicateOf"] | string;
            /** Format: uuid */
            event_id: string;
        };
        /** @description At most 256 KiB as JSON unless configured otherwise. */
        ErrorMessage: string;
        /** @description An event: what was sent, and where it stands. */
        Event: {
            /**
             * Format: int32
             * @description The number of the latest attempt, which is how often it was leased; 0 before the first.
             */
            attempt: number;
            /**
             * Format: date-time
             * @description When it is, or was last, due; null once it has ended.
             */
            available_at: string | null;
            /** @description True once its cancellation was asked for while it was processing: it ends as cancelled with its lease. */
            cancel_requested: boolean;
            /**
             * Format: uuid
             * @description The event whose completion brought it, as a follow-up.
             */
            caused_by: string | null;
            /**
             * Format: date-time
             * @description By the database's clock.
             */
            created_at: string;
            /** @description While it is a dead letter. */
            dead_letter_reason: components["schemas"]["DeadLetterReason"] | string | null;
            /**
             * Format: date-time
             * @description It is cancelled then if no engine has leased it once; null also after its first lease.
             */
            discard_at: string | null;
            /** @description Its queue. */
            engine_type: string;
            /** @description The last one reported. Null also in a brief list. */
            error: unknown;
            /**
             * Format: int32
             * @description Of `error`; 0 where there is none.
             */
            error_bytes: number;
            /** @description The message of the error, its first 200 characters. */
            error_message: string | null;
            /** @description The type of the error, its first 200 characters. */
            error_type: string | null;
            /**
             * Format: uuid
             * @description The event.
             */
            event_id: string;
            /** @description What happened. */
            event_type: string;
            /**
             * Format: int32
             * @description Reported failures since it was enqueued or redriven.
             */
            failures: number;
            /**
             * Format: date-time
             * @description Null while it is open.
             */
            finished_at: string | null;
            /** @description It is open and had a silent loss: it is leased alone, or beside no other such event. */
            is_suspect: boolean;
            /**
             * Format: date-time
             * @description No renewal of its lease goes beyond it.
             */
            lease_deadline_at: string | null;
            /**
             * Format: date-time
             * @description When its lease runs out, unless it is renewed.
             */
            lease_expires_at: string | null;
            /**
             * Format: int32
             * @description Silent losses since it was enqueued or redriven.
             */
            lease_losses: number;
            /**
             * Format: date-time
             * @description When its lease began.
             */
            leased_at: string | null;
            /**
             * Format: uuid
             * @description Who holds it; null also for an anonymous lease.
             */
            leased_by: string | null;
            /** @description Who holds it, for people. */
            lock: string | null;
            /**
             * Format: int32
             * @description How many more silent losses make it a dead letter, one under way included; null where `retry_policy` is.
             */
            losses_left: number | null;
            /** @description As it was sent, where it was asked for. */
            payload?: unknown;
            /**
             * Format: int32
             * @description Bytes of the payload as it was sent.
             */
            payload_bytes: number;
            /**
             * Format: int32
             * @description 0 to 9; 9 is leased first.
             */
            priority: number;
            /** @description The last that was reported on its current lease. Null also in a brief list. */
            progress: unknown;
            /**
             * Format: date-time
             * @description When that was reported, by the database's clock; null where there is none, and of a lease that was taken back after it was lost.
             */
            progress_at: string | null;
            /**
             * Format: int32
             * @description Of `progress`; 0 where there is none.
             */
            progress_bytes: number;
            /**
             * Format: uuid
             * @description The event that was made of it.
             */
            redriven_as: string | null;
            /**
             * Format: uuid
             * @description The dead letter it was made of.
             */
            redriven_from: string | null;
            /**
             * Format: int32
             * @description How often it was put back into its queue as a dead letter.
             */
            redrives: number;
            /** @description Once it has completed. Null also in a brief list. */
            result: unknown;
            /**
             * Format: int32
             * @description Of `result`; 0 where there is none.
             */
            result_bytes: number;
            /**
             * Format: int32
             * @description How many more reported failures are tried again; null where `retry_policy` is.
             */
            retries_left: number | null;
            retry_policy: components["schemas"]["RetryPolicyInForce"] | null;
            /** @description The simulation run it belongs to. */
            scenario_run_id: string | null;
            /** @description Where it stands. */
            status: components["schemas"]["EventStatus"];
            /** @description W3C trace context. */
            traceparent: string | null;
            /** @description While it is open, no other open event of its queue has this key. */
            unique_key: string | null;
        };
        /** @description The event that one of the keys stands for, which another caller brought: no more is told of it. */
        EventOfAnotherCaller: {
            /** @description Always true. */
            duplicate: boolean;
            duplicate_of: components["schemas"]["DuplicateOf"] | string;
            /** Format: uuid */
            event_id: string;
            outcome: components["schemas"]["EnqueueOutcome"] | string;
        };
        /** @description A page of a list. */
        EventPage: {
            items: components["schemas"]["Event"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /**
         * @description The five words a reader meets.
         * @enum {string}
         */
        EventStatus: "queued" | "processing" | "completed" | "failed" | "cancelled";
        /** @description An event type's own retry policy; what is missing is inherited. */
        EventTypePolicy: {
            event_type: string;
            retry_policy: components["schemas"]["OwnRetryPolicy"];
        };
        /** @description A page of a list. */
        EventTypePolicyPage: {
            items: components["schemas"]["EventTypePolicy"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description A poll, and what the engine has to say first. Everything may be left out. */
        Exchange: {
            /** Format: int32 */
            limit?: number | null;
            /** @description Repeated with the same id, a poll answers the leases it got that still hold. */
            poll_id?: string | null;
            settlements?: components["schemas"]["SettlementEntry"][] | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
            /** Format: int32 */
            wait_seconds?: number | null;
        };
        Exchanged: {
            events: components["schemas"]["LeasedEvent"][];
            /**
             * @description Why nothing could be leased, although the settlements were answered: what would be the whole reply to a poll without
             *     settlements. Left out where leasing was not refused.
             */
            lease_error?: components["schemas"]["Problem"];
            notice: components["schemas"]["LeaseNotice"] | null;
            /** @description In the order of the settlements sent. */
            results: components["schemas"]["SettlementResult"][];
        };
        /** @description All that explains an event or a queue. */
        Explanation: {
            /**
             * Format: date-time
             * @description By the database's clock.
             */
            as_of: string;
            /**
             * Format: date-time
             * @description When an engine is likely to lease the event; null where nothing is known of that, and for queues.
             */
            expected_start_at: string | null;
            /**
             * Format: date-time
             * @description When the waiting events of the queue were counted: some rounds of measuring ago where it is long; all else is as of now. Null where
             *     the event does not wait.
             */
            measured_at: string | null;
            /** @description In the order in which the service decides. */
            reasons: components["schemas"]["ExplanationReason"][];
            /** @description The first reason that decides alone. */
            verdict: components["schemas"]["ExplanationVerdict"];
        };
        /**
         * @description The stable codes: first those of events, in the order in which the service decides, then those of queues.
         * @enum {string}
         */
        ExplanationCode: "ended" | "held" | "lease_over" | "engine_silent" | "progress_old" | "lease_ends_soon" | "near_longest_lease" | "cancel_requested" | "not_due_yet" | "queue_paused" | "queue_capped" | "no_engine_registered" | "none_active" | "version_quarantined" | "engines_holding_off" | "engines_do_not_ask" | "engines_full" | "travels_alone" | "behind_others" | "would_be_soon" | "discarded_at" | "database" | "paused" | "capped" | "all_full" | "zombies" | "failing" | "losing" | "late" | "more_in_than_out" | "retries" | "suspects" | "slower_than_before" | "not_taken" | "flows";
        /** @description Why an event is not worked on, or why a queue grows. */
        ExplanationReason: {
            /** @description What it is, for programs. */
            code: components["schemas"]["ExplanationCode"] | string;
            /** @description It decides alone: as long as it holds, nothing else matters. */
            is_decisive: boolean;
            /** @description What it is, for people; may be worded otherwise in the next version. */
            message: string;
            /**
             * Format: date-time
             * @description Since when it has been so, where that is known.
             */
            since: string | null;
            /** @description What it is about. */
            subject: components["schemas"]["AttentionSubject"];
            /**
             * Format: date-time
             * @description When it ends by itself, where it does.
             */
            until: string | null;
            /** @description What to do about it, for people; null where there is nothing to do. */
            what_to_do: string | null;
        };
        /** @description What decides. */
        ExplanationVerdict: {
            /** @description For programs. */
            code: components["schemas"]["ExplanationCode"] | string;
            /** @description For people; may be worded otherwise in the next version. */
            message: string;
        };
        /** @description Tried again by the retry policy, or a dead letter. */
        FailedSettlement: {
            /**
             * Format: int32
             * @description Instead of the policy's backoff.
             */
            delay_seconds?: number | null;
            error: components["schemas"]["ReportedError"];
            lease_token?: string | null;
            /** @description How far the work was, for the next attempt; left out, what renewals said before stays. */
            progress?: unknown;
            /** @description False: trying again is pointless. True where it is left out. */
            retryable?: boolean | null;
            /** @enum {string} */
            status: "failed";
        };
        /** @description Tried again by the retry policy, or a dead letter. */
        FailedSettlementEntry: {
            /**
             * Format: int32
             * @description Instead of the policy's backoff.
             */
            delay_seconds?: number | null;
            error: components["schemas"]["ReportedError"];
            /** Format: uuid */
            event_id: string;
            lease_token?: string | null;
            /** @description How far the work was, for the next attempt; left out, what renewals said before stays. */
            progress?: unknown;
            /** @description False: trying again is pointless. True where it is left out. */
            retryable?: boolean | null;
            /** @enum {string} */
            status: "failed";
        };
        /** @description What became of a follow-up event. */
        FollowUpResult: components["schemas"]["EnqueuedFollowUp"] | components["schemas"]["RefusedFollowUp"];
        Health: {
            status: string;
        };
        /** @description A heartbeat, with what has changed. */
        Heartbeat: {
            /**
             * Format: int32
             * @description The engine's own measure of its load, like the number of events it works on.
             */
            current_workload?: number | null;
            dynamic_state?: components["schemas"]["EngineDynamicState"] | null;
            holding_off?: components["schemas"]["HoldOff"] | null;
            /** @description Leases to renew, each by its own visibility timeout from now, or only to ask about. */
            leases?: components["schemas"]["HeldLease"][] | null;
            resource_utilization?: components["schemas"]["ResourceUtilization"] | null;
            /**
             * Format: int32
             * @description Waits that long for something to tell that the engine was not told before: a command, an event to cancel, another
             *     limit. Longer than its heartbeat interval, it waits that. A newer heartbeat ends the wait.
             */
            wait_seconds?: number | null;
        };
        HeartbeatAnswer: {
            command: components["schemas"]["EngineCommand"] | string;
            /** @description Why it drains, and what it is to do then; left out while it does not. */
            drain?: components["schemas"]["EngineDrain"];
            /**
             * @description Of the events that it holds, listed here or not, those somebody wants cancelled: stop working on them, and report as you
             *     see fit.
             */
            events_to_cancel: string[];
            /** @description In the order sent. */
            leases: components["schemas"]["HeldLeaseAnswer"][];
            /**
             * Format: int32
             * @description As the server counts them.
             */
            leases_held: number;
            /**
             * Format: int32
             * @description The limit in force; null where the engine has none of its own.
             */
            max_concurrent_events: number | null;
            status: components["schemas"]["EngineStatus"] | string;
        };
        /** @description An event in an engine's hands, as those who list its leases see it. */
        HeldEvent: {
            /**
             * Format: int32
             * @description From 1, never reset.
             */
            attempt: number;
            /** Format: date-time */
            created_at: string;
            engine_type: string;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            lease: components["schemas"]["HeldLeaseTerms"];
            /**
             * Format: int32
             * @description Silent losses that are left before the event becomes a dead letter, this one included.
             */
            losses_left: number;
            /**
             * Format: int32
             * @description `attempt == max_attempts`: a failure reported now makes a dead letter.
             */
            max_attempts: number;
            payload: unknown;
            /** Format: int32 */
            payload_bytes: number;
            previous: components["schemas"]["PreviousAttempt"] | null;
            /** Format: int32 */
            priority: number;
            /**
             * Format: int32
             * @description How often the event was released in a row before this.
             */
            releases_in_row: number;
            /** Format: int32 */
            retries_left: number;
            scenario_run_id: string | null;
            traceparent: string | null;
            tracestate?: string;
        };
        /** @description A page of a list. */
        HeldEventPage: {
            items: components["schemas"]["HeldEvent"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description A lease that the engine holds. */
        HeldLease: {
            /** Format: uuid */
            event_id: string;
            lease_token: string;
            /** @description Only with a renewal. */
            progress?: unknown;
            /** @description False: the lease stays as it is, and the reply says whether it is still held. True where it is left out. */
            renew?: boolean | null;
        };
        /** @description How a lease stands that the engine listed. */
        HeldLeaseAnswer: {
            /** @description Somebody wants the event cancelled: stop working on it, and report as you see fit. */
            cancel_requested?: boolean;
            /** Format: uuid */
            event_id: string;
            /**
             * Format: date-time
             * @description The renewed lease's end.
             */
            expires_at?: string;
            /** Format: double */
            expires_in_seconds?: number;
            outcome: components["schemas"]["HeldLeaseOutcome"] | string;
            /** @description How it was lost; left out where there never was such a lease. */
            reason?: components["schemas"]["AttemptOutcome"] | string;
        };
        /** @enum {string} */
        HeldLeaseOutcome: "renewed" | "held" | "lost";
        HeldLeaseTerms: {
            /**
             * Format: date-time
             * @description No renewal goes beyond it.
             */
            deadline_at: string;
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: double
             * @description From the moment of this reply; trust it where clocks differ.
             */
            expires_in_seconds: number;
            /** @description Shown to the engine itself, and to nobody else. */
            lease_token?: string;
            /** Format: date-time */
            leased_at: string;
            /** Format: uuid */
            leased_by: string | null;
            /** @description For people; not a fence. */
            lock: string;
            /** Format: int32 */
            visibility_timeout_seconds: number;
        };
        /**
         * @description How a queue, or all queues together, stood. Each column has an item for each step, the first for the step that begins at `from`;
         *     null where nothing was measured, as while no server ran.
         */
        History: {
            /**
             * @description How long attempts took that their engines settled in a minute, the largest of the minutes of each step; null where there
             *     were none.
             */
            attempt_p50_seconds: (number | null)[];
            attempt_p99_seconds: (number | null)[];
            busy: (number | null)[];
            cancelled: (number | null)[];
            completed: (number | null)[];
            dead_lettered: (number | null)[];
            dead_letters: (number | null)[];
            delayed: (number | null)[];
            /** @description How deep the queue was at the end of each step. */
            due: (number | null)[];
            /** @description The queue; null: all queues together. */
            engine_type: string | null;
            /** @description What happened in each step. */
            enqueued: (number | null)[];
            failed: (number | null)[];
            /**
             * Format: date-time
             * @description The range, widened to whole steps.
             */
            from: string;
            late: (number | null)[];
            lost: (number | null)[];
            /** @description Of the event that had been due for longest, the largest in each step. */
            oldest_due_age_seconds: (number | null)[];
            processing: (number | null)[];
            released: (number | null)[];
            /** @description How many events the active engines could hold at the end of each step, and how many they held. */
            slots: (number | null)[];
            /** Format: int64 */
            step_seconds: number;
            /** Format: date-time */
            to: string;
            /** @description From due to leased, in the same way. */
            wait_p50_seconds: (number | null)[];
            wait_p99_seconds: (number | null)[];
        };
        /** @description An engine's own wish to be given no events for a while, as when what it calls refuses calls. */
        HoldOff: {
            reason: string;
            /**
             * Format: date-time
             * @description At most a day away. The past ends it.
             */
            until: string;
        };
        /** @description One bad place of a request: a pointer, a parameter or a header. */
        InputError: {
            /** @description What is wrong there. */
            detail: string;
            header?: string;
            /** @description A parameter of the path or the query. */
            parameter?: string;
            /** @description A JSON pointer into the body (RFC 6901). */
            pointer?: string;
        };
        /** @description The installation as people see it. */
        Installation: {
            /**
             * Format: int32
             * @description Days for which the audit trail is kept.
             */
            audit_retention_days: number;
            /**
             * Format: int32
             * @description Hours for which the history of queues is kept; 0: none is.
             */
            history_hours: number;
            /**
             * Format: int32
             * @description Items on one page of a list, at most.
             */
            max_page_items: number;
            /** @description What people call it, to tell it from others. Null: nobody has named it. */
            name: string | null;
            /**
             * Format: int32
             * @description Days for which ended events are kept.
             */
            retention_days: number;
        };
        /** @description A part of a policy, and which level says it. */
        IntegerOfPolicy: {
            /** @description Which level says it. */
            source: components["schemas"]["RetryPolicySource"] | string;
            /** Format: int32 */
            value: number;
        };
        IntegerSetting: {
            source: components["schemas"]["SettingSource"] | string;
            /** Format: int32 */
            value: number;
        };
        /** @description Why a poll got nothing. */
        LeaseNotice: {
            code: components["schemas"]["LeaseNoticeCode"] | string;
            detail: string;
            /** @description With `version_quarantined`: the version. Left out where the engine registered none. */
            engine_software_version?: string;
            /**
             * Format: int32
             * @description What the engine holds.
             */
            held?: number;
            /** @description Why, as the operator said of a quarantine, and the engine of holding off. */
            reason?: string;
            /** Format: int32 */
            retry_after_seconds: number;
            /**
             * Format: date-time
             * @description When the quarantine, or the holding off, ends by itself. Left out where a quarantine is to be lifted.
             */
            until?: string;
        };
        /** @enum {string} */
        LeaseNoticeCode: "engine_draining" | "engine_at_capacity" | "queue_paused" | "queue_at_max_processing" | "version_quarantined" | "engine_holding_off" | "server_stopping";
        /** @description One engine's exclusive right to one event. */
        LeaseTerms: {
            /**
             * Format: date-time
             * @description No renewal goes beyond it.
             */
            deadline_at: string;
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: double
             * @description From the moment of this reply; trust it where clocks differ.
             */
            expires_in_seconds: number;
            /** @description The fence: whoever shows it settles the lease. Opaque. */
            lease_token: string;
            /** Format: date-time */
            leased_at: string;
            /** Format: uuid */
            leased_by: string | null;
            /** @description For people; not a fence. */
            lock: string;
            /** Format: int32 */
            visibility_timeout_seconds: number;
        };
        /**
         * @description Whether a settlement must carry the token of its lease.
         * @enum {string}
         */
        LeaseTokens: "optional" | "required";
        Leased: {
            events: components["schemas"]["LeasedEvent"][];
            notice: components["schemas"]["LeaseNotice"] | null;
        };
        /** @description An event in an engine's hands. */
        LeasedEvent: {
            /**
             * Format: int32
             * @description From 1, never reset.
             */
            attempt: number;
            /** Format: date-time */
            created_at: string;
            engine_type: string;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            lease: components["schemas"]["LeaseTerms"];
            /**
             * Format: int32
             * @description Silent losses that are left before the event becomes a dead letter, this one included.
             */
            losses_left: number;
            /**
             * Format: int32
             * @description `attempt == max_attempts`: a failure reported now makes a dead letter.
             */
            max_attempts: number;
            payload: unknown;
            /** Format: int32 */
            payload_bytes: number;
            previous: components["schemas"]["PreviousAttempt"] | null;
            /** Format: int32 */
            priority: number;
            /**
             * Format: int32
             * @description How often the event was released in a row before this.
             */
            releases_in_row: number;
            /** Format: int32 */
            retries_left: number;
            scenario_run_id: string | null;
            traceparent: string | null;
            tracestate?: string;
        };
        /** @description A scenario run in a list, or the part of it that the token reaches. */
        ListedScenarioRun: {
            /**
             * Format: date-time
             * @description Null where it is not cancelled.
             */
            cancelled_at: string | null;
            /** @description The name of the token; null without authentication. */
            cancelled_by: string | null;
            /** @description The queues in which it is cancelled, where that was asked for with a limited token. */
            cancelled_in: string[];
            /** @description Some of its events are queued or with engines. */
            has_open_events: boolean;
            scenario_run_id: string;
            /** @description `active`: some of its events are queued or with engines. `idle`: none is. `cancelled`: it takes no more events. */
            status: components["schemas"]["ScenarioRunStatus"] | string;
        };
        /** @description A page of a list. */
        ListedScenarioRunPage: {
            items: components["schemas"]["ListedScenarioRun"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description The connection that hears of events that come by SQL or other replicas. */
        ListenerHealth: {
            /**
             * Format: int64
             * @description How often it was lost since the replica started.
             */
            interruptions: number;
            /** @description While false, events that come by SQL or other replicas are found only by the periodic check. */
            is_connected: boolean;
            /**
             * Format: int32
             * @description Of PostgreSQL's process at its other end.
             */
            pid: number | null;
            /**
             * Format: date-time
             * @description When that process began; null without a connection.
             */
            since: string | null;
        };
        /** @description An event to take in. */
        NewEvent: {
            /** @description Due then, at most 365 days away; the past means now. */
            available_at?: string | null;
            /**
             * Format: int32
             * @description Due that many seconds from now; instead of `available_at`.
             */
            delay_seconds?: number | null;
            /**
             * Format: int32
             * @description Not leased within that many seconds: cancelled, as too old.
             */
            discard_after_seconds?: number | null;
            /** @description Its queue: the kind of engine that works on it. */
            engine_type: string;
            event_type: string;
            /**
             * @description Within 24 hours the same key in the same queue stands for the same event; with authentication, of
             *     callers of the same name. Bodies are compared by value: white space, the order of members and the form of numbers
             *     do not count. A single event may carry it as the header Idempotency-Key instead.
             */
            idempotency_key?: string | null;
            /** @description Any JSON, kept byte for byte; at most 1 MiB and 64 levels unless configured otherwise. */
            payload: unknown;
            /**
             * Format: int32
             * @description 9 first; 5 where it is left out.
             */
            priority?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            scenario_run_id?: components["schemas"]["ScenarioRunId"] | null;
            /** @description W3C trace context, which travels with the event; of an event that has none, that of the request's headers. */
            traceparent?: string | null;
            /** @description Beside `traceparent` only. */
            tracestate?: string | null;
            /**
             * @description While an open event of the same queue has this key, whoever brought it, none is taken in: the answer is that event.
             *     Its end frees the key, also as a dead letter. An idempotency key beside it is looked up first.
             */
            unique_key?: string | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
        };
        /** @description Several events to take in, each with a verdict of its own. */
        NewEventBatch: {
            /** @description All or none; each on its own where it is left out. */
            atomic?: boolean | null;
            events: components["schemas"]["NewEvent"][];
        };
        /** @description A token to make. */
        NewToken: {
            /** @description Of a registered engine: for the role engine, and required there. */
            engine_id?: string | null;
            /** @description It has to do with these only. Required for a registrar; not for an engine or an admin. */
            engine_types?: components["schemas"]["EngineType"][] | null;
            /** Format: int32 */
            expires_in_seconds?: number | null;
            /** @description Who will show it. Tokens of one name are one caller: so one takes another's place. */
            name: string;
            role: components["schemas"]["Role"];
        };
        /** @description A part of a policy, and which level says it. */
        NumberOfPolicy: {
            /** @description Which level says it. */
            source: components["schemas"]["RetryPolicySource"] | string;
            /** Format: double */
            value: number;
        };
        NumberSetting: {
            source: components["schemas"]["SettingSource"] | string;
            /** Format: double */
            value: number;
        };
        /** @description Something that dead rows are kept for. */
        OldSnapshot: {
            /**
             * Format: double
             * @description Seconds since `since`; null like it.
             */
            age_seconds: number | null;
            /** @description As the session sent it; null where there is no session. */
            application_name: string | null;
            /** @description What kind of thing holds the snapshot. */
            held_by: components["schemas"]["SnapshotHolder"] | string;
            /** @description Of a prepared transaction or a replication slot. */
            name: string | null;
            /**
             * Format: int32
             * @description Of the session's server process, or the one that uses the replication slot; null if there is none.
             */
            pid: number | null;
            /**
             * Format: date-time
             * @description When its transaction began; null for a replication slot, and where it may not be seen.
             */
            since: string | null;
            /** @description As in `pg_stat_activity`; `active` or `inactive` for a replication slot. */
            state: string | null;
            /**
             * Format: int32
             * @description Transactions begun since, by all sessions of the cluster.
             */
            transactions_behind: number;
            /** @description The session's role; null where there is no session. */
            user: string | null;
        };
        /**
         * @description Every operation, by its `operation_id`.
         * @enum {string}
         */
        OperationId: "register_engine" | "list_engines" | "summarize_engines" | "read_engine" | "change_engine" | "deregister_engine" | "send_heartbeat" | "drain_engine" | "resume_engine" | "drain_engines" | "renew_engine_token" | "list_engine_leases" | "lease_events" | "exchange_leases" | "settle_event" | "settle_batch" | "enqueue_event" | "enqueue_batch" | "list_events" | "read_event" | "explain_event" | "read_event_payload" | "read_event_result" | "change_event" | "list_attempts" | "wait_for_events" | "cancel_event" | "cancel_events" | "reschedule_events" | "list_scenario_runs" | "read_scenario_run" | "cancel_scenario_run" | "reopen_scenario_run" | "list_dead_letters" | "group_dead_letters" | "read_dead_letter" | "redrive_dead_letter" | "discard_dead_letter" | "redrive_dead_letters" | "purge_dead_letters" | "create_redrive_job" | "list_redrive_jobs" | "read_redrive_job" | "pause_redrive_job" | "continue_redrive_job" | "cancel_redrive_job" | "list_queues" | "read_overview" | "read_history" | "read_queue_history" | "read_queue" | "explain_queue" | "change_queue" | "delete_queue" | "pause_queue" | "resume_queue" | "quarantine_version" | "list_quarantines" | "lift_quarantine" | "peek_queue" | "list_event_types" | "read_retry_policy" | "set_retry_policy" | "remove_retry_policy" | "create_token" | "list_tokens" | "revoke_token" | "create_session" | "read_session" | "delete_session" | "list_audit" | "read_database_health" | "read_metrics" | "read_server" | "read_openapi_document" | "read_docs" | "read_dashboard" | "check_health" | "check_readiness";
        OptionalIntegerSetting: {
            source: components["schemas"]["SettingSource"] | string;
            value: null | number;
        };
        /** @description How the service stands. */
        Overview: {
            /**
             * Format: date-time
             * @description When it was measured, by the database's clock.
             */
            as_of: string;
            /** @description What somebody should see to, the worst first, then what has lasted longest. */
            attention: components["schemas"]["AttentionItem"][];
            database: components["schemas"]["DatabaseLook"] | null;
            /** @description The queues that the token may know, by name. */
            queues: components["schemas"]["BriefQueue"][];
            /** @description The queues that the token may know, together. */
            totals: components["schemas"]["OverviewTotals"];
        };
        /** @description All queues together. */
        OverviewTotals: {
            /** Format: int64 */
            dead_letters: number;
            /** Format: int64 */
            delayed: number;
            /** Format: int64 */
            due: number;
            engines: components["schemas"]["QueueEngines"];
            /** @description True where a count is an estimate. */
            is_approximate: boolean;
            /**
             * Format: double
             * @description Of the event that has been due for longest.
             */
            oldest_due_age_seconds: number;
            /** Format: int64 */
            paused_queues: number;
            /** Format: int64 */
            processing: number;
            /**
             * Format: int64
             * @description How many queues there are.
             */
            queues: number;
            rates: components["schemas"]["QueueRates"];
            slots: components["schemas"]["QueueSlots"];
            /** Format: int64 */
            suspects: number;
        };
        /** @description In seconds, but for the multiplier. */
        OwnRetryDelay: {
            /**
             * Format: int32
             * @description Before the first retry, 0 to 86,400.
             */
            initial?: number;
            /**
             * Format: int32
             * @description The longest delay, before jitter, 0 to 86,400.
             */
            max?: number;
            /**
             * Format: double
             * @description Each delay is the one before times this, 1 to 10.
             */
            multiplier?: number;
        };
        /** @description What an event type says of its own; what is left out is inherited. */
        OwnRetryPolicy: {
            /**
             * Format: int32
             * @description The silent loss that makes an event a dead letter, 1 to 100.
             */
            dead_letter_threshold?: number;
            /**
             * Format: double
             * @description The share by which a delay may vary in either direction, 0 to 1.
             */
            jitter?: number;
            /**
             * Format: int32
             * @description How many reported failures are tried again, 0 to 100.
             */
            max_retries?: number;
            /** @description How long the event waits before each retry. */
            retry_delay?: components["schemas"]["OwnRetryDelay"];
        };
        /** @description A partition a day (UTC) is made, a week ahead. */
        PartitionsAhead: {
            /**
             * Format: int32
             * @description Days after today, without a gap, that have their partition; counted to 30.
             */
            days_ahead: number;
            /** @description Without it, nothing is taken in. */
            has_today: boolean;
            /** @description The partitioned table, without the schema's name. */
            table: string;
        };
        /** @description Why the queue is paused, and for how long. */
        PauseQueue: {
            reason?: string | null;
            /**
             * Format: int32
             * @description Then it goes on by itself.
             */
            resume_after_seconds?: number | null;
        };
        /** @description A merge patch (RFC 7396): its members replace those of a payload, objects are merged, and null removes a member. */
        PayloadPatch: {
            [key: string]: unknown;
        };
        /** @description An event that waits to be leased. */
        PeekedEvent: {
            /**
             * Format: int32
             * @description Attempts so far.
             */
            attempt: number;
            /** Format: date-time */
            available_at: string;
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            /** @description It had a silent loss: it is leased alone, or beside no other such event. */
            is_suspect: boolean;
            payload?: unknown;
            /** Format: int32 */
            payload_bytes: number;
            /** Format: int32 */
            priority: number;
        };
        /** @description A page of a list. */
        PeekedEventPage: {
            items: components["schemas"]["PeekedEvent"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description Connections to the database that calls share; of two looks, the one that found more idle. */
        PoolUse: {
            /**
             * Format: int32
             * @description Open ones that nobody uses.
             */
            idle: number;
            /**
             * Format: int32
             * @description The most that may be open.
             */
            max: number;
            /**
             * Format: int32
             * @description Open ones.
             */
            size: number;
        };
        PreviousAttempt: {
            /** @description Why it was released, for programs, like `no_handler`. */
            code: string | null;
            /** Format: date-time */
            ended_at: string;
            error: unknown;
            outcome: components["schemas"]["AttemptOutcome"] | string;
            progress: unknown;
            /** @description Why it was released, for people. */
            reason: string | null;
        };
        /** @description The body of every error reply. */
        Problem: {
            /**
             * Format: int64
             * @description `count_changed`
             */
            actual_count?: number;
            /**
             * @description `forbidden`: the roles that may do this, some of them perhaps only with what is their own. Left out where another role
             *     would not help.
             */
            allowed_roles?: (components["schemas"]["Role"] | string)[];
            /** @description Stable; the one member to decide by. */
            code: components["schemas"]["ProblemCode"] | string;
            /**
             * Format: int32
             * @description `lease_lost`: the number of the event's latest attempt.
             */
            current_attempt?: number;
            /** @description What happened this time. */
            detail: string;
            /** @description `engine_type_mismatch`, `engine_id_taken`: the type that the engine is registered with. */
            engine_type?: string;
            /** @description For bad input, and for what a token does not allow of it: every bad place at once. */
            errors?: components["schemas"]["InputError"][];
            /**
             * Format: uuid
             * @description `idempotency_key_reused`: the event that the key stands for. `unique_key_held`: the open event that has the key.
             */
            event_id?: string;
            /** @description `lease_lost`, `event_is_final`, `event_not_queued`, `not_a_dead_letter` */
            event_status?: components["schemas"]["EventStatus"];
            /**
             * Format: int64
             * @description `count_changed`
             */
            expected_count?: number;
            /** @description `queue_in_use` */
            has_dead_letters?: boolean;
            /** @description `queue_in_use` */
            has_engines?: boolean;
            /** @description `queue_in_use` */
            has_open_events?: boolean;
            /**
             * Format: date-time
             * @description `lease_lost`
             */
            lease_ended_at?: string | null;
            /** @description `lease_lost`: how the lease ended; null where there never was such a lease. */
            lease_ended_by?: components["schemas"]["AttemptOutcome"] | string | null;
            /**
             * Format: int64
             * @description `rate_limited`, `too_many_queues`, `too_many_event_types`: the limit that was met.
             */
            limit?: number;
            /** @description `redrive_job_over`: the state of the job. */
            redrive_job_state?: components["schemas"]["RedriveJobState"] | string;
            /**
             * Format: uuid
             * @description `not_a_dead_letter`: the event that was made from it.
             */
            redriven_as?: string;
            /**
             * Format: date-time
             * @description `engine_superseded`: when the engine registered as it is known now.
             */
            registered_at?: string;
            /**
             * Format: int64
             * @description `rate_limited`, and any problem within `lease_error`: as the header Retry-After.
             */
            retry_after_seconds?: number;
            /** @description `run_cancelled` */
            scenario_run_id?: string;
            /** @description `already_settled`: the status that was reported before. */
            settled_as?: components["schemas"]["EventStatus"];
            /**
             * Format: date-time
             * @description `already_settled`
             */
            settled_at?: string;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description `urn:eventlease:problem:<code>` */
            type: string;
        };
        /**
         * @description The stable codes; the only thing a program should tell problems apart by.
         * @enum {string}
         */
        ProblemCode: "malformed_json" | "unauthenticated" | "forbidden" | "not_for_browsers" | "cross_site_refused" | "host_not_allowed" | "not_found" | "token_not_found" | "engine_not_found" | "event_not_found" | "queue_not_found" | "redrive_job_not_found" | "method_not_allowed" | "lease_lost" | "already_settled" | "engine_type_mismatch" | "engine_id_taken" | "engine_superseded" | "event_is_final" | "event_not_queued" | "not_a_dead_letter" | "unique_key_held" | "queue_in_use" | "run_cancelled" | "count_changed" | "redrive_job_over" | "payload_too_large" | "request_timeout" | "unsupported_media_type" | "invalid_input" | "idempotency_key_reused" | "follow_up_refused" | "poll_id_reused" | "too_many_queues" | "too_many_event_types" | "overloaded" | "rate_limited" | "internal" | "database_unavailable" | "shutting_down" | "database_timeout";
        /** @description Which dead letters to remove. Exactly one of `filter` and `all`. */
        PurgeDeadLetters: {
            /** @description Every dead letter that the token reaches. */
            all?: boolean | null;
            /** @description True: counts, and changes nothing. False where it is left out. */
            dry_run?: boolean | null;
            /**
             * Format: int32
             * @description If another number matches, nothing is changed. May be left out of a dry run, which tells it.
             */
            expected_count?: number | null;
            filter?: components["schemas"]["DeadLetterFilter"] | null;
            /**
             * Format: int32
             * @description At most that many, the oldest first; 10,000 where it is left out.
             */
            limit?: number | null;
        };
        /** @description How far a purge came. */
        PurgedDeadLetters: {
            /** @description Those purged, by id, the oldest first; the first 1000. None in a dry run. */
            event_ids: string[];
            /**
             * Format: int64
             * @description All that matched when the call began.
             */
            matched: number;
            /**
             * Format: int64
             * @description Gone.
             */
            purged: number;
            /**
             * Format: int64
             * @description Of those that matched, the ones beyond the limit.
             */
            remaining: number;
        };
        Quantiles: {
            /** Format: double */
            p50: number | null;
            /** Format: double */
            p99: number | null;
        };
        /** @description A version of engines that is given nothing of a queue. */
        Quarantine: {
            by: string | null;
            /** @description Null: engines that register none. */
            engine_software_version: string | null;
            /**
             * Format: date-time
             * @description It ends then by itself.
             */
            lift_at: string | null;
            reason: string;
            /** Format: date-time */
            since: string;
        };
        /** @description A page of a list. */
        QuarantinePage: {
            items: components["schemas"]["Quarantine"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description Which engines get nothing, and why. */
        QuarantineVersion: {
            /** @description As the engines register it; null, which has to be said: those that register none. */
            engine_software_version: string | null;
            /**
             * Format: int32
             * @description Then it ends by itself.
             */
            lift_after_seconds?: number | null;
            reason: string;
        };
        /**
         * @description A queue. Counts of events are exact to 10,000, for due and delayed events of each priority; what is larger is an estimate, and
         *     `is_approximate` says so. A list shows queues with more than 1,000 waiting events or dead letters as they were some seconds ago.
         */
        Queue: {
            /**
             * @description How long attempts took that their engines settled in the same time. Each value is less than 27 % from the duration of
             *     the attempt with that rank, or less than 0.01 seconds from it; null where no attempt was settled.
             */
            attempt_seconds: components["schemas"]["Quantiles"];
            /**
             * Format: double
             * @description When nothing is due any more, at these rates; null while the queue does not shrink or is paused.
             */
            clear_in_seconds: number | null;
            /** Format: int64 */
            dead_letters: number;
            /** Format: int64 */
            delayed: number;
            /**
             * Format: int64
             * @description Events that could be leased now.
             */
            due: number;
            /** @description The due events of priority 0, 1 and so on, to 9. Each count is exact to 10,000, and stops there. */
            due_by_priority: number[];
            engine_type: string;
            engines: components["schemas"]["QueueEngines"];
            is_approximate: boolean;
            /**
             * Format: date-time
             * @description When the first delayed event is due; null where none is delayed.
             */
            next_due_at: string | null;
            /**
             * Format: double
             * @description How long the oldest due event has been due.
             */
            oldest_due_age_seconds: number;
            pause: components["schemas"]["QueuePause"] | null;
            /** Format: int64 */
            processing: number;
            /** @description Versions of engines that are given nothing, the newest quarantine first. */
            quarantines: components["schemas"]["Quarantine"][];
            /** @description Averages over the last 50 to 60 seconds, all servers together. What happened in the last 5 seconds may be missing. */
            rates: components["schemas"]["QueueRates"];
            settings: components["schemas"]["QueueSettings"];
            slots: components["schemas"]["QueueSlots"];
            /**
             * Format: int64
             * @description Open events that an engine was lost with, or did not report: they are leased with care.
             */
            suspects: number;
            /**
             * @description From when an event was due until it was leased, of the events that were leased in the same time, as exact as
             *     `attempt_seconds`.
             */
            wait_seconds: components["schemas"]["Quantiles"];
            /**
             * Format: int64
             * @description For autoscalers: how many slots the engines of this queue should have. `processing` + min(`due`, ⌈`due` × the mean length of
             *     the attempts that ended lately ÷ `target_clear_seconds`⌉); where no attempt ended lately, `processing` + `due`.
             */
            wanted_slots: number;
        };
        QueueDelaySettings: {
            initial: components["schemas"]["IntegerSetting"];
            max: components["schemas"]["IntegerSetting"];
            multiplier: components["schemas"]["NumberSetting"];
        };
        /** @description Its engines, by what they are doing. */
        QueueEngines: {
            /** Format: int64 */
            active: number;
            /** Format: int64 */
            draining: number;
            /**
             * Format: int64
             * @description Active, but they asked for no events for a while. One whose version is quarantined counts there.
             */
            holding_off: number;
            /**
             * Format: int64
             * @description Active, but for the quarantine of their version.
             */
            quarantined: number;
            /** Format: int64 */
            unresponsive: number;
        };
        /** @description A page of a list. */
        QueuePage: {
            items: components["schemas"]["Queue"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /** @description What to change of a queue's settings: what is left out stays, null is inherited (RFC 7396). */
        QueuePatch: {
            /**
             * Format: int32
             * @description Events a poll gets that names no limit.
             */
            default_limit?: number | null;
            /**
             * Format: int32
             * @description No renewal prolongs a lease beyond it.
             */
            max_lease_seconds?: number | null;
            /**
             * Format: int32
             * @description Never more events of the queue are processed at a time.
             */
            max_processing?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            /**
             * Format: int32
             * @description In how many seconds what is due is to be processed, for `wanted_slots`; 60 where the queue does not say it.
             */
            target_clear_seconds?: number | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
        };
        /** @description Why and for how long a queue gives out nothing. */
        QueuePause: {
            by: string | null;
            reason: string | null;
            /** Format: date-time */
            resume_at: string | null;
            /** Format: date-time */
            since: string;
        };
        QueuePolicySettings: {
            dead_letter_threshold: components["schemas"]["IntegerSetting"];
            jitter: components["schemas"]["NumberSetting"];
            max_retries: components["schemas"]["IntegerSetting"];
            retry_delay: components["schemas"]["QueueDelaySettings"];
        };
        QueueRates: {
            /** Format: double */
            cancelled_per_second: number;
            /** Format: double */
            completed_per_second: number;
            /** Format: double */
            dead_lettered_per_second: number;
            /** Format: double */
            enqueued_per_second: number;
            /** Format: double */
            failed_per_second: number;
            /**
             * Format: double
             * @description Settlements that came after the end of their lease, and were accepted.
             */
            late_per_second: number;
            /** Format: double */
            lost_per_second: number;
            /**
             * Format: double
             * @description Attempts whose engines gave the event back.
             */
            released_per_second: number;
        };
        /** @description Every setting in force, with its source. */
        QueueSettings: {
            default_limit: components["schemas"]["IntegerSetting"];
            max_lease_seconds: components["schemas"]["IntegerSetting"];
            max_processing: components["schemas"]["OptionalIntegerSetting"];
            retry_policy: components["schemas"]["QueuePolicySettings"];
            target_clear_seconds: components["schemas"]["IntegerSetting"];
            visibility_timeout_seconds: components["schemas"]["IntegerSetting"];
        };
        /** @description How many events the active engines can hold. `total` minus `busy` is what engines with a limit can still take. */
        QueueSlots: {
            /**
             * Format: int64
             * @description Events that the active engines hold, those without a limit among them.
             */
            busy: number;
            /**
             * Format: int64
             * @description The sum over all active engines of their `max_concurrent_events`. An engine counts with what it holds if it has no limit,
             *     or if its limit was lowered below that, so `total` is never less than `busy`.
             */
            total: number;
            /**
             * Format: int64
             * @description Active engines without a limit. They can take more events than `total` says; how many cannot be counted.
             */
            unlimited_engines: number;
        };
        /** @description Which queued events are meant: those that are all of it. At least one member. */
        QueuedEventFilter: {
            engine_type?: components["schemas"]["EngineType"] | null;
            event_ids?: string[] | null;
            event_type?: string | null;
            scenario_run_id?: components["schemas"]["ScenarioRunId"] | null;
        };
        /** @description What a redrive may change. */
        Redrive: {
            /**
             * Format: int32
             * @description Due at once where it is left out.
             */
            delay_seconds?: number | null;
            /** @description Another payload, which makes a new event; null is as if left out. */
            payload?: unknown;
            /** Format: int32 */
            priority?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
        };
        /** @description Which dead letters to redrive, and what changes with it. Exactly one of `filter` and `all`. */
        RedriveDeadLetters: {
            /** @description Every dead letter that the token reaches. */
            all?: boolean | null;
            /**
             * Format: int32
             * @description Until the first one is due; 0 where it is left out.
             */
            delay_seconds?: number | null;
            /** @description True: counts, and changes nothing. False where it is left out. */
            dry_run?: boolean | null;
            /**
             * Format: int32
             * @description If another number matches, nothing is changed.
             */
            expected_count?: number | null;
            filter?: components["schemas"]["DeadLetterFilter"] | null;
            /**
             * Format: int32
             * @description At most that many, the oldest first; 10,000 where it is left out.
             */
            limit?: number | null;
            /** Format: int32 */
            priority?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            /**
             * Format: int32
             * @description They become due evenly over that many seconds; all at once where it is left out.
             */
            spread_seconds?: number | null;
            /** Format: int32 */
            visibility_timeout_seconds?: number | null;
        };
        /** @description A redrive job, and how far it is. */
        RedriveJob: {
            canary: components["schemas"]["RedriveJobCanary"] | null;
            /**
             * Format: int64
             * @description Cancelled after they were redriven.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description Ended with success.
             */
            completed: number;
            /**
             * Format: date-time
             * @description Dead letters that died later are not meant.
             */
            created_at: string;
            /** @description The name of the token; null without authentication. */
            created_by: string | null;
            /**
             * Format: int64
             * @description Dead letters again.
             */
            died_again: number;
            /** @description The queues that it is limited to, by the token that made it; null: those that the filter lets through. */
            engine_types: string[] | null;
            /**
             * Format: double
             * @description Null: as fast as the server can.
             */
            events_per_second: number | null;
            /** @description Those that it is for; an empty one lets all through. */
            filter: components["schemas"]["DeadLetterFilter"];
            /** Format: uuid */
            job_id: string;
            /** Format: date-time */
            last_redriven_at: string | null;
            /**
             * Format: int64
             * @description Those that matched when the job was made. Of these, others may redrive or purge some before the job comes to them.
             */
            matched: number;
            /**
             * Format: int64
             * @description Queued or with an engine, when they were last counted.
             */
            open: number;
            payload_patch: components["schemas"]["PayloadPatch"] | null;
            /**
             * Format: int32
             * @description Null: each event has its own.
             */
            priority: number | null;
            /**
             * Format: int64
             * @description In their queues again, or out of them since: `open`, `completed`, `died_again`, `cancelled` or `unknown`.
             */
            redriven: number;
            /**
             * Format: double
             * @description From when the job was made until it last redrove some; null before it has for a second.
             */
            redriven_per_second: number | null;
            retry_policy: components["schemas"]["OwnRetryPolicy"] | null;
            /** @description Those that were passed over, counted by the code of why. */
            skipped: components["schemas"]["SkippedByRedriveJob"];
            /**
             * @description `canary`: those that are tried first are redriven, or some of them are open. `redriving`: the others are. `watching`: all are
             *     redriven, and some are open. `paused`: until somebody continues it. `stopped`: too many died again. `cancelled`: by
             *     somebody. `finished`: all have ended.
             */
            state: components["schemas"]["RedriveJobState"] | string;
            /** Format: date-time */
            state_changed_at: string;
            /**
             * @description Why it is paused or stopped. `operator`: somebody paused it. `canary_undecided`: some of the canary were open for too long, or
             *     all of it was cancelled. `canary_failed`: too few of the canary completed. `failure_ratio`: too many died again.
             */
            state_reason: components["schemas"]["RedriveJobStateReason"] | string | null;
            /**
             * Format: double
             * @description Null: it is not stopped.
             */
            stop_at_failure_ratio: number | null;
            /**
             * Format: int64
             * @description Ended, and how is not known any more: their history was removed before the job saw it.
             */
            unknown: number;
            /**
             * Format: int32
             * @description Null: each event has its own.
             */
            visibility_timeout_seconds: number | null;
        };
        /** @description The dead letters that are tried first. */
        RedriveJobCanary: {
            /** Format: double */
            continue_at_success_ratio: number;
            /** Format: int32 */
            count: number;
            /** Format: int32 */
            wait_seconds: number;
        };
        /** @description A page of a list. */
        RedriveJobPage: {
            items: components["schemas"]["RedriveJob"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /**
         * @description Where a job stands.
         * @enum {string}
         */
        RedriveJobState: "canary" | "redriving" | "watching" | "paused" | "stopped" | "cancelled" | "finished";
        /**
         * @description Why a job is paused or stopped.
         * @enum {string}
         */
        RedriveJobStateReason: "operator" | "canary_undecided" | "canary_failed" | "failure_ratio";
        /** @description How far a redrive came. */
        RedrivenDeadLetters: {
            /** @description Those redriven, by id, the oldest first; the first 1000. None in a dry run. */
            event_ids: string[];
            /**
             * Format: int64
             * @description All that matched when the call began.
             */
            matched: number;
            /**
             * Format: int64
             * @description In their queues again.
             */
            redriven: number;
            /**
             * Format: int64
             * @description Of those that matched, the ones that are dead letters still: beyond the limit, or passed over.
             */
            remaining: number;
            /** @description Those passed over, counted by the code that a redrive of one of them is refused with. */
            skipped: components["schemas"]["SkippedDeadLetters"];
        };
        RefusedEvent: {
            error: components["schemas"]["Problem"];
            /**
             * Format: uuid
             * @description Always null: it got none.
             */
            event_id: string | null;
        };
        /** @description Its run is cancelled. The completion stands. */
        RefusedFollowUp: {
            error: components["schemas"]["Problem"];
            /**
             * Format: uuid
             * @description Always null: it got none.
             */
            event_id: string | null;
        };
        RefusedSettlement: {
            error: components["schemas"]["Problem"];
            /**
             * Format: uuid
             * @description Null where the entry had none that could be read.
             */
            event_id: string | null;
        };
        /** @description An engine that has registered. */
        RegisteredEngine: {
            /**
             * Format: int32
             * @description As the engine reports it.
             */
            current_workload: number | null;
            drain: components["schemas"]["EngineDrain"] | null;
            /** Format: uuid */
            engine_id: string;
            /**
             * @description With authentication, what the engine is to show as `Authorization: Bearer …` from now on. It cannot be read again,
             *     and what the engine had before has ended; the one it has shown ends a minute later.
             */
            engine_token?: string;
            engine_type: string;
            /**
             * Format: int32
             * @description How often to send one: a third of the timeout. Null where the timeout is.
             */
            heartbeat_interval_seconds: number | null;
            /**
             * Format: int32
             * @description Null where the engine registered so: it is judged by its leases alone, and removed after 7 days without any call.
             */
            heartbeat_timeout_seconds: number | null;
            holding_off: components["schemas"]["EngineHoldingOff"] | null;
            /**
             * Format: int32
             * @description How often this id was registered.
             */
            incarnation: number;
            /** @description Its version is quarantined in its queue: it is given no events. */
            is_quarantined: boolean;
            /** Format: date-time */
            last_heartbeat: string | null;
            /** Format: date-time */
            last_poll_at: string | null;
            /** Format: date-time */
            last_seen_at: string;
            /**
             * Format: int32
             * @description As the server counts them.
             */
            leases_held: number;
            /** @description The queues beside its own into which it may enqueue follow-up events, with authentication. */
            may_enqueue: string[];
            metadata: components["schemas"]["EngineMetadataReply"];
            /** Format: date-time */
            registered_at: string;
            scenario_run_id: string | null;
            server: components["schemas"]["Server"];
            status: components["schemas"]["EngineStatus"] | string;
        };
        /** @description An engine that makes itself known. */
        Registration: {
            /** @description Best chosen by the engine itself and kept over its restarts; made by the server where missing. */
            engine_id?: string | null;
            engine_type: string;
            /**
             * Format: int32
             * @description Seconds without any call after which the engine is unresponsive, and its leases end if it has sent a heartbeat since it
             *     registered; if not, they end when they expire. Left out: the server's own,
             *     45 unless configured otherwise. Null: the engine is never unresponsive, its
             *     leases end when they expire, and it is removed after 7 days without any call if it holds nothing.
             */
            heartbeat_timeout_seconds?: number | null;
            /**
             * @description The queues beside its own into which the engine may enqueue follow-up events. With authentication, the token must
             *     reach them; the engine's own token can give some up, and where it leaves this out, all stay. Without
             *     authentication, every engine may enqueue into all.
             */
            may_enqueue?: string[] | null;
            metadata?: components["schemas"]["EngineMetadata"] | null;
            scenario_run_id?: components["schemas"]["ScenarioRunId"] | null;
        };
        /** @description Handed back; spends nothing. */
        ReleasedSettlement: {
            /** @description Why, for programs, like `no_handler` or `hold`. */
            code?: string | null;
            /** Format: int32 */
            delay_seconds?: number | null;
            lease_token?: string | null;
            /** @description How far the work was, for the next attempt; left out, what renewals said before stays. */
            progress?: unknown;
            /** @description Why, for people. */
            reason?: string | null;
            /** @enum {string} */
            status: "queued";
        };
        /** @description Handed back; spends nothing. */
        ReleasedSettlementEntry: {
            /** @description Why, for programs, like `no_handler` or `hold`. */
            code?: string | null;
            /** Format: int32 */
            delay_seconds?: number | null;
            /** Format: uuid */
            event_id: string;
            lease_token?: string | null;
            /** @description How far the work was, for the next attempt; left out, what renewals said before stays. */
            progress?: unknown;
            /** @description Why, for people. */
            reason?: string | null;
            /** @enum {string} */
            status: "queued";
        };
        /** @description Renewed from now on. */
        RenewedSettlement: {
            lease_token?: string | null;
            progress?: unknown;
            /** @enum {string} */
            status: "processing";
            /**
             * Format: int32
             * @description Instead of the lease's own; may shorten.
             */
            visibility_timeout_seconds?: number | null;
        };
        /** @description Renewed from now on. */
        RenewedSettlementEntry: {
            /** Format: uuid */
            event_id: string;
            lease_token?: string | null;
            progress?: unknown;
            /** @enum {string} */
            status: "processing";
            /**
             * Format: int32
             * @description Instead of the lease's own; may shorten.
             */
            visibility_timeout_seconds?: number | null;
        };
        ReopenedRun: {
            /** @description False: it was not cancelled. */
            reopened: boolean;
            scenario_run_id: string;
        };
        /** @description What holds for the replica that answers. */
        ReplicaHealth: {
            /** @description How far this replica's clock is from the database's. */
            clock: components["schemas"]["ClockDifference"];
            /** @description The replica's own connection for notifications. */
            listener: components["schemas"]["ListenerHealth"];
            /** @description The connections for all calls but lists and reports. */
            pool: components["schemas"]["PoolUse"];
            /** @description Those for lists and reports. */
            reading_pool: components["schemas"]["PoolUse"];
            /**
             * Format: double
             * @description How long it has been running.
             */
            seconds_since_start: number;
            /**
             * Format: double
             * @description Since this replica last wrote to the database, which it does every second. Null: not yet.
             */
            seconds_since_write: number | null;
            /** @description Of this service, like 0.1.0. */
            version: string;
        };
        /** @description What went wrong: a message, or more. It is kept as it was sent, whatever its strings hold. */
        ReportedError: components["schemas"]["ErrorMessage"] | components["schemas"]["StructuredError"];
        /**
         * @description Which queued events to change, and how. Exactly one of `filter` and `all`; at least one of `available_at`,
         *     `delay_seconds` and `priority`.
         */
        RescheduleEvents: {
            /** @description Every queued event that the token reaches. */
            all?: boolean | null;
            /** @description When they are due; a time in the past means now. */
            available_at?: string | null;
            /**
             * Format: int32
             * @description Until they are due, from now on. Not beside `available_at`.
             */
            delay_seconds?: number | null;
            /** @description True: counts, and changes nothing. False where it is left out. */
            dry_run?: boolean | null;
            /**
             * Format: int32
             * @description If another number matches, nothing is changed.
             */
            expected_count?: number | null;
            filter?: components["schemas"]["QueuedEventFilter"] | null;
            /**
             * Format: int32
             * @description At most that many, the oldest first; 10,000 where it is left out.
             */
            limit?: number | null;
            /** Format: int32 */
            priority?: number | null;
        };
        /** @description How far it came. */
        RescheduledEvents: {
            /**
             * Format: int64
             * @description All that matched when the call began. Events that are as asked already do not match: so a call with `available_at` is
             *     repeated to go on.
             */
            matched: number;
            /**
             * Format: int64
             * @description Of those that matched, the ones that were not: beyond the limit, just being leased, or not queued any more.
             */
            remaining: number;
            /**
             * Format: int64
             * @description Changed.
             */
            rescheduled: number;
        };
        /** @description What the engine measures of itself: members of its own choosing. */
        ResourceUtilization: {
            [key: string]: unknown;
        };
        /** @description Retry n waits `min(initial × multiplier^(n−1), max)` seconds. */
        RetryDelay: {
            /**
             * Format: int32
             * @description Seconds; 30 unless a policy says otherwise.
             */
            initial?: number | null;
            /**
             * Format: int32
             * @description Seconds; 300 unless a policy says otherwise.
             */
            max?: number | null;
            /**
             * Format: double
             * @description 2 unless a policy says otherwise.
             */
            multiplier?: number | null;
        };
        /** @description Seconds, but for the multiplier. */
        RetryDelayInForce: {
            /** @description Before the first retry. */
            initial: components["schemas"]["IntegerOfPolicy"];
            /** @description The longest delay, before jitter. */
            max: components["schemas"]["IntegerOfPolicy"];
            /** @description Each delay is the one before times this. */
            multiplier: components["schemas"]["NumberOfPolicy"];
        };
        /**
         * @description When a failed event is tried again. What is left out is inherited from the event type's policy,
         *     the queue's, the server's.
         */
        RetryPolicy: {
            /**
             * Format: int32
             * @description The silent loss (a lease that ends without the engine's word) that makes a dead letter; 3 unless a policy says
             *     otherwise.
             */
            dead_letter_threshold?: number | null;
            /**
             * Format: double
             * @description The share by which a delay may vary in either direction; 0.1 unless a policy says otherwise.
             */
            jitter?: number | null;
            /**
             * Format: int32
             * @description Reported failures that are tried again; 3 unless a policy says otherwise.
             */
            max_retries?: number | null;
            retry_delay?: components["schemas"]["RetryDelay"] | null;
        };
        /** @description The policy that holds for one event, with the source of each part. */
        RetryPolicyInForce: {
            /** @description The silent loss that makes an event a dead letter. */
            dead_letter_threshold: components["schemas"]["IntegerOfPolicy"];
            /** @description The share by which a delay may vary in either direction, 0 to 1. */
            jitter: components["schemas"]["NumberOfPolicy"];
            /** @description How many reported failures are tried again. */
            max_retries: components["schemas"]["IntegerOfPolicy"];
            /** @description How long the event waits before each retry. */
            retry_delay: components["schemas"]["RetryDelayInForce"];
        };
        /**
         * @description The level that says a part of a policy.
         * @enum {string}
         */
        RetryPolicySource: "event" | "event_type" | "queue" | "server";
        /**
         * @description What a token is for.
         * @enum {string}
         */
        Role: "engine" | "producer" | "orchestrator" | "operator" | "admin" | "reader" | "registrar";
        /** @description A scenario run, or the part of it that the token reaches. */
        ScenarioRun: {
            /**
             * Format: date-time
             * @description Null where it is not cancelled.
             */
            cancelled_at: string | null;
            /** @description The name of the token; null without authentication. */
            cancelled_by: string | null;
            /** @description The queues in which it is cancelled, where that was asked for with a limited token. */
            cancelled_in: string[];
            counts: components["schemas"]["ScenarioRunCounts"];
            /**
             * Format: date-time
             * @description When its oldest event was created that is still stored; null without one.
             */
            first_created_at: string | null;
            /**
             * @description There are more events than were counted: 10,000 of those that are queued, of those with engines, and of the newest
             *     that are stored.
             */
            is_approximate: boolean;
            /**
             * Format: date-time
             * @description When the last of its events ended; null where none has.
             */
            last_ended_at: string | null;
            scenario_run_id: string;
            /** @description `active`: some of its events are queued or with engines. `idle`: none is. `cancelled`: it takes no more events. */
            status: components["schemas"]["ScenarioRunStatus"] | string;
        };
        /** @description The events of a run, by their status. */
        ScenarioRunCounts: {
            /**
             * Format: int64
             * @description Cancelled.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description Ended with success.
             */
            completed: number;
            /**
             * Format: int64
             * @description Dead letters, also those that were purged.
             */
            failed: number;
            /**
             * Format: int64
             * @description With engines.
             */
            processing: number;
            /**
             * Format: int64
             * @description Waiting for an engine.
             */
            queued: number;
        };
        /** @description A text of 1 to 64 characters, or a whole number, which is kept as its decimal text. */
        ScenarioRunId: components["schemas"]["ScenarioRunIdText"] | number;
        ScenarioRunIdText: string;
        /**
         * @description How a run stands.
         * @enum {string}
         */
        ScenarioRunStatus: "active" | "idle" | "cancelled";
        /** @description What the server says of itself. */
        Server: {
            /** @description True: every call must show a bearer token, apart from those that the document marks as open. */
            auth: boolean;
            lease_tokens: components["schemas"]["LeaseTokens"] | string;
            limits: components["schemas"]["ServerLimits"];
            /** @description The version of the program. Replicas may have different ones while a new version is rolled out. */
            version: string;
        };
        /** @description The limits on requests that a client can keep to before it sends anything. */
        ServerLimits: {
            /** @description Events or settlements in one request. */
            max_batch_events: number;
            /** @description Bytes of a request's body, decompressed. */
            max_body_bytes: number;
            /** @description Bytes of a result, of an error's details, of progress and of an engine's metadata, each. */
            max_detail_bytes: number;
            /** @description How deep arrays and objects may be nested. */
            max_json_depth: number;
            /** @description Bytes of one event's payload. */
            max_payload_bytes: number;
        };
        /** @description Who is calling, and what they may do. */
        Session: {
            /**
             * Format: uuid
             * @description The engine that the token is for.
             */
            engine_id: string | null;
            /** @description Null: not limited. An engine's token has the type of its engine here. */
            engine_types: string[] | null;
            /**
             * Format: date-time
             * @description When the token, or the session, ends by itself. Null: never.
             */
            expires_at: string | null;
            installation: components["schemas"]["Installation"];
            /** @description True for the session of a browser, false for any other token. */
            is_session: boolean;
            /** @description Null where the server asks for no token, as all members down to `expires_at`. */
            name: string | null;
            /** @description All that the caller may do, some of it perhaps only with what is its own. */
            operations: (components["schemas"]["OperationId"] | string)[];
            role: components["schemas"]["Role"] | string | null;
            server: components["schemas"]["Server"];
        };
        /** @enum {string} */
        SettingSource: "queue" | "server";
        /** @description An event after a report. */
        Settled: {
            /** Format: int32 */
            attempt: number;
            /**
             * Format: date-time
             * @description When the event is due again.
             */
            available_at?: string;
            /** @description Somebody wants the event cancelled: stop working on it, and report as you see fit. */
            cancel_requested?: boolean;
            /**
             * @description What became of the follow-up events, in the order sent; left out where there were none. A repeated report gets the
             *     same answer.
             */
            enqueued?: components["schemas"]["FollowUpResult"][];
            /** Format: uuid */
            event_id: string;
            /**
             * Format: date-time
             * @description The renewed lease's end.
             */
            expires_at?: string;
            /** Format: double */
            expires_in_seconds?: number;
            outcome: components["schemas"]["SettlementOutcome"] | string;
            /** @description The event's status now: a failure that is tried again is `queued`. */
            status: components["schemas"]["EventStatus"];
        };
        SettledBatch: {
            /** @description In the order sent. */
            results: components["schemas"]["SettlementResult"][];
        };
        /** @description An engine's report on an event it holds. Which members go with it depends on `status`. */
        Settlement: components["schemas"]["CompletedSettlement"] | components["schemas"]["FailedSettlement"] | components["schemas"]["ReleasedSettlement"] | components["schemas"]["RenewedSettlement"];
        /** @description Several reports, each with a verdict of its own. */
        SettlementBatch: {
            settlements: components["schemas"]["SettlementEntry"][];
        };
        /** @description A settlement, with the event it is about. */
        SettlementEntry: components["schemas"]["CompletedSettlementEntry"] | components["schemas"]["FailedSettlementEntry"] | components["schemas"]["ReleasedSettlementEntry"] | components["schemas"]["RenewedSettlementEntry"];
        /**
         * @description What a report came to.
         * @enum {string}
         */
        SettlementOutcome: "completed" | "retry_scheduled" | "dead_lettered" | "released" | "renewed" | "cancelled";
        SettlementResult: components["schemas"]["Settled"] | components["schemas"]["RefusedSettlement"];
        /** @description Dead letters that a job passed over, by the code of why. */
        SkippedByRedriveJob: {
            /**
             * Format: int64
             * @description Their payloads are no objects, or would be too large or nested too deep with the patch.
             */
            payload_patch: number;
            /**
             * Format: int64
             * @description Their scenario runs are cancelled.
             */
            run_cancelled: number;
            /**
             * Format: int64
             * @description An open event of their queue has their unique key.
             */
            unique_key_held: number;
        };
        /** @description Dead letters that were passed over, by the code of why. */
        SkippedDeadLetters: {
            /**
             * Format: int64
             * @description Their scenario runs are cancelled.
             */
            run_cancelled: number;
            /**
             * Format: int64
             * @description An open event of their queue has their unique key.
             */
            unique_key_held: number;
        };
        /**
         * @description What keeps an old snapshot open.
         * @enum {string}
         */
        SnapshotHolder: "session" | "prepared_transaction" | "replication_slot";
        /** @description A server that gets this one's changes. All is null where the role may not see it. */
        Standby: {
            /** @description The name that `synchronous_standby_names` lists. */
            application_name: string | null;
            /**
             * Format: double
             * @description Seconds from a commit here until the standby showed it; null without recent writes.
             */
            replay_lag_seconds: number | null;
            /** @description streaming, catchup or startup. */
            state: string | null;
            /** @description sync, quorum, potential or async. */
            sync_state: string | null;
        };
        StructuredError: {
            details?: unknown;
            /**
             * @description By which dead letters of one cause are grouped, in the place of the one that the server makes of the type and the
             *     message.
             */
            fingerprint?: string | null;
            /** @description In its first 8192 characters `error_contains` looks for a text. */
            message: string;
            /** @description A class of errors; by its first 200 characters dead letters are found and grouped. */
            type?: string | null;
        };
        /** @description Null times: not since PostgreSQL's counts were last reset. */
        TableHealth: {
            /**
             * Format: int64
             * @description Changed or deleted, and not cleared away yet. Null like `live_rows`.
             */
            dead_rows: number | null;
            /**
             * Format: date-time
             * @description By hand or by itself.
             */
            last_analyze_at: string | null;
            /**
             * Format: date-time
             * @description By autovacuum.
             */
            last_autovacuum_at: string | null;
            /**
             * Format: date-time
             * @description By a `VACUUM` that somebody ran.
             */
            last_vacuum_at: string | null;
            /**
             * Format: int64
             * @description Null where PostgreSQL does not count rows (`track_counts` is off).
             */
            live_rows: number | null;
            /** @description Without the schema's name. */
            table: string;
            /**
             * Format: double
             * @description Since the last vacuum of either kind.
             */
            vacuum_age_seconds: number | null;
        };
        /** @description What is known of a token. */
        Token: {
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: uuid */
            engine_id: string | null;
            /** @description Null: not limited. Also null for an engine's token, which reaches the type of its engine. */
            engine_types: string[] | null;
            /** Format: date-time */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description To about a minute.
             */
            last_used_at: string | null;
            name: string;
            /** Format: date-time */
            revoked_at: string | null;
            role: components["schemas"]["Role"] | string;
            /**
             * Format: uuid
             * @description Of the session of a browser: the token that it began with, and ends with. Null for all others.
             */
            session_of: string | null;
            state: components["schemas"]["TokenState"] | string;
            /** Format: uuid */
            token_id: string;
        };
        /** @description A page of a list. */
        TokenPage: {
            items: components["schemas"]["Token"][];
            /** @description For `?cursor=`, to get the next page; null on the last. */
            next_cursor: string | null;
        };
        /**
         * @description Whether a token is good.
         * @enum {string}
         */
        TokenState: "active" | "expired" | "revoked";
        /** @description Which events to wait for, and for how long. */
        WaitForEvents: {
            /** @description One that is named twice is answered once. */
            event_ids: string[];
            until?: components["schemas"]["WaitUntil"] | null;
            /**
             * Format: int32
             * @description Answers at once where it is left out.
             */
            wait_seconds?: number | null;
        };
        /**
         * @description What a wait lasts for, unless its time is over before.
         * @enum {string}
         */
        WaitUntil: "any" | "all";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The caller's own X-Request-Id, where it was at most 64 printable characters of ASCII; else a new one */
        RequestId: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description Only of that name: a token's, or anonymous, database, first start, after-restore */
                actor?: string;
                /** @description Only that operation, by its operationId */
                action?: components["schemas"]["OperationId"];
                /** @description Only what was done to that: the id or name of an event, engine, queue, event type, run or token */
                subject?: string;
                /** @description Only from then on */
                recorded_after?: string;
                /** @description Only before then */
                recorded_before?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the audit trail */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
        };
    };
    list_dead_letters: {
        parameters: {
            query?: {
                /** @description Only of that queue */
                engine_type?: string;
                /** @description Only of that event type */
                event_type?: string;
                /** @description Only for that reason */
                reason?: components["schemas"]["DeadLetterReason"];
                /** @description Only whose last error had that type; empty: none */
                error_type?: string;
                /** @description Only of that cause; empty: those whose fingerprint is not made yet */
                error_fingerprint?: string;
                /** @description Only whose last error's message has that text, in any case */
                error_contains?: string;
                /** @description Only of that run */
                scenario_run_id?: string;
                /** @description Only last worked on by that version; empty: by none, or an unknown one */
                engine_software_version?: string;
                /** @description Only from then on */
                dead_lettered_after?: string;
                /** @description Only before then */
                dead_lettered_before?: string;
                /** @description Only redriven at most that often */
                redrives_max?: number;
                /** @description `payload`: with payloads */
                include?: "payload";
                /** @description `brief`: without errors but for their type and the beginning of their message */
                view?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of dead letters */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterPage"];
                };
            };
        };
    };
    group_dead_letters: {
        parameters: {
            query?: {
                /** @description Any of engine_type, reason, event_type, error_type, error_fingerprint, engine_software_version, with commas; reason, event_type, error_type and engine_software_version where it is left out */
                by?: string;
                /** @description Only of that queue */
                engine_type?: string;
                /** @description Only of that event type */
                event_type?: string;
                /** @description Only for that reason */
                reason?: components["schemas"]["DeadLetterReason"];
                /** @description Only whose last error had that type; empty: none */
                error_type?: string;
                /** @description Only of that cause; empty: those whose fingerprint is not made yet */
                error_fingerprint?: string;
                /** @description Only whose last error's message has that text, in any case */
                error_contains?: string;
                /** @description Only of that run */
                scenario_run_id?: string;
                /** @description Only last worked on by that version; empty: by none, or an unknown one */
                engine_software_version?: string;
                /** @description Only from then on */
                dead_lettered_after?: string;
                /** @description Only before then */
                dead_lettered_before?: string;
                /** @description Only redriven at most that often */
                redrives_max?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The largest groups */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterGroups"];
                };
            };
        };
    };
    purge_dead_letters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PurgeDeadLetters"];
            };
        };
        responses: {
            /** @description Removed, up to the limit */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PurgedDeadLetters"];
                };
            };
        };
    };
    redrive_dead_letters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedriveDeadLetters"];
            };
        };
        responses: {
            /** @description Redriven, up to the limit */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedrivenDeadLetters"];
                };
            };
        };
    };
    read_dead_letter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dead letter */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
        };
    };
    discard_dead_letter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    redrive_dead_letter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Redrive"];
            };
        };
        responses: {
            /** @description Queued again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description Queued as a new event, with the other payload */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    list_engines: {
        parameters: {
            query?: {
                /** @description Only of that type */
                engine_type?: string;
                /** @description Only in that status */
                status?: components["schemas"]["EngineStatus"];
                /** @description Only with that capability */
                capability?: string;
                /** @description Only of that run */
                scenario_run_id?: string;
                /** @description Only with that version */
                engine_software_version?: string;
                /** @description true: only those that hold nothing; false: only the others */
                idle?: boolean;
                /** @description true: only those that live, hold nothing and have not asked for work for a minute, though their queue has had due events for half a minute; false: only the others */
                zombie?: boolean;
                /** @description Only those that have held some event for longer */
                held_over_seconds?: number;
                /** @description Only those that have sent nothing at all for longer */
                silent_over_seconds?: number;
                /** @description `brief`: of the metadata, only what the server reads itself: capabilities, version and limit */
                view?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of engines */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnginePage"];
                };
            };
        };
    };
    register_engine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description Registered again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredEngine"];
                };
            };
            /** @description Registered */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredEngine"];
                };
            };
        };
    };
    drain_engines: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DrainEngines"];
            };
        };
        responses: {
            /** @description Draining */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrainedEngines"];
                };
            };
        };
    };
    summarize_engines: {
        parameters: {
            query?: {
                /** @description Only of that type */
                engine_type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups, in the order of types and versions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineSummary"];
                };
            };
        };
    };
    read_engine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The engine */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Engine"];
                };
            };
        };
    };
    deregister_engine: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who says so: the engine itself, or not */
                "X-Engine-Id"?: string;
                /** @description The incarnation that is meant; any other than the registered one is refused */
                "X-Engine-Incarnation"?: string;
            };
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_engine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnginePatch"];
            };
        };
        responses: {
            /** @description The engine as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Engine"];
                };
            };
        };
    };
    drain_engine: {
        parameters: {
            query?: never;
            header?: {
                /** @description The incarnation that is meant; any other than the registered one is refused */
                "X-Engine-Incarnation"?: string;
            };
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainEngine"];
            };
        };
        responses: {
            /** @description Draining */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Engine"];
                };
            };
        };
    };
    send_heartbeat: {
        parameters: {
            query?: never;
            header?: {
                /** @description The incarnation that the engine registered as; any other than the registered one is refused */
                "X-Engine-Incarnation"?: string;
            };
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description What the engine should do, and how its leases stand */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatAnswer"];
                };
            };
        };
    };
    list_engine_leases: {
        parameters: {
            query?: {
                /** @description `brief`: null in the place of payloads, and of what the attempt before reported */
                view?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The engine itself is shown its lease tokens */
                "X-Engine-Id"?: string;
            };
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of its leases */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldEventPage"];
                };
            };
        };
    };
    resume_engine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Active again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Engine"];
                };
            };
        };
    };
    renew_engine_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The engine */
                engine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the engine goes on with */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineToken"];
                };
            };
        };
    };
    list_event_types: {
        parameters: {
            query?: {
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of event types */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypePolicyPage"];
                };
            };
        };
    };
    read_retry_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event type */
                event_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypePolicy"];
                };
            };
        };
    };
    set_retry_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event type */
                event_type: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryPolicy"];
            };
        };
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypePolicy"];
                };
            };
        };
    };
    remove_retry_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event type */
                event_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_events: {
        parameters: {
            query?: {
                /** @description Only of that queue */
                engine_type?: string;
                /** @description Only of that event type */
                event_type?: string;
                /** @description Only in that status; needs another filter, or a time, beside it */
                status?: components["schemas"]["EventStatus"];
                /** @description Only of that run */
                scenario_run_id?: string;
                /** @description Only follow-ups of that event */
                caused_by?: string;
                /** @description Only from then on */
                created_after?: string;
                /** @description Only before then */
                created_before?: string;
                /** @description Only open events with that many silent losses at least; with status=completed, failed or cancelled, those that ended so, also where they were lost before they were redriven, which needs created_after or scenario_run_id beside it */
                lease_losses_min?: number;
                /** @description `true`: only open events of which a failure was reported since they were enqueued or redriven */
                failing?: boolean;
                /** @description Only events that this engine holds */
                leased_by?: string;
                /** @description Only with that type of the last error; needs failing=true, leased_by or lease_losses_min beside it, or status=failed, which then means dead letters */
                error_type?: string;
                /** @description Only those that this key stands for, of any caller and while it is remembered; needs engine_type beside it */
                idempotency_key?: string;
                /** @description Only the open event that has this key; needs engine_type beside it */
                unique_key?: string;
                /** @description `payload`: with payloads */
                include?: "payload";
                /** @description `brief`: without results, errors, progress and policies, but for their sizes and the beginning of an error's message */
                view?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
        };
    };
    enqueue_event: {
        parameters: {
            query?: never;
            header?: {
                /** @description As idempotency_key in the body */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEvent"];
            };
        };
        responses: {
            /** @description Its idempotency key stands for this event, or this open event has its unique key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnqueueAnswer"];
                };
            };
            /** @description Taken in */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnqueuedEvent"];
                };
            };
        };
    };
    enqueue_batch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEventBatch"];
            };
        };
        responses: {
            /** @description All taken in */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnqueuedBatch"];
                };
            };
            /** @description Some taken in */
            207: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnqueuedBatch"];
                };
            };
        };
    };
    cancel_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelEvents"];
            };
        };
        responses: {
            /** @description Cancelled, up to the limit */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelledEvents"];
                };
            };
        };
    };
    lease_events: {
        parameters: {
            query?: {
                /** @description At most that many events; 3 unless configured otherwise */
                limit?: number;
                /** @description Waits that long for an event; 20 suits most proxies */
                wait_seconds?: number;
                /** @description How long the leases last */
                visibility_timeout_seconds?: number;
                /** @description Repeated with the same id, a poll answers the leases it got that still hold; so a lost reply costs nothing */
                poll_id?: string;
                /** @description Who polls, where X-Engine-Id is not sent */
                engine_id?: string;
            };
            header?: {
                /** @description Who polls; without it the lease is anonymous */
                "X-Engine-Id"?: string;
                /** @description The incarnation that the engine registered as; any other than the registered one is refused */
                "X-Engine-Incarnation"?: string;
            };
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The leased events, or none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leased"];
                };
            };
        };
    };
    exchange_leases: {
        parameters: {
            query?: {
                /** @description Who polls, where X-Engine-Id is not sent */
                engine_id?: string;
            };
            header?: {
                /** @description Who polls; without it the lease is anonymous */
                "X-Engine-Id"?: string;
                /** @description The incarnation that the engine registered as; with any other than the registered one nothing is leased. Settlements do not depend on it */
                "X-Engine-Incarnation"?: string;
            };
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Exchange"];
            };
        };
        responses: {
            /** @description The settlements' verdicts, and the leased events or none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exchanged"];
                };
            };
        };
    };
    reschedule_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RescheduleEvents"];
            };
        };
        responses: {
            /** @description Changed, up to the limit */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RescheduledEvents"];
                };
            };
        };
    };
    settle_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who reports; needed only without a lease token */
                "X-Engine-Id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettlementBatch"];
            };
        };
        responses: {
            /** @description Each one's verdict */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettledBatch"];
                };
            };
        };
    };
    wait_for_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WaitForEvents"];
            };
        };
        responses: {
            /** @description How they stand */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AwaitedEvents"];
                };
            };
        };
    };
    read_event: {
        parameters: {
            query?: {
                /** @description `payload`: with the payload */
                include?: "payload";
                /** @description Answer when the event is final, or after so many seconds as it stands then */
                wait_seconds?: number;
            };
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    change_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeEvent"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    list_attempts: {
        parameters: {
            query?: {
                /** @description `brief`: without results, errors and progress, but for their sizes and the beginning of an error's message */
                view?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of attempts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptPage"];
                };
            };
        };
    };
    cancel_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description Asked for: an engine works on it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    explain_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Why it stands as it does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
        };
    };
    read_event_payload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The payload */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    read_event_result: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    settle_event: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who reports; needed only without a lease token */
                "X-Engine-Id"?: string;
            };
            path: {
                /** @description The event */
                event_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Settlement"];
            };
        };
        responses: {
            /** @description Settled, or renewed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settled"];
                };
            };
        };
    };
    read_database_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatabaseHealthReport"];
                };
            };
        };
    };
    read_history: {
        parameters: {
            query?: {
                /** @description From then on, at most 599 days before `to`; an hour before it, where it is not given */
                from?: string;
                /** @description Before then; now, where it is not given */
                to?: string;
                /** @description Between two points, a multiple of 60; the least with which there are at most 600, where it is not given */
                step_seconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How they stood */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
        };
    };
    read_openapi_document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    read_overview: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier reply: if nothing was measured since, the reply is 304, without a body */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it stands; ETag names this content */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
        };
    };
    list_queues: {
        parameters: {
            query?: {
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of queues */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuePage"];
                };
            };
        };
    };
    read_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The queue */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
        };
    };
    delete_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueuePatch"];
            };
        };
        responses: {
            /** @description The queue as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
        };
    };
    explain_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Why it stands as it does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
        };
    };
    read_queue_history: {
        parameters: {
            query?: {
                /** @description From then on, at most 599 days before `to`; an hour before it, where it is not given */
                from?: string;
                /** @description Before then; now, where it is not given */
                to?: string;
                /** @description Between two points, a multiple of 60; the least with which there are at most 600, where it is not given */
                step_seconds?: number;
            };
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it stood */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
        };
    };
    pause_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PauseQueue"];
            };
        };
        responses: {
            /** @description Paused */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
        };
    };
    peek_queue: {
        parameters: {
            query?: {
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
                /** @description `payload`: with payloads */
                include?: "payload";
            };
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of leasing */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeekedEventPage"];
                };
            };
        };
    };
    list_quarantines: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All in force */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantinePage"];
                };
            };
        };
    };
    quarantine_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuarantineVersion"];
            };
        };
        responses: {
            /** @description In force */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quarantine"];
                };
            };
        };
    };
    lift_quarantine: {
        parameters: {
            query?: {
                /** @description The version; or `without_version` */
                engine_software_version?: string;
                /** @description `true`: the quarantine of engines that register no version */
                without_version?: boolean;
            };
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lifted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    resume_queue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue */
                engine_type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Going on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
        };
    };
    list_redrive_jobs: {
        parameters: {
            query?: {
                /** @description Only jobs whose filter names that queue */
                engine_type?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveJobPage"];
                };
            };
        };
    };
    create_redrive_job: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateRedriveJob"];
            };
        };
        responses: {
            /** @description Counted; no job was made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedRedriveJob"];
                };
            };
            /** @description The job is made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedRedriveJob"];
                };
            };
        };
    };
    read_redrive_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveJob"];
                };
            };
        };
    };
    cancel_redrive_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveJob"];
                };
            };
        };
    };
    continue_redrive_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It goes on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveJob"];
                };
            };
        };
    };
    pause_redrive_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Paused */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveJob"];
                };
            };
        };
    };
    list_scenario_runs: {
        parameters: {
            query?: {
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedScenarioRunPage"];
                };
            };
        };
    };
    read_scenario_run: {
        parameters: {
            query?: {
                /** @description Answer when none of its events is open, or after so many seconds as it stands then */
                wait_seconds?: number;
            };
            header?: never;
            path: {
                /** @description The run */
                scenario_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioRun"];
                };
            };
        };
    };
    cancel_scenario_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run */
                scenario_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelledRun"];
                };
            };
        };
    };
    reopen_scenario_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run */
                scenario_run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It takes events, unless it is cancelled beyond the token's reach */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReopenedRun"];
                };
            };
        };
    };
    read_server: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the server is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
        };
    };
    read_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who is calling */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server asks for no token, and needs no session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description The session has begun, and the reply sets its cookie */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    delete_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description Only of that role */
                role?: components["schemas"]["Role"];
                /** @description Only of other roles than that one, as `engine`: each registered engine has a token of its own */
                except_role?: components["schemas"]["Role"];
                /** @description Only of that name */
                name?: string;
                /** @description Items a page, 50 by default */
                limit?: number;
                /** @description The next_cursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPage"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token's id, which is not the token */
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    check_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    read_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus's text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    check_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
}
