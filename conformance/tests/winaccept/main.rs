//! What the library promises, in one test program: each costs its link and its place on the disk.

mod compare;
mod corners;
mod damage;
mod explain_table;
mod judge;
mod language_docs;
mod learned;
mod model_docs;
mod problems;
mod profiles;
mod schemas;
mod spec;
mod spec_load;
mod spec_quotes;
mod spec_readme;
mod track;
mod worker_docs;
