//! Connections: taken one by one, bounded in number and patience, and brought to an end in an orderly way.

use std::{io, sync::Arc};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
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
    let under_way = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::IDLE).max_buf_size(limits::BUFFER_BYTES);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let service = TowerToHyperService::new(AddExtension::new(routes.clone(), peer));
        let connection = under_way.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(why) = connection.await {
                // A client that goes away in the middle is the usual reason.
                tracing::debug!(%why, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(limits::STOP_PATIENCE, under_way.shutdown()).await.is_err() {
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
