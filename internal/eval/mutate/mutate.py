# Reads {"seed": n, "each": n, "sources": [{"id", "source", "from": line}]} and writes, a line each, {"id", "mutants": [...]}. Only the text
# of one place changes, so the line that is named is the line that differs. Nothing of a source is executed.
import ast
import json
import random
import sys

COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "in": "not in", "not in": "in", "is": "is not", "is not": "is"}
OPERATORS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}


class Source:
    def __init__(self, text):
        self.raw = text.encode("utf-8")
        self.starts = [0]
        for line in self.raw.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def start(self, node):
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node):
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, a, b):
        return self.raw[a:b].decode("utf-8")

    def line(self, at):
        return self.raw.count(b"\n", 0, at) + 1

    def between(self, a, b, word):
        """Where word stands between two nodes, comments and brackets aside."""
        gap = self.raw[a:b]
        if b"#" in gap:
            return None
        at = gap.find(word.encode())
        return None if at < 0 else (a + at, a + at + len(word))


def places(source, tree):
    """Yields (operator, start, end, replacement)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            left = node.left
            for op, right in zip(node.ops, node.comparators):
                word = OPERATORS[type(op)]
                at = source.between(source.end(left), source.start(right), word)
                if at:
                    yield "compare", at[0], at[1], COMPARE[word]
                left = right
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            word, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
            at = source.between(source.end(node.left), source.start(node.right), word)
            if at:
                yield "arithmetic", at[0], at[1], other
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
            word, other = ("+=", "-=") if isinstance(node.op, ast.Add) else ("-=", "+=")
            at = source.between(source.end(node.target), source.start(node.value), word)
            if at:
                yield "arithmetic", at[0], at[1], other
        elif isinstance(node, ast.BoolOp):
            word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            at = source.between(source.end(node.values[0]), source.start(node.values[1]), word)
            if at:
                yield "and_or", at[0], at[1], other
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield "constant", source.start(node), source.end(node), str(node.value + 1)
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield "negate", source.start(node), source.end(node), str(not node.value)
        if isinstance(node, (ast.If, ast.While, ast.IfExp)):
            a, b = source.start(node.test), source.end(node.test)
            yield "negate", a, b, "not (%s)" % source.text(a, b)
        elif isinstance(node, ast.Return) and node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "return_none", source.start(node), source.end(node), "return None"
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Break, ast.Continue)) or isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            yield "remove", source.start(node), source.end(node), "pass"


def mutants(item, seed, each):
    source = Source(item["source"])
    tree = ast.parse(item["source"])
    found = {}
    for kind, a, b, new in places(source, tree):
        if source.line(a) >= item["from"] and source.text(a, b) != new:
            found.setdefault(kind, set()).add((a, b, new))
    draw = random.Random("%s/%s" % (seed, item["id"]))
    lists = []
    for kind in sorted(found):
        options = sorted(found[kind])
        draw.shuffle(options)
        lists.append([(kind,) + o for o in options])
    draw.shuffle(lists)
    out = []
    while lists and len(out) < each:
        for options in lists:
            kind, a, b, new = options.pop()
            text = source.text(0, a) + new + source.text(b, len(source.raw))
            try:
                compile(text, item["id"], "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue
            line = source.line(a)
            out.append({
                "operator": kind, "line": line, "before": item["source"].split("\n")[line - 1].strip(),
                "after": text.split("\n")[line - 1].strip(), "source": text,
            })
            if len(out) == each:
                break
        lists = [o for o in lists if o]
    return {"id": item["id"], "mutants": out}


def main():
    order = json.load(sys.stdin)
    for item in order["sources"]:
        print(json.dumps(mutants(item, order["seed"], order["each"])))


main()
