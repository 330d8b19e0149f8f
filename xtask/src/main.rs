//! `cargo xtask <command>`: every command of the project, one list.
//!
//! Start with `cargo xtask demo` or `cargo xtask test`. What a command needs (a wasm32 standard
//! library, npm packages, a browser for the tests) it looks for, and gets it when it can.

mod bench;
mod browser_facts;
mod browsers;
mod bundle;
mod checks;
mod client;
mod crash;
mod dashboard_frames;
mod dead_slots;
mod dead_texts;
mod demo;
mod docs;
mod fuzz;
mod geckodriver;
mod lint;
mod loader;
mod marks;
mod node_packages;
mod nodes;
mod pack;
mod page_cost;
mod peer_list;
mod peers;
mod project;
mod readme;
mod repeated;
mod screenshots;
mod server;
mod short_names;
mod sim;
mod size;
mod step;
mod system_packages;
mod test;
mod tidy;
mod trap_panics;
mod wasm_sysroot;
mod wasm_toolchain;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::project::Project;
use crate::wasm_toolchain::WasmFrom;

/// The commands of stillhere. Run them anywhere inside the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Arguments {
    /// Show the output of the programs that a command runs.
    #[arg(short, long, global = true)]
    verbose: bool,

    /// Where the compiler and standard library for wasm32 come from.
    #[arg(long, global = true, value_enum, default_value_t = WasmFrom::Auto)]
    wasm_from: WasmFrom,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the client into dist/ and the server in release mode.
    Build(BuildArguments),
    /// Build everything and run the demo in the foreground; ctrl-c ends it.
    Demo(demo::DemoArguments),
    /// The pages of the documentation: whether they are as they are made; `--write` makes them.
    Docs(docs::DocsArguments),
    /// Test everything: format, tidy, client size, fuzzing, measurements in small, unit, API and browser tests.
    Test(test::TestArguments),
    /// The browser tests alone, in one engine or all three, once or many times.
    Browsers(browsers::BrowsersArguments),
    /// Run the tests of several servers that share their work, once or many times; needs nginx, Redis and PostgreSQL, which
    /// are installed where they are missing.
    Nodes(nodes::NodesArguments),
    /// Measure in a real Chromium what the simulation plays; takes some minutes.
    BrowserFacts,
    /// Hand the wire and both machines whatever chance makes up, and see that every claim holds.
    Fuzz(fuzz::FuzzArguments),
    /// Check style: rustfmt, clippy for every crate, and `tidy`.
    Lint,
    /// Check the rules of this project that no other tool knows.
    Tidy,
    /// Run people, browsers, networks and a server in virtual time; `cargo xtask sim --help` says what it can do.
    #[command(disable_help_flag = true)]
    Sim(sim::SimArguments),
    /// Kill real servers under load, and look for anything acknowledged that is lost; `cargo xtask crash --help` says how.
    #[command(disable_help_flag = true)]
    Crash(crash::CrashArguments),
    /// Measure real servers side by side: throughput, memory, restarts, pushes; `cargo xtask bench --help` says what and how.
    #[command(disable_help_flag = true)]
    Bench(bench::BenchArguments),
    /// Build and pack the npm package, check it as strangers do, and print its script tag.
    Pack,
    /// Print what a page downloads, and fail above the hard limit.
    Size(size::SizeArguments),
    /// Make pictures of every page of the site, on a desk and on a phone, in light and dark.
    Screenshots,
    /// Bundle others who do a part of the same work, and weigh everybody.
    Peers(peers::PeersArguments),
    /// Measure in a real Chromium what the client costs a page, beside the same in plain JavaScript.
    PageCost(page_cost::PageCostArguments),
    /// Measure in a real Chromium how smoothly the dashboard follows 10,000 people; fails below 50 frames a second.
    DashboardFrames(dashboard_frames::DashboardFramesArguments),
}

#[derive(clap::Args)]
struct BuildArguments {
    /// Only the client.
    #[arg(long, conflicts_with = "server")]
    client: bool,
    /// Only the server. It serves the client that is in dist/.
    #[arg(long)]
    server: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let project = Project::find(arguments.verbose, arguments.wasm_from)?;
    match arguments.command {
        Command::Build(only) => build(&project, &only),
        Command::Demo(arguments) => demo::run(&project, &arguments),
        Command::Docs(arguments) => docs::run(&project, &arguments),
        Command::Test(arguments) => test::run(&project, &arguments),
        Command::Browsers(arguments) => browsers::run(&project, &arguments),
        Command::Nodes(arguments) => nodes::run(&project, &arguments),
        Command::BrowserFacts => browser_facts::run(&project),
        Command::Fuzz(arguments) => fuzz::run(&project, &arguments),
        Command::Lint => lint::run(&project),
        Command::Tidy => tidy::run(&project),
        Command::Sim(arguments) => sim::run(&project, &arguments),
        Command::Crash(arguments) => crash::run(&project, &arguments),
        Command::Bench(arguments) => bench::run(&project, &arguments),
        Command::Pack => pack::run(&project),
        Command::Screenshots => screenshots::run(&project),
        Command::Size(arguments) => size::run(&project, &arguments),
        Command::Peers(arguments) => peers::run(&project, &arguments),
        Command::PageCost(arguments) => page_cost::run(&project, &arguments),
        Command::DashboardFrames(arguments) => dashboard_frames::run(&project, &arguments),
    }
}

fn build(project: &Project, only: &BuildArguments) -> anyhow::Result<()> {
    // The client first: the server's binary carries it.
    if !only.server {
        client::build(project)?;
        size::print(&size::measure(project)?);
    }
    if !only.client {
        let binary = server::build(project, server::Profile::Release)?;
        println!("  {}", binary.display());
    }
    Ok(())
}
