//! The profiles: what the documents say and what is known of Windows, from `spec-notes/choices.toml`; what was learned of stacks
//! that can be run, from the files in `spec-notes/profiles`; and whatever somebody else has [in a file](ProfileFile).

mod file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;
use winaccept_model::choice::CHOICES;
use winaccept_model::profile::Profile;

pub use file::{Known, ProfileFile, Said, SaidOrder, check_name, is_plain};

use crate::bundle::text;
use crate::file::Wrong;

/// Where the choice points are.
const SOURCE: &str = "spec-notes/choices.toml";

/// The profiles that were learned, each in `spec-notes/profiles`.
pub const LEARNED: [&str; 2] = ["wine-8.0", "wine-10.0"];

/// The names of the profiles, strongest evidence first.
pub const NAMES: [&str; 4] = ["documented", "windows", "wine-8.0", "wine-10.0"];

/// The largest file of a profile, in bytes.
pub const MAX_PROFILE: usize = 4 << 20;

/// What to do where a file is no profile.
const BEGINS: &str = "`winaccept profile learn RECORDING -o FILE` writes one; it begins with `schema = 1` and a line such as \
                      `name = \"mine-1.0\"`";

/// The choice points with their reasons, and the profiles they make up.
#[derive(Debug)]
pub struct Choices {
    /// In the order of the file.
    pub choices: Vec<Choice>,
    /// Orders of checks.
    pub orders: Vec<Order>,
    /// The profiles, in the order of [`NAMES`], once somebody needs them.
    made: [OnceLock<Profile>; NAMES.len()],
}

/// A choice point with what is known of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The model's name for it.
    pub name: String,
    /// Contradiction, silence, stage or precedence.
    pub kind: ChoiceKind,
    /// What is left open.
    pub question: String,
    /// What each alternative means, as an answer to the question.
    pub means: BTreeMap<String, String>,
    /// What the documents say.
    pub documents: String,
    /// What real Windows is known to do.
    pub known: String,
    documented: Entry,
    windows: Option<Entry>,
    /// What was learned, by profile.
    #[serde(skip)]
    learned: BTreeMap<String, Entry>,
}

/// Why a choice is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChoiceKind {
    /// Two documents disagree.
    Contradiction,
    /// No document speaks of it.
    Silence,
    /// At which moment a check is made.
    Stage,
    /// Which of several errors comes first.
    Precedence,
}

/// What a profile allows at a choice point.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The allowed alternatives.
    pub allows: Vec<String>,
    /// Why.
    pub because: String,
    /// Where that is known from; none for the documented set.
    pub source: Option<String>,
    /// How well.
    pub grade: Option<String>,
}

/// The order in which a stack makes its checks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The profile.
    pub profile: String,
    /// Why.
    pub because: String,
    /// Names of checks, first made first; `*.name` stands for that check of every call.
    pub checks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    choice: Vec<Choice>,
    order: Vec<Order>,
}

