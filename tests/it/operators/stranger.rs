//! A server that is not EventLease, or a newer version of it: its replies are given, and it records its requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// A server whose replies have no end.
pub struct Endless {
    pub url: String,
    most_read: Arc<AtomicUsize>,
}

impl Endless {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let most_read = Arc::new(AtomicUsize::new(0));
        let noted = Arc::clone(&most_read);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    if !matches!(stream.read(&mut request).await, Ok(1..)) {
                        return;
                    }
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\"";
                    stream.write_all(head.as_bytes()).await.ok();
                    let (some, mut sent) = (vec![b'x'; 1 << 20], 0);
                    while stream.write_all(&some).await.is_ok() {
                        sent += some.len();
                        noted.fetch_max(sent, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { url, most_read }
    }

    /// Bytes that were taken of a reply, those on their way included.
    pub fn most_read(&self) -> usize {
        self.most_read.load(Ordering::Relaxed)
    }
}
