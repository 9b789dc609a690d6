use std::io::{self, Read};
use std::process::exit;

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    exit(1)
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() {
            fail("digits cannot be encoded");
        }
        let mut n = 1;
        while chars.peek() == Some(&c) {
            chars.next();
            n += 1;
        }
        out.push_str(&n.to_string());
        out.push(c);
    }
    out
}

fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.parse::<usize>() {
            Ok(n) if n > 0 && n <= 10_000_000 => out.extend(std::iter::repeat(c).take(n)),
            _ => fail("a run has no length"),
        }
        digits.clear();
    }
    if !digits.is_empty() {
        fail("a length has no character");
    }
    out
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.len() != 1 {
        exit(2);
    }
    let mut text = String::new();
    if io::stdin().read_to_string(&mut text).is_err() {
        fail("the input is no text");
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let out = match args[0].as_str() {
        "encode" => encode(text),
        "decode" => decode(text),
        _ => exit(2),
    };
    println!("{out}");
}
