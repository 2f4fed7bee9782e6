//! Profiles: their files.

use winaccept::profiles::{Choices, ProfileFile};
use winaccept_model::choice::CHOICES;
use winaccept_model::profile::Profile;

use crate::bytes::{Bytes, worded};

const WORDS: &[&str] = &[
    "schema = 1\n",
    "schema = 2\n",
    "name = \"mine-1.0\"\n",
    "name = \"\"\n",
    "[[choice]]\n",
    "name = \"backlog-bound\"\n",
    "name = \"no-such\"\n",
    "allows = [\"exactly\"]\n",
    "allows = []\n",
    "because = \"b\"\n",
    "source = \"s\"\n",
    "grade = \"g\"\n",
    "[order]\n",
    "checks = [\"accept.not-a-socket\"]\n",
    "checks = [\"*.not-initialised\"]\n",
    "checks = [\"*.no\"]\n",
    "[",
    "]",
    "\"",
    "=",
    "\n",
    "#",
    "'''",
    "\\u",
    "{",
    "}",
    ".",
    ",",
    "1e9",
    "1979-05-27",
    "é",
    "\u{feff}",
];

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    match rest.byte() % 3 {
        0 => reads(&String::from_utf8_lossy(rest.rest())),
        1 => reads(&format!("schema = 1\nname = \"mine-1.0\"\n{}", worded(rest.rest(), WORDS))),
        _ => written(&mut rest),
    }
}

fn reads(text: &str) {
    match ProfileFile::parse(text) {
        Ok(file) => {
            let profile = Choices::bundled().of_file(&file);
            assert!(profile.is_ok(), "read and not taken: {profile:?}\n{text}");
        }
        Err(why) => assert!(!why.is_empty()),
    }
    let _ = Choices::parse(text);
}

/// A file that says something of some choice points; the profile allows that, and what is documented of the others.
fn written(bytes: &mut Bytes<'_>) {
    let documented = Choices::bundled().profile("documented").expect("the bundled profiles are tested");
    let mut text = "schema = 1\nname = \"mine-1.0\"\n".to_owned();
    let mut allowed: Vec<u8> = (0..CHOICES.len()).map(|point| documented.allowed(point)).collect();
    let mut said = vec![false; CHOICES.len()];
    for _ in 0..bytes.below(9) {
        let point = bytes.below(CHOICES.len());
        if std::mem::replace(&mut said[point], true) {
            continue;
        }
        let alternatives = CHOICES[point].alternatives;
        allowed[point] = 1 + bytes.below((1 << alternatives.len()) - 1) as u8;
        let names = alternatives.iter().enumerate().filter(|(at, _)| allowed[point] >> at & 1 == 1);
        let names: Vec<String> = names.map(|(_, name)| format!("\"{name}\"")).collect();
        text += &format!(
            "[[choice]]\nname = \"{}\"\nallows = [{}]\nbecause = \"b\"\nsource = \"s\"\ngrade = \"g\"\n",
            CHOICES[point].name,
            names.join(", ")
        );
    }
    let file = ProfileFile::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let profile: Profile = Choices::bundled().of_file(&file).unwrap_or_else(|why| panic!("{why}\n{text}"));
    for (point, allowed) in allowed.iter().enumerate() {
        assert_eq!(profile.allowed(point), *allowed, "{}:\n{text}", CHOICES[point].name);
    }
}
