use std::io::{self, Read};
use std::process::exit;

fn main() {
    let mut top = 26;
    let mut percent = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--percent" => percent = true,
            "--top" => match args.next().and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => top = n,
                None => exit(2),
            },
            _ => exit(2),
        }
    }
    let mut text = String::new();
    if io::stdin().read_to_string(&mut text).is_err() {
        exit(1);
    }
    let mut counts = [0u64; 26];
    for c in text.chars().filter(char::is_ascii_alphabetic) {
        counts[(c.to_ascii_lowercase() as u8 - b'a') as usize] += 1;
    }
    let all: u64 = counts.iter().sum();
    if all == 0 {
        eprintln!("there are no letters");
        exit(1);
    }
    let mut order: Vec<usize> = (0..26).filter(|&i| counts[i] > 0).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(counts[i]), i));
    for &i in order.iter().take(top) {
        let letter = (b'a' + i as u8) as char;
        if percent {
            let tenths = (counts[i] * 2000 + all) / (2 * all);
            println!("{letter} {}.{}", tenths / 10, tenths % 10);
        } else {
            println!("{letter} {}", counts[i]);
        }
    }
}
