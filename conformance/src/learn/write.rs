//! What was learned as a file that `--profile` takes.

use winaccept_model::choice::Point;

use super::{Clash, LearnOutput, Learned, StepOutput};
use crate::profiles::{Choices, Known, ProfileFile};

/// What is written by hand, and recorded otherwise: the choice point, and what was recorded.
fn against(by_hand: &Known, learned: &Learned<'_>) -> Option<(Point, Vec<&'static str>)> {
    Point::all().find_map(|point| {
        let said = by_hand.said(point.name())?;
        let left = learned.left(point);
        let agrees = left.iter().any(|alternative| said.allows.iter().any(|said| said == alternative));
        (!agrees).then_some((point, left))
    })
}

/// What was learned as a profile, with what is known beside it.
///
/// # Errors
/// When that says otherwise than what was recorded, or no profile can have this name.
pub fn profile_file(learned: &Learned<'_>, name: &str, by_hand: &Known) -> Result<String, String> {
    if let Some((point, left)) = against(by_hand, learned) {
        let steps: Vec<String> = learned.by(point).iter().map(|by| place(&by.step)).collect();
        return Err(format!(
            "what is written by hand of `{}` is not what was recorded: {} ({})",
            point.name(),
            left.join(", "),
            steps.join("; ")
        ));
    }
    let mut text = format!("schema = 1\nname = {}\n", quoted(name));
    for point in Point::all() {
        if let Some(hand) = by_hand.said(point.name()) {
            let allows: Vec<&str> = hand.allows.iter().map(String::as_str).collect();
            text += &choice(point, &allows, &hand.because, &hand.source, &hand.grade);
        } else if learned.asked.contains(&point) && says_something(learned, point) {
            text += &choice(point, &learned.left(point), &because(learned, point), "recorded run", "run");
        }
    }
    if let Some(order) = &by_hand.order {
        let checks: String = order.checks.iter().map(|check| format!("    {},\n", quoted(check))).collect();
        text += &format!("\n[order]\nbecause = {}\nchecks = [\n{checks}]\n", quoted(&order.because));
    }
    // What is written is a profile.
    Choices::bundled().of_file(&ProfileFile::parse(&text)?)?;
    Ok(text)
}

/// Is more known than that all that is documented may be so? Where that is all, nothing is said, and the documents hold.
fn says_something(learned: &Learned<'_>, point: Point) -> bool {
    let left = learned.left(point);
    let documented = Choices::bundled().choice(point.name()).map(|choice| choice.entry("documented").0.allows.clone());
    let all_left = documented.is_some_and(|all| all.iter().all(|one| left.contains(&one.as_str())));
    left.len() == 1 || learned.contradicted.contains_key(&point) || !all_left
}

fn because(learned: &Learned<'_>, point: Point) -> String {
    let mut places: Vec<String> = Vec::new();
    let clash = learned.contradicted.get(&point).into_iter().flatten().map(|at| learned.step(*at));
    let steps = learned.by(point).into_iter().map(|by| by.step);
    for step in clash.chain(steps.filter(|_| !learned.contradicted.contains_key(&point))) {
        let place = place(&step);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join("; ")
}

fn place(step: &StepOutput) -> String {
    format!("{} ({}:{})", step.seen, step.file.trim_end_matches(".winaccept"), step.line)
}

fn choice(point: Point, allows: &[&str], because: &str, source: &str, grade: &str) -> String {
    let allows: Vec<String> = allows.iter().map(|allowed| quoted(allowed)).collect();
    format!(
        "\n[[choice]]\nname = {}\nallows = [{}]\nbecause = {}\nsource = {}\ngrade = {}\n",
        quoted(point.name()),
        allows.join(", "),
        quoted(because),
        quoted(source),
        quoted(grade)
    )
}

/// As a string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("invariant: every string can be written")
}

/// All of it for people: the profile, and in comments what it does not say.
#[must_use]
pub fn text(output: &LearnOutput) -> String {
    let from: Vec<String> = output.recordings.iter().map(|one| format!("{} on {}", one.stack, one.date)).collect();
    let mut text = format!(
        "# The profile of {}, learned by `winaccept profile learn` from what was recorded of {} in {} scenarios.\n\
         # Choice points: {}.\n{}\n{}",
        output.name,
        from.join(" and "),
        output.scenarios,
        output.counts(),
        output.left_out.text().map_or_else(String::new, |counts| format!("# Not learned from: {counts}.\n")),
        output.profile
    );
    text += &section("Undecided: each of these agrees with everything recorded", &undecided(output));
    text += &section("Decided only together: one of these combinations", &together(output));
    text +=
        &section("Asked by no scenario", &output.not_asked.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    text += &section("Contradicted: no one alternative explains all of these steps", &contradicted(output));
    text
}

fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("#   {line}\n")).collect();
    format!("\n# {title}:\n{lines}")
}

fn undecided(output: &LearnOutput) -> Vec<String> {
    output.undecided.iter().map(|point| format!("{} = {}", point.choice, point.left.join(" | "))).collect()
}

fn together(output: &LearnOutput) -> Vec<String> {
    let of_table = |table: &super::Together| {
        let all: Vec<String> = table.combinations.iter().map(|one| one.join(", ")).collect();
        format!("{}: {}", table.file, all.join(" | "))
    };
    output.together.iter().map(of_table).collect()
}

fn contradicted(output: &LearnOutput) -> Vec<String> {
    let of_clash = |clash: &Clash| {
        let title = match clash.choice {
            Some(choice) => format!("{choice}: now one, now another of {}", clash.allows.join(", ")),
            None => "nothing explains".to_owned(),
        };
        std::iter::once(title).chain(clash.steps.iter().map(|step| format!("    {}", place(step)))).collect::<Vec<_>>()
    };
    output.contradicted.iter().flat_map(of_clash).collect()
}
