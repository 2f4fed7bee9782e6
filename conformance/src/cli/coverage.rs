//! `winaccept coverage`.

use clap::Args as ClapArgs;
use winaccept_model::rules;

use super::{Format, beside, json, print};
use crate::coverage::facts::{Count, Fact, Standing, by_grade};
use crate::coverage::{Coverage, Fate, Judged, Place, is_cited, mutants_of, stands_on_others};
use crate::output::{
    CoverageOutput, DocumentCoverage, FactCoverage, OpenFact, RelatedCoverage, RuleCoverage, ScopeOutput, Survivor,
    Uncovered,
};
use crate::page::fitted;
use crate::problem::{Problem, Problems};
use crate::report::{table, trimmed};
use crate::spec::{Document, Spec};
use crate::suite::{self, Scenario};
use crate::survivors;
use crate::watch::Watch;

/// Arguments of `coverage`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
A clause counts as covered when a step `shows` it and, with --kill, at least one mutant of a rule that cites it makes that
very step the first one to fail, the rule being broken from the beginning or from some step on. A fact about Windows counts
when a step `confirms` it and, with --kill, would not under another alternative of some choice point, or with some rule
broken.

Exit status: 1 when a mutant survives that is neither equivalent nor explained, or when a clause of the documents is not
covered or a fact not shown (not asked with --rule); 2 when it was interrupted.")]
pub(super) struct Args {
    /// Breaks every rule in turn and sees which step notices
    #[arg(long)]
    kill: bool,
    /// With --kill: only the rules whose name begins so
    #[arg(long, value_name = "NAME", requires = "kill")]
    rule: Option<String>,
}

pub(super) fn coverage(args: &Args, format: Format) -> Result<u8, Problems> {
    let scenarios = suite::bundled()?;
    let rules = args.rule.as_deref().unwrap_or_default();
    if !rules::all().any(|(_, rule)| rule.name.starts_with(rules)) {
        return Err(Problem::new(format!("no rule's name begins with `{rules}`")).into());
    }
    let coverage = if args.kill {
        Coverage::with_mutants(&scenarios, rules, &Watch::new("mutants", mutants_of(rules).len()))
    } else {
        Coverage::shown(&scenarios)
    };
    let open = coverage.open();
    let text = match format {
        Format::Json => json(&output(&coverage)),
        Format::Text if args.rule.is_some() => each(&coverage, &scenarios),
        Format::Text => as_text(&coverage, &scenarios, args.kill),
        _ => return Err(Problem::new("coverage writes text or json").into()),
    };
    print(&text)?;
    if coverage.not_tried > 0 {
        return Ok(beside(
            &Problem::new(format!("interrupted: {} mutants were not tried, and no fact", coverage.not_tried)).into(),
        ));
    }
    let gaps = args.rule.is_none() && coverage.has_gaps();
    Ok(u8::from(open > 0 || gaps))
}

fn output(coverage: &Coverage) -> CoverageOutput {
    let of_document = |document: Document| {
        let (testable, covered) = coverage.document(document);
        let clauses = Spec::bundled().clauses_of(document).count();
        (document.to_string(), DocumentCoverage { clauses, testable, covered })
    };
    let (testable, covered) = coverage.related();
    let survivor = |judged: &Judged| match &judged.fate {
        Fate::Survives(reason) => Some(Survivor {
            rule: judged.rule.name.to_owned(),
            mutation: survivors::name(judged.mutation),
            reason: reason.clone(),
        }),
        Fate::Unreached => Some(Survivor {
            rule: judged.rule.name.to_owned(),
            mutation: survivors::name(judged.mutation),
            reason: None,
        }),
        Fate::Killed | Fate::Equivalent => None,
    };
    CoverageOutput {
        documents: Document::ALL.into_iter().map(of_document).collect(),
        related: RelatedCoverage { testable, covered, uncovered: listed(coverage.uncovered_related()) },
        facts: facts(coverage),
        rules: RuleCoverage {
            total: rules::all().count(),
            cited: rules::all().filter(|(_, rule)| is_cited(rule)).count(),
            on_other_pages_alone: rules::all().filter(|(_, rule)| stands_on_others(rule)).count(),
            mutants: coverage.mutants.len(),
            not_tried: coverage.not_tried,
            killed: coverage.count(|fate| *fate == Fate::Killed),
            equivalent: coverage.count(|fate| *fate == Fate::Equivalent),
        },
        scope: ScopeOutput { worlds: coverage.scope.0, events: coverage.scope.1 },
        uncovered: listed(coverage.uncovered(&Document::ALL)),
        survivors: coverage.mutants.iter().filter_map(survivor).collect(),
    }
}