impl Choices {
    /// The choice points that come with the program.
    ///
    /// # Panics
    /// When `spec-notes/choices.toml` is broken; a test reads it.
    pub fn bundled() -> &'static Choices {
        static CHOICES: OnceLock<Choices> = OnceLock::new();
        CHOICES.get_or_init(|| Choices::read().expect("spec-notes/choices.toml and spec-notes/profiles are tested"))
    }

    fn read() -> Result<Choices, String> {
        let mut choices = Choices::parse(text(SOURCE))?;
        for name in LEARNED {
            let source = format!("spec-notes/profiles/{name}.toml");
            let wrong = |error: String| format!("{source}: {error}");
            let file = ProfileFile::parse(text(&source)).map_err(wrong)?;
            if file.name != name {
                return Err(wrong(format!("it is called `{}`", file.name)));
            }
            choices.of_file(&file).map_err(wrong)?;
            choices.add(&file);
        }
        Ok(choices)
    }

    /// Takes in what a profile says, as that of the program itself.
    fn add(&mut self, file: &ProfileFile) {
        for choice in &mut self.choices {
            choice.learned.extend(file.entry(&choice.name).map(|entry| (file.name.clone(), entry)));
        }
        self.orders.extend(file.order());
        self.made = Default::default();
    }

    /// The profile that is in a file.
    ///
    /// # Errors
    /// When it names a choice point, an alternative or a check that the model does not have, or allows nothing.
    pub fn of_file(&self, file: &ProfileFile) -> Result<Profile, String> {
        let mut profile = self.profile("documented")?;
        profile.name.clone_from(&file.name);
        file.known.narrow(&mut profile)?;
        Ok(profile)
    }

    /// The bundled profile of this name, or the one in the file of this name.
    ///
    /// # Errors
    /// When there is neither, or what is wrong with the file.
    pub fn named(&self, name: &str) -> Result<Profile, Wrong> {
        if NAMES.contains(&name) {
            return self.profile(name).map_err(Wrong::new);
        }
        let path = Path::new(name);
        if !name.ends_with(".toml") && !path.exists() {
            let known = NAMES.join(", ");
            return Err(Wrong::new(format!("no profile is called `{name}`; there are {known}, or any file of one")));
        }
        let source = crate::file::text(path, MAX_PROFILE)
            .map_err(|wrong| wrong.or_help(&format!("name the file of a profile, or one of {}", NAMES.join(", "))))?;
        let file = ProfileFile::parse(&source).map_err(|wrong| Wrong::new(wrong).in_file(path).or_help(BEGINS))?;
        self.of_file(&file).map_err(|wrong| Wrong::new(wrong).in_file(path))
    }

    /// Reads choice points.
    ///
    /// # Errors
    /// When the text is not of this form, or does not have exactly the model's choice points and alternatives.
    pub fn parse(source: &str) -> Result<Choices, String> {
        let file: File = toml::from_str(source).map_err(|error| error.to_string())?;
        if file.schema != 1 {
            return Err(format!("schema {} is not known; this program reads schema 1", file.schema));
        }
        let choices = Choices { choices: file.choice, orders: file.order, made: Default::default() };
        for point in &CHOICES {
            let [choice] = choices.choices.iter().filter(|choice| choice.name == point.name).collect::<Vec<_>>()[..]
            else {
                return Err(format!("`{}` must occur exactly once", point.name));
            };
            let mut alternatives = point.alternatives.to_vec();
            alternatives.sort_unstable();
            if !choice.means.keys().eq(alternatives) {
                return Err(format!("`means` of `{}` must say what each of its alternatives means", point.name));
            }
        }
        for name in &NAMES[..2] {
            choices.profile(name)?;
        }
        Ok(choices)
    }

    /// The choice point of this name.
    pub fn choice(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// When there is none of this name, or an entry names an unknown choice point, alternative or check.
    pub fn profile(&self, name: &str) -> Result<Profile, String> {
        let Some(at) = NAMES.iter().position(|known| *known == name) else {
            return Err(format!("no profile is called `{name}`; there are {}", NAMES.join(", ")));
        };
        let made = match self.made[at].get() {
            Some(made) => made,
            None => {
                let profile = self.make(name)?;
                self.made[at].get_or_init(|| profile)
            }
        };
        Ok(made.clone())
    }

    fn make(&self, name: &str) -> Result<Profile, String> {
        let mut profile = Profile::widest(name);
        for choice in &self.choices {
            let (entry, _) = choice.entry(name);
            profile.narrow(&choice.name, entry.allows.iter().map(String::as_str))?;
        }
        let order = self.orders.iter().find(|order| order.profile == name);
        let order = order.or_else(|| self.orders.iter().find(|order| order.profile == "documented"));
        if let Some(order) = order {
            profile.set_order(expand(&order.checks)?);
        }
        Ok(profile)
    }

    /// A profile that keeps its own entries at these choice points and what is documented everywhere else.
    ///
    /// # Errors
    /// When an entry names an unknown alternative.
    pub fn with_only(&self, profile: &Profile, points: &std::collections::BTreeSet<&str>) -> Result<Profile, String> {
        let mut narrowed = profile.clone();
        for choice in self.choices.iter().filter(|choice| !points.contains(choice.name.as_str())) {
            narrowed.narrow(&choice.name, choice.documented.allows.iter().map(String::as_str))?;
        }
        Ok(narrowed)
    }
}

/// The checks that these names stand for, in order.
///
/// # Errors
/// When a name stands for none.
pub fn expand(names: &[String]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for name in names {
        let known = winaccept_model::rules::all().map(|(_, rule)| rule.name);
        let matching: Vec<String> = match name.strip_prefix("*.") {
            Some(check) => known
                .filter(|rule| rule.split_once('.').is_some_and(|(_, rest)| rest == check))
                .map(str::to_owned)
                .collect(),
            None => known.filter(|rule| rule == name).map(str::to_owned).collect(),
        };
        if matching.is_empty() {
            return Err(format!("no rule is called `{name}`"));
        }
        all.extend(matching);
    }
    Ok(all)
}

impl Choice {
    /// What a profile allows here, and whether that is its own entry (otherwise it is the documented set, because nothing is known).
    pub fn entry(&self, profile: &str) -> (&Entry, bool) {
        let own = match profile {
            "documented" => Some(&self.documented),
            "windows" => self.windows.as_ref(),
            _ => self.learned.get(profile),
        };
        (own.unwrap_or(&self.documented), own.is_some())
    }
}

/// The profiles of this build, by name.
pub fn all() -> BTreeMap<&'static str, Profile> {
    NAMES
        .iter()
        .map(|name| (*name, Choices::bundled().profile(name).expect("spec-notes/choices.toml is tested")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_choices_are_those_of_the_model() {
        Choices::read().unwrap();
    }

    #[test]
    fn every_entry_of_a_stack_names_source_and_grade() {
        for choice in &Choices::bundled().choices {
            for name in &NAMES[1..] {
                let (entry, own) = choice.entry(name);
                assert_eq!(own, entry.source.is_some() && entry.grade.is_some(), "{} of {name}", choice.name);
            }
        }
    }
}
