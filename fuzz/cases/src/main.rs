//! `winaccept-cases`: many executions of the targets with any compiler, counted, with limits on time and memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use winaccept_cases::campaign::{case, corpus, folder, told};
use winaccept_cases::{TARGETS, Target};

const HELP: &str = "\
Tries byte strings on the targets that docs/fuzz.md tells of: those of the corpus, and cases that follow from a seed and a number.

winaccept-cases                      100,000 executions of each target
winaccept-cases model 1000000        so many of this one; seed 0
winaccept-cases model 1000000 7      the same from seed 7
winaccept-cases model --case FILE    one case

Ends at the first case that panics, takes more than a second of the processor, or with more than 512 MiB in use: it is written to
fuzz/artifacts, and the status is 1.
";

/// The longest that a case may take, of the processor where the system tells that.
const HANG: Duration = Duration::from_secs(1);
/// The most bytes that may be in use.
const MEMORY: u64 = 512 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    winaccept_sim::limit::are_errors();
    match arguments[..] {
        ["--help" | "-h"] => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        [name, "--case", file] => match (targets(name), std::fs::read(file)) {
            (Ok(targets), Ok(case)) => {
                targets.iter().for_each(|target| (target.tries)(&case));
                ExitCode::SUCCESS
            }
            (Err(why), _) => refused(&why),
            (_, Err(error)) => refused(&format!("{file}: {error}")),
        },
        _ => match campaign(&arguments) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(why) => refused(&why),
        },
    }
}

fn refused(why: &str) -> ExitCode {
    eprintln!("error: {why}\nhelp: `winaccept-cases --help`");
    ExitCode::from(2)
}

/// The targets of this name.
fn targets(name: &str) -> Result<Vec<Target>, String> {
    let all: Vec<Target> = TARGETS.iter().filter(|target| name == "all" || target.name == name).copied().collect();
    if all.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("no target is called `{name}`; there are {}, or all", names.join(", ")));
    }
    Ok(all)
}

/// Runs what the arguments say; false where something does not hold.
fn campaign(arguments: &[&str]) -> Result<bool, String> {
    let number = |at: usize, default: u64| match arguments.get(at) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| format!("`{text}` is no number")),
    };
    if arguments.len() > 3 {
        return Err("that is more than a target, a number of executions and a seed".to_owned());
    }
    let (executions, seed) = (number(1, 100_000)?, number(2, 0)?);
    for target in targets(arguments.first().copied().unwrap_or("all"))? {
        let corpus =
            corpus(&folder(), target.name).map_err(|error| format!("the corpus of {}: {error}", target.name))?;
        let began = Instant::now();
        let watched =
            Arc::new(Watched { seed, corpus, target, number: AtomicU64::new(0), over: AtomicBool::new(false) });
        let watcher = Arc::clone(&watched);
        let watching = std::thread::spawn(move || watcher.watches());
        let held = watched.runs(executions);
        watched.over.store(true, Ordering::Relaxed);
        let peak = watching.join().map_err(|_| "whoever looked at time and memory has panicked".to_owned())?;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{:10} {:>12} executions in {seconds:8.1} s, {:>9.0} a second, at most {} MiB: {}",
            target.name,
            watched.number.load(Ordering::Relaxed),
            watched.number.load(Ordering::Relaxed) as f64 / seconds,
            peak >> 20,
            if held { "nothing found" } else { "FOUND" }
        );
        if !held {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A campaign, as the thread that runs it and the one that looks at time and memory share it.
struct Watched {
    seed: u64,
    corpus: Vec<Vec<u8>>,
    target: Target,
    /// The case that runs.
    number: AtomicU64,
    over: AtomicBool,
}

impl Watched {
    /// The corpus as it is, then what is made of it.
    fn case(&self, number: u64) -> Vec<u8> {
        let whole = usize::try_from(number).ok().and_then(|at| self.corpus.get(at).cloned());
        whole.unwrap_or_else(|| case(&self.corpus, self.seed, number))
    }

    fn runs(&self, executions: u64) -> bool {
        for number in 0..executions {
            self.number.store(number, Ordering::Relaxed);
            let case = self.case(number);
            if catch_unwind(AssertUnwindSafe(|| (self.target.tries)(&case))).is_err() {
                self.keeps(number, "panics");
                return false;
            }
        }
        self.number.store(executions, Ordering::Relaxed);
        true
    }

    fn keeps(&self, number: u64, what: &str) {
        let case = self.case(number);
        let name = self.target.name;
        let folder = folder().join("../artifacts").join(name);
        let file: PathBuf = folder.join(format!("{what}-{}-{number}", self.seed));
        let kept = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &case));
        eprintln!("{name}: the case {number} of seed {} {what}: {}", self.seed, told(&case));
        match kept {
            Ok(()) => eprintln!("again: winaccept-cases {name} --case {}", file.display()),
            Err(error) => eprintln!("{}: {error}", file.display()),
        }
    }

    /// Looks until it is over, and tells the most memory that was in use; ends the program where a limit is exceeded.
    fn watches(&self) -> u64 {
        let (mut peak, mut at, mut since) = (0, u64::MAX, spent());
        while !self.over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
            peak = peak.max(resident());
            let number = self.number.load(Ordering::Relaxed);
            if number != at {
                (at, since) = (number, spent());
            } else if spent().saturating_sub(since) > HANG && !self.over.load(Ordering::Relaxed) {
                self.keeps(number, "hangs");
                std::process::exit(1);
            }
            if peak > MEMORY {
                self.keeps(number, "fills-the-memory");
                std::process::exit(1);
            }
        }
        peak
    }
}

/// What the first thread has had of the processor; where the system does not tell, the time that has passed.
fn spent() -> Duration {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGAN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// The bytes of memory in use, as far as the system tells.
fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let told = std::fs::read_to_string("/proc/self/statm").ok();
    told.and_then(|told| told.split_whitespace().nth(1)?.parse::<u64>().ok()).map_or(0, |pages| pages * PAGE)
}
