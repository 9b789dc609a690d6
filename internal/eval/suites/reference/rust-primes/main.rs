use std::io::Write;
use std::process::exit;

fn main() {
    let mut count = false;
    let mut bounds = Vec::new();
    for arg in std::env::args().skip(1) {
        if arg == "--count" {
            count = true;
            continue;
        }
        match arg.parse::<usize>() {
            Ok(n) if n <= 10_000_000 => bounds.push(n),
            _ => {
                eprintln!("no number from 0 to 10000000: {arg}");
                exit(2);
            }
        }
    }
    if bounds.len() != 2 {
        eprintln!("two numbers are needed");
        exit(2);
    }
    let (a, b) = (bounds[0], bounds[1]);
    let mut prime = vec![true; b + 1];
    let mut n = 2;
    while n * n <= b {
        if prime[n] {
            for m in (n * n..=b).step_by(n) {
                prime[m] = false;
            }
        }
        n += 1;
    }
    let found: Vec<usize> = (a.max(2)..=b).filter(|&n| prime[n]).collect();
    if count {
        println!("{}", found.len());
        return;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for p in found {
        if writeln!(out, "{p}").is_err() {
            exit(1);
        }
    }
}
