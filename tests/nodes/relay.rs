//! A way to Redis that can be cut.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes everything on between whoever comes and one address, as long as it is not cut.
pub(crate) struct Relay {
    port: u16,
    is_cut: watch::Sender<bool>,
}

impl Relay {
    /// Listens before the server at this address.
    pub(crate) async fn before(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let (is_cut, cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(pass_on(line, address.clone(), cut.clone()));
            }
        });
        Self { port, is_cut }
    }

    /// The address of the Redis, by this way.
    pub(crate) fn url(&self, of: &str) -> String {
        let (before, _) = of.rsplit_once(':').expect("an address with a port");
        format!("{before}:{}", self.port)
    }

    /// Ends every line, and every new one at once.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets everything through again.
    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn pass_on(mut line: TcpStream, address: String, mut cut: watch::Receiver<bool>) {
    if *cut.borrow() {
        return;
    }
    let Ok(mut there) = TcpStream::connect(address).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut line, &mut there) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}
