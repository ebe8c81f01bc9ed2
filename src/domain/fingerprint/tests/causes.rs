//! Messages of real stacks, sorted by what an operator would repair together: each list is one cause, and no two lists are.

/// The messages of each cause.
pub const CAUSES: &[&[&str]] = &[
    // Python
    &["KeyError: 'mood'"],
    &["KeyError('mood')"],
    &["KeyError: 'name'"],
    &["'mood'"],
    &["'name'"],
    &["KeyError: 'npc-7f3a9c21'", "KeyError: 'npc-1b2c3d4e'"],
    &["'NoneType' object has no attribute 'reply'"],
    &["'NoneType' object has no attribute 'mood'"],
    &["No module named 'torch'"],
    &["No module named 'numpy'"],
    &[
        "could not convert string to float: 'sleepy'",
        "could not convert string to float: 'angry'",
        "could not convert string to float: '12,5'",
    ],
    &["list index out of range"],
    &["think() got an unexpected keyword argument 'temperature'"],
    &["think() got an unexpected keyword argument 'top_k'"],
    &[
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.69 GiB of which 1.06 GiB is free.",
        "CUDA out of memory. Tried to allocate 512.00 MiB. GPU 1 has a total capacity of 79.15 GiB of which 310.19 MiB is free.",
    ],
    &["CUDA out of memory: tried to allocate 96 MiB", "CUDA out of memory: tried to allocate 404 MiB"],
    &[
        "mat1 and mat2 shapes cannot be multiplied (1x512 and 768x512)",
        "mat1 and mat2 shapes cannot be multiplied (2x64 and 768x512)",
    ],
    &[
        "1 validation error for Reply\nmood\n  Field required [type=missing, input_value={'name': 'Mira'}, input_type=dict]",
        "1 validation error for Reply\nmood\n  Field required [type=missing, input_value={'name': 'Anna', 'a...ge': 3}, input_type=dict]",
    ],
    &[
        "1 validation error for Reply\nvoice\n  Field required [type=missing, input_value={'name': 'Mira'}, input_type=dict]",
    ],
    &["no embedding for ids [1, 2, 3]", "no embedding for ids [1, 2]", "no embedding for ids [17]"],
    &["no state for npcs ['mira', 'anna']", "no state for npcs ['otto']"],
    // HTTP clients
    &["HTTP 404", "HTTP 404"],
    &["HTTP 500"],
    &["Request failed with status code 429"],
    &["Request failed with status code 503"],
    &[
        "Client error '404 Not Found' for url 'https://voices.internal/v1/voices/mira?format=mp3'",
        "Client error '404 Not Found' for url 'https://voices.internal/v1/voices/anna?format=wav'",
    ],
    &["Client error '401 Unauthorized' for url 'https://voices.internal/v1/voices/mira?format=mp3'"],
    &[
        "GET https://api.example.com/v1/scenes?run=autumn&page=3 timed out after 1m30s",
        "GET https://api.example.com/v1/scenes?page=4&run=spring timed out after 45s",
        "GET https://api.example.com/v1/scenes timed out after 850ms",
    ],
    // providers of models
    &[
        r#"{"error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your limit"},"request_id":"req_8fKx02LmQp"}"#,
        r#"{"error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your limit"},"request_id":"req_ZZ91aTbcdQ"}"#,
    ],
    &[r#"{"error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_8fKx02LmQp"}"#],
    &[
        r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"},"request_id":"req_1aB2cD3eF4"}"#,
        r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 201004 tokens > 200000 maximum"},"request_id":"req_aBcDe9FgHi"}"#,
    ],
    &[
        "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o in organization org-8fKx02LmQpZ1 on tokens per min (TPM): Limit 30000, Used 29821, Requested 1200. Please try again in 2.042s.', 'type': 'tokens', 'param': None, 'code': 'rate_limit_exceeded'}}",
        "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o in organization org-1bKz77RtWqX9 on tokens per min (TPM): Limit 30000, Used 30000, Requested 87. Please try again in 174ms.', 'type': 'tokens', 'param': None, 'code': 'rate_limit_exceeded'}}",
    ],
    &[
        "Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-proj-********abcd.', 'type': 'invalid_request_error', 'param': None, 'code': 'invalid_api_key'}}",
        "Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-proj-***************x9Yz.', 'type': 'invalid_request_error', 'param': None, 'code': 'invalid_api_key'}}",
    ],
    &[r#"{"code":503,"status":"UNAVAILABLE"}"#],
    &[r#"{"code":429,"status":"RESOURCE_EXHAUSTED"}"#],
    // JavaScript
    &["Cannot read properties of undefined (reading 'map')"],
    &["Cannot read properties of undefined (reading 'length')"],
    &["connect ECONNREFUSED 10.0.0.7:5432", "connect ECONNREFUSED 10.0.1.12:5432"],
    &["getaddrinfo ENOTFOUND db.internal"],
    &["getaddrinfo ENOTFOUND voices.internal"],
    // Go
    &["dial tcp 10.0.0.7:5432: connect: connection refused", "dial tcp [fd00::17]:5432: connect: connection refused"],
    &[r#"Post "https://api.openai.com/v1/embeddings": context deadline exceeded"#],
    &[r#"Post "https://voices.internal/v1/speak": context deadline exceeded"#],
    // Java
    &[r#"Cannot invoke "Npc.getMood()" because "npc" is null"#],
    &[r#"Cannot invoke "Scene.getNpcs()" because "scene" is null"#],
    &["Index 5 out of bounds for length 3", "Index 12 out of bounds for length 12"],
    // Rust
    &["missing field `mood` at line 1 column 12", "missing field `mood` at line 40 column 3"],
    &["missing field `voice` at line 1 column 12"],
    // PostgreSQL
    &[
        "duplicate key value violates unique constraint \"npcs_name_key\"\nDETAIL:  Key (name)=(Mira) already exists.",
        "duplicate key value violates unique constraint \"npcs_name_key\"\nDETAIL:  Key (name)=(Anna of the Hills) already exists.",
    ],
    &["duplicate key value violates unique constraint \"scenes_pkey\"\nDETAIL:  Key (id)=(42) already exists."],
    &[
        r#"invalid input syntax for type uuid: "mira""#,
        r#"invalid input syntax for type uuid: "01ARZ3NDEKTSV4RRFFQ69G5FAV""#,
    ],
    // Kubernetes and ids of all kinds
    &[
        "pod worker-7d9f8b6c5-x2k4q was OOMKilled (exit code 137)",
        "pod worker-5c6b8f9d4-bkzrt was OOMKilled (exit code 137)",
    ],
    &["pod gateway-7d9f8b6c5-x2k4q was OOMKilled (exit code 137)"],
    &[
        "event 01ARZ3NDEKTSV4RRFFQ69G5FAV of commit 1a2b3c4 is gone",
        "event 01HZXBQ7W8M9N0PQRSTVWXYZ12 of commit 9f8e7d6 is gone",
    ],
];
