import re
import sys
from fractions import Fraction


class Parser:
    def __init__(self, text):
        self.tokens = re.findall(r"\d+|\S", text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            if self.take() == "+":
                value += self.product()
            else:
                value -= self.product()
        return value

    def product(self):
        value = self.unary()
        while self.peek() in ("*", "/"):
            if self.take() == "*":
                value *= self.unary()
            else:
                value /= self.unary()
        return value

    def unary(self):
        token = self.take()
        if token == "-":
            return -self.unary()
        if token == "(":
            value = self.sum()
            if self.take() != ")":
                raise ValueError("a bracket is open")
            return value
        if token is None or not token.isascii() or not token.isdigit():
            raise ValueError(f"unexpected {token}")
        return Fraction(int(token))


try:
    if len(sys.argv) != 2 or re.search(r"\d\s+\d", sys.argv[1]):
        raise ValueError("one expression is needed")
    parser = Parser(sys.argv[1])
    result = parser.sum()
    if parser.peek() is not None:
        raise ValueError(f"unexpected {parser.peek()}")
    print(result)
except ZeroDivisionError:
    print("division by zero", file=sys.stderr)
    sys.exit(1)
except ValueError as e:
    print(e, file=sys.stderr)
    sys.exit(2)
