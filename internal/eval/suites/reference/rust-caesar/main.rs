use std::io::{self, Read};
use std::process::exit;

fn shift(text: &str, by: i64) -> String {
    text.chars()
        .map(|c| {
            let base = if c.is_ascii_lowercase() {
                b'a'
            } else if c.is_ascii_uppercase() {
                b'A'
            } else {
                return c;
            };
            let place = (c as i64 - base as i64 + by.rem_euclid(26)) % 26;
            (base + place as u8) as char
        })
        .collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let by = match args.get(1).map(|n| n.parse::<i64>()) {
        Some(Ok(n)) if args.len() == 2 => n % 26,
        _ => exit(2),
    };
    let by = match args[0].as_str() {
        "encode" => by,
        "decode" => -by,
        _ => exit(2),
    };
    let mut text = String::new();
    if io::stdin().read_to_string(&mut text).is_err() {
        exit(1);
    }
    print!("{}", shift(&text, by));
}
