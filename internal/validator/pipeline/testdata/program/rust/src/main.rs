//! Counts the lines of a file, or of its standard input, and writes the number to a file with --out.
use std::io::Read;

fn lines(text: &str) -> usize {
    text.lines().count()
}

fn run() -> Result<(), String> {
    let (mut file, mut out) = (None, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--out" {
            out = Some(args.next().ok_or("--out needs a file")?);
        } else {
            file = Some(arg);
        }
    }
    let mut text = String::new();
    match file {
        Some(name) => {
            text = std::fs::read_to_string(&name).map_err(|e| format!("{name}: {e}"))?;
        }
        None => {
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|e| e.to_string())?;
        }
    }
    let answer = format!("{} lines\n", lines(&text));
    match out {
        Some(name) => std::fs::write(&name, answer).map_err(|e| format!("{name}: {e}")),
        None => {
            print!("{answer}");
            Ok(())
        }
    }
}

fn main() {
    if let Err(message) = run() {
        eprintln!("count: {message}");
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn counts_lines() {
        assert_eq!(lines("a\nb\n"), 2);
    }
}