fn listed(uncovered: Vec<(String, String)>) -> Vec<Uncovered> {
    uncovered.into_iter().map(|(clause, reason)| Uncovered { clause, reason }).collect()
}

fn facts(coverage: &Coverage) -> FactCoverage {
    let open = |fact: &Fact| match &fact.standing {
        Standing::Open(reason) => Some(OpenFact { fact: fact.fact.id.clone(), reason: reason.clone() }),
        _ => None,
    };
    let decided = |fact: &Fact| match &fact.standing {
        Standing::Shown(by) => Some((fact.fact.id.clone(), by.clone()?)),
        _ => None,
    };
    FactCoverage {
        count: Count::of(&coverage.facts),
        open: coverage.facts.iter().filter_map(open).collect(),
        grades: by_grade(&coverage.facts).into_iter().map(|(grade, count)| (grade.to_string(), count)).collect(),
        decided_by: coverage.facts.iter().filter_map(decided).collect(),
    }
}

/// The facts by grade, and those that are open.
fn facts_text(coverage: &Coverage) -> String {
    let row = |name: String, count: Count| {
        let Count { total, modelled, shown, later, out_of_scope } = count;
        std::iter::once(name).chain([total, modelled, shown, later, out_of_scope].map(|n| n.to_string()))
    };
    let mut rows = table(&["facts about Windows", "all", "to be shown", "shown", "later", "out of scope"]);
    for (grade, count) in by_grade(&coverage.facts) {
        rows.add_row(row(format!("{grade}: {}", grade.meaning()), count));
    }
    rows.add_row(row("all".to_owned(), Count::of(&coverage.facts)));
    let mut text = format!("{}\n\n", trimmed(&rows));
    let mut rows = table(&["fact not shown", "why"]);
    for fact in &coverage.facts {
        if let Standing::Open(reason) = &fact.standing {
            rows.add_row([fact.fact.id.as_str(), reason]);
        }
    }
    if !rows.is_empty() {
        text += &format!("{}\n\n", trimmed(&rows));
    }
    text
}

