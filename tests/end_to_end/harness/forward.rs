//! A way from networks of a test to a broker.

use std::{
    io,
    net::{TcpListener, TcpStream},
    thread,
};

/// Lets a machine in a network of its own reach a broker without login, which listens on loopback alone.
pub(crate) fn forward(from: &str, to: String) {
    let listener = TcpListener::bind(from).expect("this machine has this address in the other network");
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            io::copy(&mut from, &mut to).ok();
            to.shutdown(std::net::Shutdown::Write).ok();
        })
    };
    thread::spawn(move || {
        for guest in listener.incoming().flatten() {
            let Ok(broker) = TcpStream::connect(&to) else { continue };
            pass(guest.try_clone().unwrap(), broker.try_clone().unwrap());
            pass(broker, guest);
        }
    });
}
