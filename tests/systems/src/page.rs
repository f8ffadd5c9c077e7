//! A file that is given out by HTTP: an image for a virtual drive.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

/// Gives these bytes to whoever asks, until the test's process ends. Answers the address, such as `http://127.0.0.1:PORT`.
#[must_use]
pub fn serve(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok() {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
                drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(bytes)));
            }
        }
    });
    address
}