fn as_text(coverage: &Coverage, scenarios: &[Scenario], kill: bool) -> String {
    let mut text = String::new();
    for document in Document::ALL {
        let mut rows = table(&[&document.to_string(), "", "shown by"]);
        for clause in Spec::bundled().clauses_of(document).filter(|clause| clause.testable.is_testable()) {
            let places = coverage.shown.by_clause.get(&clause.id);
            let mut files: Vec<&str> =
                places.into_iter().flatten().map(|(index, _)| scenarios[*index].file.as_str()).collect();
            files.dedup();
            let shown = match files.as_slice() {
                [] => String::new(),
                [one] => (*one).to_owned(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            };
            rows.add_row([clause.id.as_str(), if coverage.covers(&clause.id) { "covered" } else { "-" }, &shown]);
        }
        text += &format!("{}\n\n", trimmed(&rows));
    }
    let mut rows = table(&["document", "clauses", "testable", if kill { "covered" } else { "shown" }]);
    for document in Document::ALL {
        let (testable, covered) = coverage.document(document);
        let clauses = Spec::bundled().clauses_of(document).count();
        rows.add_row([document.to_string(), clauses.to_string(), testable.to_string(), covered.to_string()]);
    }
    let (testable, covered) = coverage.related();
    rows.add_row([
        "related pages".to_owned(),
        Spec::bundled().related().len().to_string(),
        testable.to_string(),
        covered.to_string(),
    ]);
    text += &format!("{}\n\n", trimmed(&rows));
    let mut rows = table(&["not covered", "why"]);
    let related = coverage.uncovered_related();
    for (clause, reason) in coverage.uncovered(&Document::ALL).into_iter().chain(related) {
        rows.add_row([clause, reason]);
    }
    if !rows.is_empty() {
        text += &format!("{}\n\n", trimmed(&rows));
    }
    text += &facts_text(coverage);
    let total = rules::all().count();
    let cited = rules::all().filter(|(_, rule)| is_cited(rule)).count();
    let others = rules::all().filter(|(_, rule)| stands_on_others(rule)).count();
    text += &format!("{total} rules, {cited} cite a clause or a related rule, {others} of them of other pages alone\n");
    if kill {
        text += &mutants(coverage);
    } else {
        text += "\nWithout --kill a clause counts as soon as a step shows it, a fact as soon as one confirms it.\n";
    }
    fitted(&text)
}

/// What became of each mutant, and at which step the documented profile's run noticed it.
fn each(coverage: &Coverage, scenarios: &[Scenario]) -> String {
    let mut text = String::new();
    let mut rule = "";
    for judged in &coverage.mutants {
        if rule != judged.rule.name {
            rule = judged.rule.name;
            text += &format!("{rule}\n");
        }
        let fate = match &judged.fate {
            Fate::Killed => killed(judged, scenarios),
            Fate::Equivalent => "equivalent: nothing in the small scope tells it from the rule".to_owned(),
            Fate::Survives(_) | Fate::Unreached => format!("survives: {}", why(&judged.fate)),
        };
        text += &format!("  {:<34} {fate}\n", survivors::name(judged.mutation));
    }
    fitted(&text)
}

fn killed(judged: &Judged, scenarios: &[Scenario]) -> String {
    let place = |&(scenario, place): &(usize, Place)| {
        let scenario = &scenarios[scenario];
        match place {
            Place::Step(number) if number < scenario.program.steps.len() => {
                format!("{}:{}", scenario.file, scenario.line(number))
            }
            Place::Step(_) | Place::Never(_) => scenario.file.clone(),
        }
    };
    match judged.noticed.first() {
        Some(first) => format!("killed at {}", place(first)),
        None => "killed, under another profile than documented".to_owned(),
    }
}

/// Why it is no gap that nobody notices a mutant, or that it is one.
fn why(fate: &Fate) -> &str {
    match fate {
        Fate::Survives(Some(reason)) => reason,
        Fate::Survives(None) => "NOT EXPLAINED: a scenario is missing",
        Fate::Unreached => "NOT REACHED: nothing fires it there; is the rule too wide, or the scope too small?",
        Fate::Killed | Fate::Equivalent => "",
    }
}

fn mutants(coverage: &Coverage) -> String {
    let survivors = coverage.mutants.len() - coverage.count(|fate| matches!(fate, Fate::Killed | Fate::Equivalent));
    let mut text = format!(
        "{} mutants: {} killed, {} equivalent, {survivors} survive\n",
        coverage.mutants.len(),
        coverage.count(|fate| *fate == Fate::Killed),
        coverage.count(|fate| *fate == Fate::Equivalent),
    );
    let (worlds, events) = coverage.scope;
    text += &format!(
        "equivalent: not told apart by any of {events} events in {worlds} worlds that the scenarios lead to\n\n"
    );
    let mut rows = table(&["survivor", "mutation", "why that is no gap"]);
    for judged in &coverage.mutants {
        if !matches!(judged.fate, Fate::Killed | Fate::Equivalent) {
            rows.add_row([judged.rule.name, &survivors::name(judged.mutation), why(&judged.fate)]);
        }
    }
    if !rows.is_empty() {
        text += &format!("{}\n", trimmed(&rows));
    }
    text
}
