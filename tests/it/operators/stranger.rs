//! A server that is none of ours, or a newer one: it answers what it is told to, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;

/// Whatever is asked beside the known paths is answered 404, without a word.
pub struct Stranger {
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    /// Serves these bodies under these paths.
    pub async fn start(replies: &[(&str, u16, String)]) -> Self {
        let replies: Vec<(String, u16, String)> =
            replies.iter().map(|(path, status, body)| ((*path).to_owned(), *status, body.clone())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&asked);
        let answer = move |request: Request| {
            let path = request.uri().path().to_owned();
            let token = request.headers().get("authorization").map(|value| value.to_str().expect("ASCII").to_owned());
            keep.lock().expect("no panic").push(format!("{} {path} {}", request.method(), token.unwrap_or_default()));
            let found = replies.iter().find(|(known, ..)| *known == path).cloned();
            async move {
                let (_, status, body) = found.unwrap_or((String::new(), 404, String::new()));
                (StatusCode::from_u16(status).expect("a status"), [("location", "https://elsewhere/")], body)
                    .into_response()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Self { url, asked }
    }

    /// Method, path and `Authorization` of each call.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}
