//! The command `stillhere`.

use std::{
    error::Error,
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Parser;
use stillhere_server::{
    Server, ServerError,
    audit::{self, Verdict},
    settings::{
        Audit, AuditOf, Cli, Command, LogFormat, Migrate, Serve, Settings, SettingsError, TokenWish, Verify, reference,
    },
    store::{Act, Count, Digest, Log, Progress, StorePlace, survey, transfer},
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Settings that cannot be followed, as with flags that do not exist.
const BAD_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(serve) => {
            with_settings(serve.settings(), |settings| start(&settings.clone(), Server::bind(settings)))
        }
        Command::Demo(demo) => {
            with_settings(demo.settings(), |settings| start(&settings.site().clone(), Server::bind_demo(settings)))
        }
        Command::CheckConfig(serve) => with_settings(serve.settings(), |_| {
            println!("These settings can be followed.");
            Ok(())
        }),
        Command::PrintConfig(serve) => with_settings(serve.settings(), |settings| {
            print!("{}", Serve::print(&settings)?);
            Ok(())
        }),
        Command::Settings => {
            print!("{}", reference());
            ExitCode::SUCCESS
        }
        Command::Token(wish) => token(&wish),
        Command::Audit(Audit { of: AuditOf::Verify(wish) }) => audit(&wish),
        Command::Migrate(wish) => migrate(&wish),
    }
}

fn with_settings<S>(settings: Result<S, SettingsError>, act: impl FnOnce(S) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => {
            eprintln!("stillhere: {why}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    match act(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("stillhere: {why}");
            ExitCode::FAILURE
        }
    }
}

fn token(wish: &TokenWish) -> ExitCode {
    match wish.token() {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("stillhere: {why}");
            ExitCode::from(BAD_SETTINGS)
        }
    }
}

fn audit(wish: &Verify) -> ExitCode {
    at(wish.place(), async |place| verify(&place, wish.expect).await.map(|verdict| told(&verdict, wish.expect)))
}

fn migrate(wish: &Migrate) -> ExitCode {
    at(wish.places(), async |(from, to)| {
        println!("From {from}\n  to {to}");
        let counts = if wish.dry_run { survey(&from, &to).await? } else { carry(&from, &to).await? };
        for Count { table, rows } in &counts {
            println!("{rows:>12} {table}");
        }
        println!("{}", if wish.dry_run { WOULD_BE_CARRIED } else { CARRIED });
        Ok(ExitCode::SUCCESS)
    })
}

const CARRIED: &str = "Every row is there, and says what it says at the source. Start the server on the new store.";

const WOULD_BE_CARRIED: &str = "So many rows would be carried over. The target would take them; nothing was changed.";

async fn carry(from: &StorePlace, to: &StorePlace) -> Result<Vec<Count>, Box<dyn Error>> {
    let is_watched = io::stderr().is_terminal();
    let mut progress = |Progress { act, table, done, all }| {
        let act = match act {
            Act::Carry => "carried",
            Act::Compare => "compared",
        };
        if is_watched {
            eprint!("\r\x1b[K{table}: {done} of {all} {act}");
        } else if done == all {
            eprintln!("{table}: {all} {act}");
        }
    };
    let counts = transfer(from, to, &mut progress).await;
    if is_watched {
        eprintln!();
    }
    Ok(counts?)
}

/// Does something where facts are kept.
fn at<Place>(
    place: Result<Place, SettingsError>,
    act: impl AsyncFnOnce(Place) -> Result<ExitCode, Box<dyn Error>>,
) -> ExitCode {
    let place = match place {
        Ok(place) => place,
        Err(why) => {
            eprintln!("stillhere: {why}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(act(place))) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("stillhere: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn verify(place: &StorePlace, expect: Option<Digest>) -> Result<Verdict, Box<dyn Error>> {
    let is_watched = io::stderr().is_terminal();
    let mut log = Log::open(place).await?;
    let verdict = audit::verify(&mut log, expect, |done, all| {
        if is_watched {
            eprint!("\r{done} of {all} rows");
        }
    });
    let verdict = verdict.await;
    if is_watched {
        eprintln!();
    }
    Ok(verdict?)
}

/// Says what an audit has found.
fn told(verdict: &Verdict, expect: Option<Digest>) -> ExitCode {
    let whole = match verdict {
        Verdict::Whole(whole) | Verdict::Another(whole) => whole,
        Verdict::Broken(fault) => {
            eprintln!("stillhere: {fault}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(cut) = whole.cut {
        println!("{} rows up to row {} were cut off, the last time at {}.", cut.mark.count, cut.mark.id, cut.moment());
    }
    if whole.rows == 0 && whole.cut.is_none() {
        println!("The log is empty, with the seal\n{}", whole.head.chain);
    } else {
        println!("{} rows are as they were sealed. Of {} the user is erased.", whole.rows, whole.erased);
        println!("The last one is row {}, with the seal\n{}", whole.head.id, whole.head.chain);
    }
    match expect {
        Some(expected) if matches!(verdict, Verdict::Another(_)) => {
            eprintln!("stillhere: {expected} is nowhere in it: this is not the log that it was printed for");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Logs as `settings` say, and runs the server that is bound then.
fn start(
    settings: &Settings,
    binding: impl Future<Output = Result<Server, ServerError>>,
) -> Result<(), Box<dyn Error>> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(settings.log())?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match settings.log_format() {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(binding))
}

async fn run(binding: impl Future<Output = Result<Server, ServerError>>) -> Result<(), Box<dyn Error>> {
    // Before anything else: a stop that comes early is a stop all the same.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = binding.await?;
    println!("stillhere is listening on http://{}/", server.local_addr());
    let shutdown = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(server.run_until(shutdown).await?)
}
