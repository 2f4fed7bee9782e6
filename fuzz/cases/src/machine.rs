//! Learned machines: their files, and what the model makes of them.

use winaccept::learned::{check, read};
use winaccept_model::step::Machine;

use crate::bytes::{Bytes, worded};
use crate::profiles::machines;

const HEADER: &str = "state,input,output,next\n";
const WORDS: &[&str] = &[
    "s0,",
    "s1,",
    "s2,",
    "s3,",
    "listen,",
    "accept,",
    "recv,",
    "send,",
    "close-connection,",
    "close-listener,",
    "syn,",
    "syn-ack,",
    "ack,",
    "data,",
    "fin,",
    "rst,",
    "rst-ack,",
    "-,",
    "SYN-ACK,",
    "ACK,",
    "DATA,",
    "FIN,",
    "RST,",
    "RST-ACK:x,",
    "s0\n",
    "s1\n",
    "s2\n",
    "s3\n",
    "s0,listen,-,s1\n",
    "s1,syn,SYN-ACK,s2\n",
    "s2,ack,-,s3\n",
    "s3,accept,-,s0\n",
    "\"",
    "\"\"",
    ",",
    "\n",
    "# no\n",
    "state,input,output,next\n",
    " ",
    "é",
];
/// So many transitions of a machine are judged at most: the words that lead there are many.
const JUDGED: usize = 24;

thread_local! {
    static MACHINES: Vec<Machine> = machines();
}

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    let how = rest.byte();
    let table = if how & 1 == 0 {
        rest.rest().to_vec()
    } else {
        format!("{HEADER}{}", worded(rest.rest(), WORDS)).into_bytes()
    };
    match read(&table, "machine.csv") {
        Ok(mut learned) => {
            assert!(!learned.transitions.is_empty(), "no transition, and not refused");
            learned.transitions.truncate(JUDGED);
            let all = learned.transitions.len();
            let told = MACHINES.with(|machines| {
                let machine = &machines[usize::from(how / 2) % machines.len()];
                check("machine.csv", &learned, machine)
            });
            assert_eq!(told.transitions, all);
            assert_eq!(told.exact + told.wider.len() + told.wrong.len() + told.unsayable, all, "{told:?}");
        }
        Err(problem) => assert!(problem.to_string().contains("machine.csv"), "{problem}"),
    }
}
