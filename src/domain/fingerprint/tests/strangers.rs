//! More such messages, written without looking at the rule.

/// The messages of each cause.
pub const CAUSES: &[&[&str]] = &[
    &["Unexpected token < in JSON at position 0", "Unexpected token < in JSON at position 4"],
    &[
        "ReadTimeout: HTTPSConnectionPool(host='api.anthropic.com', port=443): Read timed out. (read timeout=600)",
        "ReadTimeout: HTTPSConnectionPool(host='api.anthropic.com', port=443): Read timed out. (read timeout=30.0)",
    ],
    &[
        "HTTPSConnectionPool(host='api.anthropic.com', port=443): Max retries exceeded with url: /v1/messages (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f1c2a>: Failed to establish a new connection: [Errno -2] Name or service not known'))",
    ],
    &[
        "HTTPSConnectionPool(host='api.anthropic.com', port=443): Max retries exceeded with url: /v1/messages (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7ff0aa>: Failed to establish a new connection: [Errno 111] Connection refused'))",
    ],
    &[
        "400 {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages: roles must alternate between \\\"user\\\" and \\\"assistant\\\"\"}}",
    ],
    &[
        "529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_011CQJ9xkTz7Kd\"}",
        "529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_vrtx02aPq\"}",
    ],
    &[
        r#"{"detail":[{"type":"missing","loc":["body","npc_id"],"msg":"Field required","input":{"mood":"calm"}}]}"#,
        r#"{"detail":[{"type":"missing","loc":["body","npc_id"],"msg":"Field required","input":{"mood":"angry"}}]}"#,
    ],
    &[r#"{"detail":[{"type":"missing","loc":["body","scene_id"],"msg":"Field required","input":{"mood":"calm"}}]}"#],
    &[
        "deadlock detected\nDETAIL:  Process 1234 waits for ShareLock on transaction 99881; blocked by process 4321.",
        "deadlock detected\nDETAIL:  Process 77 waits for ShareLock on transaction 1200345; blocked by process 9.",
    ],
    &["could not connect to server: Connection refused (os error 111)"],
    &[
        "No such file or directory (os error 2): /models/llama/weights.bin",
        "No such file or directory (os error 2): /models/llama/tokenizer.json",
    ],
    &[
        "thread 'tokio-runtime-worker' panicked at src/mind.rs:120:14: called `Option::unwrap()` on a `None` value",
        "thread 'tokio-runtime-worker' panicked at src/mind.rs:131:9: called `Option::unwrap()` on a `None` value",
    ],
    &[
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.2.3.4:50051: connect: connection refused\"",
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.9.3.17:50051: connect: connection refused\"",
    ],
    &[
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: authentication handshake failed: x509: certificate has expired\"",
    ],
    &["websocket closed with code 1006", "websocket closed with code 1006"],
    &["websocket closed with code 1011"],
    &[
        "Failed to pull image \"registry.local/npc/mind:1.4.2\": not found",
        "Failed to pull image \"registry.local/npc/mind:1.5.0\": not found",
    ],
    &[
        "0/5 nodes are available: 5 Insufficient nvidia.com/gpu.",
        "0/12 nodes are available: 12 Insufficient nvidia.com/gpu.",
    ],
    &["0/5 nodes are available: 5 Insufficient memory."],
    &[
        "java.net.SocketTimeoutException: Read timed out after 30000 milliseconds",
        "java.net.SocketTimeoutException: Read timed out after 5000 milliseconds",
    ],
    &[
        "Task npc-think[8d0f7f6e-4b0d-4a53-9f0e-0d4c5a9e8b11] raised unexpected: OperationalError('server closed the connection unexpectedly')",
        "Task npc-think[11111111-4b0d-4a53-9f0e-aaaaaaaaaaaa] raised unexpected: OperationalError('server closed the connection unexpectedly')",
    ],
    &[
        "Task npc-think[8d0f7f6e-4b0d-4a53-9f0e-0d4c5a9e8b11] raised unexpected: OperationalError('SSL connection has been closed unexpectedly')",
    ],
    &["npc \"Mira\" has no voice", "npc \"Otto von Hill\" has no voice"],
    &[
        "upstream returned 502 for trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "upstream returned 502 for trace 00f067aa0ba902b7a3ce929d0e0e4736",
    ],
    &["upstream returned 504 for trace 4bf92f3577b34da6a3ce929d0e0e4736"],
    &[
        "S3 error: NoSuchKey: The specified key does not exist. (bucket=npc-audio, key=2030/01/31/V1StGXR8_Z5jdHi6B-myT.wav)",
        "S3 error: NoSuchKey: The specified key does not exist. (bucket=npc-audio, key=2030/02/01/kP3xQz81aLm_07dEwTyUb.wav)",
    ],
    &["lock on scene:42:npc:17 not acquired within 1.5s", "lock on scene:7:npc:3 not acquired within 800ms"],
    &["session sess_9Jx2LmQ0vTzK4 expired", "session sess_aaB7cTzK4mmQ1 expired", "session sess_0000111122AA expired"],
    &["job job-4711-xkqtz evicted", "job job-4712-b2c4d evicted"],
    &[
        "checkout of 3f2a9bc failed",
        "checkout of a1b2c3d failed",
        "checkout of 3f2a9bc1d4e5f60718293a4b5c6d7e8f90a1b2c3 failed",
    ],
    &[
        "cannot open /srv/npc/01HZXBQ7W8M9N0PQRSTVWXYZ12/state.json",
        "cannot open /srv/npc/01ARZ3NDEKTSV4RRFFQ69G5FAV/state.json",
        "cannot open /srv/npc/42/state.json",
        "cannot open /srv/npc/7/state.json",
    ],
    &["backoff of 2h45m0s exceeded", "backoff of 5s exceeded", "backoff of 1.5ms exceeded"],
    &["waited 3 minutes for a slot", "waited 1 minute for a slot", "waited 90 seconds for a slot"],
    &["ids 1, 2, 3 are unknown", "ids 1, 2 are unknown"],
    &["unknown npcs: npc-1, npc-2, npc-3", "unknown npcs: npc-9"],
    &[
        "tensor shape torch.Size([1, 512]) is not torch.Size([1, 768])",
        "tensor shape torch.Size([2, 8, 512]) is not torch.Size([4, 768])",
    ],
    &["HTTP/1.1 404 Not Found"],
    &["HTTP/1.1 500 Internal Server Error"],
    &["server answered HTTP status 401"],
    &["server answered HTTP status 403"],
    &["status=500 path=/v1/speak", "status=500 path=/v1/sing"],
    &["status=503 path=/v1/speak"],
    &[
        r#"{"message":"Invalid voice","code":"voice_invalid","trace":"8fKx02LmQp"}"#,
        r#"{"message":"Invalid voice","code":"voice_invalid","trace":"ZZ91aTbcdQ"}"#,
    ],
    &[r#"{"message":"Invalid voice","code":"voice_retired","trace":"8fKx02LmQp"}"#],
    &[r#"{"error":"overloaded"}"#],
    &[r#"{"error":"unauthorized"}"#],
    &[
        r#"{"error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}}"#,
    ],
    &[
        r#"{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}"#,
    ],
    &[r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#],
    &[r#"{"__type":"AccessDeniedException","message":"Rate exceeded"}"#],
    &[
        r#"{"object":"error","message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}"#,
        r#"{"object":"error","message":"This model's maximum context length is 8192 tokens","type":"BadRequestError","code":400}"#,
    ],
    &["name 'scene' is not defined"],
    &["name 'world' is not defined"],
    &["cannot import name 'Mind' from 'npc.core' (/app/npc/core.py)"],
    &["cannot import name 'Voice' from 'npc.core' (/app/npc/core.py)"],
    &["relation \"scenes\" does not exist"],
    &["relation \"npcs\" does not exist"],
    &[
        "null value in column \"mood\" of relation \"npcs\" violates not-null constraint\nDETAIL:  Failing row contains (42, Mira, null).",
        "null value in column \"mood\" of relation \"npcs\" violates not-null constraint\nDETAIL:  Failing row contains (7, Otto (the old), null).",
    ],
    &[
        "null value in column \"name\" of relation \"npcs\" violates not-null constraint\nDETAIL:  Failing row contains (42, null, calm).",
    ],
    &["ERROR: relation does not exist (SQLSTATE 42P01)"],
    &["ERROR: query failed (SQLSTATE 57014)"],
    &["ERROR: query failed (SQLSTATE 40001)"],
    &["process exited with code 1"],
    &["process exited with code 139"],
    &["exit status 2"],
    &["exit status 1"],
    &["signal: killed"],
    &["TypeError: Cannot destructure property 'mood' of 'npc' as it is undefined."],
    &["TypeError: Cannot destructure property 'name' of 'npc' as it is undefined."],
    &[
        "Unexpected non-whitespace character after JSON at position 17",
        "Unexpected non-whitespace character after JSON at position 2048",
    ],
    &[
        "AccessDenied: User: arn:aws:iam::123456789012:user/mira is not authorized to perform: s3:GetObject",
        "AccessDenied: User: arn:aws:iam::210987654321:user/anna is not authorized to perform: s3:GetObject",
    ],
    &["AccessDenied: User: arn:aws:iam::123456789012:user/mira is not authorized to perform: s3:PutObject"],
    &["redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused."],
    &["MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk."],
    &[
        "kafka: offset 1234567 out of range for partition npc-events-3",
        "kafka: offset 99 out of range for partition npc-events-11",
    ],
    &[
        "invalid JWT eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "invalid JWT eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI5OTk5In0.kP3xQz81aLm07dEwTyUb_x",
    ],
    &[
        "At 2030-01-31 12:00:00.123456+00:00 the clock was behind by 0:01:30",
        "At 2030-11-02 02:11:59.000001+00:00 the clock was behind by 0:00:04",
    ],
    &["tool call toolu_01A09q90qw90lq917835lq9 has no result", "tool call toolu_01Bx7kPqR2sT5vW8yZ has no result"],
    &["tool call call_abc123XYZ has no result", "tool call call_Zk81mmQpT has no result"],
    &["run_id=3f1e npc=mira: planner gave up", "run_id=a07c npc=mira: planner gave up"],
    &[
        "ValueError: invalid mood 'sleepy', must be one of ['calm', 'angry']",
        "ValueError: invalid mood 'bored', must be one of ['calm', 'angry']",
    ],
    &["AssertionError"],
    &["org.postgresql.util.PSQLException: FATAL: sorry, too many clients already"],
    &[
        "panic: runtime error: index out of range [5] with length 3",
        "panic: runtime error: index out of range [12] with length 12",
    ],
    &[
        "panic: runtime error: invalid memory address or nil pointer dereference [signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4a2b3c]",
        "panic: runtime error: invalid memory address or nil pointer dereference [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x5cafe1]",
    ],
    &[
        "com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException: Unrecognized field \"mood\" (class npc.Scene), not marked as ignorable",
    ],
    &[
        "com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException: Unrecognized field \"voice\" (class npc.Scene), not marked as ignorable",
    ],
    &["npc.Scene@1b2c3d4 cannot be cast to npc.World", "npc.Scene@7f cannot be cast to npc.World"],
    &["Invalid `prisma.npc.create()` invocation: Unique constraint failed on the fields: (`name`)"],
    &["Invalid `prisma.npc.create()` invocation: Unique constraint failed on the fields: (`email`)"],
    &["request failed (503)"],
    &["request failed (404)"],
    &["HTTP404"],
    &["worker agent-bkzr4 left", "worker agent-x2k4q left"],
    &["token request Kxfab0271z took 2 hours 5 minutes", "token request 8fKx02aQm1 took 5 minutes"],
];
