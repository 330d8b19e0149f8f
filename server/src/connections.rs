//! Connections: taken one by one, bounded in number and patience, and brought to an end in an orderly way.

use std::{io, pin::pin, sync::Arc};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tower_http::add_extension::AddExtension;

use crate::{caller::Peer, limits};

/// Serves until `stop` says so, then waits a while for requests that are under way.
pub(crate) async fn serve(listener: TcpListener, routes: Router, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::IDLE).max_buf_size(limits::BUFFER_BYTES);
    // What is said here is short: copied together it is written sooner than gathered from pieces.
    http.writev(false);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let service = TowerToHyperService::new(AddExtension::new(routes.clone(), peer));
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut stop = stop.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = async { _ = stop.wait_for(|stop| *stop).await } => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(why) = ended {
                // A client that goes away in the middle is the usual reason.
                tracing::debug!(%why, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    // All places are free when all connections have ended.
    if timeout(limits::STOP_PATIENCE, places.acquire_many(limits::CONNECTIONS as u32)).await.is_err() {
        tracing::warn!("some requests were still under way when the patience of the stop was over");
    }
}

/// The next connection, once there is a place for it; `None` when there was something wrong with it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            // An answer is one small packet; waiting for a second one only delays it.
            stream.set_nodelay(true).ok()?;
            Some((stream, Peer::new(address), place))
        }
        Err(why) if is_the_connections(&why) => None,
        Err(why) => {
            // Most likely there are no file descriptors left. Trying again at once would only burn the processor.
            tracing::error!(%why, "no connection could be taken");
            sleep(limits::ACCEPT_RETRY).await;
            None
        }
    }
}

/// Whether only this one connection has a fault, not the listener.
fn is_the_connections(why: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(why.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
