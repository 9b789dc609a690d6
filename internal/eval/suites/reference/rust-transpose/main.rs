use std::io::{self, Read};
use std::process::exit;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let sep = match args.as_slice() {
        [] => ",".to_string(),
        [flag, s] if flag == "--sep" && s.chars().count() == 1 => s.clone(),
        _ => exit(2),
    };
    let mut text = String::new();
    if io::stdin().read_to_string(&mut text).is_err() {
        exit(1);
    }
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(sep.as_str()).collect()).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..width {
        let cells: Vec<&str> = rows.iter().map(|r| r.get(column).copied().unwrap_or("")).collect();
        println!("{}", cells.join(&sep));
    }
}
