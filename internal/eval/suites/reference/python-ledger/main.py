import csv
import sys
from decimal import Decimal, InvalidOperation

args = sys.argv[1:]
until = None
if "--until" in args:
    at = args.index("--until")
    until = args[at + 1]
    del args[at : at + 2]
balances = {}
with open(args[0], newline="", encoding="utf-8") as f:
    for number, row in enumerate(csv.DictReader(f), start=2):
        try:
            amount = Decimal(row["amount"])
        except InvalidOperation:
            print(f"line {number}: {row['amount']} is no number", file=sys.stderr)
            sys.exit(1)
        if until is None or row["date"] <= until:
            balances[row["account"]] = balances.get(row["account"], Decimal(0)) + amount
for account in sorted(balances):
    print(f"{account}\t{balances[account]:.2f}")
